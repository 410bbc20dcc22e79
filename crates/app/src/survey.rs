//! Lists of people by what was found of everybody: whose duties conflict, who left and can still do something, who has a role,
//! whose name holds a text.
//!
//! Of whom a list consists is known without looking at everybody each time ([`kept`]); whoever is shown is evaluated as they
//! are now, as a plan would.

mod found;
mod kept;
mod map;
mod peers;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use muster_model::{EntityId, Location, Text};
use muster_policy::{Evaluation, Via};
use muster_store::ReadTx;

use crate::{
    Ctx, Error, Opened, Page, Person, active_leavers, duties::Duties, find_role, people::person,
    simulate::evaluate_these,
};
use found::{Found, names};
pub(crate) use kept::Survey;
pub use map::{
    ConflictColumn, ConflictCount, ConflictMap, ConflictPlace, ConflictRow, PersonInConflict,
    PlaceOf, conflict_map, list_in_conflict,
};
pub use peers::{Holders, PeerGroup, PeerRole, PeerValue, count_peer_roles};

/// Those whose names were found are looked at in such steps, until enough of them are to be shown.
const STEP: usize = 100;

/// A person with duties that nobody may hold together.
#[derive(Debug, Clone)]
pub struct ConflictView {
    /// Who.
    pub person: Person,
    /// The conflict.
    pub conflict: Text,
    /// The duties that are held, each with what makes it up.
    pub duties: Vec<(Text, Vec<HeldAccess>)>,
    /// True when grants that would complete it are held back.
    pub blocks: bool,
    /// True when an exception allows it.
    pub excepted: bool,
    /// Where it is written.
    pub at: Location,
}

/// An access that makes up a duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAccess {
    /// Which, as `system:entitlement`.
    pub access: String,
    /// True when only the system holds it and nothing wants it.
    pub is_outside: bool,
}

/// A leaver with an account that can be used and should not be.
#[derive(Debug, Clone)]
pub struct ActiveLeaver {
    /// Who.
    pub person: Person,
    /// Since when they are gone.
    pub since: jiff::Timestamp,
    /// The systems on which an account can still be used.
    pub systems: Vec<Text>,
}

/// Somebody who has a role.
#[derive(Debug, Clone)]
pub struct RoleHolder {
    /// Who.
    pub person: Person,
    /// True when it was given directly, false when a rule or another role gives it.
    pub assigned: bool,
}

/// How many people something is wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SurveyCounts {
    /// People who left and can still use an account.
    pub active_leavers: usize,
    /// People whose duties conflict, and no exception allows it.
    pub in_conflict: usize,
}

/// Counts people with whom something is wrong, as far as the caller reaches them.
pub async fn count_survey(ctx: &Ctx, opened: &Opened) -> Result<SurveyCounts, Error> {
    let in_conflict = found(ctx, opened, Found::is_in_conflict).await?.1.len();
    let (mut tx, gone) = found(ctx, opened, |found| found.is_gone).await?;
    let active_leavers = active_leavers(&mut tx, opened, &gone, ctx.now()).await?.len();
    Ok(SurveyCounts { active_leavers, in_conflict })
}

/// Everybody with duties that conflict, by conflict, then in order of id: a part of `limit` after so many; of one conflict
/// where it is named.
pub async fn list_conflicts(
    ctx: &Ctx,
    opened: &Opened,
    conflict: Option<&str>,
    after: usize,
    limit: usize,
) -> Result<Page<ConflictView>, Error> {
    let look = opened.survey.look(opened, ctx.now()).await?;
    let (mut tx, ids) = found(ctx, opened, |found| !found.conflicts.is_empty()).await?;
    let known = ids.iter().filter_map(|id| look.everybody.get(*id));
    let mut all: Vec<(u32, EntityId)> = known
        .flat_map(|found| found.conflicts.iter().map(|one| (one.conflict, found.id)))
        .collect();
    let is_asked = |position: &u32| {
        let known = usize::try_from(*position).ok().and_then(|at| opened.model.conflicts.get(at));
        conflict.is_none_or(|name| known.is_some_and(|known| *known.name == *name))
    };
    all.retain(|(position, _)| is_asked(position));
    all.sort_unstable();
    let Page { items, next } = part(all, after, limit);
    let ids: BTreeSet<EntityId> = items.iter().map(|(_, id)| *id).collect();
    let ids: Vec<EntityId> = ids.into_iter().collect();
    let held = look.duties.held_by(&mut tx, &ids).await?;
    let shown = evaluate_these(&mut tx, opened, &ids, ctx.now()).await?;
    let views = items.into_iter().filter_map(|(position, id)| {
        let place = shown.binary_search_by_key(&id, |(facts, _)| facts.row.id).ok()?;
        let (facts, evaluation) = shown.get(place)?;
        let position = usize::try_from(position).ok()?;
        let conflict = opened.model.conflicts.get(position)?;
        let duties = look.duties.of_conflict(opened, position, evaluation, held.get(&id))?;
        Some(ConflictView {
            person: person(opened, &evaluation.row, &facts.key),
            conflict: conflict.name.clone(),
            duties,
            blocks: conflict.blocks(),
            excepted: evaluation.is_excepted(position),
            at: conflict.at.clone(),
        })
    });
    Ok(Page { items: views.collect(), next })
}

/// The accesses that make up the duties of a conflict, by position, of somebody; `None` without the conflict.
pub async fn duties_in_conflict(
    opened: &Opened,
    tx: &mut ReadTx,
    evaluation: &Evaluation,
    conflict: usize,
) -> Result<Option<Vec<(Text, Vec<HeldAccess>)>>, Error> {
    let duties = Duties::load(tx, opened).await?;
    let held = duties.held_by(tx, &[evaluation.row.id]).await?;
    Ok(duties.of_conflict(opened, conflict, evaluation, held.get(&evaluation.row.id)))
}

/// Everybody who is gone and has an account that can be used though nothing wants it so, in order of id: a part of `limit`
/// after so many.
pub async fn list_active_leavers(
    ctx: &Ctx,
    opened: &Opened,
    after: usize,
    limit: usize,
) -> Result<Page<ActiveLeaver>, Error> {
    let (mut tx, gone) = found(ctx, opened, |found| found.is_gone).await?;
    let active = active_leavers(&mut tx, opened, &gone, ctx.now()).await?;
    let Page { items, next } = part(active, after, limit);
    let items = items.into_iter().map(|active| ActiveLeaver {
        person: person(opened, &active.evaluation.row, &active.facts.key),
        since: active.evaluation.state_since,
        systems: active.systems.into_values().collect(),
    });
    Ok(Page { items: items.collect(), next })
}

/// Everybody who has a role, in order of id: a part of `limit` after so many, and how many there are.
pub async fn list_role_holders(
    ctx: &Ctx,
    opened: &Opened,
    role: &str,
    after: usize,
    limit: usize,
) -> Result<(Page<RoleHolder>, usize), Error> {
    let (position, _) = find_role(opened, role, "muster roles lists them")?;
    let (mut tx, ids) = found(ctx, opened, |found| found.holds(position)).await?;
    let n = ids.len();
    let Page { items, next } = part(ids, after, limit);
    let mut holders = Vec::with_capacity(items.len());
    for (facts, evaluation) in evaluate_these(&mut tx, opened, &items, ctx.now()).await? {
        let held = evaluation.roles.iter().find(|held| held.role == position);
        holders.extend(held.map(|held| RoleHolder {
            person: person(opened, &evaluation.row, &facts.key),
            assigned: matches!(held.via, Via::Assigned(_)),
        }));
    }
    Ok((Page { items: holders, next }, n))
}

/// Those who could do harm, the greatest score first, then in order of id: a part of `limit` after so many, as evaluated.
pub async fn list_by_risk(
    ctx: &Ctx,
    opened: &Opened,
    after: usize,
    limit: usize,
) -> Result<Page<(Person, Evaluation)>, Error> {
    let look = opened.survey.look(opened, ctx.now()).await?;
    let (mut tx, mut ids) = found(ctx, opened, |found| found.risk > 0).await?;
    ids.sort_by_key(|id| Reverse(look.everybody.get(*id).map(|found| found.risk)));
    let Page { items, next } = part(ids, after, limit);
    let shown = evaluate_these(&mut tx, opened, &items, ctx.now()).await?;
    let mut shown: BTreeMap<EntityId, _> =
        shown.into_iter().map(|(facts, evaluation)| (facts.row.id, (facts, evaluation))).collect();
    let items = items.iter().filter_map(|id| shown.remove(id));
    let items =
        items.map(|(facts, evaluation)| (person(opened, &evaluation.row, &facts.key), evaluation));
    Ok(Page { items: items.collect(), next })
}

/// The first people in order of id whose name, or a text that is theirs alone, holds a text, whatever its case.
pub async fn find_people(
    ctx: &Ctx,
    opened: &Opened,
    text: &str,
    limit: usize,
) -> Result<Vec<Person>, Error> {
    let wanted = text.to_lowercase();
    let holds = |names: &str| !wanted.contains('\n') && names.contains(&wanted);
    let look = opened.survey.look(opened, ctx.now()).await?;
    let mut tx = opened.store.read().await?;
    let reachable = ctx.reach.at_most(opened, &mut tx).await?;
    let may = |id: &EntityId| reachable.as_ref().is_none_or(|ids| ids.contains(id));
    let all = look.everybody.iter().filter(|found| holds(&found.names)).map(|found| found.id);
    let all: Vec<EntityId> = all.filter(may).collect();
    let mut people = Vec::new();
    for ids in all.chunks(STEP.max(limit)) {
        let mut shown = evaluate_these(&mut tx, opened, ids, ctx.now()).await?;
        shown.retain(|(_, evaluation)| holds(&names(opened, &evaluation.row)));
        ctx.reach.narrow(ctx, opened, &mut tx, &mut shown, |(facts, _)| Some(facts.row.id)).await?;
        let views = shown.iter();
        people.extend(views.map(|(facts, of)| person(opened, &of.row, &facts.key)));
        if people.len() >= limit {
            break;
        }
    }
    people.truncate(limit);
    Ok(people)
}

/// What the last look found of somebody.
#[derive(Debug, Clone, Copy)]
pub struct Surveyed<'f>(&'f Found);

impl Surveyed<'_> {
    /// Who it is.
    pub fn id(&self) -> EntityId {
        self.0.id
    }

    /// The roles held, by position.
    pub fn roles(&self) -> impl Iterator<Item = usize> {
        self.0.roles()
    }

    /// The conflicts between duties, by position, each with whether an exception allows it.
    pub fn conflicts(&self) -> impl Iterator<Item = (usize, bool)> {
        self.0.conflicts()
    }

    /// Whether they left.
    pub fn is_gone(&self) -> bool {
        self.0.is_gone
    }
}

/// Those of whom `pick` makes something of what was found and whom the caller reaches, in order of id, with a transaction
/// for what is to be shown of them.
pub async fn survey<T>(
    ctx: &Ctx,
    opened: &Opened,
    pick: impl Fn(Surveyed<'_>) -> Option<T>,
) -> Result<(ReadTx, Vec<(EntityId, T)>), Error> {
    let look = opened.survey.look(opened, ctx.now()).await?;
    let (tx, ids) = found(ctx, opened, |found| pick(Surveyed(found)).is_some()).await?;
    let known = ids.into_iter().filter_map(|id| look.everybody.get(id));
    Ok((tx, known.filter_map(|found| Some((found.id, pick(Surveyed(found))?))).collect()))
}

/// Those of whom something was found and whom the caller reaches, in order of id, with a transaction for what is to be shown.
async fn found(
    ctx: &Ctx,
    opened: &Opened,
    wanted: impl Fn(&Found) -> bool,
) -> Result<(ReadTx, Vec<EntityId>), Error> {
    let look = opened.survey.look(opened, ctx.now()).await?;
    let mut tx = opened.store.read().await?;
    if ctx.reach.is_everybody() {
        let all = look.everybody.iter().filter(|found| wanted(found));
        return Ok((tx, all.map(|found| found.id).collect()));
    }
    let ids = match ctx.reach.at_most(opened, &mut tx).await? {
        Some(ids) => {
            ids.into_iter().filter(|id| look.everybody.get(*id).is_some_and(&wanted)).collect()
        }
        None => look.everybody.iter().filter(|found| wanted(found)).map(|found| found.id).collect(),
    };
    let seen = ctx.reach.those_covered(ctx, opened, &mut tx, ids).await?;
    Ok((tx, seen.into_iter().collect()))
}

/// So many of all, after so many.
fn part<T>(all: Vec<T>, after: usize, limit: usize) -> Page<T> {
    let end = after.saturating_add(limit);
    let next = (all.len() > end).then(|| i64::try_from(end).unwrap_or(i64::MAX));
    Page { items: all.into_iter().skip(after).take(limit).collect(), next }
}
