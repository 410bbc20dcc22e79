//! Applies a plan: exactly its operations, in its order, each with its intent on disk before the call.
//!
//! The executor decides nothing. It can be stopped anywhere; started again it settles what was under way by reading the
//! object, and goes on. A failing object does not stop the others, a failing system does not stop the other systems.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::{EntityId, PlanId, Text};
use muster_plan::{Operation, decode_operation};
use muster_store::{Entry, OperationFilter, OperationState, PlanStatus, ReadTx, Tx};
use serde_json::json;

use crate::{
    evaluate::evaluate_some,
    lease::Lease,
    plans::{MadePlan, interrupted_plan, load_plan, short},
    progress::Progress,
    settle::save_findings,
};

mod batch;
mod call;
mod rename;
mod system;

use system::{SystemRun, Todo};

const PAGE: usize = 5000;

/// Set it to stop a run after the call that is under way.
#[derive(Debug, Clone, Default)]
pub struct CancelFlag(pub Arc<AtomicBool>);

impl CancelFlag {
    /// True once somebody asked to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the caller agrees to.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// The number of operations the caller has seen; a held plan needs it.
    pub confirm: Option<u64>,
    /// Apply without a number. Does not release a held plan.
    pub auto_approve: bool,
}

/// How applying a plan went.
#[derive(Debug, Clone, Default)]
pub struct ApplyReport {
    /// The plan's short name.
    pub plan: String,
    /// Operations executed in this run.
    pub executed: u64,
    /// Operations executed by earlier runs.
    pub done_before: u64,
    /// Operations that failed for good, with what the system said.
    pub failed: Vec<(Operation, String)>,
    /// Operations left out because what they depend on failed.
    pub skipped: u64,
    /// Calls that were made again.
    pub retried: u64,
    /// Operations that are left for another run.
    pub left: u64,
    /// Stopped on request.
    pub interrupted: bool,
    /// Systems that could not be reached; the rest of their operations is left.
    pub quarantined: Vec<(Text, String)>,
}

/// Applies a saved plan, or goes on with one that was interrupted.
///
/// Refused: a plan made from facts or a model that have changed since (`Stale`), a plan that a guard holds unless
/// `confirm` is its number of operations (`Held`), and a second apply at the same time (`Busy`).
pub async fn apply(
    ctx: &Ctx,
    opened: &Opened,
    name: Option<&str>,
    options: &ApplyOptions,
    progress: &dyn Progress,
    cancel: &CancelFlag,
) -> Result<ApplyReport, Error> {
    let lease = Lease::take(ctx, opened, "apply").await?;
    let outcome = run(ctx, opened, name, &lease, options, progress, cancel).await;
    lease.release(opened, outcome).await
}

async fn run(
    ctx: &Ctx,
    opened: &Opened,
    name: Option<&str>,
    lease: &Lease,
    options: &ApplyOptions,
    progress: &dyn Progress,
    cancel: &CancelFlag,
) -> Result<ApplyReport, Error> {
    let made = &load_plan(opened, name).await?;
    let Some(id) = made.id else { return Err(Error::bug("a saved plan has no id")) };
    begin(ctx, opened, made, id, options).await?;
    let mut report = ApplyReport { plan: made.name.clone(), ..ApplyReport::default() };
    let total = made.plan.to_do().count() as u64;
    let mut runs = Vec::new();
    let mut open = 0;
    for (position, system) in opened.model.systems.iter().enumerate() {
        let todo = open_operations(opened, id, position).await?;
        open += todo.len() as u64;
        if !todo.is_empty() {
            let task = progress.begin(&system.name, Some(todo.len() as u64));
            runs.push(
                SystemRun {
                    ctx,
                    opened,
                    lease,
                    plan: id,
                    name: &made.name,
                    position,
                    system,
                    task,
                    cancel,
                }
                .run(todo),
            );
        }
    }
    report.done_before = total.saturating_sub(open);
    for part in futures_in_turn(runs).await {
        let part = part?;
        report.executed += part.executed;
        report.failed.extend(part.failed);
        report.skipped += part.skipped;
        report.retried += part.retried;
        report.left += part.left;
        report.quarantined.extend(part.quarantined);
    }
    report.interrupted = cancel.is_set() && report.left > 0;
    finish(ctx, opened, made, id, &report).await?;
    Ok(report)
}

/// Runs the systems side by side on this task; each waits for its own system most of the time.
async fn futures_in_turn<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, output) in &mut running {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

/// Checks that the plan may be applied and marks it as being applied.
async fn begin(
    ctx: &Ctx,
    opened: &Opened,
    made: &MadePlan,
    id: PlanId,
    options: &ApplyOptions,
) -> Result<(), Error> {
    let n = made.plan.to_do().count() as u64;
    match made.status {
        PlanStatus::Applying => return Ok(()),
        PlanStatus::Done => {
            return Err(Error::new(
                Kind::Conflict,
                format!("plan `{}` was applied already", made.name),
            )
            .hint("muster plan makes a new one"));
        }
        PlanStatus::Stale => return Err(stale(made, "it was found to be stale before")),
        PlanStatus::Cancelled => {
            return Err(Error::new(Kind::Conflict, format!("plan `{}` was cancelled", made.name)));
        }
        PlanStatus::Open | PlanStatus::Held => {}
    }
    let mut tx = opened.store.begin().await?;
    refuse_beside_interrupted(&mut tx, made, id).await?;
    let facts_version = tx.facts_version().await?;
    let why = if made.plan.base.revision != opened.revision {
        Some(format!(
            "the model changed from revision {} to {}",
            made.plan.base.revision, opened.revision
        ))
    } else if made.plan.base.facts_version != facts_version {
        Some("facts or accounts changed since it was made".to_owned())
    } else {
        None
    };
    if let Some(why) = why {
        tx.set_plan_status(id, &[made.status], PlanStatus::Stale).await?;
        tx.commit().await?;
        return Err(stale(made, &why));
    }
    agreed(made, n, options)?;
    supersede_unfinished(ctx, &mut tx, id).await?;
    tx.set_plan_status(id, &[made.status], PlanStatus::Applying).await?;
    entry(
        ctx,
        &mut tx,
        made,
        "plan.apply",
        json!({ "operations": n, "confirmed": options.confirm }),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Calls of another plan whose outcome nobody knows are settled first: their accounts are not what this plan takes them for.
async fn refuse_beside_interrupted(
    tx: &mut ReadTx,
    made: &MadePlan,
    id: PlanId,
) -> Result<(), Error> {
    match interrupted_plan(tx).await? {
        Some(other) if other.id != id => Err(Error::new(
            Kind::Conflict,
            format!(
                "plan `{}` was interrupted and comes before plan `{}`",
                short(&other),
                made.name
            ),
        )
        .hint(format!("go on with it: muster apply {}", short(&other)))),
        Some(_) | None => Ok(()),
    }
}

/// What is left of earlier plans is in this one, as far as it still holds; going on with them later would undo it.
async fn supersede_unfinished(ctx: &Ctx, tx: &mut Tx, id: PlanId) -> Result<(), Error> {
    for older in tx.plans(Some(PlanStatus::Applying), None, PAGE).await? {
        if older.id == id {
            continue;
        }
        let (planned, cancelled) = (OperationState::Planned, OperationState::Cancelled);
        let left = tx.move_operations(older.id, None, planned, cancelled).await?;
        tx.set_plan_status(older.id, &[PlanStatus::Applying], PlanStatus::Stale).await?;
        tx.append_journal(&Entry {
            at: ctx.now(),
            actor: ctx.actor.clone(),
            on_behalf_of: None,
            action: "plan.supersede".into(),
            subject: format!("plan {}", short(&older)).into(),
            detail: json!({ "left": left }).to_string().into(),
            correlation: Some(ctx.correlation.clone()),
        })
        .await?;
    }
    Ok(())
}

fn stale(made: &MadePlan, why: &str) -> Error {
    Error::new(Kind::Stale, format!("plan `{}` is stale: {why}", made.name))
        .hint("muster plan makes a new one")
}

fn agreed(made: &MadePlan, n: u64, options: &ApplyOptions) -> Result<(), Error> {
    match options.confirm {
        Some(confirm) if confirm == n => Ok(()),
        Some(confirm) => Err(Error::new(
            Kind::Held,
            format!("plan `{}` has {n} operations, not {confirm}", made.name),
        )
        .hint(format!("look at it: muster plan {}", made.name))),
        None if made.status == PlanStatus::Held => {
            let guards = made.plan.crossed().map(muster_plan::describe_guard);
            let guards: Vec<String> = guards.collect();
            Err(Error::new(
                Kind::Held,
                format!("plan `{}` is held: {}", made.name, guards.join("; ")),
            )
            .hint(format!(
                "look at it with muster plan {}; if it is right: muster apply {} --confirm {n}",
                made.name, made.name
            )))
        }
        None if options.auto_approve => Ok(()),
        None => Err(Error::new(
            Kind::Held,
            format!("plan `{}` has {n} operations and nobody agreed to them", made.name),
        )
        .hint(format!("muster apply {} --confirm {n}", made.name))),
    }
}

async fn open_operations(
    opened: &Opened,
    plan: PlanId,
    position: usize,
) -> Result<Vec<Todo>, Error> {
    let system_no = opened.names.systems.get(position).map(|names| names.no);
    let mut tx = opened.store.read().await?;
    let mut todo = Vec::new();
    let mut after = None;
    loop {
        let page =
            tx.operations(plan, OperationFilter { system_no, state: None }, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(todo) };
        after = Some(last.seq);
        for stored in page
            .iter()
            .filter(|o| matches!(o.state, OperationState::Planned | OperationState::Sent))
        {
            let operation = decode_operation(&stored.body)
                .map_err(|error| Error::bug("a saved operation cannot be read").caused_by(error))?;
            todo.push(Todo { seq: stored.seq, operation, uncertain: stored.attempts > 0 });
        }
    }
}

/// Settles the identities of the plan, so that the next run passes over them, and closes the plan when nothing is left.
async fn finish(
    ctx: &Ctx,
    opened: &Opened,
    made: &MadePlan,
    id: PlanId,
    report: &ApplyReport,
) -> Result<(), Error> {
    let ids: BTreeSet<EntityId> =
        made.plan.operations.iter().map(|operation| operation.identity).collect();
    let ids: Vec<EntityId> = ids.into_iter().collect();
    let now = ctx.now();
    let outcome = evaluate_some(opened, &ids, now).await?;
    save_findings(opened, &outcome.evaluations).await?;
    let mut tx = opened.store.begin().await?;
    if report.left == 0 {
        tx.set_plan_status(id, &[PlanStatus::Applying], PlanStatus::Done).await?;
    }
    let detail = json!({
        "executed": report.executed, "failed": report.failed.len(), "skipped": report.skipped,
        "retried": report.retried, "left": report.left, "interrupted": report.interrupted,
    });
    entry(ctx, &mut tx, made, "plan.applied", detail).await?;
    tx.commit().await?;
    Ok(())
}

async fn entry(
    ctx: &Ctx,
    tx: &mut Tx,
    made: &MadePlan,
    action: &str,
    detail: serde_json::Value,
) -> Result<(), Error> {
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: None,
        action: action.into(),
        subject: format!("plan {}", made.name).into(),
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}
