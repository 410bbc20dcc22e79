//! The other way round: who may do it, to what, and what may be done.

use jiff::Timestamp;
use muster_decision::Place;
use muster_model::{EntityId, Text, TypeId};
use muster_store::IdRange;

use super::{AccessQuestion, Asking, identity_types, known::Known};
use crate::{Error, Opened};

/// Entities that one page looks at; what is found among them may be fewer than asked for.
const LOOKED_AT: usize = 2000;
/// Entities evaluated in one step.
const BATCH: usize = 200;

/// Something found: a subject or a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its type, as the question names it.
    pub type_name: Text,
    /// Its id.
    pub id: Text,
}

/// A part of what is found, and where the next part begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchPage {
    /// What is found, in a fixed order.
    pub items: Vec<Found>,
    /// Pass it to get the next part; `None` at the end.
    pub next: Option<Text>,
    /// True when there may be more that cannot be listed: resources that no rule and no entity names.
    pub partial: bool,
}

/// The identities that may do what `question` says, `limit` at most, after `after`.
pub async fn search_subjects(
    opened: &Opened,
    now: Timestamp,
    question: &AccessQuestion,
    after: Option<&str>,
    limit: usize,
) -> Result<SearchPage, Error> {
    let mut asking = Asking::begin(opened, now).await?;
    let resource = asking.resource(question).await?;
    let walk = Walk::new(identity_types(&opened.model, &question.subject_type), after)?;
    walk.page(&mut asking, limit, |asking, known, found| {
        let question = AccessQuestion {
            subject_type: found.type_name.clone(),
            subject: found.id.clone(),
            ..question.clone()
        };
        asking.allows(&question, Some(known), resource.as_deref())
    })
    .await
}

/// The resources of the question's type to which its subject may do what it says, `limit` at most, after `after`.
///
/// Entities of the repository are tried; of other resources only those are known that rules name.
pub async fn search_resources(
    opened: &Opened,
    now: Timestamp,
    question: &AccessQuestion,
    after: Option<&str>,
    limit: usize,
) -> Result<SearchPage, Error> {
    let mut asking = Asking::begin(opened, now).await?;
    let Some(place) = asking.rules().place(&question.resource_type) else {
        return Ok(SearchPage::default());
    };
    let subject = asking.subject(&question.subject_type, &question.subject).await?;
    let subject = subject.as_deref();
    let Some(entity) = asking.rules().entity(place) else {
        return Ok(named(&asking, question, place, subject, after, limit));
    };
    let walk = Walk::new(vec![entity], after)?;
    let page = walk.page(&mut asking, limit, |asking, known, found| {
        let question = AccessQuestion { resource: found.id.clone(), ..question.clone() };
        asking.allows(&question, subject, Some(known))
    });
    let mut page = page.await?;
    for found in &mut page.items {
        found.type_name = question.resource_type.clone();
    }
    Ok(page)
}

/// The resources that rules name and that the subject may use.
fn named(
    asking: &Asking<'_>,
    question: &AccessQuestion,
    place: Place,
    subject: Option<&Known>,
    after: Option<&str>,
    limit: usize,
) -> SearchPage {
    let named = asking.rules().named(place, &question.action);
    let mut page = SearchPage { partial: !named.complete, ..SearchPage::default() };
    let rest = named.ids.into_iter().filter(|id| after.is_none_or(|after| &**id > after));
    for id in rest {
        let question = AccessQuestion { resource: id.clone(), ..question.clone() };
        if !asking.allows(&question, subject, None) {
            continue;
        }
        if page.items.len() >= limit {
            page.next = page.items.last().map(|found| found.id.clone());
            break;
        }
        page.items.push(Found { type_name: question.resource_type.clone(), id });
    }
    page
}

/// The actions that the question's subject may do to its resource.
pub async fn search_actions(
    opened: &Opened,
    now: Timestamp,
    question: &AccessQuestion,
) -> Result<Vec<Text>, Error> {
    let mut asking = Asking::begin(opened, now).await?;
    let Some(place) = asking.rules().place(&question.resource_type) else { return Ok(Vec::new()) };
    let subject = asking.subject(&question.subject_type, &question.subject).await?;
    let resource = asking.resource(question).await?;
    let may = asking.rules().actions(place).iter().filter(|action| {
        let question = AccessQuestion { action: (*action).clone(), ..question.clone() };
        asking.allows(&question, subject.as_deref(), resource.as_deref())
    });
    Ok(may.cloned().collect())
}

/// A walk over the entities of some types in order, from a token on.
struct Walk {
    types: Vec<TypeId>,
    /// Position in `types`.
    position: usize,
    after: EntityId,
    looked_at: usize,
    ended: bool,
}

impl Walk {
    fn new(types: Vec<TypeId>, token: Option<&str>) -> Result<Self, Error> {
        let (position, after) = match token {
            None => (0, 0),
            Some(token) => {
                let parts = token.split_once('-');
                let parts = parts.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
                parts.ok_or_else(|| {
                    Error::invalid("the page token is not one of ours")
                        .hint("take it from `next_token` of the page before")
                })?
            }
        };
        Ok(Self { types, position, after: EntityId(after), looked_at: 0, ended: false })
    }

    /// The next entities; `None` at the end, or when this page has looked at enough.
    async fn next(
        &mut self,
        asking: &mut Asking<'_>,
    ) -> Result<Option<(TypeId, Vec<EntityId>)>, Error> {
        while let Some(type_id) = self.types.get(self.position).copied() {
            if self.looked_at >= LOOKED_AT {
                return Ok(None);
            }
            if let Some(names) = asking.opened.names.type_names(type_id) {
                let range = IdRange { after: self.after, to: EntityId(i64::MAX) };
                let rows = asking.tx.scan_identities(names.no, range, BATCH).await?;
                if !rows.is_empty() {
                    self.looked_at += rows.len();
                    return Ok(Some((type_id, rows.iter().map(|row| row.id).collect())));
                }
            }
            self.position += 1;
            self.after = EntityId(0);
        }
        self.ended = true;
        Ok(None)
    }

    fn token(&self) -> Text {
        format!("{}-{}", self.position, self.after.0).into()
    }

    /// The entities of which `may` is true, until there are `limit`, or enough were looked at.
    async fn page(
        mut self,
        asking: &mut Asking<'_>,
        limit: usize,
        may: impl Fn(&Asking<'_>, &Known, &Found) -> bool,
    ) -> Result<SearchPage, Error> {
        let mut page = SearchPage::default();
        while let Some((type_id, ids)) = self.next(asking).await? {
            let Some(of) = asking.opened.model.schema.get(type_id) else { continue };
            for known in asking.load_some(type_id, &ids).await? {
                self.after = known.row().id;
                let id = known.row().get(of.key).to_string().into();
                let found = Found { type_name: of.name.clone(), id };
                if may(asking, &known, &found) {
                    page.items.push(found);
                }
                if page.items.len() >= limit {
                    page.next = Some(self.token());
                    return Ok(page);
                }
            }
        }
        page.next = (!self.ended).then(|| self.token());
        Ok(page)
    }
}
