//! Confirms by reading what a system said it did.

use std::collections::BTreeMap;

use muster_app::{AccountNames, Error};
use muster_model::{EntityId, PlanId};
use muster_store::{Operation, OperationDone, OperationState, Tx};
use rustc_hash::FxHashSet;

use super::{BATCH, Target};
use crate::report::ReadReport;

/// What is written on an operation that a system only said it did.
const DOUBT: &str = "a later read does not show it";

impl Target<'_> {
    /// Operations on accounts of one type that the system said it did and no read has shown yet, nor failed to show.
    pub(super) async fn executed(&self, names: &AccountNames) -> Result<Vec<Operation>, Error> {
        let system = self.opened.names.systems.get(self.system.id.index());
        let system_no = system.map_or(0, |names| names.no);
        let mut tx = self.opened.store.read().await?;
        let mut executed = Vec::new();
        let mut after = None;
        loop {
            let page = tx.unverified_operations(system_no, after, BATCH).await?;
            let Some(last) = page.last() else { return Ok(executed) };
            after = Some((last.plan, last.seq));
            let is_asked = |operation: &Operation| {
                operation.account_type_no == Some(names.no) && operation.error.is_none()
            };
            executed.extend(page.into_iter().filter(is_asked));
        }
    }

    /// Operations of identities whose accounts of the type are as they were left are verified.
    pub(super) async fn confirm(
        &self,
        executed: &[Operation],
        touched: &FxHashSet<EntityId>,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let is_shown = |operation: &&Operation| {
            operation.entity.is_none_or(|entity| !touched.contains(&entity))
        };
        let shown: Vec<&Operation> = executed.iter().filter(is_shown).collect();
        report.verified += shown.len() as u64;
        for chunk in shown.chunks(BATCH) {
            let mut tx = self.opened.store.begin().await?;
            let mut by_plan: BTreeMap<PlanId, Vec<i64>> = BTreeMap::new();
            for operation in chunk {
                by_plan.entry(operation.plan).or_default().push(operation.seq);
            }
            for (plan, seqs) in by_plan {
                tx.mark_verified(plan, &seqs, self.ctx.now()).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}

/// Says of operations on the accounts of these identities, which a read found to differ from what we left, that they were not seen.
///
/// Part of the transaction that keeps what was read: afterwards nobody could tell any more.
pub(super) async fn doubt(
    tx: &mut Tx,
    executed: &[Operation],
    owners: &[EntityId],
    report: &mut ReadReport,
) -> Result<(), Error> {
    if executed.is_empty() {
        return Ok(());
    }
    let owners: FxHashSet<EntityId> = owners.iter().copied().collect();
    let is_meant = |o: &&Operation| o.entity.is_some_and(|entity| owners.contains(&entity));
    let doubted: Vec<&Operation> = executed.iter().filter(is_meant).collect();
    report.unconfirmed += doubted.len() as u64;
    mark(tx, doubted.into_iter(), OperationState::Executed, Some(DOUBT)).await
}

async fn mark<'o>(
    tx: &mut Tx,
    operations: impl Iterator<Item = &'o Operation>,
    state: OperationState,
    error: Option<&str>,
) -> Result<(), Error> {
    let mut by_plan: BTreeMap<PlanId, Vec<OperationDone>> = BTreeMap::new();
    for operation in operations {
        by_plan.entry(operation.plan).or_default().push(OperationDone {
            seq: operation.seq,
            state,
            done_at: operation.done_at,
            next_try: None,
            account: None,
            error: error.map(Into::into),
        });
    }
    for (plan, done) in by_plan {
        tx.mark_done(plan, &done).await?;
    }
    Ok(())
}
