//! Transactions. What reads is on [`ReadTx`]; what writes is on [`Tx`], which reads too.

use std::ops::{Deref, DerefMut};

use crate::StoreError;

/// A transaction that reads. Ends when dropped.
#[derive(Debug)]
pub struct ReadTx {}

/// A transaction that writes; reads through its [`ReadTx`]. Dropped without [`Tx::commit`], it is rolled back.
#[derive(Debug)]
pub struct Tx {
    read: ReadTx,
}

impl Tx {
    /// Makes everything permanent. Bumps the fact version when facts changed.
    pub async fn commit(self) -> Result<(), StoreError> {
        todo!()
    }

    /// Undoes everything.
    pub async fn rollback(self) -> Result<(), StoreError> {
        todo!()
    }
}

impl Deref for Tx {
    type Target = ReadTx;

    fn deref(&self) -> &ReadTx {
        &self.read
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut ReadTx {
        &mut self.read
    }
}
