//! What a decision about one item of drift would come to: it is taken, looked at and taken back, so that it is exactly what
//! would be.

use muster_model::EntityId;
use muster_store::{Decided, DriftDecision, Tx};

use super::{Adopted, DriftView, adopt::adopt_in, decide::write, list::drift_seen, show_drift};
use crate::{
    Ctx, Error, Opened, Planned, SupposedChange, entity_type, load_identities, load_world_near,
    planned,
};

/// The comment of a decision that is taken back.
const TRIED: &str = "tried";

/// An item of drift with what could be decided about it.
#[derive(Debug)]
pub struct DriftAhead {
    /// The item.
    pub drift: DriftView,
    /// What would be done on the systems if it were put right.
    pub revert: Vec<SupposedChange>,
    /// What would come of adopting it, or why it cannot be; `None` when it is over.
    pub adopt: Option<Result<AdoptAhead, Error>>,
}

/// What would come of adopting drift.
#[derive(Debug)]
pub struct AdoptAhead {
    /// The assignment, or what is proposed for the model.
    pub adopted: Adopted,
    /// What would be done on the systems.
    pub plan: Vec<SupposedChange>,
}

/// An item of drift with what could be decided about it. Nothing is written.
///
/// # Errors
///
/// `NotFound` when there is none, or none that the caller may know of.
pub async fn preview_drift(ctx: &Ctx, opened: &Opened, id: i64) -> Result<DriftAhead, Error> {
    let drift = show_drift(ctx, opened, id).await?;
    if drift.closed_at.is_some() {
        return Ok(DriftAhead { drift, revert: Vec::new(), adopt: None });
    }
    let mut tx = opened.store.begin().await?;
    let revert = reverted(ctx, opened, &mut tx, id).await;
    tx.rollback().await?;
    let mut tx = opened.store.begin().await?;
    let adopt = adopted(ctx, opened, &mut tx, id).await;
    tx.rollback().await?;
    Ok(DriftAhead { drift, revert: revert?, adopt: Some(adopt) })
}

async fn reverted(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    id: i64,
) -> Result<Vec<SupposedChange>, Error> {
    let drift = drift_seen(ctx, opened, tx, id).await?;
    let before = plan_of(ctx, opened, tx, drift.entity).await?;
    let decided = Decided {
        decision: DriftDecision::Revert,
        until: None,
        by: Some(&ctx.actor),
        remark: TRIED,
        at: ctx.now(),
    };
    write(tx, ctx, &ctx.actor, std::slice::from_ref(&drift), &decided, "drift.revert").await?;
    Ok(plan_of(ctx, opened, tx, drift.entity).await?.beside(&before))
}

async fn adopted(ctx: &Ctx, opened: &Opened, tx: &mut Tx, id: i64) -> Result<AdoptAhead, Error> {
    let drift = drift_seen(ctx, opened, tx, id).await?;
    let before = plan_of(ctx, opened, tx, drift.entity).await?;
    let adopted = adopt_in(ctx, opened, tx, id, TRIED).await?;
    let plan = plan_of(ctx, opened, tx, drift.entity).await?.beside(&before);
    Ok(AdoptAhead { adopted, plan })
}

/// What stands in the plan of whom the drift is about, as it is within `tx`.
async fn plan_of(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    whom: Option<EntityId>,
) -> Result<Planned, Error> {
    let Some(id) = whom else { return Ok(Planned::default()) };
    let Some(entity) = tx.entity(id).await? else { return Ok(Planned::default()) };
    let Some(type_id) = entity_type(opened, entity.type_no) else { return Ok(Planned::default()) };
    let world = load_world_near(tx, opened, &[id], ctx.now()).await?;
    let found = load_identities(tx, opened, type_id, &[id], ctx.now()).await?;
    match found.first() {
        Some(facts) => planned(opened, tx, (facts, &world), ctx.now()).await,
        None => Ok(Planned::default()),
    }
}
