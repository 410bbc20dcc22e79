//! A plan for somebody who may see some people only.

use muster_app::{Ctx, Error, Opened};
use muster_model::EntityId;
use muster_plan::{Operation, Plan};

/// Leaves of a plan what is about those whom the caller reaches. Its counts are about everybody and go, too.
pub async fn narrow_plan(ctx: &Ctx, opened: &Opened, plan: &mut Plan) -> Result<(), Error> {
    if ctx.reach.is_everybody() {
        return Ok(());
    }
    let mut tx = opened.store.read().await?;
    let about = |operation: &Operation| Some(operation.identity).filter(|id| *id != EntityId(0));
    for operations in [&mut plan.operations, &mut plan.observed_only, &mut plan.drift] {
        ctx.reach.narrow(ctx, opened, &mut tx, operations, about).await?;
    }
    plan.guards.clear();
    plan.waiting.clear();
    Ok(())
}
