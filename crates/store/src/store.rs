//! The store: one concrete type, SQLite or PostgreSQL inside.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use crate::{ReadTx, StoreError, Tx};

/// Called with the name of a fail point: `commit before` and `commit after` around every commit of a [`Tx`].
pub type FailPoint = Arc<dyn Fn(&str) + Send + Sync>;

/// How hard a commit on SQLite tries to survive a power cut. PostgreSQL follows its own configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Every commit is on the disk before it returns (`synchronous=FULL`).
    Full,
    /// A power cut may lose the last commits, never damage the store (`synchronous=NORMAL`).
    Normal,
}

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// How safe commits are on SQLite.
    pub durability: Durability,
    /// Read transactions that may be open at once (SQLite), connections in the pool (PostgreSQL).
    pub connections: usize,
    /// How long to wait for another process that writes.
    pub busy_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { durability: Durability::Full, connections: 8, busy_timeout: Duration::from_secs(10) }
    }
}

/// The repository, plans, orders and journal of one project. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Opens the store at `url`, creates it when it is not there, and brings its schema up to date.
    ///
    /// `sqlite:PATH`, `sqlite::memory:` (gone when the last clone is dropped) or `postgres://…`.
    pub async fn open(url: &str, options: &Options) -> Result<Self, StoreError> {
        todo!()
    }

    /// The address without a password.
    pub fn url(&self) -> &str {
        todo!()
    }

    /// True for SQLite.
    pub fn is_sqlite(&self) -> bool {
        todo!()
    }

    /// Begins a transaction that writes. On SQLite there is one at a time; others wait here.
    /// Dropped without [`Tx::commit`], nothing of it remains.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        todo!()
    }

    /// Begins a transaction that reads one unchanging state. Any number at once (up to [`Options::connections`]), also beside a writer.
    pub async fn read(&self) -> Result<ReadTx, StoreError> {
        todo!()
    }

    /// Rows inserted, changed and deleted by committed transactions of this process since it was opened, by table.
    pub fn writes(&self) -> BTreeMap<String, u64> {
        todo!()
    }

    /// Sets what is called around every commit; `None` takes it away. For tests that stop the process there.
    pub fn set_fail_point(&self, hook: Option<FailPoint>) {
        todo!()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
