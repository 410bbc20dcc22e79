//! Applies a plan: exactly its operations, in its order, each with its intent on disk before the call.
//!
//! The executor decides nothing. It can be stopped anywhere; started again it settles what was under way by reading the
//! object, and goes on. A failing object does not stop the others, a failing system does not stop the other systems.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::{EntityId, PlanId, Text};
use muster_plan::Operation;
use muster_store::{Entry, OperationProgress, OperationState, PlanStatus, ReadTx, Tx};
use serde_json::json;

use crate::{
    evaluate::evaluate_some,
    lease::Lease,
    plans::{MadePlan, interrupted_plan, load_plan, short, still_saved},
    progress::Progress,
    settle::save_findings,
};

mod batch;
mod call;
mod rename;
mod system;

use system::{Part, SystemRun, Todo};

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
    /// Operations that earlier runs brought to an end, executed or failed.
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
    let lease = Arc::new(Lease::take(ctx, opened, "apply").await?);
    let outcome = match load_plan(opened, name).await {
        Ok(made) => {
            Applying { ctx, opened, lease: &lease, progress, cancel }.run(made, options).await
        }
        Err(error) => Err(error),
    };
    lease.release(opened, outcome).await
}

/// As [`apply`], for a plan that was just made and saved: it need not be read again.
pub async fn apply_made(
    ctx: &Ctx,
    opened: &Opened,
    made: MadePlan,
    options: &ApplyOptions,
    progress: &dyn Progress,
    cancel: &CancelFlag,
) -> Result<ApplyReport, Error> {
    let lease = Arc::new(Lease::take(ctx, opened, "apply").await?);
    let outcome = match still_saved(opened, made).await {
        Ok(made) => {
            Applying { ctx, opened, lease: &lease, progress, cancel }.run(made, options).await
        }
        Err(error) => Err(error),
    };
    lease.release(opened, outcome).await
}

/// An apply under way.
struct Applying<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    lease: &'a Arc<Lease>,
    progress: &'a dyn Progress,
    cancel: &'a CancelFlag,
}

impl Applying<'_> {
    async fn run(self, made: MadePlan, options: &ApplyOptions) -> Result<ApplyReport, Error> {
        let Self { ctx, opened, lease, progress, cancel } = self;
        let Some(id) = made.id else { return Err(Error::bug("a saved plan has no id")) };
        begin(ctx, opened, &made, id, options).await?;
        let name: Text = made.name.as_str().into();
        let mut report = ApplyReport { plan: made.name.clone(), ..ApplyReport::default() };
        let total = made.plan.to_do().count() as u64;
        let ids: BTreeSet<EntityId> = made.plan.operations.iter().map(|o| o.identity).collect();
        let mut by_system = open_operations(opened, id, made.plan.operations).await?;
        report.done_before =
            total.saturating_sub(by_system.values().map(|todo| todo.len() as u64).sum());
        let mut runs = Vec::new();
        for (position, system) in opened.model.systems.iter().enumerate() {
            let Some(todo) = by_system.remove(&system.name) else { continue };
            let task = progress.begin(&system.name, Some(todo.len() as u64));
            let run = SystemRun {
                ctx: ctx.clone(),
                opened: opened.clone(),
                lease: Arc::clone(lease),
                plan: id,
                name: name.clone(),
                position,
                system: system.clone(),
                task,
                cancel: cancel.clone(),
                abandoned: CancelFlag::default(),
            };
            runs.push((run, todo));
        }
        for part in side_by_side(runs).await? {
            report.executed += part.executed;
            report.failed.extend(part.failed);
            report.skipped += part.skipped;
            report.retried += part.retried;
            report.left += part.left;
            report.quarantined.extend(part.quarantined);
        }
        report.interrupted = cancel.is_set() && report.left > 0;
        finish(ctx, opened, id, &ids.into_iter().collect::<Vec<_>>(), &report).await?;
        Ok(report)
    }
}

/// Runs each system on a thread of its own, so that one that is slow or busy does not hold up the others.
async fn side_by_side(mut runs: Vec<(SystemRun, Vec<Todo>)>) -> Result<Vec<Part>, Error> {
    if runs.len() == 1
        && let Some((run, todo)) = runs.pop()
    {
        return Ok(vec![run.run(todo).await?]);
    }
    let handle = tokio::runtime::Handle::current();
    // Given up half way, the threads stop after the batch they are in, as they do when somebody asks them to.
    let _abandoned = SetOnDrop(runs.iter().map(|(run, _)| run.abandoned.clone()).collect());
    let running: Vec<_> = runs
        .into_iter()
        .map(|(run, todo)| {
            let handle = handle.clone();
            tokio::task::spawn_blocking(move || handle.block_on(run.run(todo)))
        })
        .collect();
    // All of them end before anything is said about one that failed.
    let mut ended = Vec::new();
    for run in running {
        ended.push(
            run.await.map_err(|error| Error::bug("a system's run ended early").caused_by(error)),
        );
    }
    ended.into_iter().flatten().collect()
}

struct SetOnDrop(Vec<CancelFlag>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.iter().for_each(|flag| flag.0.store(true, Ordering::Relaxed));
    }
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
        &made.name,
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

/// The operations that are still to be done, by system, in order. A plan's operations are numbered in its own order.
async fn open_operations(
    opened: &Opened,
    plan: PlanId,
    operations: Vec<Operation>,
) -> Result<BTreeMap<Text, Vec<Todo>>, Error> {
    let mut tx = opened.store.read().await?;
    let mut by_system: BTreeMap<Text, Vec<Todo>> = BTreeMap::new();
    let mut operations = operations.into_iter();
    let mut after = 0;
    loop {
        let page = tx.operation_states(plan, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(by_system) };
        after = last.seq;
        for OperationProgress { seq, state, attempts } in page {
            let Some(operation) = operations.next() else {
                return Err(Error::bug("a saved plan has more states than operations"));
            };
            if matches!(state, OperationState::Planned | OperationState::Sent) {
                let todo = by_system.entry(operation.target.system.clone()).or_default();
                todo.push(Todo { seq, operation, uncertain: attempts > 0 });
            }
        }
    }
}

/// Settles the identities of the plan, so that the next run passes over them, and closes the plan when nothing is left.
async fn finish(
    ctx: &Ctx,
    opened: &Opened,
    id: PlanId,
    ids: &[EntityId],
    report: &ApplyReport,
) -> Result<(), Error> {
    let mut now = ctx.now();
    let mut outcome = evaluate_some(opened, ids, now).await?;
    if outcome.effects.write_facts(ctx, opened).await? {
        now = ctx.now();
        outcome = evaluate_some(opened, ids, now).await?;
    }
    save_findings(opened, &outcome.evaluations, outcome.effects.notes, now).await?;
    let mut tx = opened.store.begin().await?;
    if report.left == 0 {
        tx.set_plan_status(id, &[PlanStatus::Applying], PlanStatus::Done).await?;
    }
    let detail = json!({
        "executed": report.executed, "failed": report.failed.len(), "skipped": report.skipped,
        "retried": report.retried, "left": report.left, "interrupted": report.interrupted,
    });
    entry(ctx, &mut tx, &report.plan, "plan.applied", detail).await?;
    tx.commit().await?;
    Ok(())
}

async fn entry(
    ctx: &Ctx,
    tx: &mut Tx,
    name: &str,
    action: &str,
    detail: serde_json::Value,
) -> Result<(), Error> {
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: None,
        action: action.into(),
        subject: format!("plan {name}").into(),
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}
