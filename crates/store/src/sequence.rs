//! Ids in blocks: dense, rising, never handed out twice.

use crate::words::words;
use crate::{StoreError, Tx};

words! {
    /// What ids are handed out for.
    Sequence {
        /// Entities.
        Entity = "entity",
        /// Records.
        Record = "record",
        /// Accounts.
        Account = "account",
        /// Entitlements.
        Entitlement = "entitlement",
        /// Assignments.
        Assignment = "assignment",
        /// Plans.
        Plan = "plan",
        /// Runs of a read.
        ReadRun = "read_run",
        /// Held inbound change sets.
        ChangeSet = "change_set",
    }
}

impl Tx {
    /// Takes `n` ids in a row and returns the first. Ids begin at 1.
    pub async fn take_ids(&mut self, sequence: Sequence, n: usize) -> Result<i64, StoreError> {
        todo!()
    }
}
