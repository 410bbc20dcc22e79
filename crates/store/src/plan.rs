//! Plans as they were shown.

use jiff::Timestamp;
use muster_model::{PlanId, Text};

use crate::{ReadTx, StoreError, Tx, words::words};

words! {
    /// What became of a plan.
    PlanStatus {
        /// It may be applied.
        Open = "open",
        /// A guard holds it.
        Held = "held",
        /// It is being applied.
        Applying = "applying",
        /// It was applied; single operations may have failed.
        Done = "done",
        /// What it was made from has changed.
        Stale = "stale",
        /// Somebody decided against it.
        Cancelled = "cancelled",
    }
}

/// A plan without its operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which one; from [`Tx::take_ids`].
    pub id: PlanId,
    /// The hash of its content, in hexadecimal digits; unique.
    pub hash: Text,
    /// The revision of the model it was made with.
    pub revision: i64,
    /// The fact version it was made from.
    pub facts_version: i64,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: Text,
    /// What became of it.
    pub status: PlanStatus,
    /// What it was made from, as JSON.
    pub base: Text,
    /// Its counts, as JSON.
    pub summary: Text,
    /// What guards say about it, as JSON.
    pub guard: Text,
}

impl ReadTx {
    /// The plan with this id.
    pub async fn plan(&mut self, id: PlanId) -> Result<Option<Plan>, StoreError> {
        todo!()
    }

    /// The plan whose hash begins with `prefix`. Several are [`StoreError::AmbiguousPlan`].
    pub async fn plan_by_hash(&mut self, prefix: &str) -> Result<Option<Plan>, StoreError> {
        todo!()
    }

    /// Plans with this status (all when `None`), the newest first, at most `limit`, before an id.
    pub async fn plans(
        &mut self,
        status: Option<PlanStatus>,
        before: Option<PlanId>,
        limit: usize,
    ) -> Result<Vec<Plan>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Writes a new plan; its operations follow with [`Tx::insert_operations`].
    pub async fn insert_plan(&mut self, plan: &Plan) -> Result<(), StoreError> {
        todo!()
    }

    /// Sets a plan's status. Returns false when it no longer has one of the statuses `from`.
    pub async fn set_plan_status(
        &mut self,
        id: PlanId,
        from: &[PlanStatus],
        to: PlanStatus,
    ) -> Result<bool, StoreError> {
        todo!()
    }

    /// Replaces what guards say about a plan.
    pub async fn set_plan_guard(&mut self, id: PlanId, guard: &str) -> Result<(), StoreError> {
        todo!()
    }

    /// Removes a plan that was never applied, with its operations. Returns false when it is not there or was applied.
    pub async fn delete_plan(&mut self, id: PlanId) -> Result<bool, StoreError> {
        todo!()
    }
}
