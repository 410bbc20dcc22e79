//! The operations of plans, and how far each has come.

use jiff::Timestamp;
use muster_model::{AccountId, EntityId, PlanId, Text};

use crate::{Number, ReadTx, StoreError, Tx, words::words};

words! {
    /// How far an operation has come.
    OperationState {
        /// Not begun.
        Planned = "planned",
        /// The intent is on disk; the call may have gone out.
        Sent = "sent",
        /// The system said yes.
        Executed = "executed",
        /// A later read confirmed it.
        Verified = "verified",
        /// A guard or a person holds it.
        Held = "held",
        /// It failed for good.
        Failed = "failed",
        /// Somebody decided against it.
        Cancelled = "cancelled",
        /// Something it depends on failed.
        Skipped = "skipped",
    }
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The plan.
    pub plan: PlanId,
    /// Its place in the plan, beginning at 1.
    pub seq: i64,
    /// The system's number.
    pub system_no: Number,
    /// For whom; `None` for one that is for a system alone.
    pub entity: Option<EntityId>,
    /// The account type's number, when it concerns an account.
    pub account_type_no: Option<Number>,
    /// The account, when it is there already.
    pub account: Option<AccountId>,
    /// The kind: `create`, `update`, `rename`, `enable`, `disable`, `delete`, `grant`, `revoke`.
    pub kind: Text,
    /// What it is about, for people.
    pub subject: Text,
    /// The exact change and its reasons, as the caller packed them.
    pub body: Vec<u8>,
    /// The operations of the same plan that come first.
    pub after: Vec<i64>,
    /// How far it has come.
    pub state: OperationState,
    /// How often it was tried.
    pub attempts: u32,
    /// Not to be tried before.
    pub next_try: Option<Timestamp>,
    /// When the last call went out.
    pub sent_at: Option<Timestamp>,
    /// When it was executed, failed, skipped or cancelled.
    pub done_at: Option<Timestamp>,
    /// What the system said against it.
    pub error: Option<Text>,
}

/// Which operations are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OperationFilter {
    /// Of this system only.
    pub system_no: Option<Number>,
    /// In this state only.
    pub state: Option<OperationState>,
}

/// How an operation ended, or when it is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationDone {
    /// Its place in the plan.
    pub seq: i64,
    /// The new state.
    pub state: OperationState,
    /// When; `None` for one that is tried again.
    pub done_at: Option<Timestamp>,
    /// Not to be tried before.
    pub next_try: Option<Timestamp>,
    /// The account, once it is there; `None` keeps what is stored.
    pub account: Option<AccountId>,
    /// What the system said against it.
    pub error: Option<Text>,
}

/// How many operations there are of one sort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationCount {
    /// The system's number.
    pub system_no: Number,
    /// The kind.
    pub kind: Text,
    /// How far they have come.
    pub state: OperationState,
    /// How many.
    pub n: u64,
}

impl ReadTx {
    /// One operation.
    pub async fn operation(
        &mut self,
        plan: PlanId,
        seq: i64,
    ) -> Result<Option<Operation>, StoreError> {
        todo!()
    }

    /// Operations of a plan in order, at most `limit`, after a place.
    pub async fn operations(
        &mut self,
        plan: PlanId,
        filter: OperationFilter,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Operation>, StoreError> {
        todo!()
    }

    /// Operations of any plan that are planned or sent, ordered by plan and place, at most `limit`, after a `(plan, place)`.
    pub async fn open_operations(
        &mut self,
        after: Option<(PlanId, i64)>,
        limit: usize,
    ) -> Result<Vec<Operation>, StoreError> {
        todo!()
    }

    /// Operations on a system that are executed and not verified, ordered by plan and place, at most `limit`, after a `(plan, place)`.
    pub async fn unverified_operations(
        &mut self,
        system_no: Number,
        after: Option<(PlanId, i64)>,
        limit: usize,
    ) -> Result<Vec<Operation>, StoreError> {
        todo!()
    }

    /// The operations for an identity, the newest first.
    pub async fn operations_of(
        &mut self,
        entity: EntityId,
        limit: usize,
    ) -> Result<Vec<Operation>, StoreError> {
        todo!()
    }

    /// How many operations of a plan there are by system, kind and state.
    pub async fn count_operations(
        &mut self,
        plan: PlanId,
    ) -> Result<Vec<OperationCount>, StoreError> {
        todo!()
    }

    /// How many operations were executed (verified or not) at or after `since`, by system and kind: the rolling window of guards.
    pub async fn count_operations_since(
        &mut self,
        since: Timestamp,
    ) -> Result<Vec<OperationCount>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Writes the operations of a new plan.
    pub async fn insert_operations(&mut self, operations: &[Operation]) -> Result<(), StoreError> {
        todo!()
    }

    /// Writes down the intent to execute: `planned` or `sent` becomes `sent`, one attempt more. Returns the places that
    /// were in no such state; these must not be executed.
    pub async fn mark_sent(
        &mut self,
        plan: PlanId,
        seqs: &[i64],
        at: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        todo!()
    }

    /// Writes down how operations ended, or that they are tried again (state `planned` with `next_try`).
    pub async fn mark_done(
        &mut self,
        plan: PlanId,
        done: &[OperationDone],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Moves every operation of a plan (of one system, when given) from one state to another. Returns how many.
    pub async fn move_operations(
        &mut self,
        plan: PlanId,
        system_no: Option<Number>,
        from: OperationState,
        to: OperationState,
    ) -> Result<u64, StoreError> {
        todo!()
    }
}
