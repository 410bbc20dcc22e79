//! Works the queue off: what may be done now of one plan on one system, whoever made the plan and wherever.
//!
//! A plan in the queue belongs to nobody: each of its systems is worked off by whoever holds that system's lease. What
//! waits for another system is left alone until that has happened; nobody waits for it here.

use std::{collections::BTreeSet, sync::Arc};

use muster_app::{Ctx, Error, Opened};
use muster_model::PlanId;
use muster_store::{OperationState, PlanStatus, QueueCount, Tx};
use serde_json::json;

use super::{
    ApplyReport, CancelFlag, entry,
    gates::Gates,
    open::{Open, open_operations},
    system::{SystemRun, Todo},
};
use crate::{
    lease::Lease,
    plans::stored_plan,
    progress::{NoProgress, Progress as _},
};

/// Does what may be done now of `plan` on the system at `position`, whose lease is held.
pub(crate) async fn work_off(
    ctx: &Ctx,
    opened: &Opened,
    lease: &Arc<Lease>,
    (plan, position): (PlanId, usize),
    cancel: &CancelFlag,
) -> Result<ApplyReport, Error> {
    let mut report = ApplyReport::default();
    let Some(system) = opened.model.systems.get(position) else { return Ok(report) };
    let Some(made) = stored_plan(opened, plan).await? else { return Ok(report) };
    report.plan = made.name.clone();
    if made.status != PlanStatus::Applying {
        return Ok(report);
    }
    let Open { mut by_system, gates, .. } =
        open_operations(ctx, opened, plan, made.plan.operations, true).await?;
    let mut todo = by_system.remove(&system.name).unwrap_or_default();
    let elsewhere = by_system.into_values().flatten().map(|todo| todo.seq).collect();
    leave_what_waits(&mut todo, elsewhere);
    if !todo.is_empty() {
        let run = SystemRun {
            ctx: ctx.clone(),
            opened: opened.clone(),
            lease: Arc::clone(lease),
            plan,
            name: made.name.as_str().into(),
            position,
            system: system.clone(),
            task: NoProgress.begin(&system.name, None),
            gates: Arc::<Gates>::new(gates),
            at_once: false,
            cancel: cancel.clone(),
            abandoned: CancelFlag::default(),
        };
        report.add(run.run(todo).await?, system.work.delivery);
    }
    close_when_done(ctx, opened, plan, &made.name).await?;
    Ok(report)
}

/// Takes out what waits for an operation of another system, and what waits for that.
fn leave_what_waits(todo: &mut Vec<Todo>, mut waited_for: BTreeSet<i64>) {
    loop {
        let waits = |todo: &Todo| todo.after.iter().any(|seq| waited_for.contains(seq));
        let (out, rest): (Vec<Todo>, Vec<Todo>) = std::mem::take(todo).into_iter().partition(waits);
        *todo = rest;
        if out.is_empty() {
            return;
        }
        waited_for.extend(out.iter().map(|todo| todo.seq));
    }
}

/// Closes the plan when nothing of it is left but what waits for a person.
async fn close_when_done(
    ctx: &Ctx,
    opened: &Opened,
    plan: PlanId,
    name: &str,
) -> Result<(), Error> {
    let mut tx = opened.store.read().await?;
    let is_over = tx.queue_of(plan).await?.iter().all(is_with_somebody);
    if !is_over || !tx.waiting_reviews_of(plan).await?.is_empty() {
        return Ok(());
    }
    drop(tx);
    let mut tx = opened.store.begin().await?;
    close(ctx, &mut tx, plan, name).await?;
    tx.commit().await?;
    Ok(())
}

async fn close(ctx: &Ctx, tx: &mut Tx, plan: PlanId, name: &str) -> Result<(), Error> {
    // Somebody on another system may have done the last step at the same time.
    if !tx.set_plan_status(plan, &[PlanStatus::Applying], PlanStatus::Done).await? {
        return Ok(());
    }
    let mut detail = serde_json::Map::new();
    for count in tx.count_operations(plan).await? {
        let of_state = detail.entry(count.state.to_string()).or_insert_with(|| json!(0));
        *of_state = json!(of_state.as_u64().unwrap_or(0) + count.n);
    }
    entry(ctx, tx, name, "plan.applied", detail.into()).await
}

fn is_with_somebody(count: &QueueCount) -> bool {
    match count.state {
        OperationState::Sent => count.n == count.n_tickets,
        OperationState::Planned => false,
        OperationState::Executed
        | OperationState::Verified
        | OperationState::Held
        | OperationState::Failed
        | OperationState::Cancelled
        | OperationState::Skipped => true,
    }
}
