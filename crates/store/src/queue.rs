//! The queue: what is left to do of plans that are being applied, and what people decide about single operations.

use jiff::Timestamp;
use muster_model::{EntityId, PlanId};

use crate::{
    Number, OperationState, ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
};

/// What is left of one plan on one system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueCount {
    /// The system's number.
    pub system_no: Number,
    /// `planned`, `sent`, `held`.
    pub state: OperationState,
    /// How many.
    pub n: u64,
    /// How many of them wait for a ticket.
    pub n_tickets: u64,
    /// The earliest next try; `None` when there is one that may be tried at once or none at all.
    pub next_try: Option<Timestamp>,
    /// How many may be tried at once.
    pub n_ready: u64,
}

/// Something that may be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Work {
    /// The system's number.
    pub system_no: Number,
    /// Of which plan.
    pub plan: PlanId,
}

row!(Work { system_no, plan });
row!(QueueCount { system_no, state, n, n_tickets, next_try, n_ready });

impl ReadTx {
    /// What is left of a plan, by system and state.
    pub async fn queue_of(&mut self, plan: PlanId) -> Result<Vec<QueueCount>, StoreError> {
        let sql = "SELECT system_no, state, COUNT(*), COUNT(ticket), MIN(next_try),
                          COUNT(*) - COUNT(next_try)
                   FROM operation WHERE plan = $1 AND state IN ('planned', 'sent', 'held')
                   GROUP BY system_no, state ORDER BY system_no, state";
        self.fetch_all(sql, args![plan]).await
    }

    /// What may be done now of plans that are being applied, the oldest plan of each system first.
    pub async fn work(&mut self, now: Timestamp) -> Result<Vec<Work>, StoreError> {
        let sql =
            "SELECT DISTINCT o.system_no, o.plan FROM plan p JOIN operation o ON o.plan = p.id
                   WHERE p.status = 'applying' AND o.done_at IS NULL AND o.ticket IS NULL
                     AND (o.state = 'sent'
                          OR (o.state = 'planned' AND (o.next_try IS NULL OR o.next_try <= $1)))
                   ORDER BY o.system_no, o.plan";
        self.fetch_all(sql, args![now]).await
    }

    /// The plans that are being applied, the oldest first.
    pub async fn applying(&mut self) -> Result<Vec<PlanId>, StoreError> {
        let sql = "SELECT id FROM plan WHERE status = 'applying' ORDER BY id";
        let found: Vec<i64> = self.fetch_all(sql, args![]).await?;
        Ok(found.into_iter().map(PlanId).collect())
    }

    /// True when an operation on a system for an identity was done after `since`.
    pub async fn was_done_since(
        &mut self,
        entity: EntityId,
        system_no: Number,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT seq FROM operation
                   WHERE entity = $1 AND system_no = $2 AND done_at > $3
                     AND state IN ('executed', 'verified') LIMIT 1";
        let found: Option<i64> = self.fetch_one(sql, args![entity, system_no, since]).await?;
        Ok(found.is_some())
    }

    /// True when a plan has a call under way whose outcome nobody knows: one that was sent and has no ticket.
    pub async fn is_interrupted(&mut self, plan: PlanId) -> Result<bool, StoreError> {
        let sql = "SELECT seq FROM operation
                   WHERE plan = $1 AND state = 'sent' AND ticket IS NULL ORDER BY seq LIMIT 1";
        Ok(!self.fetch_all::<i64>(sql, args![plan]).await?.is_empty())
    }
}

impl Tx {
    /// Cancels what is planned or held of a plan for these identities, each on one system.
    pub async fn cancel_operations_of(
        &mut self,
        plan: PlanId,
        whose: &[(EntityId, Number)],
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE operation SET state = 'cancelled', next_try = NULL
                   WHERE plan = $1 AND entity = $2 AND system_no = $3
                     AND state IN ('planned', 'held')";
        let changed = self
            .execute_each(sql, whose, |(entity, system_no), args| {
                bind!(args, plan, *entity, *system_no);
            })
            .await?;
        Ok(changed.iter().sum())
    }

    /// Puts an operation from one of the states `from` into another. Returns false when it is in none of them.
    pub async fn decide_operation(
        &mut self,
        plan: PlanId,
        seq: i64,
        from: &[OperationState],
        to: OperationState,
        done_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE operation SET state = $4, done_at = $5, next_try = NULL, error = NULL
                   WHERE plan = $1 AND seq = $2 AND state = $3 AND ticket IS NULL";
        for from in from {
            if self.execute(sql, args![plan, seq, *from, to, done_at]).await? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Notes that a system took these operations and will do them later: place and ticket. They stay `sent`.
    pub async fn mark_taken(
        &mut self,
        plan: PlanId,
        taken: &[(i64, i64)],
    ) -> Result<(), StoreError> {
        let sql = "UPDATE operation SET ticket = $3, error = NULL WHERE plan = $1 AND seq = $2";
        self.execute_each(sql, taken, |(seq, ticket), args| bind!(args, plan, *seq, *ticket))
            .await
            .map(drop)
    }

    /// Takes the tickets off operations, which are then `sent` as any other.
    pub async fn clear_tickets(&mut self, plan: PlanId, seqs: &[i64]) -> Result<(), StoreError> {
        let sql = "UPDATE operation SET ticket = NULL WHERE plan = $1 AND seq = $2";
        self.execute_each(sql, seqs, |seq, args| bind!(args, plan, *seq)).await.map(drop)
    }

    /// Notes that a read confirmed operations.
    pub async fn mark_verified(
        &mut self,
        plan: PlanId,
        seqs: &[i64],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE operation SET state = 'verified', verified_at = $3, error = NULL
                   WHERE plan = $1 AND seq = $2 AND state = 'executed'";
        self.execute_each(sql, seqs, |seq, args| bind!(args, plan, *seq, at)).await.map(drop)
    }

    /// Lets operations of a system, or of all, be tried at once.
    pub async fn hasten(
        &mut self,
        plan: PlanId,
        system_no: Option<Number>,
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE operation SET next_try = NULL
                   WHERE plan = $1 AND state = 'planned' AND next_try IS NOT NULL
                     AND (CAST($2 AS BIGINT) IS NULL OR system_no = $2)";
        self.execute(sql, args![plan, system_no]).await
    }
}
