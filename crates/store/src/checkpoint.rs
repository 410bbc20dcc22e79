//! Signed checkpoints of the journal, the public keys they are signed with, and how far each export has come.

use jiff::Timestamp;

use crate::{
    ReadTx, StoreError, Tx,
    column::{BadColumn, Columns, FromRow, Hash, row},
    statement::args,
};

/// A key that checkpoints are signed with; its private half is never in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalKey {
    /// Its place, from 1.
    pub number: i64,
    /// The Ed25519 public key.
    pub public_key: Vec<u8>,
    /// Since when it is used.
    pub made_at: Timestamp,
    /// The signature of the key before over this one; `None` for the first.
    pub endorsement: Option<Vec<u8>>,
}

/// What the journal was at a moment, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last entry.
    pub seq: i64,
    /// When it was signed.
    pub at: Timestamp,
    /// The hash of that entry.
    pub hash: [u8; 32],
    /// The number of the key.
    pub key: i64,
    /// The signature.
    pub signature: Vec<u8>,
}

row!(JournalKey { number, public_key, made_at, endorsement });

impl FromRow for Checkpoint {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        Ok(Self {
            seq: row.take()?,
            at: row.take()?,
            hash: row.take::<Hash>()?.0,
            key: row.take()?,
            signature: row.take()?,
        })
    }
}

impl ReadTx {
    /// All keys in order.
    pub async fn journal_keys(&mut self) -> Result<Vec<JournalKey>, StoreError> {
        let sql =
            "SELECT number, public_key, made_at, endorsement FROM journal_key ORDER BY number";
        self.fetch_all(sql, args![]).await
    }

    /// Checkpoints in order, at most `limit`, after a place.
    pub async fn scan_checkpoints(
        &mut self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Checkpoint>, StoreError> {
        let sql = "SELECT seq, at, hash, key_number, signature FROM journal_checkpoint
                   WHERE seq > $1 ORDER BY seq LIMIT $2";
        self.fetch_all(sql, args![after, limit]).await
    }

    /// The latest checkpoint.
    pub async fn latest_checkpoint(&mut self) -> Result<Option<Checkpoint>, StoreError> {
        let sql = "SELECT seq, at, hash, key_number, signature FROM journal_checkpoint
                   ORDER BY seq DESC LIMIT 1";
        self.fetch_one(sql, args![]).await
    }

    /// The last entry that an export delivered, and when; `None` when it has not begun.
    pub async fn export_cursor(
        &mut self,
        name: &str,
    ) -> Result<Option<(i64, Timestamp)>, StoreError> {
        self.fetch_one("SELECT seq, at FROM journal_export WHERE name = $1", args![name]).await
    }
}

impl Tx {
    /// Adds a key.
    pub async fn insert_journal_key(&mut self, key: &JournalKey) -> Result<(), StoreError> {
        let JournalKey { number, public_key, made_at, endorsement } = key;
        let sql = "INSERT INTO journal_key (number, public_key, made_at, endorsement)
                   VALUES ($1, $2, $3, $4)";
        self.execute(sql, args![*number, public_key, *made_at, endorsement]).await.map(drop)
    }

    /// Adds a checkpoint.
    pub async fn insert_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let Checkpoint { seq, at, hash, key, signature } = checkpoint;
        let sql = "INSERT INTO journal_checkpoint (seq, at, hash, key_number, signature)
                   VALUES ($1, $2, $3, $4, $5)";
        self.execute(sql, args![*seq, *at, hash.as_slice(), *key, signature]).await.map(drop)
    }

    /// Notes that an export delivered everything up to `seq`.
    pub async fn save_export_cursor(
        &mut self,
        name: &str,
        seq: i64,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO journal_export (name, seq, at) VALUES ($1, $2, $3)
                   ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, at = excluded.at";
        self.execute(sql, args![name, seq, at]).await.map(drop)
    }
}
