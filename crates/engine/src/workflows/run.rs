//! One run: its tasks in order, as far as they go now.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, NewAlarm, Opened, load_identities, load_world, raise_alarm};
use muster_model::Text;
use muster_policy::FactKind;
use muster_store::{AlarmKind, RunState, Tx, WorkflowRun, WorkflowTask};
use serde_json::json;

use super::{
    BATCH, WorkflowReport,
    due::in_scope_of,
    tasks::{self, At, Outcome},
};
use crate::progress::Progress;

/// Tries of a task before the run fails.
const MOST_TRIES: i64 = 6;

/// Goes on with every open run whose time has come.
pub(super) async fn run_open(
    ctx: &Ctx,
    opened: &Opened,
    now: Timestamp,
    progress: &dyn Progress,
    report: &mut WorkflowReport,
) -> Result<(), Error> {
    loop {
        let runs = opened.store.read().await?.due_workflow_runs(now, BATCH).await?;
        if runs.is_empty() {
            return Ok(());
        }
        run_these(ctx, opened, &runs, now, progress, report).await?;
    }
}

/// Goes on with these runs.
pub(super) async fn run_these(
    ctx: &Ctx,
    opened: &Opened,
    runs: &[WorkflowRun],
    now: Timestamp,
    progress: &dyn Progress,
    report: &mut WorkflowReport,
) -> Result<(), Error> {
    let task = progress.begin("workflows", Some(runs.len() as u64));
    // A run keeps to the model that it began with.
    let mut models: BTreeMap<i64, Option<Opened>> = BTreeMap::new();
    for run in runs {
        if let std::collections::btree_map::Entry::Vacant(place) = models.entry(run.revision) {
            let model = if run.revision == opened.revision {
                Some(opened.clone())
            } else {
                opened.at_revision(run.revision).await.ok()
            };
            place.insert(model);
        }
        let Some(model) = models.get(&run.revision).and_then(Option::as_ref) else {
            end(
                ctx,
                opened,
                run.clone(),
                (RunState::Failed, "the model of the run cannot be read"),
                now,
            )
            .await?;
            report.failed += 1;
            continue;
        };
        match go_on(ctx, model, run.clone(), now).await? {
            RunState::Open => report.waiting += 1,
            RunState::Done => report.done += 1,
            RunState::Skipped => report.skipped += 1,
            RunState::Failed => report.failed += 1,
        }
        task.advance(1);
    }
    Ok(())
}

/// Does what can be done now; answers what became of the run.
async fn go_on(
    ctx: &Ctx,
    opened: &Opened,
    mut run: WorkflowRun,
    now: Timestamp,
) -> Result<RunState, Error> {
    let Some(workflow) = opened.model.workflows.iter().find(|w| w.name == run.workflow) else {
        return end(ctx, opened, run, (RunState::Failed, "the workflow is gone"), now).await;
    };
    loop {
        let place = usize::try_from(run.step).unwrap_or(usize::MAX);
        let Some(task) = workflow.tasks.get(place) else {
            return end(ctx, opened, run, (RunState::Done, ""), now).await;
        };
        let mut tx = opened.store.read().await?;
        let world = load_world(&mut tx, opened, now, None).await?;
        let found =
            load_identities(&mut tx, opened, workflow.type_id, &[run.entity], now).await?.pop();
        let known = tx.workflow_tasks(run.id).await?.into_iter().find(|t| t.seq == run.step + 1);
        drop(tx);
        let Some(facts) = found.filter(|f| f.facts.iter().all(|f| f.kind != FactKind::Erased))
        else {
            return end(ctx, opened, run, (RunState::Skipped, "the identity is gone"), now).await;
        };
        let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
        if !in_scope_of(opened, workflow, &evaluation, &world, now) {
            return end(ctx, opened, run, (RunState::Skipped, "no longer in scope"), now).await;
        }
        let holds = opened.evaluator.holds(task.when.as_ref(), &evaluation.row, &world, now);
        let at = At {
            ctx,
            opened,
            run: &run,
            workflow,
            task,
            facts: &facts,
            row: &evaluation.row,
            world: &world,
            now,
            began: known.as_ref().map(|task| task.began_at),
            called: known.as_ref().is_some_and(|task| &*task.detail == tasks::CALLED),
        };
        let attempts = known.as_ref().map_or(0, |task| task.attempts) + 1;
        let outcome = if holds {
            do_task(&at, attempts).await?
        } else {
            let mut tx = opened.store.begin().await?;
            let outcome = Outcome::Skipped("its condition does not hold".to_owned());
            let settled = settle(&at, &mut tx, attempts, &outcome).await?;
            tx.commit().await?;
            settled
        };
        match outcome {
            Settled::Next(next) => run = next,
            Settled::Waits => return Ok(RunState::Open),
            Settled::Over(state) => return Ok(state),
        }
    }
}

/// What became of a run after a task.
enum Settled {
    /// The next task.
    Next(WorkflowRun),
    /// It waits.
    Waits,
    /// It has ended.
    Over(RunState),
}

async fn do_task(at: &At<'_>, attempts: i64) -> Result<Settled, Error> {
    if tasks::is_local(&at.task.kind) {
        let mut tx = at.opened.store.begin().await?;
        let outcome = tasks::act(at, &mut tx).await?;
        let settled = settle(at, &mut tx, attempts, &outcome).await?;
        tx.commit().await?;
        return Ok(settled);
    }
    if at.called {
        let mut tx = at.opened.store.begin().await?;
        let settled = settle(at, &mut tx, attempts, &tasks::unanswered(at)).await?;
        tx.commit().await?;
        return Ok(settled);
    }
    // The intent is on disk before the call goes out.
    let mut tx = at.opened.store.begin().await?;
    tx.save_workflow_task(&row(at, attempts, RunState::Open, None, "")).await?;
    tx.commit().await?;
    let outcome = tasks::send(at).await?;
    let mut tx = at.opened.store.begin().await?;
    let settled = settle(at, &mut tx, attempts, &outcome).await?;
    tx.commit().await?;
    Ok(settled)
}

fn row(
    at: &At<'_>,
    attempts: i64,
    state: RunState,
    ended_at: Option<Timestamp>,
    detail: &str,
) -> WorkflowTask {
    WorkflowTask {
        run: at.run.id,
        seq: at.run.step + 1,
        kind: at.task.kind.clone(),
        name: at.task.name.clone(),
        state,
        attempts,
        began_at: at.began.unwrap_or(at.now),
        ended_at,
        detail: detail.into(),
    }
}

/// Writes what became of a task and moves the run.
async fn settle(
    at: &At<'_>,
    tx: &mut Tx,
    attempts: i64,
    outcome: &Outcome,
) -> Result<Settled, Error> {
    let now = Some(at.now);
    let mut run = at.run.clone();
    let (task, settled) = match outcome {
        Outcome::Done(detail) => {
            run.step += 1;
            (row(at, attempts, RunState::Done, now, detail), Settled::Next(run.clone()))
        }
        Outcome::Skipped(detail) => {
            run.step += 1;
            (row(at, attempts, RunState::Skipped, now, detail), Settled::Next(run.clone()))
        }
        Outcome::Stop => {
            (run.state, run.ended_at, run.wake_at) = (RunState::Done, now, None);
            (row(at, attempts, RunState::Done, now, ""), Settled::Over(RunState::Done))
        }
        Outcome::Wait(until) => {
            run.wake_at = Some(*until);
            (row(at, attempts, RunState::Open, None, ""), Settled::Waits)
        }
        Outcome::Called(until) => {
            run.wake_at = Some(*until);
            (row(at, attempts, RunState::Open, None, tasks::CALLED), Settled::Waits)
        }
        Outcome::Failed { problem, later } if *later && attempts < MOST_TRIES => {
            run.wake_at = Some(again(at.now, attempts));
            (row(at, attempts, RunState::Open, None, problem), Settled::Waits)
        }
        Outcome::Failed { problem, later: _ } => {
            (run.state, run.ended_at, run.wake_at) = (RunState::Failed, now, None);
            run.detail = format!("task {} failed", at.run.step + 1).into();
            (row(at, attempts, RunState::Failed, now, problem), Settled::Over(RunState::Failed))
        }
    };
    tx.save_workflow_task(&task).await?;
    tx.advance_workflow_run(&run).await?;
    if run.state == RunState::Failed {
        let problem = format!("task {} ({}) failed: {}", task.seq, task.kind, task.detail);
        raise_alarm(tx, at.ctx, &alarm(&run, &problem)).await?;
    }
    Ok(settled)
}

/// What somebody has to look at when a run failed.
pub(super) fn alarm(run: &WorkflowRun, problem: &str) -> NewAlarm {
    NewAlarm {
        kind: AlarmKind::TaskFailed,
        about: format!("workflow run {}", run.id).into(),
        system_no: None,
        subject: format!("workflow {}", run.workflow).into(),
        message: problem.into(),
        detail: json!({ "run": run.id, "workflow": &*run.workflow, "step": run.step }),
    }
}

/// When a task that failed is tried again: after 1, 4, 16, 64 and 256 minutes.
fn again(now: Timestamp, attempts: i64) -> Timestamp {
    let power = u32::try_from(attempts - 1).unwrap_or(0).min(4);
    let pause = SignedDuration::from_mins(4_i64.saturating_pow(power));
    now.saturating_add(pause).unwrap_or(now)
}

async fn end(
    ctx: &Ctx,
    opened: &Opened,
    mut run: WorkflowRun,
    (state, detail): (RunState, &str),
    now: Timestamp,
) -> Result<RunState, Error> {
    (run.state, run.ended_at, run.wake_at) = (state, Some(now), None);
    run.detail = Text::from(detail);
    let mut tx = opened.store.begin().await?;
    tx.advance_workflow_run(&run).await?;
    if state == RunState::Failed {
        raise_alarm(&mut tx, ctx, &alarm(&run, detail)).await?;
    }
    tx.commit().await?;
    Ok(state)
}
