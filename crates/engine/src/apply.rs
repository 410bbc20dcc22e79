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

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened};
use muster_model::{EntityId, PlanId, Text};
use muster_plan::Operation;
use muster_policy::Delivery;
use muster_store::{Entry, PlanStatus, Tx};
use serde_json::json;
use tracing::Instrument as _;

use crate::{
    evaluate::evaluate_some,
    lease::Lease,
    plans::{MadePlan, load_plan, still_saved},
    progress::Progress,
    settle::{close_drift, save_findings},
};

mod batch;
mod begin;
mod by_hand;
mod call;
mod entitlements;
mod gates;
mod health;
mod open;
mod outcome;
mod pace;
mod queue;
mod rename;
mod sift;
mod system;

use begin::begin;
pub(crate) use begin::drop_overtaken;
pub(crate) use by_hand::do_by_hand;
use open::{Open, open_operations};
pub(crate) use queue::work_off;
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
    /// Keep to the times at which what failed is to be tried again. Without it everything is tried at once.
    pub patient: bool,
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
    /// Operations that wait for one that failed, with the reason.
    pub held: Vec<(Operation, String)>,
    /// Operations that a system took and will do later; there is a ticket for each.
    pub taken: u64,
    /// Operations that wait for a second person.
    pub reviews: u64,
    /// Operations that are left for another run.
    pub left: u64,
    /// Those of them on systems for which no command waits.
    pub left_in_background: u64,
    /// Failures on systems for which no command waits.
    pub failed_in_background: u64,
    /// When the first of what is left is to be tried again.
    pub next_try: Option<Timestamp>,
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
            let applying = Applying { ctx, opened, lease: &lease, progress, cancel };
            applying.alone(made, options).await
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
            let applying = Applying { ctx, opened, lease: &lease, progress, cancel };
            applying.alone(made, options).await
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
    /// Runs while nobody else works with the systems of the plan.
    #[tracing::instrument(name = "use_case", skip_all, fields(otel.name = "apply"))]
    async fn alone(self, made: MadePlan, options: &ApplyOptions) -> Result<ApplyReport, Error> {
        let (ctx, opened) = (self.ctx, self.opened);
        let systems = made.plan.to_do().map(|operation| &operation.target.system);
        let systems: BTreeSet<Text> = systems.cloned().collect();
        let alone = Lease::take_systems(ctx, opened, systems.iter()).await?;
        let outcome = self.run(made, options).await;
        alone.release(opened, outcome).await
    }

    async fn run(self, made: MadePlan, options: &ApplyOptions) -> Result<ApplyReport, Error> {
        let Self { ctx, opened, lease, progress, cancel } = self;
        let Some(id) = made.id else { return Err(Error::bug("a saved plan has no id")) };
        begin(ctx, opened, &made, id, options).await?;
        let name: Text = made.name.as_str().into();
        let mut report = ApplyReport { plan: made.name.clone(), ..ApplyReport::default() };
        let total = made.plan.to_do().count() as u64;
        let was_applying = made.status == PlanStatus::Applying;
        let Open { mut by_system, gates, later, next_try, taken } =
            open_operations(ctx, opened, id, made.plan.operations, options.patient).await?;
        let n_todo: u64 = by_system.values().map(|todo| todo.len() as u64).sum();
        report.reviews = opened.store.read().await?.waiting_reviews_of(id).await?.len() as u64;
        report.done_before = total.saturating_sub(n_todo + later + taken + report.reviews);
        (report.left, report.next_try) = (later, next_try);
        let all = by_system.values().flatten().map(|todo| todo.operation.identity);
        let ids: BTreeSet<EntityId> = all.collect();
        let gates = Arc::new(gates);
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
                gates: Arc::clone(&gates),
                at_once: !options.patient,
                cancel: cancel.clone(),
                abandoned: CancelFlag::default(),
            };
            runs.push((run, todo));
        }
        for todo in by_system.into_values() {
            // The model no longer has the system.
            let why = "waits for a system that the model no longer has".into();
            gates.leave(todo.iter().map(|todo| todo.seq), &why);
            report.left += todo.len() as u64;
        }
        let deliveries: Vec<Delivery> =
            runs.iter().map(|(run, _)| run.system.work.delivery).collect();
        for (part, delivery) in side_by_side(runs).await?.into_iter().zip(deliveries) {
            report.add(part, delivery);
        }
        report.interrupted = cancel.is_set() && report.left > 0;
        if !was_applying || report.did_something() || report.left == 0 {
            finish(ctx, opened, id, &ids.into_iter().collect::<Vec<_>>(), &report).await?;
        }
        Ok(report)
    }
}

impl ApplyReport {
    fn add(&mut self, part: Part, delivery: Delivery) {
        if delivery == Delivery::Background {
            self.left_in_background += part.left;
            self.failed_in_background += part.failed.len() as u64;
        }
        self.executed += part.executed;
        self.failed.extend(part.failed);
        self.held.extend(part.held);
        self.skipped += part.skipped;
        self.taken += part.taken;
        self.retried += part.retried;
        self.left += part.left;
        self.next_try = self.next_try.into_iter().chain(part.next_try).min();
        self.quarantined.extend(part.quarantined);
    }

    /// True when an operation got further.
    pub fn did_something(&self) -> bool {
        let ended = self.failed.len() + self.held.len();
        ended > 0 || self.executed + self.skipped + self.taken > 0
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
            let (handle, span) = (handle.clone(), tracing::Span::current());
            let work = async move { run.run(todo).await }.instrument(span);
            tokio::task::spawn_blocking(move || handle.block_on(work))
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
    close_drift(opened, &outcome.over, now).await?;
    let differ = outcome.operations.iter().map(|operation| operation.identity);
    let mut tx = opened.store.begin().await?;
    tx.unsettle(&differ.collect::<Vec<_>>()).await?;
    if report.left + report.reviews == 0 {
        tx.set_plan_status(id, &[PlanStatus::Applying], PlanStatus::Done).await?;
    }
    let detail = json!({
        "executed": report.executed, "failed": report.failed.len(), "skipped": report.skipped, "reviews": report.reviews,
        "held": report.held.len(), "taken": report.taken, "retried": report.retried, "left": report.left, "interrupted": report.interrupted,
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
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject: format!("plan {name}").into(),
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}
