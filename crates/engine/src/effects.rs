//! What follows from an evaluation beside the plan: grace for roles that are lost, the end of assignments of those who
//! left, and notes of what happened for workflows.
//!
//! The first two are facts. They are written before a plan is made, and the identities are evaluated again with them, so
//! that a plan never takes what the grace period keeps. Whether a role was lost is told from the watched roles that the
//! last evaluation found; a run over everybody and one over the changed identities find the same.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{Ctx, Error, IdentityFacts, Opened, subject_of};
use muster_model::{AssignmentId, EntityId, Text};
use muster_policy::{AccountRef, Evaluation, Trigger, Via};
use muster_store::{
    Assignment, Entry, EventKind, HeldRole, IdRange, ReadTx, Sequence, Tx, WorkflowEvent,
    WorkflowWatch,
};
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::lifecycle::LEFT;

/// The origin of assignments that keep a lost role for a time.
pub const GRACE: &str = "grace";
/// Held because a rule says so, directly or by inclusion.
const BY_RULE: &str = "rule";
/// Held because somebody assigned it, or for grace.
const BY_ASSIGNMENT: &str = "assigned";
const BATCH: usize = 2048;
/// Between an account type and since when an account of it was not used, in the name of an event.
const SINCE: &str = " since ";

/// What is watched of the evaluations of a model.
#[derive(Debug, Default)]
pub(crate) struct Watching {
    /// Watched roles by position, in order.
    roles: Vec<usize>,
    /// Those whose holders were all noted before; the coming of another one is news only for the new.
    known: BTreeSet<Text>,
}

/// What evaluations brought beside the plan.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Who has left and still has assignments: subject and ids.
    pub(crate) left: Vec<(EntityId, Text, Vec<AssignmentId>)>,
    /// Who lost a role with a grace period: subject and role.
    pub(crate) grace: Vec<(EntityId, Text, usize)>,
    /// What is to be noted of each identity.
    pub(crate) notes: BTreeMap<EntityId, Notes>,
}

/// What is to be noted of an identity together with its evaluation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// Watched roles that are held now and were not, or otherwise.
    pub(crate) held: Vec<HeldRole>,
    /// Watched roles that are no longer held.
    pub(crate) lost: Vec<Text>,
    /// What happened.
    pub(crate) events: Vec<(EventKind, Text)>,
}

impl Watching {
    /// What is watched in this model.
    pub(crate) async fn load(tx: &mut ReadTx, opened: &Opened) -> Result<Self, Error> {
        let mut watching = Self { roles: opened.model.watched_roles(), known: BTreeSet::new() };
        for role in &watching.roles {
            let Some(role) = opened.model.roles.get(*role) else { continue };
            if tx.workflow_watch(&watch_name(&role.name)).await?.is_some() {
                watching.known.insert(role.name.clone());
            }
        }
        Ok(watching)
    }

    /// True when nothing is.
    pub(crate) fn is_empty(&self) -> bool {
        self.roles.is_empty()
    }

    /// The watched roles that an evaluation found, each with how it is held.
    pub(crate) fn held(
        &self,
        opened: &Opened,
        evaluation: &Evaluation,
    ) -> Vec<(Text, &'static str)> {
        let how = |via: Via| match via {
            Via::Rule => BY_RULE,
            Via::Assigned(_) => BY_ASSIGNMENT,
            Via::Included(by) => {
                let direct = evaluation.roles.iter().find(|held| held.role == by);
                if direct.is_some_and(|held| held.via == Via::Rule) {
                    BY_RULE
                } else {
                    BY_ASSIGNMENT
                }
            }
        };
        let held =
            evaluation.roles.iter().filter(|held| self.roles.binary_search(&held.role).is_ok());
        held.filter_map(|held| {
            Some((opened.model.roles.get(held.role)?.name.clone(), how(held.via)))
        })
        .collect()
    }

    /// Notes that the holders of every watched role are known from now on.
    pub(crate) async fn all_known(&self, opened: &Opened, facts_version: i64) -> Result<(), Error> {
        let roles = self.roles.iter().filter_map(|role| opened.model.roles.get(*role));
        let new: Vec<&Text> =
            roles.map(|role| &role.name).filter(|name| !self.known.contains(*name)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut tx = opened.store.begin().await?;
        for name in new {
            tx.save_workflow_watch(&WorkflowWatch {
                workflow: watch_name(name),
                facts_version,
                revision: opened.revision,
                next_due: None,
            })
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

fn watch_name(role: &Text) -> Text {
    format!("role {role}").into()
}

/// The watched roles that identities of a range held when they were last evaluated.
pub(crate) async fn held_in(
    tx: &mut ReadTx,
    range: IdRange,
) -> Result<FxHashMap<EntityId, Vec<HeldRole>>, Error> {
    let mut map: FxHashMap<EntityId, Vec<HeldRole>> = FxHashMap::default();
    let mut after = None;
    loop {
        let page = tx.scan_held_roles(range, after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(map) };
        after = Some((last.entity, last.role.clone()));
        for held in page {
            map.entry(held.entity).or_default().push(held);
        }
    }
}

/// True when the watched roles are held as the last evaluation found them.
pub(crate) fn same_roles(found: &[(Text, &'static str)], known: &[HeldRole]) -> bool {
    found.len() == known.len()
        && found
            .iter()
            .zip(known)
            .all(|((role, how), known)| *role == known.role && **how == *known.how)
}

/// An evaluation beside what the last one found.
pub(crate) struct Before<'a> {
    /// Whether there was an evaluation before.
    pub(crate) evaluated: bool,
    /// Whether the lifecycle state is another one.
    pub(crate) other_state: bool,
    /// The watched roles that were held.
    pub(crate) held: &'a [HeldRole],
}

impl Effects {
    /// Looks at one identity.
    pub(crate) fn look(
        &mut self,
        opened: &Opened,
        watching: &Watching,
        (facts, evaluation): (&IdentityFacts, &Evaluation),
        before: &Before<'_>,
        now: Timestamp,
    ) {
        let id = facts.row.id;
        let behaviour = opened.model.types.get(facts.row.type_id.index());
        let is_over = evaluation.state.is_some()
            && behaviour.is_some_and(|behaviour| behaviour.terminated == evaluation.state);
        if before.other_state && is_over && !facts.assignments.is_empty() {
            let subject = subject_of(&opened.model, &facts.row, &facts.key);
            let ids = facts.assignments.iter().map(|assignment| assignment.id).collect();
            self.left.push((id, subject, ids));
        }
        let mut notes = Notes::default();
        if before.other_state
            && let Some(state) = evaluation.state
            && let Some(name) = opened.evaluator.state_name(facts.row.type_id, state)
        {
            notes.events.push((EventKind::Entered, name));
        }
        let found = watching.held(opened, evaluation);
        for (role, how) in &found {
            let known = before.held.iter().find(|known| known.role == *role);
            if known.is_none() && (!before.evaluated || watching.known.contains(role)) {
                notes.events.push((EventKind::Gained, role.clone()));
            }
            if known.is_none_or(|known| *known.how != **how) {
                let since = known.map_or(now, |known| known.since);
                notes.held.push(HeldRole {
                    entity: id,
                    role: role.clone(),
                    how: (*how).into(),
                    since,
                });
            }
        }
        for known in before.held.iter().filter(|k| found.iter().all(|(role, _)| *role != k.role)) {
            notes.lost.push(known.role.clone());
            notes.events.push((EventKind::Lost, known.role.clone()));
            let position = opened.model.roles.binary_search_by(|role| role.name.cmp(&known.role));
            let grace = position
                .ok()
                .filter(|at| opened.model.roles.get(*at).is_some_and(|role| role.grace.is_some()));
            // Who leaves or is suspended keeps nothing: only whoever stays in their state has moved.
            let moved = !before.other_state && !is_over && *known.how == *BY_RULE;
            if let Some(role) = grace.filter(|_| moved) {
                self.grace.push((id, subject_of(&opened.model, &facts.row, &facts.key), role));
            }
        }
        notes.events.retain(|(kind, name)| is_wanted(opened, *kind, name));
        if notes != Notes::default() {
            self.notes.insert(id, notes);
        }
    }

    /// Notes accounts that will be disabled because nobody uses them.
    pub(crate) fn look_at_idle(
        &mut self,
        opened: &Opened,
        id: EntityId,
        idle: &[(AccountRef, Timestamp)],
    ) {
        for (account, last_used) in idle {
            let name: Text =
                format!("{}{SINCE}{last_used}", opened.model.account_name(*account)).into();
            if is_wanted(opened, EventKind::Idle, &name) {
                self.notes.entry(id).or_default().events.push((EventKind::Idle, name));
            }
        }
    }

    /// Joins what another worker found.
    pub(crate) fn extend(&mut self, other: Self) {
        self.left.extend(other.left);
        self.grace.extend(other.grace);
        self.notes.extend(other.notes);
    }

    /// Writes the facts that follow. True when there were any: then the identities have to be evaluated again.
    pub(crate) async fn write_facts(&mut self, ctx: &Ctx, opened: &Opened) -> Result<bool, Error> {
        if self.left.is_empty() && self.grace.is_empty() {
            return Ok(false);
        }
        self.left.sort_unstable_by_key(|(id, ..)| *id);
        self.grace.sort_unstable_by_key(|(id, _, role)| (*id, *role));
        let mut tx = opened.store.begin().await?;
        let mut again = Vec::new();
        for (id, subject, assignments) in &self.left {
            for assignment in assignments {
                tx.end_assignment(*assignment, ctx.now(), &ctx.actor, LEFT).await?;
            }
            again.push(*id);
            let ids: Vec<i64> = assignments.iter().map(|assignment| assignment.0).collect();
            let detail = json!({ "assignments": ids, "reason": LEFT });
            note(ctx, &mut tx, "assignment.end", subject, &detail).await?;
        }
        let mut next = match self.grace.len() {
            0 => 0,
            n => tx.take_ids(Sequence::Assignment, n).await?,
        };
        for (id, subject, role) in &self.grace {
            let assignment = grace(ctx, opened, (AssignmentId(next), *id), *role)?;
            next += 1;
            again.push(*id);
            tx.insert_assignments(std::slice::from_ref(&assignment)).await?;
            let until = assignment.valid_until.map(|until| until.to_string());
            let detail =
                json!({ "assignment": assignment.id.0, "role": &*assignment.role, "until": until });
            note(ctx, &mut tx, "assignment.grace", subject, &detail).await?;
        }
        tx.unsettle(&again).await?;
        tx.commit().await?;
        Ok(true)
    }
}

fn grace(
    ctx: &Ctx,
    opened: &Opened,
    (id, entity): (AssignmentId, EntityId),
    role: usize,
) -> Result<Assignment, Error> {
    let role = opened.model.roles.get(role).ok_or_else(|| Error::bug("a role is gone"))?;
    let until = role.grace.and_then(|grace| ctx.now().checked_add(grace).ok());
    Ok(Assignment {
        id,
        entity,
        role: role.name.clone(),
        origin: GRACE.into(),
        reason: "the rule no longer gives it".into(),
        valid_from: None,
        valid_until: until,
        created_at: ctx.now(),
        created_by: ctx.actor.clone(),
        ended_at: None,
        ended_by: None,
        end_reason: None,
    })
}

async fn note(
    ctx: &Ctx,
    tx: &mut Tx,
    action: &str,
    subject: &Text,
    detail: &serde_json::Value,
) -> Result<(), Error> {
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject: subject.clone(),
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}

/// Writes the notes of some identities, within the transaction that saves their evaluations.
pub(crate) async fn save_notes(
    tx: &mut Tx,
    notes: &[(EntityId, Notes)],
    now: Timestamp,
) -> Result<(), Error> {
    let held: Vec<HeldRole> = notes.iter().flat_map(|(_, notes)| notes.held.clone()).collect();
    tx.save_held_roles(&held).await?;
    let lost: Vec<(EntityId, Text)> = notes
        .iter()
        .flat_map(|(id, notes)| notes.lost.iter().map(|role| (*id, role.clone())))
        .collect();
    tx.drop_held_roles(&lost).await?;
    let events = notes.iter().flat_map(|(id, notes)| notes.events.iter().map(|event| (*id, event)));
    let events: Vec<_> = events.collect();
    if events.is_empty() {
        return Ok(());
    }
    let first = tx.take_ids(Sequence::WorkflowEvent, events.len()).await?;
    let events: Vec<WorkflowEvent> = (first..)
        .zip(events)
        .map(|(id, (entity, (kind, name)))| WorkflowEvent {
            id,
            entity,
            kind: *kind,
            name: name.clone(),
            at: now,
        })
        .collect();
    tx.insert_workflow_events(&events).await?;
    Ok(())
}

/// Whether the name of an event about an unused account begins with this account type.
pub(crate) fn is_of(name: &str, account_type: &str) -> bool {
    name.split_once(SINCE).is_some_and(|(of, _)| of == account_type)
}

/// True when something that happened may begin a workflow of this model; otherwise it is not noted.
pub(crate) fn is_wanted(opened: &Opened, kind: EventKind, name: &str) -> bool {
    opened.model.workflows.iter().any(|workflow| {
        let role =
            |role: &usize| opened.model.roles.get(*role).is_some_and(|role| *role.name == *name);
        match (&workflow.trigger, kind) {
            (Trigger::Gained(wanted), EventKind::Gained)
            | (Trigger::Lost(wanted), EventKind::Lost) => role(wanted),
            (Trigger::Entered(state), EventKind::Entered) => opened
                .evaluator
                .state_name(workflow.type_id, *state)
                .is_some_and(|state| *state == *name),
            (Trigger::Changed(slots), EventKind::Changed) => slots.iter().any(|slot| {
                let attribute = opened.model.schema.attribute(workflow.type_id, *slot);
                attribute.is_some_and(|attribute| *attribute.name == *name)
            }),
            (Trigger::Idle(account), EventKind::Idle) => {
                is_of(name, &opened.model.account_name(*account))
            }
            (
                Trigger::Date { .. }
                | Trigger::Idle(_)
                | Trigger::Gained(_)
                | Trigger::Lost(_)
                | Trigger::Entered(_)
                | Trigger::Changed(_)
                | Trigger::Demand,
                _,
            ) => false,
        }
    })
}
