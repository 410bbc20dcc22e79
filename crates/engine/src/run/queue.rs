//! What is in the queue already for those who are looked at, beside what is to be done for them now.

use std::collections::BTreeSet;

use muster_app::{Ctx, Error, Opened};
use muster_model::{EntityId, PlanId, Text};
use muster_plan::decode_operation;
use muster_store::{
    Operation, OperationFilter, OperationState, PlanStatus, QueueCount, ReadTx, Tx,
};

use crate::plans::Known;

const PAGE: usize = 5000;

/// Orders that are not done.
#[derive(Debug, Default)]
pub(super) struct Queued {
    /// What waits in the queue or failed for good, by identity and system.
    pub(super) known: Known,
    /// For whom a call is under way on which system.
    pub(super) under_way: BTreeSet<(EntityId, Text)>,
    /// What could be taken back.
    waits: Vec<(PlanId, i64, (EntityId, Text))>,
}

impl Queued {
    /// Loads it for some identities, or for all. Those in `except` are left as they are.
    pub(super) async fn load(
        tx: &mut ReadTx,
        opened: &Opened,
        ids: Option<&[EntityId]>,
        except: &BTreeSet<EntityId>,
    ) -> Result<Self, Error> {
        let applying: BTreeSet<PlanId> = tx.applying().await?.into_iter().collect();
        let left = match ids {
            Some(ids) => tx.operations_left_of(ids).await?,
            None => all_left(tx, &applying).await?,
        };
        let mut queued = Self::default();
        for operation in left {
            let is_meant = operation.entity.is_some_and(|id| !except.contains(&id));
            let Some(decoded) = decode_operation(&operation.body).ok().filter(|_| is_meant) else {
                continue;
            };
            let pair = (decoded.identity, decoded.target.system);
            let is_applied = applying.contains(&operation.plan);
            match operation.state {
                OperationState::Sent if is_applied && operation.ticket.is_none() => {
                    queued.under_way.insert(pair);
                }
                OperationState::Planned if is_applied => {
                    queued.waits.push((operation.plan, operation.seq, pair.clone()));
                    queued.known.entry(pair).or_default().insert(operation.body);
                }
                OperationState::Held | OperationState::Failed
                    if still_counts(tx, opened, &operation).await? =>
                {
                    if is_applied && operation.state == OperationState::Held {
                        queued.waits.push((operation.plan, operation.seq, pair.clone()));
                    }
                    queued.known.entry(pair).or_default().insert(operation.body);
                }
                OperationState::Planned
                | OperationState::Sent
                | OperationState::Executed
                | OperationState::Verified
                | OperationState::Held
                | OperationState::Failed
                | OperationState::Cancelled
                | OperationState::Skipped => {}
            }
        }
        Ok(queued)
    }

    /// Takes back what no longer is to be done, but not of those in `go_on`, and closes plans of which nothing is left.
    pub(super) async fn cancel_overtaken(
        &self,
        ctx: &Ctx,
        tx: &mut Tx,
        go_on: &BTreeSet<(EntityId, Text)>,
    ) -> Result<(), Error> {
        let from = [OperationState::Planned, OperationState::Held];
        let mut plans = BTreeSet::new();
        let over = self.waits.iter().filter(|(_, _, pair)| !go_on.contains(pair));
        for (plan, seq, _) in over {
            let now = Some(ctx.now());
            tx.decide_operation(*plan, *seq, &from, OperationState::Cancelled, now).await?;
            plans.insert(*plan);
        }
        let is_left = |count: &QueueCount| count.state != OperationState::Held;
        for plan in plans {
            if !tx.queue_of(plan).await?.iter().any(is_left) {
                tx.set_plan_status(plan, &[PlanStatus::Applying], PlanStatus::Stale).await?;
            }
        }
        Ok(())
    }
}

async fn all_left(tx: &mut ReadTx, plans: &BTreeSet<PlanId>) -> Result<Vec<Operation>, Error> {
    let mut left = Vec::new();
    for plan in plans {
        let mut after = None;
        loop {
            let page = tx.operations(*plan, OperationFilter::default(), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.seq);
            left.extend(page.into_iter().filter(|operation| operation.done_at.is_none()));
        }
    }
    Ok(left)
}

/// True for what failed, or waits for it, with this model, as long as nothing was done for the identity there since.
async fn still_counts(
    tx: &mut ReadTx,
    opened: &Opened,
    operation: &Operation,
) -> Result<bool, Error> {
    let Some(plan) = tx.plan(operation.plan).await? else { return Ok(false) };
    let (Some(entity), true) = (operation.entity, plan.revision == opened.revision) else {
        return Ok(false);
    };
    let since = operation.done_at.unwrap_or(plan.made_at);
    Ok(!tx.was_done_since(entity, operation.system_no, since).await?)
}
