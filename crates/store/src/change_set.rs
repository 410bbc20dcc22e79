//! Inbound change sets that a guard holds, until somebody releases or rejects them.

use jiff::Timestamp;
use muster_model::Text;

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::{BadColumn, Columns, FromRow},
    statement::{Insert, args, bind, insert_into},
    words::words,
};

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

impl FromRow for ChangeSet {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        Ok(Self {
            id: row.take()?,
            read_no: row.take()?,
            made_at: row.take()?,
            status: row.take()?,
            counts: ChangeCounts {
                n_create: row.take()?,
                n_update: row.take()?,
                n_absent: row.take()?,
                n_present: row.take()?,
            },
            reason: row.take()?,
            decided_by: row.take()?,
            decided_at: row.take()?,
        })
    }
}

/// The columns of [`ChangeSet`], in its order.
macro_rules! select_change_set {
    ($rest:literal) => {
        concat!(
            "SELECT id, read_no, made_at, status, n_create, n_update, n_absent, n_present, reason, \
             decided_by, decided_at FROM change_set ",
            $rest
        )
    };
}

const INSERT_BODY: Insert = insert_into!("change_set_body", "change_set", "seq", "body");

impl ReadTx {
    /// The change set with this id.
    pub async fn change_set(&mut self, id: ChangeSetId) -> Result<Option<ChangeSet>, StoreError> {
        self.fetch_one(select_change_set!("WHERE id = $1"), args![id]).await
    }

    /// Change sets with this status (all when `None`), the newest first.
    pub async fn change_sets(
        &mut self,
        status: Option<ChangeSetStatus>,
        limit: usize,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        if let Some(status) = status {
            let sql = select_change_set!("WHERE status = $1 ORDER BY id DESC LIMIT $2");
            return self.fetch_all(sql, args![status, limit]).await;
        }
        let sql = select_change_set!("ORDER BY id DESC LIMIT $1");
        self.fetch_all(sql, args![limit]).await
    }

    /// The `index`-th chunk of a change set's body, counted from 0; `None` after the last.
    pub async fn change_set_chunk(
        &mut self,
        id: ChangeSetId,
        index: usize,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT body FROM change_set_body WHERE change_set = $1 AND seq = $2";
        self.fetch_one(sql, args![id, index]).await
    }
}

impl Tx {
    /// Writes a change set with its body in chunks.
    pub async fn insert_change_set(
        &mut self,
        change_set: &ChangeSet,
        body: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO change_set (id, read_no, made_at, status, n_create, n_update, n_absent,
                       n_present, reason, decided_by, decided_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let ChangeSet { id, read_no, made_at, status, counts, reason, decided_by, decided_at } =
            change_set;
        let ChangeCounts { n_create, n_update, n_absent, n_present } = *counts;
        let mut args = Vec::new();
        bind!(args, *id, *read_no, *made_at, *status, n_create, n_update, n_absent, n_present);
        bind!(args, reason, decided_by, *decided_at);
        self.execute(sql, &args).await?;
        let chunks: Vec<(usize, &Vec<u8>)> = body.iter().enumerate().collect();
        self.insert_many(&INSERT_BODY, &chunks, |(seq, body), args| bind!(args, *id, *seq, *body))
            .await
    }

    /// Replaces what a change set holds; its reason stays.
    pub async fn replace_change_set(
        &mut self,
        id: ChangeSetId,
        counts: ChangeCounts,
        body: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        let ChangeCounts { n_create, n_update, n_absent, n_present } = counts;
        let sql =
            "UPDATE change_set SET n_create = $2, n_update = $3, n_absent = $4, n_present = $5
                   WHERE id = $1";
        self.execute(sql, args![id, n_create, n_update, n_absent, n_present]).await?;
        self.execute("DELETE FROM change_set_body WHERE change_set = $1", args![id]).await?;
        let chunks: Vec<(usize, &Vec<u8>)> = body.iter().enumerate().collect();
        self.insert_many(&INSERT_BODY, &chunks, |(seq, body), args| bind!(args, id, *seq, *body))
            .await
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
        let sql = "UPDATE change_set SET status = $3, decided_by = $4, decided_at = $5
                   WHERE id = $1 AND status = $2";
        Ok(self.execute(sql, args![id, from, to, by, at]).await? > 0)
    }
}
