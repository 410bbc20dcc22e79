//! How big the store is.

use std::collections::BTreeMap;

use crate::{ReadTx, StoreError};

/// Sizes of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// The whole database in bytes.
    pub n_bytes: u64,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
}

impl ReadTx {
    /// Measures the store. Counts every row, so it takes a moment on a big one.
    pub async fn statistics(&mut self) -> Result<Statistics, StoreError> {
        todo!()
    }
}
