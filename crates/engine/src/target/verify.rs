//! Confirms by reading what a system said it did.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{Error, clear_alarms, raise_alarms};
use muster_model::{PlanId, Text};
use muster_store::{AlarmKind, Operation, OperationDone, OperationState, Tx};

use super::{
    BATCH, Reading, Target,
    judge::{Judgement, troubles},
};
use crate::report::ReadReport;

/// Operations by plan and place.
pub(super) type Judged = BTreeSet<(PlanId, i64)>;

/// What is written on an operation that a system only said it did.
const DOUBT: &str = "a later read does not show it";

impl Target<'_> {
    /// Operations that the system said it did and no read has shown yet, nor failed to show.
    pub(super) async fn waiting(&self) -> Result<Vec<Operation>, Error> {
        let mut tx = self.opened.store.read().await?;
        let mut waiting = Vec::new();
        let mut before = None;
        loop {
            let page = tx.unverified_operations(self.system_no(), before, BATCH).await?;
            let Some(last) = page.last() else { return Ok(waiting) };
            before = Some((last.plan, last.seq));
            waiting.extend(page);
        }
    }

    /// How many operations on accounts of one type were confirmed since their latest read: by asking after them.
    pub(super) async fn confirmed_since(&self, position: usize, what: &str) -> Result<u64, Error> {
        let system = self.opened.names.systems.get(self.system.id.index());
        let Some((system_no, names)) =
            system.and_then(|system| Some((system.no, system.accounts.get(position)?)))
        else {
            return Ok(0);
        };
        let mut tx = self.opened.store.read().await?;
        let latest = tx.latest_read_runs(system_no).await?;
        let latest = latest.iter().find(|run| *run.what == *what).and_then(|run| run.ended_at);
        // What was done before everything was read was judged by that.
        let complete = tx.latest_complete_read(system_no, what).await?;
        let done = complete.map_or(Timestamp::UNIX_EPOCH, |run| run.started_at);
        let read = latest.unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(tx.count_verified_since(names.no, done, read).await?)
    }

    /// Writes down what a part of the read showed of our operations, and raises alarms about what it did not show.
    ///
    /// Part of the transaction that keeps what was read: afterwards nobody could tell any more.
    pub(super) async fn settle(
        &self,
        tx: &mut Tx,
        reading: &Reading<'_>,
        judgement: &mut Judgement,
        report: &mut ReadReport,
    ) -> Result<Judged, Error> {
        let doubted = std::mem::take(&mut judgement.doubted);
        let mut shown = std::mem::take(&mut judgement.shown);
        shown.retain(|place| !doubted.contains(place));
        report.verified += shown.len() as u64;
        report.unconfirmed += doubted.len() as u64;
        let of = |judged: &Judged| {
            let judged = judged.clone();
            reading.executed.iter().copied().filter(move |o| judged.contains(&(o.plan, o.seq)))
        };
        let of_shown: Vec<&Operation> = of(&shown).collect();
        self.verified(tx, &of_shown).await?;
        doubt(tx, of(&doubted)).await?;
        raise_alarms(tx, self.ctx, &std::mem::take(&mut judgement.alarms)).await?;
        Ok(shown.into_iter().chain(doubted).collect())
    }

    /// Operations that nothing was found against are verified: their accounts are as they were left.
    pub(super) async fn confirm(
        &self,
        executed: &[&Operation],
        judged: &Judged,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let is_shown = |operation: &&Operation| !judged.contains(&(operation.plan, operation.seq));
        let shown: Vec<&Operation> = executed.iter().copied().filter(is_shown).collect();
        report.verified += shown.len() as u64;
        for chunk in shown.chunks(BATCH) {
            let mut tx = self.opened.store.begin().await?;
            self.verified(&mut tx, chunk).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Marks operations as verified and ends the alarms about them.
    pub(super) async fn verified(
        &self,
        tx: &mut Tx,
        operations: &[&Operation],
    ) -> Result<(), Error> {
        let mut by_plan: BTreeMap<PlanId, Vec<i64>> = BTreeMap::new();
        for operation in operations {
            by_plan.entry(operation.plan).or_default().push(operation.seq);
        }
        let now = self.ctx.now();
        for (plan, seqs) in by_plan {
            tx.mark_verified(plan, &seqs, now).await?;
        }
        self.clear(tx, operations).await
    }

    /// Ends the alarms about operations, if there are any.
    async fn clear(&self, tx: &mut Tx, operations: &[&Operation]) -> Result<(), Error> {
        let mut known: BTreeSet<Text> = BTreeSet::new();
        loop {
            let after = known.last().cloned().unwrap_or_default();
            let page = tx.alarms_about(AlarmKind::NotDone, &after, BATCH).await?;
            if page.is_empty() {
                break;
            }
            known.extend(page);
        }
        if known.is_empty() {
            return Ok(());
        }
        let mut over = Vec::new();
        for operation in operations {
            let about = troubles(self, operation)?.into_iter();
            over.extend(about.filter(|about| known.contains(about)));
        }
        if over.is_empty() {
            return Ok(());
        }
        clear_alarms(tx, self.ctx, AlarmKind::NotDone, &over).await
    }
}

async fn doubt<'o>(
    tx: &mut Tx,
    operations: impl Iterator<Item = &'o Operation>,
) -> Result<(), Error> {
    let mut by_plan: BTreeMap<PlanId, Vec<OperationDone>> = BTreeMap::new();
    for operation in operations {
        by_plan.entry(operation.plan).or_default().push(OperationDone {
            seq: operation.seq,
            state: OperationState::Executed,
            done_at: operation.done_at,
            next_try: None,
            account: None,
            error: Some(DOUBT.into()),
        });
    }
    for (plan, done) in by_plan {
        tx.mark_done(plan, &done).await?;
    }
    Ok(())
}
