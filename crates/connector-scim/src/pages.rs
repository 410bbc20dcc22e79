//! Walks through all pages of a list and notices when they shift under it.
//!
//! Pages by index are a moving window: what is deleted before it hides an object, what is created shows one twice. A
//! walk that saw the total change, an object twice, or fewer objects than the total begins again and yields what it
//! has not yielded yet; after a few tries it says that it is not complete.

use std::{collections::HashSet, time::Duration};

use futures_util::future::join;
use muster_connector::ConnectorError;
use muster_model::Text;
use muster_scim::ListResponse;
use serde_json::Value as Json;

use crate::{
    class::Class,
    error,
    service::{Service, get, id_of},
};

/// How often a list that shifts is walked through.
const MOST_PASSES: u32 = 3;
/// How often one page is asked for when the server asks to wait.
const MOST_TRIES: u32 = 5;
/// The longest that a read waits for a page on the server's wish.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Which objects of a class are wanted, and what of them.
#[derive(Debug, Clone)]
pub(crate) struct Query<'a> {
    pub(crate) class: &'a Class,
    pub(crate) filter: Option<String>,
    /// Attributes that are left out or wanted alone: the parameter's name and value.
    pub(crate) selection: Option<(&'static str, String)>,
    pub(crate) page_size: u64,
    pub(crate) cursors: bool,
}

/// Takes what a walk yields.
pub(crate) trait Take {
    /// Takes resources that were not yielded before.
    async fn take(&mut self, resources: Vec<Json>) -> Result<(), ConnectorError>;
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Position {
    Index(u64),
    Cursor(String),
}

/// What one pass saw.
#[derive(Debug, Default)]
struct Pass {
    ids: HashSet<Text>,
    total: Option<u64>,
    shifted: bool,
}

/// Walks through all pages. Answers why the walk is not complete, or `None` when it is; an error means that the first
/// page could not be had or that `take` refused.
pub(crate) async fn walk(
    service: &Service,
    query: &Query<'_>,
    take: &mut impl Take,
) -> Result<Option<String>, ConnectorError> {
    let mut yielded = HashSet::new();
    for pass in 0..MOST_PASSES {
        let begin =
            if query.cursors { Position::Cursor(String::new()) } else { Position::Index(1) };
        let first = match page(service, query, &begin).await {
            Ok(first) => first,
            Err(error) if pass > 0 => return Ok(Some(error.to_string())),
            Err(error) => return Err(error),
        };
        match one_pass(service, query, (begin, first), &mut yielded, take).await? {
            PassEnd::Whole => return Ok(None),
            PassEnd::Broken(problem) => return Ok(Some(problem)),
            PassEnd::Shifted => {}
        }
    }
    Ok(Some(format!(
        "the list changed while it was read, or the server counts wrongly; it was read {MOST_PASSES} times"
    )))
}

enum PassEnd {
    Whole,
    Shifted,
    Broken(String),
}

async fn one_pass(
    service: &Service,
    query: &Query<'_>,
    (mut position, mut current): (Position, ListResponse),
    yielded: &mut HashSet<Text>,
    take: &mut impl Take,
) -> Result<PassEnd, ConnectorError> {
    let mut pass = Pass::default();
    loop {
        let n_resources = u64::try_from(current.resources.len()).unwrap_or(u64::MAX);
        let n_known = pass.ids.len();
        pass.count(&current, query.cursors);
        let brings_news = pass.ids.len() > n_known;
        let next = pass.next(&position, &current, n_resources, brings_news);
        let is_new = |resource: &Json| id_of(resource).is_none_or(|id| yielded.insert(id));
        let fresh: Vec<Json> = current.resources.into_iter().filter(is_new).collect();
        let Some(next) = next else {
            hand_over(take, fresh).await?;
            return Ok(if pass.is_whole(query.cursors) {
                PassEnd::Whole
            } else {
                PassEnd::Shifted
            });
        };
        // The next page is on its way while this one is being taken.
        let (answer, taken) = join(page(service, query, &next), hand_over(take, fresh)).await;
        taken?;
        match answer {
            Ok(page) => (position, current) = (next, page),
            Err(error) => return Ok(PassEnd::Broken(error.to_string())),
        }
    }
}

async fn hand_over(take: &mut impl Take, fresh: Vec<Json>) -> Result<(), ConnectorError> {
    if fresh.is_empty() { Ok(()) } else { take.take(fresh).await }
}

impl Pass {
    /// Counts a page and notices what should not be.
    fn count(&mut self, page: &ListResponse, cursors: bool) {
        if let (Some(before), Some(now)) = (self.total, page.total)
            && before != now
            && !cursors
        {
            self.shifted = true;
        }
        self.total = page.total.or(self.total);
        for id in page.resources.iter().filter_map(id_of) {
            // With an unknown total, a page that is repeated is how some servers end a list.
            if !self.ids.insert(id) && self.total.is_some() {
                self.shifted = true;
            }
        }
    }

    /// Where the next page begins; `None` after the last one.
    fn next(
        &self,
        position: &Position,
        page: &ListResponse,
        n_resources: u64,
        brings_news: bool,
    ) -> Option<Position> {
        match position {
            Position::Cursor(cursor) => {
                let next = page.next_cursor.as_ref()?;
                (next != cursor && (brings_news || n_resources == 0))
                    .then(|| Position::Cursor(next.clone()))
            }
            Position::Index(start) => {
                let next = start.saturating_add(n_resources);
                let is_last = match self.total {
                    Some(total) => next > total,
                    None => !brings_news,
                };
                (n_resources > 0 && !is_last).then_some(Position::Index(next))
            }
        }
    }

    fn is_whole(&self, cursors: bool) -> bool {
        let n_ids = u64::try_from(self.ids.len()).unwrap_or(u64::MAX);
        !self.shifted && (cursors || self.total.is_none_or(|total| total == n_ids))
    }
}

/// One page; a server that asks to wait is waited for.
async fn page(
    service: &Service,
    query: &Query<'_>,
    position: &Position,
) -> Result<ListResponse, ConnectorError> {
    let mut request = get(query.class.endpoint.clone());
    if let Some(filter) = &query.filter {
        request = request.query("filter", filter);
    }
    if let Some((name, value)) = &query.selection {
        request = request.query(*name, value);
    }
    request = match position {
        Position::Index(start) => request.query("startIndex", start.to_string()),
        Position::Cursor(cursor) => request.query("cursor", cursor),
    };
    request = request.query("count", query.page_size.to_string());
    let mut tries = 0;
    loop {
        tries += 1;
        let answer = service.send(&request).await?;
        if !answer.is_success() {
            let error = error::from_answer(&answer, &query.class.endpoint);
            let ConnectorError::Throttled { after } = error else { return Err(error) };
            let wait = after.unwrap_or(Duration::from_secs(1));
            if tries == MOST_TRIES || wait > LONGEST_WAIT {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            continue;
        }
        let not_a_list = || {
            ConnectorError::Malformed(format!("`{}` answers with no list", query.class.endpoint))
        };
        return ListResponse::from_json(answer.json()?).ok_or_else(not_a_list);
    }
}

/// How many objects there are, without fetching them.
pub(crate) async fn total(service: &Service, class: &Class) -> Result<Option<u64>, ConnectorError> {
    let filter = class.filter.as_ref().map(ToString::to_string);
    let query = Query {
        class,
        filter,
        selection: Some(("attributes", "id".to_owned())),
        page_size: 1,
        cursors: false,
    };
    Ok(page(service, &query, &Position::Index(1)).await?.total)
}
