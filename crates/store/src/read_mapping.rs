//! How the records of a read were mapped last, and what reads changed within a day.

use jiff::Timestamp;
use muster_model::{Fingerprint, Text};

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
};

/// How the records of a read were mapped last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadMapping {
    /// The read.
    pub read_no: Number,
    /// Stands for the columns that were asked for.
    pub columns: Fingerprint,
    /// Stands for the expressions and who is the authority.
    pub mapping: Fingerprint,
    /// The names of the attributes that the read owned, one a line.
    pub owned: Text,
}

/// What a read changed without anybody's approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedChange {
    /// `create`, `update`, `absent`, or `attribute` and its name.
    pub kind: Text,
    /// How many entities.
    pub n: u64,
}

row!(ReadMapping { read_no, columns, mapping, owned });
row!(AppliedChange { kind, n });

impl ReadTx {
    /// How the records of a read were mapped last; `None` before the first time.
    pub async fn read_mapping(
        &mut self,
        read_no: Number,
    ) -> Result<Option<ReadMapping>, StoreError> {
        let sql = "SELECT read_no, columns, mapping, owned FROM read_mapping WHERE read_no = $1";
        self.fetch_one(sql, args![read_no]).await
    }

    /// What a read changed at or after `since`, each time and kind.
    pub async fn applied_changes(
        &mut self,
        read_no: Number,
        since: Timestamp,
    ) -> Result<Vec<AppliedChange>, StoreError> {
        let sql = "SELECT kind, n FROM applied_change WHERE read_no = $1 AND at >= $2
                   ORDER BY at, kind";
        self.fetch_all(sql, args![read_no, since]).await
    }
}

impl Tx {
    /// Notes how the records of a read are mapped now.
    pub async fn save_read_mapping(&mut self, mapping: &ReadMapping) -> Result<(), StoreError> {
        let sql = "INSERT INTO read_mapping (read_no, columns, mapping, owned)
                   VALUES ($1, $2, $3, $4)
                   ON CONFLICT (read_no) DO UPDATE
                   SET columns = excluded.columns, mapping = excluded.mapping,
                       owned = excluded.owned";
        let ReadMapping { read_no, columns, mapping, owned } = mapping;
        self.execute(sql, args![*read_no, *columns, *mapping, owned]).await.map(drop)
    }

    /// Notes what a read changed, and forgets what it changed before `forget`.
    pub async fn add_applied_changes(
        &mut self,
        read_no: Number,
        at: Timestamp,
        changes: &[AppliedChange],
        forget: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM applied_change WHERE read_no = $1 AND at < $2";
        self.execute(sql, args![read_no, forget]).await?;
        let sql = "INSERT INTO applied_change (read_no, at, kind, n) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (read_no, at, kind) DO UPDATE SET n = applied_change.n + excluded.n";
        self.execute_each(sql, changes, |change, args| {
            let AppliedChange { kind, n } = change;
            bind!(args, read_no, at, kind, *n);
        })
        .await
        .map(drop)
    }
}
