//! SQLite: one writer connection, several readers, WAL.
//!
//! Nothing here waits but for the turn to write or for a reader; statements run where they are called.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rusqlite::{CachedStatement, Connection, OpenFlags, config::DbConfig};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::{
    Durability, Options, StoreError,
    arg::Arg,
    column::{Columns, FromRow},
    error::sqlite_error,
    flush::Flush,
    statement::InsertText,
    wal,
};

/// Statements kept prepared per connection.
const PREPARED: usize = 256;
/// Page cache of the writer and of each reader, in KiB. Larger ones were no faster with a million people: what they lack
/// comes from the system's own cache.
const WRITER_CACHE: i64 = 4 * 1024;
const READER_CACHE: i64 = 1024;
/// The pause before the write-ahead log is asked for again.
const WAL_PAUSE: Duration = Duration::from_millis(5);

/// The connections to one SQLite database.
pub(crate) struct SqliteStore {
    path: PathBuf,
    access: Access,
    options: Options,
    writer: Arc<tokio::sync::Mutex<Connection>>,
    readers: Arc<Readers>,
    /// Where commits have to be on the disk before they return.
    flush: Option<Arc<Flush>>,
    /// The folder of a store "in memory", removed with the last clone.
    _folder: Option<tempfile::TempDir>,
}

/// What may be done with a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// Reader connections that nobody uses at the moment.
struct Readers {
    idle: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
}

impl SqliteStore {
    /// Opens or creates the database in a file.
    pub(crate) fn open(path: &Path, options: &Options) -> rusqlite::Result<Self> {
        Self::open_in(path.to_owned(), options, None)
    }

    /// Opens a database that is there and is only read.
    pub(crate) fn open_read_only(path: &Path, options: &Options) -> rusqlite::Result<Self> {
        let connection = connect(path, options, Access::Read)?;
        Ok(Self::around(connection, Access::Read, path.to_owned(), options, None))
    }

    /// Opens a database that is gone when it is closed.
    ///
    /// It is a file in the system's folder for temporary files that is never synced: databases that SQLite itself
    /// keeps in memory know no readers beside a writer, so they would behave unlike the ones in files.
    pub(crate) fn open_in_memory(options: &Options) -> rusqlite::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("muster-")
            .tempdir()
            .map_err(|error| cannot_open(&error))?;
        Self::open_in(folder.path().join("store.db"), options, Some(folder))
    }

    fn open_in(
        path: PathBuf,
        options: &Options,
        folder: Option<tempfile::TempDir>,
    ) -> rusqlite::Result<Self> {
        let mut connection = connect(&path, options, Access::Write)?;
        turn_on_wal(&connection, options.busy_timeout)?;
        // The log is flushed after commits, not within them.
        let synchronous = if folder.is_some() { "OFF" } else { "NORMAL" };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE)?;
        let write_back = wal::watch(&mut connection, path.clone(), synchronous)?;
        let is_flushed = folder.is_none() && options.durability == Durability::Full;
        let flush = is_flushed
            .then(|| Flush::new(&path))
            .transpose()
            .map_err(|error| cannot_open(&error))?;
        let mut store = Self::around(connection, Access::Write, path, options, folder);
        store.flush = flush.map(Arc::new);
        write_back.begin(&store.writer);
        Ok(store)
    }

    fn around(
        connection: Connection,
        access: Access,
        path: PathBuf,
        options: &Options,
        folder: Option<tempfile::TempDir>,
    ) -> Self {
        Self {
            path,
            access,
            options: options.clone(),
            writer: Arc::new(tokio::sync::Mutex::new(connection)),
            readers: Arc::new(Readers {
                idle: Mutex::new(Vec::new()),
                free: Arc::new(Semaphore::new(options.connections.max(1))),
            }),
            flush: None,
            _folder: folder,
        }
    }

    /// Waits for the turn to write and begins.
    pub(crate) async fn begin(&self) -> rusqlite::Result<SqliteTx> {
        let connection = Arc::clone(&self.writer).lock_owned().await;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let flush = self.flush.clone();
        Ok(SqliteTx { connection: Held::Writer { connection, flush }, open: true })
    }

    /// Waits for a free reader and begins.
    pub(crate) async fn read(&self) -> rusqlite::Result<SqliteTx> {
        // INVARIANT: the semaphore is never closed; if it were, there would just be no limit.
        let permit = Arc::clone(&self.readers.free).acquire_owned().await.ok();
        let idle = self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open_reader()?,
        };
        connection.execute_batch("BEGIN")?;
        let readers = Arc::clone(&self.readers);
        let held = Held::Reader { connection: Some(connection), readers, _permit: permit };
        Ok(SqliteTx { connection: held, open: true })
    }

    /// Gives back the pages that idle connections keep.
    pub(crate) fn release_memory(&self) {
        self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if let Ok(writer) = self.writer.try_lock() {
            // It cannot fail for a reason that matters: the pages stay where they are then.
            drop(writer.execute_batch("PRAGMA shrink_memory"));
        }
    }

    fn open_reader(&self) -> rusqlite::Result<Connection> {
        let connection = connect(&self.path, &self.options, self.access)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -READER_CACHE)?;
        Ok(connection)
    }
}

fn cannot_open(error: &std::io::Error) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    rusqlite::Error::SqliteFailure(code, Some(error.to_string()))
}

fn connect(path: &Path, options: &Options, access: Access) -> rusqlite::Result<Connection> {
    let access = match access {
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    // Without it, a statement is planned again whenever a value is bound that could lead to another plan.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// Turns the write-ahead log on.
///
/// SQLite answers "locked" at once, without waiting its busy timeout, when another connection is turning it on at the same
/// moment, so it is asked again.
#[expect(
    clippy::disallowed_methods,
    reason = "SQLite has no condition that could be waited on here"
)]
fn turn_on_wal(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    let asked = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if is_busy(&error) && asked.elapsed() < patience => {
                std::thread::sleep(WAL_PAUSE);
            }
            answer => return answer,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
    )
}

/// A transaction on SQLite; rolled back when dropped open.
pub(crate) struct SqliteTx {
    connection: Held,
    open: bool,
}

enum Held {
    Writer {
        connection: OwnedMutexGuard<Connection>,
        flush: Option<Arc<Flush>>,
    },
    Reader {
        connection: Option<Connection>,
        readers: Arc<Readers>,
        _permit: Option<OwnedSemaphorePermit>,
    },
}

impl SqliteTx {
    /// The connection. A reader's is only gone while it is dropped.
    pub(crate) fn connection(&self) -> rusqlite::Result<&Connection> {
        match &self.connection {
            Held::Writer { connection, .. } => Ok(connection),
            Held::Reader { connection, .. } => {
                connection.as_ref().ok_or(rusqlite::Error::InvalidQuery)
            }
        }
    }

    /// Makes everything permanent: for others at once, for a power cut when what is returned has been flushed.
    pub(crate) fn commit(&mut self) -> rusqlite::Result<Option<Arc<Flush>>> {
        self.connection()?.execute_batch("COMMIT")?;
        self.open = false;
        Ok(match &mut self.connection {
            Held::Writer { flush, .. } => flush.take(),
            Held::Reader { .. } => None,
        })
    }

    /// Undoes everything.
    pub(crate) fn rollback(&mut self) -> rusqlite::Result<()> {
        self.connection()?.execute_batch("ROLLBACK")?;
        self.open = false;
        Ok(())
    }

    /// Copies the whole database, as this transaction sees it, into the database at `path`.
    pub(crate) fn copy_pages(&self, path: &Path) -> rusqlite::Result<()> {
        use rusqlite::backup::{Backup, StepResult};
        let mut copy = Connection::open(path)?;
        let backup = Backup::new(self.connection()?, &mut copy)?;
        // All pages in one step. The transaction holds the state still, so it never begins again because somebody writes.
        // Not done would mean locked, but nobody else has the new file and the source is ours to read.
        let is_done = backup.step(-1)? == StepResult::Done;
        is_done.then_some(()).ok_or(rusqlite::Error::InvalidQuery)
    }

    /// Runs statements separated by `;`.
    pub(crate) fn batch(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection()?.execute_batch(sql)
    }

    /// Runs a statement and returns how many rows it changed.
    pub(crate) fn execute(&self, sql: &str, args: &[Arg<'_>]) -> rusqlite::Result<u64> {
        let mut statement = self.connection()?.prepare_cached(sql)?;
        run(&mut statement, args)
    }

    /// Runs a statement once for each item.
    pub(crate) fn execute_each<'r, R>(
        &self,
        sql: &str,
        items: &'r [R],
        bind: impl Fn(&'r R, &mut Vec<Arg<'r>>),
    ) -> rusqlite::Result<Vec<u64>> {
        let mut statement = self.connection()?.prepare_cached(sql)?;
        let mut args = Vec::new();
        let mut changed = Vec::with_capacity(items.len());
        for item in items {
            args.clear();
            bind(item, &mut args);
            changed.push(run(&mut statement, &args)?);
        }
        Ok(changed)
    }

    /// Inserts rows.
    pub(crate) fn insert_many<'r, R>(
        &self,
        insert: &InsertText<'_>,
        items: &'r [R],
        bind: impl Fn(&'r R, &mut Vec<Arg<'r>>),
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection()?.prepare_cached(insert.by_row)?;
        let mut args = Vec::new();
        for item in items {
            args.clear();
            bind(item, &mut args);
            run(&mut statement, &args)?;
        }
        Ok(())
    }

    /// Runs a query and hands each row to `each`.
    pub(crate) fn fetch<T: FromRow>(
        &self,
        (table, sql): (&str, &str),
        args: &[Arg<'_>],
        rows: &mut Vec<T>,
    ) -> Result<(), StoreError> {
        let error = |err: rusqlite::Error| sqlite_error(table, &err);
        let mut statement = self.connection().and_then(|c| c.prepare_cached(sql)).map_err(error)?;
        query(&mut statement, table, args, usize::MAX, rows)
    }

    /// Runs a query once for each item; hands over each item's rows, at most `most`, and then their count.
    pub(crate) fn fetch_each<'r, R, T: FromRow>(
        &self,
        (table, sql): (&'static str, &str),
        items: &'r [R],
        bind: impl Fn(&'r R, &mut Vec<Arg<'r>>),
        mut each: impl FnMut(&mut Vec<T>),
    ) -> Result<(), StoreError> {
        let error = |err: rusqlite::Error| sqlite_error(table, &err);
        let mut statement = self.connection().and_then(|c| c.prepare_cached(sql)).map_err(error)?;
        let (mut args, mut rows) = (Vec::new(), Vec::new());
        for item in items {
            args.clear();
            bind(item, &mut args);
            rows.clear();
            query(&mut statement, table, &args, usize::MAX, &mut rows)?;
            each(&mut rows);
        }
        Ok(())
    }
}

fn bind_all(statement: &mut CachedStatement<'_>, args: &[Arg<'_>]) -> rusqlite::Result<()> {
    for (index, arg) in args.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, arg)?;
    }
    Ok(())
}

fn run(statement: &mut CachedStatement<'_>, args: &[Arg<'_>]) -> rusqlite::Result<u64> {
    bind_all(statement, args)?;
    statement.raw_execute().map(|n| n as u64)
}

fn query<T: FromRow>(
    statement: &mut CachedStatement<'_>,
    table: &str,
    args: &[Arg<'_>],
    most: usize,
    rows: &mut Vec<T>,
) -> Result<(), StoreError> {
    let error = |err: rusqlite::Error| sqlite_error(table, &err);
    bind_all(statement, args).map_err(error)?;
    let mut result = statement.raw_query();
    while rows.len() < most {
        let Some(row) = result.next().map_err(error)? else { break };
        match T::from_row(&mut Columns::sqlite(row)) {
            Ok(value) => rows.push(value),
            Err(bad) => {
                let key = row.get_ref(0).map(|value| format!("{value:?}")).unwrap_or_default();
                return Err(bad.of(table, key));
            }
        }
    }
    Ok(())
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        if self.open
            && let Ok(connection) = self.connection()
        {
            // A rollback fails only when there is nothing to undo.
            connection.execute_batch("ROLLBACK").ok();
        }
        if let Held::Reader { connection, readers, .. } = &mut self.connection
            && let Some(connection) = connection.take()
        {
            readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
