//! Whether a plan may be applied: still what was shown, agreed to, and after what was interrupted.

use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::PlanId;
use muster_store::{Entry, OperationState, PlanStatus, QueueCount, ReadTx, Tx};
use serde_json::json;

use super::{ApplyOptions, PAGE, entry};
use crate::plans::{MadePlan, interrupted_plan, remake, short};

/// Checks that the plan may be applied and marks it as being applied.
pub(super) async fn begin(
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
    let confirmed_at = confirmed_anew(ctx, opened, made).await?;
    let mut tx = opened.store.begin().await?;
    refuse_beside_interrupted(&mut tx, made, id).await?;
    let facts_version = tx.facts_version().await?;
    let why = if made.plan.base.revision != opened.revision {
        Some(format!(
            "the model changed from revision {} to {}",
            made.plan.base.revision, opened.revision
        ))
    } else if made.plan.base.facts_version != facts_version && confirmed_at != Some(facts_version) {
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
    supersede_unfinished(ctx, opened, &mut tx, made, id).await?;
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

/// The version of the facts at which the plan, made again, is the same to the last bit; `None` when it is not.
///
/// Something else may have changed since it was made. What was shown is still exactly what is to be done.
async fn confirmed_anew(ctx: &Ctx, opened: &Opened, made: &MadePlan) -> Result<Option<i64>, Error> {
    let facts_version = opened.store.read().await?.facts_version().await?;
    if made.plan.base.facts_version == facts_version || made.plan.base.revision != opened.revision {
        return Ok(None);
    }
    let again = remake(ctx, opened, made).await?;
    let is_same = again.plan.bodies() == made.plan.bodies()
        && again.plan.guards == made.plan.guards
        && again.plan.base.facts_version == facts_version;
    Ok(is_same.then_some(facts_version))
}

/// Cancels what is left of earlier plans and no longer to be done, where nothing else is.
pub(crate) async fn drop_overtaken(
    ctx: &Ctx,
    opened: &Opened,
    made: &MadePlan,
) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    supersede_unfinished(ctx, opened, &mut tx, made, made.id.unwrap_or(PlanId(0))).await?;
    tx.commit().await?;
    Ok(())
}

/// What is left of earlier plans for those whom this one is about is in this one, as far as it still holds; going on with
/// it later would undo this one.
async fn supersede_unfinished(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    made: &MadePlan,
    id: PlanId,
) -> Result<(), Error> {
    let whose = made.scope.pairs(opened);
    for older in tx.plans(Some(PlanStatus::Applying), None, PAGE).await? {
        if older.id == id {
            continue;
        }
        let mut left = 0;
        if made.scope.is_everything() {
            for from in [OperationState::Planned, OperationState::Held] {
                let cancelled = OperationState::Cancelled;
                left += tx.move_operations(older.id, None, from, cancelled).await?;
            }
        } else {
            left += tx.cancel_operations_of(older.id, &whose).await?;
            for system_no in made.scope.for_everybody(opened) {
                for from in [OperationState::Planned, OperationState::Held] {
                    let cancelled = OperationState::Cancelled;
                    left += tx.move_operations(older.id, Some(system_no), from, cancelled).await?;
                }
            }
        }
        tx.end_reviews(older.id, ctx.now()).await?;
        let planned = |count: &QueueCount| count.state == OperationState::Planned;
        if !tx.queue_of(older.id).await?.iter().any(planned)
            && tx.waiting_reviews_of(older.id).await?.is_empty()
        {
            tx.set_plan_status(older.id, &[PlanStatus::Applying], PlanStatus::Stale).await?;
        }
        if left == 0 {
            continue;
        }
        tx.append_journal(&Entry {
            at: ctx.now(),
            actor: ctx.actor.clone(),
            on_behalf_of: ctx.on_behalf_of.clone(),
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
