//! Review: operations that wait for a second person, and what was decided about them.

use jiff::Timestamp;
use muster_model::{EntityId, PlanId, Text};

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
    words::words,
};

words! {
    /// What was decided about an operation.
    ReviewVerdict {
        /// It may go out.
        Approved = "approved",
        /// It may not.
        Refused = "refused",
    }
}

/// An operation of a plan that somebody is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationReview {
    /// The plan.
    pub plan: PlanId,
    /// Its place in the plan.
    pub seq: i64,
    /// The same for the same operation in every plan.
    pub key: Vec<u8>,
    /// Who may not decide, one a line.
    pub causes: Text,
    /// Since when it is asked.
    pub asked_at: Timestamp,
}

/// What was decided about an operation, in whichever plan it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewDecision {
    /// The operation's key.
    pub key: Vec<u8>,
    /// For whom it is; below zero for an account that belongs to nobody.
    pub identity: EntityId,
    /// The system's number.
    pub system_no: Number,
    /// What was decided.
    pub verdict: ReviewVerdict,
    /// When.
    pub decided_at: Timestamp,
    /// By whom.
    pub decided_by: Text,
    /// What they said.
    pub note: Text,
}

row!(OperationReview { plan, seq, key, causes, asked_at });
row!(ReviewDecision { key, identity, system_no, verdict, decided_at, decided_by, note });

const INSERT: Insert = insert_into!("operation_review", "plan", "seq", "key", "causes", "asked_at");

impl ReadTx {
    /// Operations that wait for a decision, by plan and place, at most `limit`, after a `(plan, place)`. Those of plans
    /// that were thrown away do not wait.
    pub async fn waiting_reviews(
        &mut self,
        after: Option<(PlanId, i64)>,
        limit: usize,
    ) -> Result<Vec<OperationReview>, StoreError> {
        let sql = "SELECT plan, seq, key, causes, asked_at FROM operation_review r
                   WHERE ended_at IS NULL AND (plan, seq) > ($1, $2)
                     AND EXISTS (SELECT 1 FROM operation o WHERE o.plan = r.plan AND o.seq = r.seq
                                 AND o.state = 'held')
                     AND EXISTS (SELECT 1 FROM plan p WHERE p.id = r.plan
                                 AND p.status IN ('open', 'held', 'applying'))
                   ORDER BY plan, seq LIMIT $3";
        let (plan, seq) = after.unwrap_or((PlanId(0), 0));
        self.fetch_all(sql, args![plan, seq, limit]).await
    }

    /// Those of one plan, by place.
    pub async fn waiting_reviews_of(
        &mut self,
        plan: PlanId,
    ) -> Result<Vec<OperationReview>, StoreError> {
        let sql = "SELECT r.plan, r.seq, r.key, r.causes, r.asked_at
                   FROM operation_review r
                   JOIN operation o ON o.plan = r.plan AND o.seq = r.seq
                   WHERE r.ended_at IS NULL AND r.plan = $1 AND o.state = 'held' ORDER BY r.seq";
        self.fetch_all(sql, args![plan]).await
    }

    /// Every place at which the operation with this key is asked about, the newest plan first.
    pub async fn reviews_with_key(
        &mut self,
        key: &[u8],
    ) -> Result<Vec<OperationReview>, StoreError> {
        let sql = "SELECT plan, seq, key, causes, asked_at FROM operation_review
                   WHERE key = $1 AND ended_at IS NULL ORDER BY plan DESC, seq DESC";
        self.fetch_all(sql, args![key]).await
    }

    /// What was decided about operations that somebody still wants done, by key, at most `limit`, after a key.
    pub async fn review_decisions(
        &mut self,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<ReviewDecision>, StoreError> {
        let sql = "SELECT key, identity, system_no, verdict, decided_at, decided_by, note
                   FROM review_decision WHERE key > $1 ORDER BY key LIMIT $2";
        self.fetch_all(sql, args![after, limit]).await
    }
}

impl Tx {
    /// Notes that operations wait for a decision.
    pub async fn insert_reviews(&mut self, reviews: &[OperationReview]) -> Result<(), StoreError> {
        self.insert_many(&INSERT, reviews, |review, args| {
            let OperationReview { plan, seq, key, causes, asked_at } = review;
            bind!(args, *plan, *seq, key, causes, *asked_at);
        })
        .await
    }

    /// Says who caused an operation that waits: one name a line.
    pub async fn set_review_causes(
        &mut self,
        plan: PlanId,
        seq: i64,
        causes: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE operation_review SET causes = $3 WHERE plan = $1 AND seq = $2";
        self.execute(sql, args![plan, seq, causes]).await?;
        Ok(())
    }

    /// Notes that nobody is asked any more about the operations of a plan that are not held.
    pub async fn end_reviews(&mut self, plan: PlanId, at: Timestamp) -> Result<u64, StoreError> {
        let sql = "UPDATE operation_review SET ended_at = $2
                   WHERE plan = $1 AND ended_at IS NULL
                     AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.plan = operation_review.plan
                                     AND o.seq = operation_review.seq AND o.state = 'held')";
        self.execute(sql, args![plan, at]).await
    }

    /// Keeps a decision; the last one counts. It is a fact: plans change with it.
    pub async fn decide_review(&mut self, decision: &ReviewDecision) -> Result<(), StoreError> {
        let sql = "INSERT INTO review_decision (key, identity, system_no, verdict, decided_at,
                                                decided_by, note)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (key) DO UPDATE SET verdict = $4, decided_at = $5, decided_by = $6,
                                                   note = $7";
        let ReviewDecision { key, identity, system_no, verdict, decided_at, decided_by, note } =
            decision;
        let args = args![key, *identity, *system_no, *verdict, *decided_at, decided_by, note];
        self.execute(sql, args).await.map(drop)
    }

    /// Forgets decisions about what nobody wants done any more.
    pub async fn forget_review_decisions(&mut self, keys: &[Vec<u8>]) -> Result<(), StoreError> {
        let sql = "DELETE FROM review_decision WHERE key = $1";
        self.execute_each(sql, keys, |key, args| bind!(args, key)).await.map(drop)
    }
}
