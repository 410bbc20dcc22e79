//! Revisions: published states of the model.

use jiff::Timestamp;
use muster_model::Text;

use crate::{
    ReadTx, StoreError, Tx,
    column::{BadColumn, Columns, FromRow, row},
    statement::args,
};

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

row!(RevisionHead { number, hash, author, made_at, message });

impl FromRow for Revision {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        Ok(Self { head: RevisionHead::from_row(row)?, body: row.take()? })
    }
}

impl ReadTx {
    /// The latest revision.
    pub async fn latest_revision(&mut self) -> Result<Option<RevisionHead>, StoreError> {
        let sql = "SELECT number, hash, author, made_at, message FROM revision
                   ORDER BY number DESC LIMIT 1";
        self.fetch_one(sql, args![]).await
    }

    /// The revision with this number.
    pub async fn revision(&mut self, number: i64) -> Result<Option<Revision>, StoreError> {
        let sql = "SELECT number, hash, author, made_at, message, body FROM revision
                   WHERE number = $1";
        self.fetch_one(sql, args![number]).await
    }

    /// The revision that was the latest at `at`.
    pub async fn revision_as_of(&mut self, at: Timestamp) -> Result<Option<Revision>, StoreError> {
        let sql = "SELECT number, hash, author, made_at, message, body FROM revision
                   WHERE made_at <= $1 ORDER BY number DESC LIMIT 1";
        self.fetch_one(sql, args![at]).await
    }

    /// Revisions, the newest first, at most `limit`, before a number.
    pub async fn revisions(
        &mut self,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<RevisionHead>, StoreError> {
        let sql = "SELECT number, hash, author, made_at, message FROM revision
                   WHERE number < $1 ORDER BY number DESC LIMIT $2";
        self.fetch_all(sql, args![before.unwrap_or(i64::MAX), limit]).await
    }
}

impl Tx {
    /// Appends a revision, unless the latest has the same hash. Returns its number and whether it is new; `head.number` is not read.
    pub async fn append_revision(
        &mut self,
        revision: &Revision,
    ) -> Result<(i64, bool), StoreError> {
        let Revision { head, body } = revision;
        let RevisionHead { number: _, hash, author, made_at, message } = head;
        let latest = self.latest_revision().await?;
        let number = match latest {
            Some(latest) if latest.hash == *hash => return Ok((latest.number, false)),
            Some(latest) => latest.number + 1,
            None => 1,
        };
        let sql = "INSERT INTO revision (number, hash, author, made_at, message, body)
                   VALUES ($1, $2, $3, $4, $5, $6)";
        self.execute(sql, args![number, hash, author, *made_at, message, body]).await?;
        Ok((number, true))
    }
}
