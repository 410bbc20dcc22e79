//! The journal: append-only, hash-chained.

use jiff::Timestamp;
use muster_model::Text;

use crate::{ReadTx, StoreError, Tx};

/// Something to be written into the journal. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it happened; kept to the microsecond.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Text,
    /// For whom, when not for themselves.
    pub on_behalf_of: Option<Text>,
    /// What: `plan.apply`.
    pub action: Text,
    /// On what: `person E1001`.
    pub subject: Text,
    /// Before, after and why, as JSON.
    pub detail: Text,
    /// What belongs together.
    pub correlation: Option<Text>,
}

/// An entry in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its place, beginning at 1, without gaps.
    pub seq: i64,
    /// What happened.
    pub entry: Entry,
    /// The hash of the entry before; zeros for the first.
    pub prev_hash: [u8; 32],
    /// SHA-256 over the previous hash, the place and the entry.
    pub hash: [u8; 32],
}

/// Which entries are asked for; every field that is set must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalFilter {
    /// On exactly this.
    pub subject: Option<Text>,
    /// By exactly this actor.
    pub actor: Option<Text>,
    /// Exactly this action.
    pub action: Option<Text>,
    /// Belonging to exactly this.
    pub correlation: Option<Text>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// What a whole and unbroken chain holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many entries.
    pub n_entries: u64,
    /// The place of the first; `None` when there are none.
    pub first_seq: Option<i64>,
    /// The place of the last.
    pub last_seq: Option<i64>,
    /// The hash of the last entry; zeros when there are none.
    pub last_hash: [u8; 32],
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenAt {
    /// An entry is missing or out of order.
    #[error("entry {expected} is missing: entry {found} follows instead")]
    Gap {
        /// The place that should follow.
        expected: i64,
        /// The place that follows.
        found: i64,
    },
    /// An entry does not continue the one before.
    #[error("entry {0} does not continue the entry before it")]
    Chain(i64),
    /// An entry is not what its hash says.
    #[error("entry {0} was changed after it was written")]
    Content(i64),
}

/// The hash of an entry at a place after the entry with `prev_hash`.
pub fn entry_hash(seq: i64, entry: &Entry, prev_hash: &[u8; 32]) -> [u8; 32] {
    todo!()
}

/// Follows a chain, or a part of one, in order, and finds the first place where it is broken. Needs no store.
///
/// A part that does not begin at entry 1 is checked from its first entry's own `prev_hash` on.
pub fn verify<'a>(
    entries: impl IntoIterator<Item = &'a JournalEntry>,
) -> Result<Summary, BrokenAt> {
    todo!()
}

impl ReadTx {
    /// Entries that fit, the newest first, at most `limit`, before a place.
    pub async fn search_journal(
        &mut self,
        filter: &JournalFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        todo!()
    }

    /// Entries in order, at most `limit`, after a place; for export and verification.
    pub async fn scan_journal(
        &mut self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Appends an entry and returns its place.
    pub async fn append_journal(&mut self, entry: &Entry) -> Result<i64, StoreError> {
        todo!()
    }
}
