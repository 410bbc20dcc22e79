//! The fact version: counts transactions that changed entities, links, accounts or assignments.

use crate::{ReadTx, StoreError, Tx, statement::args};

impl ReadTx {
    /// The present fact version. A plan made at one version is stale at another.
    ///
    /// Bumped once by the commit of each transaction that changed entities, unique values, links, accounts, entitlements or assignments.
    pub async fn facts_version(&mut self) -> Result<i64, StoreError> {
        self.fetch_value("SELECT version FROM fact_version WHERE id = 1", args![]).await
    }
}

impl Tx {
    /// Counts one more transaction that changed facts. The last statement before a commit, so that writers on
    /// PostgreSQL wait for each other as briefly as can be.
    pub(crate) async fn bump_facts_version(&mut self) -> Result<(), StoreError> {
        let sql = "UPDATE fact_version SET version = version + 1 WHERE id = 1";
        self.execute(sql, args![]).await.map(drop)
    }
}
