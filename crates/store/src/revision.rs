//! Revisions: published states of the model.

use jiff::Timestamp;
use muster_model::Text;

use crate::{ReadTx, StoreError, Tx};

/// A revision without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionHead {
    /// Its number, beginning at 1.
    pub number: i64,
    /// The hash of the body, in hexadecimal digits.
    pub hash: Text,
    /// Who published it.
    pub author: Text,
    /// When.
    pub made_at: Timestamp,
    /// What the author said.
    pub message: Text,
}

/// A revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// All but the body.
    pub head: RevisionHead,
    /// The model files, as the caller packed them.
    pub body: Vec<u8>,
}

impl ReadTx {
    /// The latest revision.
    pub async fn latest_revision(&mut self) -> Result<Option<RevisionHead>, StoreError> {
        todo!()
    }

    /// The revision with this number.
    pub async fn revision(&mut self, number: i64) -> Result<Option<Revision>, StoreError> {
        todo!()
    }

    /// The revision that was the latest at `at`.
    pub async fn revision_as_of(&mut self, at: Timestamp) -> Result<Option<Revision>, StoreError> {
        todo!()
    }

    /// Revisions, the newest first, at most `limit`, before a number.
    pub async fn revisions(
        &mut self,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<RevisionHead>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Appends a revision, unless the latest has the same hash. Returns its number and whether it is new; `head.number` is not read.
    pub async fn append_revision(
        &mut self,
        revision: &Revision,
    ) -> Result<(i64, bool), StoreError> {
        todo!()
    }
}
