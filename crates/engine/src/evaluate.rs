//! Evaluates many identities and compares those that differ, ranges of ids in parallel.
//!
//! An identity whose outcome equals the one last settled, and whose next change is not due, costs one row and one
//! evaluation. Only the others are compared with their accounts in full. No question is asked per identity.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use muster_app::{
    EntitlementIndex, Error, IdentityFacts, Opened, drift_of, identity_facts, load_identities,
    load_world, load_world_near, observed_accounts, subject_of,
};
use muster_model::{DriftId, EntityId, TypeId};
use muster_plan::{Operation, compare, hold_back_beside, sort_out_drift};
use muster_policy::{MemoryWorld, Mode};
use muster_store::{Evaluation, HeldRole, IdRange, IdentityRow, ReadTx};
use rustc_hash::FxHashMap;

use crate::{
    effects::{Before, Effects, Watching, held_in, same_roles},
    progress::{NoProgress, Task},
};

const BATCH: usize = 2048;
/// Identities in one piece of work when only some are looked at.
const SOME: usize = 128;
/// Ids in one piece of work: small enough that all workers end together, large enough to be worth a step.
const PIECE: std::ops::RangeInclusive<i64> = 64..=32_768;

/// What a run over identities found.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What is to be done.
    pub(crate) operations: Vec<Operation>,
    /// What differs on systems that are only observed.
    pub(crate) observed_only: Vec<Operation>,
    /// What would put drift right and is not done.
    pub(crate) drift: Vec<Operation>,
    /// Drift that no difference is left of.
    pub(crate) over: Vec<DriftId>,
    /// Findings that differ from what is stored.
    pub(crate) evaluations: Vec<Evaluation>,
    /// What follows beside the plan.
    pub(crate) effects: Effects,
    /// What is watched.
    pub(crate) watching: Watching,
    /// How many identities were evaluated.
    pub(crate) n: u64,
}

impl Outcome {
    /// Takes out what was found of some identities: it no longer holds.
    pub(crate) fn leave_out(&mut self, ids: &BTreeSet<EntityId>) {
        for list in [&mut self.operations, &mut self.observed_only, &mut self.drift] {
            list.retain(|operation| !ids.contains(&operation.identity));
        }
        self.evaluations.retain(|found| !ids.contains(&found.entity));
        self.effects.notes.retain(|id, _| !ids.contains(id));
    }
}

/// A piece of work.
enum Piece {
    /// Everybody of a type in a range of ids; whoever is settled is passed over.
    Range(TypeId, IdRange),
    /// These identities, each compared in full.
    Ids(Vec<EntityId>),
}

/// What all workers share.
struct Shared {
    opened: Opened,
    world: MemoryWorld,
    /// All entitlements; `None` where only some identities are looked at, and what they hold is loaded with them.
    index: Option<EntitlementIndex>,
    watching: Watching,
    now: Timestamp,
    pieces: Mutex<VecDeque<Piece>>,
    task: Box<dyn Task>,
}

fn n_workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Evaluates everybody.
#[tracing::instrument(name = "use_case", skip_all, fields(otel.name = "evaluate"))]
pub(crate) async fn evaluate_all(
    opened: &Opened,
    now: Timestamp,
    task: Box<dyn Task>,
) -> Result<Outcome, Error> {
    let mut tx = opened.store.read().await?;
    let mut pieces = VecDeque::new();
    for entity_type in opened.model.schema.types.iter().filter(|entity_type| entity_type.identity) {
        let Some(names) = opened.names.type_names(entity_type.id) else { continue };
        let Some((first, last)) = tx.id_bounds(names.no).await? else { continue };
        let share = (last.0 - first.0) / i64::try_from(n_workers() * 4).unwrap_or(1);
        let piece = share.clamp(*PIECE.start(), *PIECE.end());
        let mut after = first.0 - 1;
        while after < last.0 {
            let to = (after + piece).min(last.0);
            let range = IdRange { after: EntityId(after), to: EntityId(to) };
            pieces.push_back(Piece::Range(entity_type.id, range));
            after = to;
        }
    }
    drop(tx);
    let world = load_world(&mut opened.store.read().await?, opened, now, None).await?;
    evaluate_pieces(opened, now, world, pieces, task).await
}

/// Evaluates and compares only these identities, each in full.
#[tracing::instrument(name = "use_case", skip_all, fields(otel.name = "evaluate"))]
pub(crate) async fn evaluate_some(
    opened: &Opened,
    ids: &[EntityId],
    now: Timestamp,
) -> Result<Outcome, Error> {
    let pieces = ids.chunks(SOME).map(|ids| Piece::Ids(ids.to_vec())).collect();
    let world = load_world_near(&mut opened.store.read().await?, opened, ids, now).await?;
    evaluate_pieces(opened, now, world, pieces, Box::new(NoProgress)).await
}

async fn evaluate_pieces(
    opened: &Opened,
    now: Timestamp,
    world: MemoryWorld,
    pieces: VecDeque<Piece>,
    task: Box<dyn Task>,
) -> Result<Outcome, Error> {
    let mut tx = opened.store.read().await?;
    let is_range = |piece: &Piece| matches!(piece, Piece::Range(..));
    let mut index = None;
    if pieces.iter().any(is_range) {
        index = Some(EntitlementIndex::load(&mut tx, opened).await?);
    }
    let watching = Watching::load(&mut tx, opened).await?;
    drop(tx);
    let n = n_workers().min(pieces.len());
    let pieces = Mutex::new(pieces);
    let opened = opened.clone();
    let shared = Arc::new(Shared { opened, world, index, watching, now, pieces, task });
    let mut outcome = if n <= 1 { worker(&shared).await? } else { in_parallel(&shared, n).await? };
    if let Some(shared) = Arc::into_inner(shared) {
        outcome.watching = shared.watching;
    }
    Ok(outcome)
}

async fn in_parallel(shared: &Arc<Shared>, n: usize) -> Result<Outcome, Error> {
    let handle = tokio::runtime::Handle::current();
    let workers: Vec<_> = (0..n)
        .map(|_| {
            let (shared, handle) = (Arc::clone(shared), handle.clone());
            tokio::task::spawn_blocking(move || handle.block_on(worker(&shared)))
        })
        .collect();
    let mut outcome = Outcome::default();
    for worker in workers {
        let part =
            worker.await.map_err(|error| Error::bug("a worker ended early").caused_by(error))??;
        outcome.operations.extend(part.operations);
        outcome.observed_only.extend(part.observed_only);
        outcome.drift.extend(part.drift);
        outcome.over.extend(part.over);
        outcome.evaluations.extend(part.evaluations);
        outcome.effects.extend(part.effects);
        outcome.n += part.n;
    }
    outcome.evaluations.sort_by_key(|evaluation| evaluation.entity);
    outcome.over.sort_unstable();
    Ok(outcome)
}

async fn worker(shared: &Shared) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    let mut tx = shared.opened.store.read().await?;
    loop {
        let piece = shared.pieces.lock().ok().and_then(|mut pieces| pieces.pop_front());
        match piece {
            Some(Piece::Range(type_id, range)) => {
                evaluate_range(shared, &mut tx, type_id, range, &mut outcome).await?;
            }
            Some(Piece::Ids(ids)) => evaluate_ids(shared, &mut tx, &ids, &mut outcome).await?,
            None => return Ok(outcome),
        }
    }
}

async fn evaluate_range(
    shared: &Shared,
    tx: &mut ReadTx,
    type_id: TypeId,
    mut range: IdRange,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let opened = &shared.opened;
    let Some(names) = opened.names.type_names(type_id) else { return Ok(()) };
    loop {
        let rows = tx.scan_identities(names.no, range, BATCH).await?;
        let Some(last) = rows.last().map(|row| row.id) else { return Ok(()) };
        let here = IdRange { after: range.after, to: last };
        let mut assignments = assignments_in(tx, here, shared.now).await?;
        let mut held = FxHashMap::default();
        if !shared.watching.is_empty() {
            held = held_in(tx, here).await?;
        }
        let mut differing = Vec::new();
        for row in rows {
            outcome.n += 1;
            let stored = assignments.remove(&row.id).unwrap_or_default();
            let known = Known { held: held.remove(&row.id).unwrap_or_default(), ..Known::of(&row) };
            let facts = identity_facts(opened, type_id, row, stored)?;
            look(shared, facts, known, &mut differing);
        }
        shared.task.advance(u64::try_from(last.0 - range.after.0).unwrap_or(0));
        compare_all(shared, tx, differing, outcome).await?;
        range.after = last;
    }
}

async fn assignments_in(
    tx: &mut ReadTx,
    range: IdRange,
    now: Timestamp,
) -> Result<FxHashMap<EntityId, Vec<muster_store::Assignment>>, Error> {
    let mut map: FxHashMap<EntityId, Vec<_>> = FxHashMap::default();
    let mut after = None;
    loop {
        let page = tx.scan_assignments(range, now, after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(map) };
        after = Some((last.entity, last.id));
        let is_last = page.len() < BATCH;
        for assignment in page {
            map.entry(assignment.entity).or_default().push(assignment);
        }
        if is_last {
            return Ok(map);
        }
    }
}

/// What is stored of an identity's last evaluation.
#[derive(Debug, Clone, Default)]
struct Known {
    held: Vec<HeldRole>,
    state_no: Option<i64>,
    state_since: Option<Timestamp>,
    settled: Option<muster_model::Fingerprint>,
    next_change: Option<Timestamp>,
}

impl Known {
    fn of(row: &IdentityRow) -> Self {
        Self {
            held: Vec::new(),
            state_no: row.state_no,
            state_since: row.state_since,
            settled: row.settled,
            next_change: row.next_change,
        }
    }
}

/// An identity that has to be compared in full.
struct Differing {
    facts: IdentityFacts,
    evaluation: muster_policy::Evaluation,
    known: Known,
}

fn look(shared: &Shared, facts: IdentityFacts, known: Known, differing: &mut Vec<Differing>) {
    let (opened, now) = (&shared.opened, shared.now);
    let evaluation = opened.evaluator.evaluate(&facts.identity(), &shared.world, now);
    // Another model may have moved the next change nearer while the outcome is the same.
    let announced = evaluation.next_change.and_then(stored_change);
    let is_announced = announced.is_none_or(|at| known.next_change.is_some_and(|k| k <= at));
    let is_settled = known.settled == Some(evaluation.fingerprint)
        && known.next_change.is_none_or(|at| at > now)
        && is_announced
        && known.state_no == state_no(opened, &evaluation)
        && known.state_since == stored_time(evaluation.state_since)
        && same_roles(&shared.watching.held(opened, &evaluation), &known.held);
    if !is_settled {
        differing.push(Differing { facts, evaluation, known });
    }
}

fn state_no(opened: &Opened, evaluation: &muster_policy::Evaluation) -> Option<i64> {
    opened.names.type_names(evaluation.row.type_id)?.states.get(evaluation.state?).copied()
}

/// An instant in the precision in which it is stored.
fn stored_time(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_microsecond(at.as_microsecond()).ok()
}

/// An instant at which something happens, never stored too early.
fn stored_change(at: Timestamp) -> Option<Timestamp> {
    let micros = at.as_microsecond();
    let floor = Timestamp::from_microsecond(micros).ok()?;
    if floor < at { Timestamp::from_microsecond(micros + 1).ok() } else { Some(floor) }
}

async fn compare_all(
    shared: &Shared,
    tx: &mut ReadTx,
    differing: Vec<Differing>,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let Shared { opened, world, index, watching, now, pieces: _, task: _ } = shared;
    if differing.is_empty() {
        return Ok(());
    }
    let ids: Vec<EntityId> = differing.iter().map(|differing| differing.facts.row.id).collect();
    let mut observed = observed_accounts(opened, tx, index.as_ref(), &ids).await?;
    let mut drift = drift_of(opened, tx, &ids).await?;
    for Differing { facts, evaluation, known } in differing {
        let subject = subject_of(&opened.model, &facts.row, &facts.key);
        let own = observed.remove(&facts.row.id).unwrap_or_default();
        let mut compared = compare(&opened.evaluator, &evaluation, &own, &subject, world, *now);
        let own = drift.remove(&facts.row.id).unwrap_or_default();
        let evaluator = &opened.evaluator;
        let sorted = sort_out_drift(evaluator, &evaluation, &own, *now, &mut compared);
        let operations = &mut compared.operations;
        hold_back_beside(evaluator, &evaluation, &sorted.held, world, operations);
        let is_equal = compared.operations.is_empty() && sorted.held.is_empty();
        outcome.drift.extend(sorted.held);
        outcome.over.extend(sorted.over);
        for operation in compared.operations {
            let mode = opened
                .model
                .systems
                .iter()
                .find(|s| s.name == operation.target.system)
                .map_or(Mode::Propose, |s| s.mode);
            match mode {
                Mode::Observe => outcome.observed_only.push(operation),
                Mode::Propose | Mode::Enforce => outcome.operations.push(operation),
            }
        }
        let before = Before {
            evaluated: known.state_no.is_some(),
            other_state: known.state_no != state_no(opened, &evaluation),
            held: &known.held,
        };
        outcome.effects.look(opened, watching, (&facts, &evaluation), &before, *now);
        outcome.effects.look_at_idle(opened, facts.row.id, &compared.idle);
        let next_change = evaluation.next_change.into_iter().chain(compared.next_change).min();
        let found = Known {
            held: Vec::new(),
            state_no: state_no(opened, &evaluation),
            state_since: stored_time(evaluation.state_since),
            settled: is_equal.then_some(evaluation.fingerprint),
            next_change: next_change.and_then(stored_change),
        };
        if !same(&found, &known) {
            outcome.evaluations.push(Evaluation {
                entity: facts.row.id,
                state_no: found.state_no,
                state_since: found.state_since,
                settled: found.settled,
                next_change: found.next_change,
                evaluated_at: *now,
            });
        }
    }
    Ok(())
}

fn same(a: &Known, b: &Known) -> bool {
    let Known { held: _, state_no, state_since, settled, next_change } = *a;
    (state_no, state_since, settled, next_change)
        == (b.state_no, b.state_since, b.settled, b.next_change)
}

async fn evaluate_ids(
    shared: &Shared,
    tx: &mut ReadTx,
    ids: &[EntityId],
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let opened = &shared.opened;
    let rows = tx.identities(ids).await?;
    let mut known: FxHashMap<EntityId, Known> =
        rows.iter().map(|row| (row.id, Known::of(row))).collect();
    if !shared.watching.is_empty() {
        for held in tx.held_roles_of_many(ids).await? {
            known.entry(held.entity).or_default().held.push(held);
        }
    }
    let entities = tx.entities(ids).await?;
    for entity_type in opened.model.schema.types.iter().filter(|entity_type| entity_type.identity) {
        let Some(names) = opened.names.type_names(entity_type.id) else { continue };
        let own: Vec<EntityId> =
            entities.iter().filter(|e| e.type_no == names.no).map(|e| e.id).collect();
        let mut differing = Vec::new();
        for facts in load_identities(tx, opened, entity_type.id, &own, shared.now).await? {
            outcome.n += 1;
            let evaluation =
                opened.evaluator.evaluate(&facts.identity(), &shared.world, shared.now);
            let known = known.remove(&facts.row.id).unwrap_or_default();
            differing.push(Differing { facts, evaluation, known });
        }
        compare_all(shared, tx, differing, outcome).await?;
    }
    Ok(())
}
