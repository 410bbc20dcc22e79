//! Conflicts by where people belong: how many of which department, or other place that a link leads to, are in which conflict.
//!
//! The numbers are those of the last look; whoever is shown behind a number is evaluated as they are now.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::SignedDuration;
use muster_model::{EntityId, SystemId, Text};
use muster_policy::Evaluation;
use muster_store::ReadTx;

use super::{
    found,
    found::{Found, place_links},
    part,
};
use crate::{
    Ctx, Error, IdentityFacts, Opened, Page, Person, people::person, simulate::evaluate_these,
};

/// The link that is taken when none is named.
const USUAL: &str = "department";
/// Places with a column of their own; those with fewer people share one.
const COLUMNS: usize = 12;
/// So long a use of an account counts.
const RECENT: SignedDuration = SignedDuration::from_hours(24 * 90);
/// With more people in conflicts nobody looks at what they used.
const LOOKED_AT: usize = 5_000;

/// Conflicts by places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictMap {
    /// The link that leads to the places; empty where no type has one.
    pub by: Text,
    /// The links there are.
    pub links: Vec<Text>,
    /// The places, those with most people in conflicts first.
    pub columns: Vec<ConflictColumn>,
    /// The conflicts of the model that somebody is in.
    pub rows: Vec<ConflictRow>,
    /// Whether it is known who used what; it is not looked at for very many people.
    pub uses_known: bool,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictColumn {
    /// Which.
    pub place: ConflictPlace,
    /// How it is shown to people; empty but for one place.
    pub display: Text,
}

/// Places that have a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConflictPlace {
    /// One.
    One(EntityId),
    /// All others together.
    Others,
    /// Those who belong to none.
    Nowhere,
}

/// A conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictRow {
    /// Its name.
    pub conflict: Text,
    /// True when grants that would complete it are held back.
    pub blocks: bool,
    /// A count for each column.
    pub counts: Vec<ConflictCount>,
}

/// How many people are in a conflict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConflictCount {
    /// All who hold it.
    pub held: u64,
    /// Those who used accounts of at least two of its duties lately, where systems tell.
    pub used: u64,
    /// Those for whom an exception allows it.
    pub excepted: u64,
}

impl ConflictCount {
    fn add(&mut self, is_used: bool, is_excepted: bool) {
        self.held += 1;
        self.used += u64::from(is_used);
        self.excepted += u64::from(is_excepted);
    }

    fn join(&mut self, other: Self) {
        self.held += other.held;
        self.used += other.used;
        self.excepted += other.excepted;
    }
}

/// How many people whom the caller reaches are in which conflict, by the place to which a link leads; `by` names it.
///
/// # Errors
///
/// `NotFound` for a link that no type of identities has.
pub async fn conflict_map(
    ctx: &Ctx,
    opened: &Opened,
    by: Option<&str>,
) -> Result<ConflictMap, Error> {
    let links = links(opened);
    let by = chosen(&links, by)?;
    let look = opened.survey.look(opened, ctx.now()).await?;
    let (mut tx, ids) = found(ctx, opened, |found| !found.conflicts.is_empty()).await?;
    let uses_known = ids.len() <= LOOKED_AT;
    let used = if uses_known { used(ctx, opened, &mut tx, &ids).await? } else { BTreeMap::new() };
    let mut counts: BTreeMap<usize, BTreeMap<Option<EntityId>, ConflictCount>> = BTreeMap::new();
    for found in ids.iter().filter_map(|id| look.everybody.get(*id)) {
        let systems = used.get(&found.id);
        for (conflict, is_excepted) in found.conflicts() {
            let count = counts.entry(conflict).or_default().entry(found.place(&by)).or_default();
            let is_used = systems.is_some_and(|systems| is_used(opened, conflict, systems));
            count.add(is_used, is_excepted);
        }
    }
    let columns = columns(ctx, opened, &mut tx, &counts).await?;
    let rows = counts.into_iter().filter_map(|(conflict, of)| {
        let conflict = opened.model.conflicts.get(conflict)?;
        let counts = in_columns(&columns, of);
        Some(ConflictRow { conflict: conflict.name.clone(), blocks: conflict.blocks(), counts })
    });
    Ok(ConflictMap { by, links, rows: rows.collect(), columns, uses_known })
}

/// The links of identities to places, by name.
fn links(opened: &Opened) -> Vec<Text> {
    let identities = opened.model.schema.types.iter().filter(|of| of.identity);
    let links = identities.flat_map(|of| place_links(opened, of.id)).map(|(name, _)| name.clone());
    links.collect::<BTreeSet<_>>().into_iter().collect()
}

fn chosen(links: &[Text], by: Option<&str>) -> Result<Text, Error> {
    if let Some(by) = by {
        let known = links.iter().find(|link| ***link == *by);
        return known.cloned().ok_or_else(|| {
            Error::not_found(format!("no link `{by}` leads to a place"))
                .hint(format!("there is: {}", links.join(", ")))
        });
    }
    let usual = links.iter().find(|link| ***link == *USUAL).or_else(|| links.first());
    Ok(usual.cloned().unwrap_or_default())
}

/// The systems on which people used an account lately.
async fn used(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    ids: &[EntityId],
) -> Result<BTreeMap<EntityId, BTreeSet<SystemId>>, Error> {
    let since = ctx.now().saturating_sub(RECENT).unwrap_or_else(|_| ctx.now());
    let mut used: BTreeMap<EntityId, BTreeSet<SystemId>> = BTreeMap::new();
    for (id, type_no) in tx.account_types_used(ids, since).await? {
        let mut systems = opened.model.systems.iter().zip(&opened.names.systems);
        let system = systems.find(|(_, names)| names.accounts.iter().any(|of| of.no == type_no));
        used.entry(id).or_default().extend(system.map(|(system, _)| system.id));
    }
    Ok(used)
}

/// Whether accounts of at least two duties of a conflict are among those.
fn is_used(opened: &Opened, conflict: usize, systems: &BTreeSet<SystemId>) -> bool {
    let conflict = opened.model.conflicts.get(conflict);
    let duties = conflict.map_or(&[][..], |conflict| conflict.between.as_slice()).iter();
    let duties = duties.filter_map(|at| opened.model.duties.get(*at));
    let used = duties.filter(|duty| duty.entitlements.iter().any(|(on, ..)| systems.contains(on)));
    used.count() >= 2
}

/// The places with most people, one column for all others and one for those who belong to none, where there are such.
async fn columns(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    counts: &BTreeMap<usize, BTreeMap<Option<EntityId>, ConflictCount>>,
) -> Result<Vec<ConflictColumn>, Error> {
    let mut people: BTreeMap<Option<EntityId>, u64> = BTreeMap::new();
    for (place, count) in counts.values().flatten() {
        *people.entry(*place).or_default() += count.held;
    }
    let is_nowhere = people.remove(&None).is_some();
    let mut places: Vec<(Reverse<u64>, EntityId)> =
        people.into_iter().filter_map(|(place, n)| Some((Reverse(n), place?))).collect();
    places.sort_unstable();
    let is_more = places.len() > COLUMNS;
    places.truncate(COLUMNS);
    let mut ids: Vec<EntityId> = places.iter().map(|(_, id)| *id).collect();
    ids.sort_unstable();
    let shown = evaluate_these(tx, opened, &ids, ctx.now()).await?;
    let display = |id: EntityId| {
        let of = shown.iter().find(|(facts, _)| facts.row.id == id);
        of.map(|(facts, of)| person(opened, &of.row, &facts.key).display).unwrap_or_default()
    };
    let column = |place, display| ConflictColumn { place, display };
    let ones = places.iter().map(|(_, id)| column(ConflictPlace::One(*id), display(*id)));
    let others = is_more.then(|| column(ConflictPlace::Others, Text::default()));
    let nowhere = is_nowhere.then(|| column(ConflictPlace::Nowhere, Text::default()));
    Ok(ones.chain(others).chain(nowhere).collect())
}

fn in_columns(
    columns: &[ConflictColumn],
    of: BTreeMap<Option<EntityId>, ConflictCount>,
) -> Vec<ConflictCount> {
    let mut counts = vec![ConflictCount::default(); columns.len()];
    for (place, count) in of {
        let place = place.map_or(ConflictPlace::Nowhere, ConflictPlace::One);
        let at = columns.iter().position(|column| column.place == place);
        let at = at.or_else(|| columns.iter().position(|of| of.place == ConflictPlace::Others));
        if let Some(sum) = at.and_then(|at| counts.get_mut(at)) {
            sum.join(count);
        }
    }
    counts
}

/// Which people are meant: those in a conflict who belong somewhere.
#[derive(Debug, Clone, Copy)]
pub struct PlaceOf<'a> {
    /// The conflict.
    pub conflict: &'a str,
    /// The link that leads to the place.
    pub by: &'a str,
    /// The place; `None` for all of them together.
    pub place: Option<ConflictPlace>,
}

/// Somebody in a conflict.
#[derive(Debug, Clone)]
pub struct PersonInConflict {
    /// Who.
    pub person: Person,
    /// True when an exception allows it.
    pub excepted: bool,
}

/// Those in a conflict who belong somewhere, in order of id: a part of `limit` after so many.
///
/// # Errors
///
/// `NotFound` for a conflict that the model does not have.
pub async fn list_in_conflict(
    ctx: &Ctx,
    opened: &Opened,
    of: &PlaceOf<'_>,
    after: usize,
    limit: usize,
) -> Result<Page<PersonInConflict>, Error> {
    let conflicts = &opened.model.conflicts;
    let position = conflicts.iter().position(|conflict| *conflict.name == *of.conflict);
    let position = position
        .ok_or_else(|| Error::not_found(format!("there is no conflict `{}`", of.conflict)))?;
    let is_meant = |found: &Found| {
        let is_there = match of.place {
            Some(ConflictPlace::One(place)) => found.place(of.by) == Some(place),
            Some(ConflictPlace::Nowhere) => found.place(of.by).is_none(),
            Some(ConflictPlace::Others) | None => true,
        };
        is_there && found.conflicts().any(|(at, _)| at == position)
    };
    let (mut tx, ids) = found(ctx, opened, is_meant).await?;
    let Page { items, next } = part(ids, after, limit);
    let shown = evaluate_these(&mut tx, opened, &items, ctx.now()).await?;
    let look = opened.survey.look(opened, ctx.now()).await?;
    let held = look.duties.held_by(&mut tx, &items).await?;
    let is_still = |(facts, of): &&(IdentityFacts, Evaluation)| {
        look.duties.of_conflict(opened, position, of, held.get(&facts.row.id)).is_some()
    };
    let items = shown.iter().filter(is_still).map(|(facts, of)| PersonInConflict {
        person: person(opened, &of.row, &facts.key),
        excepted: of.is_excepted(position),
    });
    Ok(Page { items: items.collect(), next })
}
