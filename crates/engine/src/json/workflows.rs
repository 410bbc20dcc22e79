//! Workflows and what they did.

use muster_app::Opened;
use muster_policy::{Trigger, Workflow};
use serde_json::{Value as Json, json};

use super::at;
use crate::{Candidate, RunView, WorkflowReport};

/// A workflow of the model.
pub fn workflow(opened: &Opened, workflow: &Workflow) -> Json {
    let kinds: Vec<&str> = workflow.tasks.iter().map(|task| &*task.kind).collect();
    let scope = workflow.scope.as_ref().map_or("everybody", |scope| scope.program.source());
    json!({
        "workflow": &*workflow.name, "description": workflow.description.as_deref(),
        "begins": begins(opened, workflow), "where": scope, "tasks": kinds, "at": workflow.at.to_string(),
    })
}

/// When a workflow begins, in words.
pub fn begins(opened: &Opened, workflow: &Workflow) -> String {
    let role = |role: &usize| opened.model.roles.get(*role).map_or("?", |role| &*role.name);
    match &workflow.trigger {
        Trigger::Date { instant, offset, late: _ } => {
            let source = instant.program.source();
            let days = offset.abs();
            match offset.signum() {
                0 => format!("on {source}"),
                1 => format!("{days:#} after {source}"),
                _ => format!("{days:#} before {source}"),
            }
        }
        Trigger::Changed(slots) => {
            let name = |slot| {
                let found = opened.model.schema.attribute(workflow.type_id, slot);
                found.map_or("?", |attribute| &*attribute.name)
            };
            format!(
                "when {} changes",
                slots.iter().map(|s| name(*s)).collect::<Vec<_>>().join(" or ")
            )
        }
        Trigger::Gained(position) => format!("with role {}", role(position)),
        Trigger::Lost(position) => format!("after role {}", role(position)),
        Trigger::Entered(state) => {
            let name = opened.evaluator.state_name(workflow.type_id, *state);
            format!("in state {}", name.as_deref().unwrap_or("?"))
        }
        Trigger::Idle(account) => {
            format!(
                "when {} is about to be disabled for lack of use",
                opened.model.account_name(*account)
            )
        }
        Trigger::Demand => "on demand".to_owned(),
    }
}

/// Somebody for whom a workflow would run.
pub fn candidate(candidate: &Candidate) -> Json {
    json!({
        "id": candidate.id.0, "person": &*candidate.person, "due": candidate.due.to_string(),
        "occasion": &*candidate.occasion,
    })
}

/// What running workflows did.
pub fn workflow_report(report: &WorkflowReport) -> Json {
    let WorkflowReport { begun, done, skipped, failed, waiting, next } = report;
    json!({
        "begun": begun, "done": done, "skipped": skipped, "failed": failed, "waiting": waiting, "next": at(*next),
    })
}

/// One run of a workflow for one person.
pub fn workflow_run(view: &RunView) -> Json {
    let RunView { run, person, tasks } = view;
    let tasks: Vec<Json> = tasks
        .iter()
        .map(|task| {
            json!({
                "seq": task.seq, "kind": &*task.kind, "name": &*task.name, "state": task.state.word(),
                "attempts": task.attempts, "began_at": task.began_at.to_string(), "ended_at": at(task.ended_at),
                "detail": &*task.detail,
            })
        })
        .collect();
    json!({
        "run": run.id, "workflow": &*run.workflow, "revision": run.revision, "person": &**person,
        "occasion": &*run.occasion, "due_at": run.due_at.to_string(), "state": run.state.word(),
        "began_at": run.began_at.to_string(), "began_by": &*run.began_by, "ended_at": at(run.ended_at),
        "wake_at": at(run.wake_at), "detail": &*run.detail, "tasks": tasks,
    })
}
