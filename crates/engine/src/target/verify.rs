//! Confirms by reading what a system said it did.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{AccountNames, Error, clear_alarms, raise_alarms};
use muster_model::{PlanId, Text};
use muster_store::{AlarmKind, AlarmStatus, Operation, OperationDone, OperationState, Tx};

use super::{BATCH, Reading, Target, judge::Judgement};
use crate::report::ReadReport;

/// Operations by plan and place.
pub(super) type Judged = BTreeSet<(PlanId, i64)>;

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
            reading.executed.iter().filter(move |o| judged.contains(&(o.plan, o.seq)))
        };
        verified(tx, of(&shown), self.ctx.now()).await?;
        doubt(tx, of(&doubted)).await?;
        self.clear(tx, judgement.cleared(self, &shown)).await?;
        raise_alarms(tx, self.ctx, &std::mem::take(&mut judgement.alarms)).await?;
        Ok(shown.into_iter().chain(doubted).collect())
    }

    /// Operations that nothing was found against are verified: their accounts are as they were left.
    pub(super) async fn confirm(
        &self,
        executed: &[Operation],
        judged: Judged,
        judgement: Judgement,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let is_shown = |operation: &&Operation| !judged.contains(&(operation.plan, operation.seq));
        let shown: Vec<&Operation> = executed.iter().filter(is_shown).collect();
        report.verified += shown.len() as u64;
        for chunk in shown.chunks(BATCH) {
            let mut tx = self.opened.store.begin().await?;
            verified(&mut tx, chunk.iter().copied(), self.ctx.now()).await?;
            let places = chunk.iter().map(|operation| (operation.plan, operation.seq)).collect();
            self.clear(&mut tx, judgement.cleared(self, &places)).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Ends the alarms about these troubles, if there are any.
    async fn clear(&self, tx: &mut Tx, about: Vec<Text>) -> Result<(), Error> {
        if about.is_empty() {
            return Ok(());
        }
        let mut known: BTreeSet<Text> = BTreeSet::new();
        for status in [AlarmStatus::Open, AlarmStatus::Acknowledged] {
            let mut after = None;
            loop {
                let page = tx.alarms(status, after, BATCH).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                let not_done = page.into_iter().filter(|alarm| alarm.kind == AlarmKind::NotDone);
                known.extend(not_done.map(|alarm| alarm.about));
            }
        }
        let about: Vec<Text> = about.into_iter().filter(|about| known.contains(about)).collect();
        if about.is_empty() {
            return Ok(());
        }
        clear_alarms(tx, self.ctx, AlarmKind::NotDone, &about).await
    }
}

pub(super) async fn verified<'o>(
    tx: &mut Tx,
    operations: impl Iterator<Item = &'o Operation>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut by_plan: BTreeMap<PlanId, Vec<i64>> = BTreeMap::new();
    for operation in operations {
        by_plan.entry(operation.plan).or_default().push(operation.seq);
    }
    for (plan, seqs) in by_plan {
        tx.mark_verified(plan, &seqs, now).await?;
    }
    Ok(())
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
