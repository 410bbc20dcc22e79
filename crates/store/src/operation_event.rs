//! What happened to an operation beyond the one way from planned over sent and executed to verified.

use jiff::Timestamp;
use muster_model::{PlanId, Text};

use crate::{
    OperationState, ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
};

/// A step of an operation that its row alone does not tell: a try that failed, a decision of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationEvent {
    /// Its place in the plan.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// The state from then on.
    pub state: OperationState,
    /// Who or what did it.
    pub actor: Text,
    /// Why, for people.
    pub note: Text,
}

row!(OperationEvent { seq, at, state, actor, note });

impl ReadTx {
    /// What happened to one operation, the oldest first.
    pub async fn operation_events(
        &mut self,
        plan: PlanId,
        seq: i64,
    ) -> Result<Vec<OperationEvent>, StoreError> {
        let sql = "SELECT seq, at, state, actor, note FROM operation_event
                   WHERE plan = $1 AND seq = $2 ORDER BY number";
        self.fetch_all(sql, args![plan, seq]).await
    }
}

impl Tx {
    /// Adds to the histories of operations of a plan.
    pub async fn add_operation_events(
        &mut self,
        plan: PlanId,
        events: &[OperationEvent],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO operation_event (plan, seq, number, at, state, actor, note)
                   SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), COALESCE(MAX(number), 0) + 1,
                          CAST($3 AS BIGINT), $4, $5, $6
                   FROM operation_event WHERE plan = $1 AND seq = $2";
        self.execute_each(sql, events, |event, args| {
            let OperationEvent { seq, at, state, actor, note } = event;
            bind!(args, plan, *seq, *at, *state, actor, note);
        })
        .await
        .map(drop)
    }
}
