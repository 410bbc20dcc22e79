//! Lifecycle workflows: who is due, runs of tasks in order, history.
//!
//! A run is begun once for each identity, workflow and occasion; the database sees to it. What a task does in the
//! repository happens in the transaction that notes it as done. Before anything goes to the outside, the intent is on
//! disk; a call whose end nobody knows is made again with the same id, so that the other side can tell. The scope is
//! asked again before each task. A run keeps the revision that it began with.
//!
//! The parts: `due` finds who is due, `run` does the tasks of one run, `tasks` is the library, a kind of task a file.

mod answer;
mod due;
mod run;
mod tasks;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened, resolve_person, similar, subject_of};
use muster_model::{EntityId, Text};
use muster_policy::{Trigger, Workflow};
use muster_store::{RunState, WorkflowRun, WorkflowTask};

use crate::{lease::Lease, progress::Progress};

pub use answer::{RunAnswer, answer_run};
pub(crate) use due::note_changes;

/// Runs looked at in one step.
const BATCH: usize = 200;

/// What running workflows did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkflowReport {
    /// Runs that were begun.
    pub begun: u64,
    /// Runs that came to their end.
    pub done: u64,
    /// Runs whose scope no longer held.
    pub skipped: u64,
    /// Runs that failed.
    pub failed: u64,
    /// Runs that wait, for a time or for another try.
    pub waiting: u64,
    /// When workflows have to be looked at again, if nothing changes before.
    pub next: Option<Timestamp>,
}

/// Somebody for whom a workflow would run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The identity.
    pub id: EntityId,
    /// As it is named to people.
    pub person: Text,
    /// What for.
    pub occasion: Text,
    /// When it was to begin.
    pub due: Timestamp,
}

/// For whom a workflow is to run.
#[derive(Debug, Clone, Default)]
pub struct WorkflowSelection {
    /// Only these people, by key or unique attribute; everybody in scope when empty.
    pub people: Vec<String>,
    /// Only those who are due by its trigger, instead of everybody in scope.
    pub due: bool,
}

/// A run with its tasks, for people.
#[derive(Debug, Clone)]
pub struct RunView {
    /// The run.
    pub run: WorkflowRun,
    /// The identity.
    pub person: Text,
    /// Its tasks as far as they were begun.
    pub tasks: Vec<WorkflowTask>,
}

/// Which runs are asked for.
#[derive(Debug, Clone, Default)]
pub struct RunQuery {
    /// Only of this workflow.
    pub workflow: Option<String>,
    /// Only for this person.
    pub person: Option<String>,
    /// Those before this run.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// Begins the workflows that are due and goes on with runs whose time has come. `Busy` when another process does.
#[tracing::instrument(name = "use_case", skip_all, fields(otel.name = "workflows"))]
pub async fn run_due_workflows(
    ctx: &Ctx,
    opened: &Opened,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<WorkflowReport, Error> {
    let mut tx = opened.store.read().await?;
    let nothing_open = tx.next_workflow_wake().await?.is_none();
    drop(tx);
    if opened.model.workflows.is_empty() && nothing_open {
        return Ok(WorkflowReport::default());
    }
    let lease = Lease::take(ctx, opened, "workflows").await?;
    let outcome = run_due(ctx, opened, now, progress).await;
    lease.release(opened, outcome).await
}

async fn run_due(
    ctx: &Ctx,
    opened: &Opened,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<WorkflowReport, Error> {
    let mut report = WorkflowReport::default();
    report.begun += due::begin_by_events(ctx, opened, now).await?;
    let (begun, next) = due::begin_by_dates(ctx, opened, now).await?;
    report.begun += begun;
    run::run_open(ctx, opened, now, progress, &mut report).await?;
    let wake = opened.store.read().await?.next_workflow_wake().await?;
    report.next = next.into_iter().chain(wake).min();
    Ok(report)
}

/// The workflow with this name.
pub fn workflow_named<'o>(opened: &'o Opened, name: &str) -> Result<&'o Workflow, Error> {
    let workflows = &opened.model.workflows;
    workflows.iter().find(|workflow| &*workflow.name == name).ok_or_else(|| {
        let error = Error::not_found(format!("there is no workflow `{name}`"));
        match similar(name, workflows.iter().map(|workflow| &workflow.name)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("muster workflows list shows them"),
        }
    })
}

/// For whom a workflow would run now. [`run_workflow`] runs it for exactly these.
pub async fn dry_run_workflow(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    selection: &WorkflowSelection,
) -> Result<Vec<Candidate>, Error> {
    let workflow = workflow_named(opened, name)?;
    let now = ctx.now();
    if selection.due {
        if !matches!(workflow.trigger, Trigger::Date { .. }) {
            return Err(Error::invalid(format!("workflow `{name}` does not begin on a date"))
                .hint("leave --due out"));
        }
        return Ok(due::by_date(opened, workflow, now).await?.0);
    }
    let mut people = Vec::new();
    for person in &selection.people {
        let mut tx = opened.store.read().await?;
        let found = resolve_person(ctx, opened, &mut tx, person).await?;
        if found.row.type_id != workflow.type_id {
            return Err(Error::invalid(format!("workflow `{name}` is for another entity type")));
        }
        people.push(found.row.id);
    }
    let occasion: Text = format!("demand {}", ctx.correlation).into();
    due::in_scope(opened, workflow, &people, now, &occasion).await
}

/// Runs a workflow for those whom [`dry_run_workflow`] lists. `confirm` must be their number unless people are named.
pub async fn run_workflow(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    selection: &WorkflowSelection,
    confirm: Option<u64>,
    progress: &dyn Progress,
) -> Result<WorkflowReport, Error> {
    let candidates = dry_run_workflow(ctx, opened, name, selection).await?;
    let n = candidates.len() as u64;
    if selection.people.is_empty() && confirm != Some(n) {
        return Err(Error::new(Kind::Held, format!("workflow `{name}` would run for {n} people"))
            .hint(format!("muster workflows dry-run {name} lists them"))
            .hint(format!("if that is right: --confirm {n}")));
    }
    let workflow = workflow_named(opened, name)?;
    let lease = Lease::take(ctx, opened, "workflows").await?;
    let outcome = async {
        let mut report = WorkflowReport::default();
        let now = ctx.now();
        let runs = due::begin(ctx, opened, workflow, &candidates, now).await?;
        report.begun = runs.len() as u64;
        run::run_these(ctx, opened, &runs, now, progress, &mut report).await?;
        Ok(report)
    }
    .await;
    lease.release(opened, outcome).await
}

/// Runs with their tasks, the newest first.
pub async fn workflow_history(
    ctx: &Ctx,
    opened: &Opened,
    query: &RunQuery,
) -> Result<Vec<RunView>, Error> {
    let mut tx = opened.store.read().await?;
    let limit = query.limit.max(1);
    let runs = match (&query.person, &query.workflow) {
        (Some(person), workflow) => {
            let found = resolve_person(ctx, opened, &mut tx, person).await?;
            let mut runs = tx.workflow_runs_of(found.row.id).await?;
            runs.retain(|run| {
                workflow.as_ref().is_none_or(|name| **name == *run.workflow)
                    && query.before.is_none_or(|before| run.id < before)
            });
            runs.reverse();
            runs.truncate(limit);
            runs
        }
        (None, Some(workflow)) => tx.workflow_runs(workflow, query.before, limit).await?,
        (None, None) => tx.all_workflow_runs(query.before, limit).await?,
    };
    let mut views = Vec::with_capacity(runs.len());
    for run in runs {
        let tasks = tx.workflow_tasks(run.id).await?;
        let person = match tx.entity(run.entity).await? {
            Some(entity) => match muster_app::entity_type(opened, entity.type_no) {
                Some(type_id) => {
                    let row = muster_app::decode_facts(
                        &opened.model,
                        &opened.names,
                        entity.id,
                        type_id,
                        &entity.facts,
                    )?;
                    subject_of(&opened.model, &row, &entity.key)
                }
                None => entity.key,
            },
            None => format!("{}", run.entity).into(),
        };
        views.push(RunView { run, person, tasks });
    }
    Ok(views)
}

/// A new run, not yet written.
fn new_run(
    ctx: &Ctx,
    opened: &Opened,
    workflow: &Text,
    id: i64,
    candidate: &Candidate,
    now: Timestamp,
) -> WorkflowRun {
    WorkflowRun {
        id,
        workflow: workflow.clone(),
        revision: opened.revision,
        entity: candidate.id,
        occasion: candidate.occasion.clone(),
        due_at: candidate.due,
        state: RunState::Open,
        step: 0,
        wake_at: Some(now),
        began_at: now,
        began_by: ctx.actor.clone(),
        ended_at: None,
        detail: Text::default(),
    }
}
