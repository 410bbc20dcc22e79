//! Goes on with plans of which something is left that may be tried now.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::Error;
use muster_store::{OperationState, PlanStatus, QueueCount, SystemHealth};

use super::Runner;
use crate::{
    apply::{ApplyOptions, apply},
    backoff::is_due,
    plans::short,
};

const PAGE: usize = 1000;

impl Runner<'_> {
    /// Goes on with every plan that has something to be tried now.
    pub(super) async fn retry(&mut self) -> Result<(), Error> {
        let now = self.ctx.now();
        let mut names = Vec::new();
        let left_alone = self.left_alone().await?;
        let mut tx = self.opened.store.read().await?;
        // The oldest first: what was interrupted comes before what was planned after it.
        for plan in tx.plans(Some(PlanStatus::Applying), None, PAGE).await?.into_iter().rev() {
            let counts = tx.queue_of(plan.id).await?;
            if counts.iter().any(|count| is_ready(count, &left_alone, now)) {
                names.push(short(&plan));
            }
        }
        drop(tx);
        let options = ApplyOptions { auto_approve: true, patient: true, confirm: None };
        for name in names {
            if self.cancel.is_set() {
                return Ok(());
            }
            let progress = Self::progress();
            let applied =
                apply(self.ctx, self.opened, Some(&name), &options, &progress, self.cancel).await?;
            self.tell_applied(&applied);
            self.remember(&applied);
        }
        Ok(())
    }

    /// The numbers of the systems that nothing is sent to now.
    async fn left_alone(&self) -> Result<BTreeSet<i64>, Error> {
        let now = self.ctx.now();
        let health = self.opened.store.read().await?.system_health().await?;
        let mut left_alone = left_alone(&health, now);
        let known: BTreeSet<i64> = self.opened.names.systems.iter().map(|names| names.no).collect();
        // What the model no longer has is nobody's to do.
        let mut tx = self.opened.store.read().await?;
        for plan in tx.plans(Some(PlanStatus::Applying), None, PAGE).await? {
            let counts = tx.queue_of(plan.id).await?;
            let gone = counts.iter().map(|count| count.system_no);
            left_alone.extend(gone.filter(|number| !known.contains(number)));
        }
        Ok(left_alone)
    }
}

/// The numbers of the systems that are paused, or wait for their next probe.
pub(super) fn left_alone(health: &[SystemHealth], now: Timestamp) -> BTreeSet<i64> {
    let waits = health.iter().filter(|health| {
        health.paused_at.is_some()
            || (health.next_probe.is_some() && !is_due(health.next_probe, now))
    });
    waits.map(|health| health.system_no).collect()
}

/// True when something of it may be tried now.
fn is_ready(count: &QueueCount, left_alone: &BTreeSet<i64>, now: Timestamp) -> bool {
    if left_alone.contains(&count.system_no) {
        return false;
    }
    match count.state {
        OperationState::Sent => count.n > count.n_tickets,
        OperationState::Planned => {
            count.n_ready > 0 || (count.next_try.is_some() && is_due(count.next_try, now))
        }
        OperationState::Executed
        | OperationState::Verified
        | OperationState::Held
        | OperationState::Failed
        | OperationState::Cancelled
        | OperationState::Skipped => false,
    }
}
