//! Transactions. What reads is on [`ReadTx`]; what writes is on [`Tx`], which reads too.
//!
//! The only file, beside `sqlite` and `postgres` themselves, that tells the two databases apart. On SQLite no method
//! ever really waits: a use case is one function for both.

use std::{
    collections::BTreeMap,
    fmt,
    ops::{Deref, DerefMut},
    path::Path,
    sync::Arc,
};

use tracing::instrument;

use crate::{
    StoreError,
    arg::Arg,
    column::FromRow,
    dialect::Dialect,
    error::{flush_error, postgres_error, sqlite_error},
    fact_version::Changed,
    postgres::PostgresTx,
    sqlite::SqliteTx,
    statement::{Insert, InsertText, for_sqlite},
    store::Shared,
    wake::is_news,
};

/// A transaction that reads. Ends when dropped.
pub struct ReadTx {
    connection: Connection,
    shared: Arc<Shared>,
}

/// A transaction that writes; reads through its [`ReadTx`]. Dropped without [`Tx::commit`], it is rolled back.
pub struct Tx {
    read: ReadTx,
    /// Rows changed so far, by table.
    writes: BTreeMap<&'static str, u64>,
    /// Entities changed so far.
    pub(crate) changed: Changed,
}

/// Which database.
pub(crate) enum Connection {
    Sqlite(SqliteTx),
    Postgres(PostgresTx),
}

/// Tables whose change makes plans stale.
const FACTS: &[&str] = &[
    "account",
    "assignment",
    "entitlement",
    "entity",
    "link",
    "orphan_decision",
    "review_decision",
    "unique_value",
];

// === impl ReadTx ===

impl ReadTx {
    pub(crate) fn new(connection: Connection, shared: Arc<Shared>) -> Self {
        Self { connection, shared }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self.connection {
            Connection::Sqlite(_) => Dialect::Sqlite,
            Connection::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Every row of a query.
    #[instrument(name = "statement", level = "debug", skip_all, fields(db.query.text = sql))]
    pub(crate) async fn fetch_all<T: FromRow>(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Vec<T>, StoreError> {
        let statement = self.shared.statements.get(sql);
        self.shared.statements.runs(1);
        let mut rows = Vec::new();
        match &self.connection {
            Connection::Sqlite(tx) => {
                tx.fetch((statement.table, &statement.sqlite), args, &mut rows)?;
            }
            Connection::Postgres(tx) => {
                tx.fetch((statement.table, sql), args, &mut rows).await?;
            }
        }
        Ok(rows)
    }

    /// Rows of a query whose text was made from the catalogue of the schema; only `transfer` does that.
    pub(crate) async fn fetch_made<T: FromRow>(
        &mut self,
        table: &str,
        sql: &str,
        args: &[Arg<'_>],
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        match &self.connection {
            Connection::Sqlite(tx) => tx.fetch((table, &for_sqlite(sql)), args, &mut rows)?,
            Connection::Postgres(tx) => tx.fetch((table, sql), args, &mut rows).await?,
        }
        Ok(rows)
    }

    /// Copies a whole SQLite database, as this transaction sees it, into a new file.
    pub(crate) fn copy_pages(&self, path: &Path) -> Result<(), StoreError> {
        match &self.connection {
            Connection::Sqlite(tx) => {
                tx.copy_pages(path).map_err(|err| sqlite_error("backup", &err))
            }
            // PostgreSQL has no pages for us; whoever asks looks first.
            Connection::Postgres(_) => Ok(()),
        }
    }

    /// The first row of a query.
    pub(crate) async fn fetch_one<T: FromRow>(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Option<T>, StoreError> {
        Ok(self.fetch_all(sql, args).await?.into_iter().next())
    }

    /// The only row of a query that always has one, such as a count.
    pub(crate) async fn fetch_value<T: FromRow>(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<T, StoreError> {
        let table = self.shared.statements.get(sql).table;
        let row = self.fetch_one(sql, args).await?;
        row.ok_or(StoreError::Missing { table, row: "at all".to_owned() })
    }

    /// For each item the first row of a query, in the same order.
    pub(crate) async fn fetch_first_of_each<'r, R, T: FromRow>(
        &mut self,
        sql: &'static str,
        items: &'r [R],
        bind: impl Fn(&'r R, &mut Vec<Arg<'r>>),
    ) -> Result<Vec<Option<T>>, StoreError> {
        let mut found = Vec::with_capacity(items.len());
        let each = |rows: &mut Vec<T>| found.push(rows.drain(..).next());
        self.fetch_each(sql, items, bind, each).await?;
        Ok(found)
    }

    /// All rows of a query for each item, in the order of the items.
    pub(crate) async fn fetch_all_of_each<'r, R, T: FromRow>(
        &mut self,
        sql: &'static str,
        items: &'r [R],
        bind: impl Fn(&'r R, &mut Vec<Arg<'r>>),
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.fetch_each(sql, items, bind, |rows| found.append(rows)).await?;
        Ok(found)
    }

    #[instrument(name = "statement", level = "debug", skip_all, fields(db.query.text = sql))]
    async fn fetch_each<'r, R, T: FromRow>(
        &mut self,
        sql: &'static str,
        items: &'r [R],
        bind: impl Fn(&'r R, &mut Vec<Arg<'r>>),
        each: impl FnMut(&mut Vec<T>),
    ) -> Result<(), StoreError> {
        let statement = self.shared.statements.get(sql);
        self.shared.statements.runs(items.len());
        match &self.connection {
            Connection::Sqlite(tx) => {
                tx.fetch_each((statement.table, &statement.sqlite), items, bind, each)
            }
            Connection::Postgres(tx) => {
                tx.fetch_each((statement.table, sql), items, bind, each).await
            }
        }
    }
}

// === impl Tx ===

impl Tx {
    pub(crate) fn new(connection: Connection, shared: Arc<Shared>) -> Self {
        Self {
            read: ReadTx::new(connection, shared),
            writes: BTreeMap::new(),
            changed: Changed::default(),
        }
    }

    /// Makes everything permanent. Bumps the fact version when facts changed.
    #[instrument(name = "commit", level = "debug", skip_all)]
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let is_change = FACTS.iter().any(|table| self.writes.contains_key(table));
        let version = if is_change { self.bump_facts_version().await? } else { None };
        self.read.shared.fail_point("commit before");
        let is_news = is_news(self.writes.keys());
        let flush = match &mut self.read.connection {
            Connection::Sqlite(tx) => tx.commit().map_err(|err| sqlite_error("COMMIT", &err))?,
            Connection::Postgres(tx) => {
                tx.commit(is_news).await.map_err(|err| postgres_error("COMMIT", &err))?;
                None
            }
        };
        if let Some(version) = version {
            self.read.shared.keep_changes(version, &mut self.changed);
        }
        let Self { read: ReadTx { connection, shared }, writes, .. } = self;
        // Others write while it is waited for the disk.
        drop(connection);
        if let Some(flush) = flush {
            flush.flush().await.map_err(|err| flush_error(&err))?;
        }
        shared.count_writes(&writes);
        if is_news {
            shared.bell.ring();
        }
        shared.fail_point("commit after");
        Ok(())
    }

    /// Undoes everything.
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        match &mut self.read.connection {
            Connection::Sqlite(tx) => tx.rollback().map_err(|err| sqlite_error("ROLLBACK", &err)),
            Connection::Postgres(tx) => {
                tx.rollback().await.map_err(|err| postgres_error("ROLLBACK", &err))
            }
        }
    }

    /// Runs statements separated by `;`, for this one database.
    pub(crate) async fn batch_here(&mut self, sql: &str) -> Result<(), StoreError> {
        match &self.read.connection {
            Connection::Sqlite(tx) => tx.batch(sql).map_err(|err| sqlite_error("schema", &err)),
            Connection::Postgres(tx) => {
                tx.batch(sql).await.map_err(|err| postgres_error("schema", &err))
            }
        }
    }

    /// Runs a statement and returns how many rows it changed.
    #[instrument(name = "statement", level = "debug", skip_all, fields(db.query.text = sql))]
    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        let statement = self.read.shared.statements.get(sql);
        let table = statement.table;
        self.read.shared.statements.runs(1);
        let changed = match &self.read.connection {
            Connection::Sqlite(tx) => {
                tx.execute(&statement.sqlite, args).map_err(|err| sqlite_error(table, &err))?
            }
            Connection::Postgres(tx) => {
                tx.execute(sql, args).await.map_err(|err| postgres_error(table, &err))?
            }
        };
        self.wrote(table, changed);
        Ok(changed)
    }

    /// Runs a statement that changes rows and returns something of each.
    pub(crate) async fn fetch_changed<T: FromRow>(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.read.fetch_all(sql, args).await?;
        let table = self.read.shared.statements.get(sql).table;
        self.wrote(table, rows.len() as u64);
        Ok(rows)
    }

    /// Runs a statement that hands out ids. On PostgreSQL they are taken at once and for good; on SQLite, where one
    /// transaction writes at a time, with the transaction.
    #[instrument(name = "statement", level = "debug", skip_all, fields(db.query.text = sql))]
    pub(crate) async fn fetch_id(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Option<i64>, StoreError> {
        let Connection::Postgres(tx) = &self.read.connection else {
            return Ok(self.fetch_changed(sql, args).await?.pop());
        };
        let table = self.read.shared.statements.get(sql).table;
        self.read.shared.statements.runs(1);
        let id = tx.fetch_id((table, sql), args).await?;
        self.wrote(table, 1);
        Ok(id)
    }

    /// Runs a statement once for each item and returns how many rows each changed.
    #[instrument(name = "statement", level = "debug", skip_all, fields(db.query.text = sql))]
    pub(crate) async fn execute_each<'r, R>(
        &mut self,
        sql: &'static str,
        items: &'r [R],
        bind: impl Fn(&'r R, &mut Vec<Arg<'r>>),
    ) -> Result<Vec<u64>, StoreError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let statement = self.read.shared.statements.get(sql);
        let table = statement.table;
        self.read.shared.statements.runs(items.len());
        let changed = match &self.read.connection {
            Connection::Sqlite(tx) => tx
                .execute_each(&statement.sqlite, items, bind)
                .map_err(|err| sqlite_error(table, &err))?,
            Connection::Postgres(tx) => tx
                .execute_each(sql, items, bind)
                .await
                .map_err(|err| postgres_error(table, &err))?,
        };
        self.wrote(table, changed.iter().sum());
        Ok(changed)
    }

    /// Inserts rows by the fastest road.
    #[instrument(name = "statement", level = "debug", skip_all, fields(table = insert.table, rows = items.len()))]
    pub(crate) async fn insert_many<'r, R>(
        &mut self,
        insert: &'static Insert,
        items: &'r [R],
        bind: impl Fn(&'r R, &mut Vec<Arg<'r>>),
    ) -> Result<(), StoreError> {
        if items.is_empty() {
            return Ok(());
        }
        let table = insert.table;
        self.read.shared.statements.runs(items.len());
        match &self.read.connection {
            Connection::Sqlite(tx) => {
                tx.insert_many(insert, items, bind).map_err(|err| sqlite_error(table, &err))?;
            }
            Connection::Postgres(tx) => {
                let inserted = tx.insert_many(insert, items, bind).await;
                inserted.map_err(|err| postgres_error(table, &err))?;
            }
        }
        self.wrote(table, items.len() as u64);
        Ok(())
    }

    /// Inserts rows that were copied. They count neither as writes nor as a change of facts: the fact version is copied too.
    pub(crate) async fn insert_copied<'r, R>(
        &mut self,
        insert: &InsertText<'_>,
        items: &'r [R],
        bind: impl Fn(&'r R, &mut Vec<Arg<'r>>),
    ) -> Result<(), StoreError> {
        let table = insert.table;
        self.read.shared.statements.runs(items.len());
        match &self.read.connection {
            Connection::Sqlite(tx) => {
                tx.insert_many(insert, items, bind).map_err(|err| sqlite_error(table, &err))
            }
            Connection::Postgres(tx) => {
                let inserted = tx.insert_many(insert, items, bind).await;
                inserted.map_err(|err| postgres_error(table, &err))
            }
        }
    }

    fn wrote(&mut self, table: &'static str, n_rows: u64) {
        if n_rows > 0 {
            *self.writes.entry(table).or_default() += n_rows;
        }
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

impl fmt::Debug for ReadTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadTx").field("dialect", &self.dialect()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("dialect", &self.dialect()).finish_non_exhaustive()
    }
}
