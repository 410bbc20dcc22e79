//! The fact version: counts transactions that changed entities, links, accounts or assignments.

use crate::{ReadTx, StoreError};

impl ReadTx {
    /// The present fact version. A plan made at one version is stale at another.
    ///
    /// Bumped once by the commit of each transaction that changed entities, unique values, links, accounts, entitlements or assignments.
    pub async fn facts_version(&mut self) -> Result<i64, StoreError> {
        todo!()
    }
}
