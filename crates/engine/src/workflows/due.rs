//! Who is due: by what happened, by a date, or by being in the scope.

use jiff::{SignedDuration, Timestamp};
use muster_app::{
    Ctx, Error, IdentityFacts, Opened, identity_facts, load_identities, load_world, subject_of,
};
use muster_model::{EntityId, Row, Text, TypeId};
use muster_policy::{Evaluation, MemoryWorld, Rule, Trigger, Workflow};
use muster_store::{
    EventKind, IdRange, ReadTx, Sequence, Tx, WorkflowEvent, WorkflowRun, WorkflowWatch,
};

use super::{BATCH, Candidate, new_run};
use crate::effects::{is_of, is_wanted};

/// Identities in one step of a scan.
const PAGE: usize = 1000;

/// Begins runs for candidates, those whose occasion had no run yet. Answers the new ones.
pub(super) async fn begin(
    ctx: &Ctx,
    opened: &Opened,
    workflow: &Workflow,
    candidates: &[Candidate],
    now: Timestamp,
) -> Result<Vec<WorkflowRun>, Error> {
    let mut begun = Vec::new();
    for chunk in candidates.chunks(PAGE) {
        let mut tx = opened.store.begin().await?;
        begun.extend(begin_in(ctx, opened, &mut tx, &workflow.name, chunk, now).await?);
        tx.commit().await?;
    }
    Ok(begun)
}

/// As [`begin`], as part of a transaction.
pub(super) async fn begin_in(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    workflow: &Text,
    candidates: &[Candidate],
    now: Timestamp,
) -> Result<Vec<WorkflowRun>, Error> {
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let first = tx.take_ids(Sequence::WorkflowRun, candidates.len()).await?;
    let runs: Vec<WorkflowRun> = (first..)
        .zip(candidates)
        .map(|(id, candidate)| new_run(ctx, opened, workflow, id, candidate, now))
        .collect();
    let new = tx.begin_workflow_runs(&runs).await?;
    Ok(runs.into_iter().zip(new).filter(|(_, new)| *new).map(|(run, _)| run).collect())
}

/// Begins the workflows of what happened since. Each event is looked at once.
pub(super) async fn begin_by_events(
    ctx: &Ctx,
    opened: &Opened,
    now: Timestamp,
) -> Result<u64, Error> {
    let mut begun = 0;
    loop {
        let mut tx = opened.store.begin().await?;
        let events = tx.workflow_events(BATCH).await?;
        if events.is_empty() {
            return Ok(begun);
        }
        let world = load_world(&mut tx, opened, now, None).await?;
        for workflow in &opened.model.workflows {
            let fitting: Vec<&WorkflowEvent> =
                events.iter().filter(|event| begins(opened, workflow, event)).collect();
            let mut ids: Vec<EntityId> = fitting.iter().map(|event| event.entity).collect();
            ids.sort_unstable();
            ids.dedup();
            let known = load_identities(&mut tx, opened, workflow.type_id, &ids, now).await?;
            let mut candidates = Vec::new();
            for facts in known {
                let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
                if !in_scope_of(opened, workflow, &evaluation, &world, now) {
                    continue;
                }
                let own = fitting.iter().filter(|event| event.entity == facts.row.id);
                candidates.extend(own.map(|event| Candidate {
                    id: facts.row.id,
                    person: subject_of(&opened.model, &facts.row, &facts.key),
                    occasion: occasion(event),
                    due: event.at,
                }));
            }
            begun += begin_in(ctx, opened, &mut tx, &workflow.name, &candidates, now).await?.len()
                as u64;
        }
        let ids: Vec<i64> = events.iter().map(|event| event.id).collect();
        tx.delete_workflow_events(&ids).await?;
        tx.commit().await?;
    }
}

/// What an event is the occasion of: every time it happens; once for each time that an account is left alone.
fn occasion(event: &WorkflowEvent) -> Text {
    match event.kind {
        EventKind::Idle => format!("{} {}", event.kind, event.name).into(),
        EventKind::Gained | EventKind::Lost | EventKind::Entered | EventKind::Changed => {
            format!("{} {} {}", event.kind, event.name, event.at).into()
        }
    }
}

fn begins(opened: &Opened, workflow: &Workflow, event: &WorkflowEvent) -> bool {
    let role = |position: &usize| {
        opened.model.roles.get(*position).is_some_and(|role| role.name == event.name)
    };
    match (&workflow.trigger, event.kind) {
        (Trigger::Gained(wanted), EventKind::Gained) | (Trigger::Lost(wanted), EventKind::Lost) => {
            role(wanted)
        }
        (Trigger::Entered(state), EventKind::Entered) => {
            opened.evaluator.state_name(workflow.type_id, *state).as_ref() == Some(&event.name)
        }
        (Trigger::Changed(slots), EventKind::Changed) => slots.iter().any(|slot| {
            let attribute = opened.model.schema.attribute(workflow.type_id, *slot);
            attribute.is_some_and(|attribute| attribute.name == event.name)
        }),
        (Trigger::Idle(account), EventKind::Idle) => {
            is_of(&event.name, &opened.model.account_name(*account))
        }
        (
            Trigger::Gained(_)
            | Trigger::Lost(_)
            | Trigger::Entered(_)
            | Trigger::Changed(_)
            | Trigger::Idle(_)
            | Trigger::Date { .. }
            | Trigger::Demand,
            _,
        ) => false,
    }
}

/// Begins the workflows whose date has come; also says when the next one comes.
pub(super) async fn begin_by_dates(
    ctx: &Ctx,
    opened: &Opened,
    now: Timestamp,
) -> Result<(u64, Option<Timestamp>), Error> {
    let (mut begun, mut next) = (0, None::<Timestamp>);
    for workflow in &opened.model.workflows {
        if !matches!(workflow.trigger, Trigger::Date { .. }) {
            continue;
        }
        let mut tx = opened.store.read().await?;
        let facts_version = tx.facts_version().await?;
        let watch = tx.workflow_watch(&workflow.name).await?;
        drop(tx);
        let is_quiet = |watch: &&WorkflowWatch| {
            watch.facts_version == facts_version
                && watch.revision == opened.revision
                && watch.next_due.is_none_or(|at| at > now)
        };
        if let Some(watch) = watch.as_ref().filter(is_quiet) {
            next = next.into_iter().chain(watch.next_due).min();
            continue;
        }
        let (candidates, next_due) = by_date(opened, workflow, now).await?;
        begun += begin(ctx, opened, workflow, &candidates, now).await?.len() as u64;
        let watch = WorkflowWatch {
            workflow: workflow.name.clone(),
            facts_version,
            revision: opened.revision,
            next_due,
        };
        let mut tx = opened.store.begin().await?;
        tx.save_workflow_watch(&watch).await?;
        tx.commit().await?;
        next = next.into_iter().chain(next_due).min();
    }
    Ok((begun, next))
}

/// Those for whom the date of a workflow has come and is not too long ago, and when the next date of anybody comes.
pub(super) async fn by_date(
    opened: &Opened,
    workflow: &Workflow,
    now: Timestamp,
) -> Result<(Vec<Candidate>, Option<Timestamp>), Error> {
    let Trigger::Date { instant, offset, late } = &workflow.trigger else {
        return Ok((Vec::new(), None));
    };
    let mut tx = opened.store.read().await?;
    let world = load_world(&mut tx, opened, now, None).await?;
    let (mut candidates, mut next) = (Vec::new(), None::<Timestamp>);
    let mut scan = Scan::of(&mut tx, opened, workflow.type_id).await?;
    while let Some(page) = scan.next(&mut tx, opened, now).await? {
        for facts in page {
            let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
            let (due, changes) = due_of(opened, &evaluation, (instant, *offset), &world, now);
            next = next.into_iter().chain(changes).min();
            let Some(due) = due else { continue };
            if due > now {
                next = next.into_iter().chain([due]).min();
                continue;
            }
            if due.saturating_add(*late).unwrap_or(Timestamp::MAX) < now {
                continue;
            }
            let (holds, changes) = scope_of(opened, workflow, &evaluation, &world, now);
            next = next.into_iter().chain(changes).min();
            if !holds || ran(&mut tx, workflow, facts.row.id, due, *late).await? {
                continue;
            }
            candidates.push(Candidate {
                id: facts.row.id,
                person: subject_of(&opened.model, &facts.row, &facts.key),
                occasion: format!("date {due}").into(),
                due,
            });
        }
    }
    Ok((candidates, next))
}

/// Whether the workflow ran for about this date: a date that is corrected by a day is no other occasion.
async fn ran(
    tx: &mut ReadTx,
    workflow: &Workflow,
    id: EntityId,
    due: Timestamp,
    late: SignedDuration,
) -> Result<bool, Error> {
    let near = late.max(SignedDuration::from_hours(24));
    let is_near = |run: &WorkflowRun| {
        run.workflow == workflow.name
            && run.occasion.starts_with("date ")
            && run.due_at.duration_since(due).abs() <= near
    };
    Ok(tx.workflow_runs_of(id).await?.iter().any(is_near))
}

fn due_of(
    opened: &Opened,
    evaluation: &Evaluation,
    (instant, offset): (&Rule, SignedDuration),
    world: &MemoryWorld,
    now: Timestamp,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let (at, changes) = opened.evaluator.instant(instant, &evaluation.row, world, now);
    (at.and_then(|at| at.checked_add(offset).ok()), changes)
}

/// Those who are in the scope of a workflow; only these people, unless there are none.
pub(super) async fn in_scope(
    opened: &Opened,
    workflow: &Workflow,
    people: &[EntityId],
    now: Timestamp,
    occasion: &Text,
) -> Result<Vec<Candidate>, Error> {
    let mut tx = opened.store.read().await?;
    let world = load_world(&mut tx, opened, now, None).await?;
    let mut candidates = Vec::new();
    let mut look = |page: Vec<IdentityFacts>| {
        for facts in page {
            let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
            if in_scope_of(opened, workflow, &evaluation, &world, now) {
                candidates.push(Candidate {
                    id: facts.row.id,
                    person: subject_of(&opened.model, &facts.row, &facts.key),
                    occasion: occasion.clone(),
                    due: now,
                });
            }
        }
    };
    if people.is_empty() {
        let mut scan = Scan::of(&mut tx, opened, workflow.type_id).await?;
        while let Some(page) = scan.next(&mut tx, opened, now).await? {
            look(page);
        }
    } else {
        look(load_identities(&mut tx, opened, workflow.type_id, people, now).await?);
    }
    Ok(candidates)
}

/// Whether an identity is in the scope of a workflow.
pub(super) fn in_scope_of(
    opened: &Opened,
    workflow: &Workflow,
    evaluation: &Evaluation,
    world: &MemoryWorld,
    now: Timestamp,
) -> bool {
    scope_of(opened, workflow, evaluation, world, now).0
}

fn scope_of(
    opened: &Opened,
    workflow: &Workflow,
    evaluation: &Evaluation,
    world: &MemoryWorld,
    now: Timestamp,
) -> (bool, Option<Timestamp>) {
    let Some(scope) = &workflow.scope else { return (true, None) };
    let (value, changes) = opened.evaluator.ask_when(scope, &evaluation.row, world, now);
    (value == muster_model::Value::Bool(true), changes)
}

/// All identities of a type, page by page.
struct Scan {
    type_id: TypeId,
    range: Option<IdRange>,
}

impl Scan {
    async fn of(tx: &mut ReadTx, opened: &Opened, type_id: TypeId) -> Result<Self, Error> {
        let names = opened.names.type_names(type_id);
        let no = names.ok_or_else(|| Error::bug("a type has no number"))?.no;
        let bounds = tx.id_bounds(no).await?;
        let range = bounds.map(|(first, to)| IdRange { after: EntityId(first.0 - 1), to });
        Ok(Self { type_id, range })
    }

    async fn next(
        &mut self,
        tx: &mut ReadTx,
        opened: &Opened,
        now: Timestamp,
    ) -> Result<Option<Vec<IdentityFacts>>, Error> {
        let (Some(range), Some(names)) = (self.range, opened.names.type_names(self.type_id)) else {
            return Ok(None);
        };
        let rows = tx.scan_identities(names.no, range, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        self.range = Some(IdRange { after: last.id, ..range });
        let ids: Vec<EntityId> = rows.iter().map(|row| row.id).collect();
        let mut given = std::collections::BTreeMap::<EntityId, Vec<_>>::new();
        for assignment in tx.assignments_of_many(&ids, now).await? {
            given.entry(assignment.entity).or_default().push(assignment);
        }
        let page = rows.into_iter().map(|row| {
            let own = given.remove(&row.id).unwrap_or_default();
            identity_facts(opened, self.type_id, row, own)
        });
        page.collect::<Result<Vec<_>, Error>>().map(Some)
    }
}

/// Notes attributes that a source changed, where a workflow begins with that. New entities have changed nothing.
pub(crate) async fn note_changes(
    tx: &mut Tx,
    opened: &Opened,
    type_id: TypeId,
    changed: &[(Option<&Row>, &Row)],
    now: Timestamp,
) -> Result<(), Error> {
    let watched = |workflow: &Workflow| {
        workflow.type_id == type_id && matches!(workflow.trigger, Trigger::Changed(_))
    };
    let Some(entity_type) = opened.model.schema.get(type_id) else { return Ok(()) };
    if !opened.model.workflows.iter().any(watched) {
        return Ok(());
    }
    let mut found = Vec::new();
    for (before, after) in changed {
        let Some(before) = before else { continue };
        for attribute in &entity_type.attributes {
            if before.get(attribute.slot) != after.get(attribute.slot)
                && is_wanted(opened, EventKind::Changed, &attribute.name)
            {
                found.push((after.id, attribute.name.clone()));
            }
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let first = tx.take_ids(Sequence::WorkflowEvent, found.len()).await?;
    let events: Vec<WorkflowEvent> = (first..)
        .zip(found)
        .map(|(id, (entity, name))| WorkflowEvent {
            id,
            entity,
            kind: EventKind::Changed,
            name,
            at: now,
        })
        .collect();
    tx.insert_workflow_events(&events).await?;
    Ok(())
}
