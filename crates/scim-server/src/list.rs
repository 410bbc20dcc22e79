//! Searching one resource type: filter, order, pages by index and by cursor (RFC 7644, 3.4.2; RFC 9865).
//!
//! Without a filter the database counts and pages by itself, also in the order of keys and unique values. With one, candidates come from an index where one tells;
//! otherwise resources are looked at in batches, in order of id.

use std::{cmp::Ordering, collections::BTreeMap, sync::Mutex, sync::PoisonError};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use muster_model::{EntityId, TypeId};
use muster_scim::{Filter, ListResponse, Path, error_types, parse_path};
use muster_store::{Direction, Entity, ReadTx};
use serde_json::Value as Json;

use crate::{
    error::Failure,
    filter::{self, candidates, case_exact, reads_members, sort_value},
    load::{Known, load},
    mapping::Resource,
    order::in_order,
    read::show,
    select::Selection,
    view::View,
};

/// Resources on a page at most.
pub(crate) const LARGEST_PAGE: usize = 1000;
/// Resources on a page when nobody says how many.
pub(crate) const USUAL_PAGE: usize = 1000;
/// Resources looked at in one step.
const BATCH: usize = 500;
/// Letters of a cursor.
const LONGEST_CURSOR: usize = 100;

/// What is searched for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pub(crate) filter: Option<String>,
    pub(crate) sort_by: Option<String>,
    pub(crate) descending: bool,
    pub(crate) start: Option<i64>,
    pub(crate) count: Option<i64>,
    /// There for pages by cursor; empty for the first one.
    pub(crate) cursor: Option<String>,
    pub(crate) selection: Selection,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// So many results are left out.
    Skip(usize),
    /// After this entity.
    After(EntityId),
}

/// How many resources of a type there are, as long as no fact changes.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    known: Mutex<BTreeMap<TypeId, (i64, u64)>>,
}

impl Totals {
    async fn of(
        &self,
        view: &View,
        tx: &mut ReadTx,
        resource: &Resource,
        type_no: i64,
    ) -> Result<u64, Failure> {
        let version = tx.facts_version().await?;
        let type_id = resource.type_id;
        if let Some(total) = self.known(type_id, version) {
            return Ok(total);
        }
        let gone = crate::load::gone(view, tx, resource).await?;
        let total = tx.count_present_entities(type_no).await?.saturating_sub(gone);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(type_id, (version, total));
        Ok(total)
    }

    fn known(&self, type_id: TypeId, version: i64) -> Option<u64> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&type_id).filter(|(at, _)| *at == version).map(|(_, total)| *total)
    }
}

/// A page of one resource type.
pub(crate) async fn list(
    view: &View,
    resource: &Resource,
    query: &Query,
    totals: &Totals,
) -> Result<ListResponse, Failure> {
    let filter = query.filter.as_deref().map(|text| filter::read(resource, text)).transpose()?;
    let sort = query.sort_by.as_deref().map(|text| sort_path(resource, text)).transpose()?;
    let count = count(query);
    let place = place(query)?;
    let mut tx = view.opened.store.read().await?;
    if let (None, None) = (&filter, &sort) {
        return everything(view, &mut tx, (resource, query), (place, count), totals).await;
    }
    if let (None, Some(path), Place::Skip(skip)) = (&filter, &sort, place) {
        let order = (path, if query.descending { Direction::Falling } else { Direction::Rising });
        if let Some(ids) = in_order(view, &mut tx, resource, order, (skip, count)).await? {
            return sorted(view, &mut tx, (resource, query), (skip, &ids), totals).await;
        }
    }
    let mut found = matching(view, &mut tx, resource, filter.as_ref(), sort.as_ref()).await?;
    if let Some(path) = &sort {
        let exact = case_exact(resource, &path.attribute);
        found.sort_by(|a, b| {
            let order = by_value(&a.value, &b.value, exact);
            let order = if query.descending { order.reverse() } else { order };
            // Whoever has no value comes last in rising order (RFC 7644, 3.4.2.3).
            order.then(a.id.cmp(&b.id))
        });
    }
    let ids: Vec<EntityId> = found.into_iter().map(|found| found.id).collect();
    let skip = match place {
        Place::Skip(skip) => skip,
        Place::After(last) => ids.iter().position(|id| *id > last).unwrap_or(ids.len()),
    };
    let wanted: Vec<EntityId> = ids.iter().skip(skip).take(count).copied().collect();
    let known = by_ids(view, &mut tx, resource, &wanted).await?;
    let resources = show(view, &mut tx, resource, known, &query.selection).await?;
    let more = skip.saturating_add(count) < ids.len() && count > 0;
    let next = more.then(|| cursor(Place::Skip(skip + count)));
    Ok(response(query, skip, ids.len() as u64, resources, next))
}

/// A page whose resources the database found in order.
async fn sorted(
    view: &View,
    tx: &mut ReadTx,
    (resource, query): (&Resource, &Query),
    (skip, ids): (usize, &[EntityId]),
    totals: &Totals,
) -> Result<ListResponse, Failure> {
    let type_no = view.opened.names.type_names(resource.type_id).map_or(0, |names| names.no);
    let total = totals.of(view, tx, resource, type_no).await?;
    let known = by_ids(view, tx, resource, ids).await?;
    let resources = show(view, tx, resource, known, &query.selection).await?;
    let end = skip.saturating_add(ids.len());
    let more = !ids.is_empty() && (end as u64) < total;
    let next = more.then(|| cursor(Place::Skip(end)));
    Ok(response(query, skip, total, resources, next))
}

/// A page of all resources of a type, in order of id.
async fn everything(
    view: &View,
    tx: &mut ReadTx,
    (resource, query): (&Resource, &Query),
    (place, count): (Place, usize),
    totals: &Totals,
) -> Result<ListResponse, Failure> {
    let Some(names) = view.opened.names.type_names(resource.type_id) else {
        return Err(Failure::no_address());
    };
    let total = totals.of(view, tx, resource, names.no).await?;
    if count == 0 {
        let skip = if let Place::Skip(skip) = place { skip } else { 0 };
        return Ok(response(query, skip, total, Vec::new(), None));
    }
    let (mut after, mut skip) = match place {
        Place::Skip(skip) => (None, skip),
        Place::After(id) => (Some(id), 0),
    };
    let first = skip;
    let mut page: Vec<Known> = Vec::with_capacity(count);
    let mut more = false;
    while page.len() < count {
        // One more than is wanted tells whether another page follows.
        let wanted = count - page.len() + 1;
        let entities = tx.present_entities(names.no, after, skip, wanted).await?;
        let n = entities.len();
        let Some(last) = entities.last().map(|entity| entity.id) else { break };
        (after, skip) = (Some(last), 0);
        page.extend(load(view, tx, resource, entities).await?);
        more = page.len() > count;
        if n < wanted {
            break;
        }
    }
    page.truncate(count);
    let next = page.last().filter(|_| more).map(|last| cursor(Place::After(last.entity.id)));
    let resources = show(view, tx, resource, page, &query.selection).await?;
    Ok(response(query, first, total, resources, next))
}

fn response(
    query: &Query,
    skip: usize,
    total: u64,
    resources: Vec<Json>,
    next: Option<String>,
) -> ListResponse {
    let by_cursor = query.cursor.is_some();
    ListResponse {
        total: Some(total),
        start_index: (!by_cursor).then_some(skip as u64 + 1),
        resources,
        next_cursor: next.filter(|_| by_cursor),
    }
}

/// A match and the value that it is sorted by.
struct Found {
    id: EntityId,
    value: Json,
}

/// All matches in order of id.
async fn matching(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    filter: Option<&Filter>,
    sort: Option<&Path>,
) -> Result<Vec<Found>, Failure> {
    let selection = Selection::Whole { members: filter.is_some_and(reads_members) };
    let indexed = match filter {
        Some(filter) => candidates(view, tx, resource, filter).await?,
        None => None,
    };
    let mut found = Vec::new();
    let mut look = |shown: Vec<Json>, ids: Vec<EntityId>| {
        for (json, id) in shown.into_iter().zip(ids) {
            if filter.is_none_or(|filter| filter::matches(resource, filter, &json)) {
                let value = sort.map(|path| sort_value(&json, path)).unwrap_or_default();
                found.push(Found { id, value });
            }
        }
    };
    if let Some(ids) = indexed {
        for ids in ids.chunks(BATCH) {
            let known = by_ids(view, tx, resource, ids).await?;
            let ids = known.iter().map(|known| known.entity.id).collect();
            look(show(view, tx, resource, known, &selection).await?, ids);
        }
        return Ok(found);
    }
    let Some(names) = view.opened.names.type_names(resource.type_id) else {
        return Err(Failure::no_address());
    };
    let mut after = None;
    loop {
        let entities = tx.present_entities(names.no, after, 0, BATCH).await?;
        let Some(last) = entities.last() else { return Ok(found) };
        after = Some(last.id);
        let known = load(view, tx, resource, entities).await?;
        let ids = known.iter().map(|known| known.entity.id).collect();
        look(show(view, tx, resource, known, &selection).await?, ids);
        // A long search must not keep others from being answered.
        tokio::task::yield_now().await;
    }
}

/// The resources with these ids that are there, in this order.
pub(crate) async fn by_ids(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    ids: &[EntityId],
) -> Result<Vec<Known>, Failure> {
    let names = view.opened.names.type_names(resource.type_id);
    let entities = tx.entities(ids).await?;
    let of_type = |entity: &Entity| names.is_some_and(|names| names.no == entity.type_no);
    load(view, tx, resource, entities.into_iter().filter(of_type).collect()).await
}

fn sort_path(resource: &Resource, text: &str) -> Result<Path, Failure> {
    let path =
        parse_path(text).map_err(|error| Failure::invalid_value(format!("`sortBy`: {error}")))?;
    let is_common = matches!(path.attribute.name.as_str(), "id" | "meta" | "externalId");
    if path.attribute.schema.is_none() && is_common
        || resource.definition(&path.attribute).is_some()
    {
        return Ok(path);
    }
    let problem = format!("`{text}` is no attribute of a {}", resource.name);
    Err(Failure::new(400, "invalidPath", problem))
}

/// Texts without regard to case unless that counts, numbers and booleans by value; nothing comes last.
fn by_value(a: &Json, b: &Json, exact: bool) -> Ordering {
    let rank = |value: &Json| match value {
        Json::Null => 4,
        Json::Bool(_) => 0,
        Json::Number(_) => 1,
        Json::String(_) => 2,
        Json::Array(_) | Json::Object(_) => 3,
    };
    match (a, b) {
        (Json::String(a), Json::String(b)) if exact => a.cmp(b),
        (Json::String(a), Json::String(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
        (Json::Number(a), Json::Number(b)) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Json::Bool(a), Json::Bool(b)) => a.cmp(b),
        (a, b) => rank(a).cmp(&rank(b)),
    }
}

/// A negative count is none; nobody gets more than the largest page.
fn count(query: &Query) -> usize {
    query.count.map_or(USUAL_PAGE, |count| usize::try_from(count).unwrap_or(0).min(LARGEST_PAGE))
}

fn place(query: &Query) -> Result<Place, Failure> {
    match query.cursor.as_deref() {
        None => {
            let start = query.start.unwrap_or(1).max(1) - 1;
            Ok(Place::Skip(usize::try_from(start).unwrap_or(usize::MAX).min(i32::MAX as usize)))
        }
        Some("") => Ok(Place::Skip(0)),
        Some(text) => read_cursor(text).ok_or_else(|| {
            Failure::new(400, error_types::INVALID_CURSOR, "the cursor is not one of ours")
        }),
    }
}

fn cursor(place: Place) -> String {
    URL_SAFE_NO_PAD.encode(match place {
        Place::Skip(skip) => format!("skip {skip}"),
        Place::After(id) => format!("after {id}"),
    })
}

fn read_cursor(text: &str) -> Option<Place> {
    if text.len() > LONGEST_CURSOR {
        return None;
    }
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    match text.split_once(' ')? {
        ("skip", number) => number.parse().ok().map(Place::Skip),
        ("after", number) => number.parse().ok().map(|id| Place::After(EntityId(id))),
        _ => None,
    }
}
