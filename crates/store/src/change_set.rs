//! Inbound change sets that a guard holds, until somebody releases or rejects them.

use jiff::Timestamp;
use muster_model::Text;

use crate::{Number, ReadTx, StoreError, Tx, words::words};

/// A change set's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeSetId(pub i64);

words! {
    /// What became of a change set.
    ChangeSetStatus {
        /// It waits for a decision.
        Held = "held",
        /// It may be applied.
        Released = "released",
        /// It must not be applied.
        Rejected = "rejected",
        /// It was applied.
        Applied = "applied",
    }
}

/// How much a change set changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChangeCounts {
    /// Entities that would be made.
    pub n_create: u64,
    /// Entities that would change.
    pub n_update: u64,
    /// Entities that would be absent.
    pub n_absent: u64,
    /// Entities that are there.
    pub n_present: u64,
}

/// A change set without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSet {
    /// Which one; from [`Tx::take_ids`].
    pub id: ChangeSetId,
    /// The read it came from.
    pub read_no: Number,
    /// When it was made.
    pub made_at: Timestamp,
    /// What became of it.
    pub status: ChangeSetStatus,
    /// How much it changes.
    pub counts: ChangeCounts,
    /// Which guard holds it and why, in words.
    pub reason: Text,
    /// Who decided, once decided.
    pub decided_by: Option<Text>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
}

impl ReadTx {
    /// The change set with this id.
    pub async fn change_set(&mut self, id: ChangeSetId) -> Result<Option<ChangeSet>, StoreError> {
        todo!()
    }

    /// Change sets with this status (all when `None`), the newest first.
    pub async fn change_sets(
        &mut self,
        status: Option<ChangeSetStatus>,
        limit: usize,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        todo!()
    }

    /// The `index`-th chunk of a change set's body, counted from 0; `None` after the last.
    pub async fn change_set_chunk(
        &mut self,
        id: ChangeSetId,
        index: usize,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Writes a change set with its body in chunks.
    pub async fn insert_change_set(
        &mut self,
        change_set: &ChangeSet,
        body: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Sets the status, who decided and when. Returns false when it no longer has the status `from`.
    pub async fn decide_change_set(
        &mut self,
        id: ChangeSetId,
        from: ChangeSetStatus,
        to: ChangeSetStatus,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        todo!()
    }
}
