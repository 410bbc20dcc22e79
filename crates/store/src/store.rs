//! The store: one concrete type, SQLite or PostgreSQL inside.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock, atomic::AtomicBool, atomic::Ordering},
    time::Duration,
};

use crate::{
    ReadTx, StoreError, Tx, address,
    dialect::Dialect,
    error::{DriverError, pool_message, sqlite_error, sqlite_message},
    fact_version::{Changed, Changes},
    migrate::migrate,
    postgres::{Access, PostgresStore},
    sqlite::SqliteStore,
    statement::Statements,
    tx::Connection,
    wake::{Bell, Wake, begin_listening},
};

/// Called with the name of a fail point: `commit before` and `commit after` around every commit of a [`Tx`].
pub type FailPoint = Arc<dyn Fn(&str) + Send + Sync>;

/// How hard a commit on SQLite tries to survive a power cut. PostgreSQL follows its own configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Every commit is on the disk before it returns; those that come at the same time share the way there.
    Full,
    /// A power cut may lose the last commits, never damage the store.
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
pub struct Store {
    backend: Arc<Backend>,
    shared: Arc<Shared>,
}

enum Backend {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

/// What transactions need of their store.
pub(crate) struct Shared {
    url: String,
    pub(crate) statements: Statements,
    writes: Mutex<BTreeMap<&'static str, u64>>,
    changes: Mutex<Changes>,
    has_fail_point: AtomicBool,
    fail_point: RwLock<Option<FailPoint>>,
    pub(crate) bell: Bell,
    is_listening: AtomicBool,
}

// === impl Store ===

impl Store {
    /// Opens the store at `url`, creates it when it is not there, and brings its schema up to date.
    ///
    /// `sqlite:PATH`, `sqlite::memory:` (gone when the last clone is dropped) or `postgres://…`.
    pub async fn open(url: &str, options: &Options) -> Result<Self, StoreError> {
        let safe_url = address::without_password(url);
        let backend = match address::parse(url) {
            Some(address::Address::Memory) => {
                let open = SqliteStore::open_in_memory(options);
                Backend::Sqlite(open.map_err(|err| open_sqlite(&safe_url, &err))?)
            }
            Some(address::Address::File(path)) => {
                let open = SqliteStore::open(Path::new(path), options);
                Backend::Sqlite(open.map_err(|err| open_sqlite(&safe_url, &err))?)
            }
            Some(address::Address::Postgres(config, tls)) => {
                let address = || StoreError::Address { url: safe_url.clone() };
                let access = Access::open(*config, tls.as_ref())?;
                let postgres = PostgresStore::new(access, options).ok_or_else(address)?;
                postgres.connect().await.map_err(|err| StoreError::Open {
                    url: safe_url.clone(),
                    source: DriverError::new(pool_message(&err)),
                })?;
                Backend::Postgres(postgres)
            }
            None => return Err(StoreError::Address { url: safe_url }),
        };
        let store = Self { backend: Arc::new(backend), shared: Arc::new(Shared::new(safe_url)) };
        migrate(&store).await?;
        store.shared.writes.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(store)
    }

    /// Opens a database in a file as it is, to read it only.
    pub(crate) fn open_unchanged(path: &Path) -> Result<Self, StoreError> {
        let url = format!("sqlite:{}", path.display());
        let opened = SqliteStore::open_read_only(path, &Options::default());
        let backend = Backend::Sqlite(opened.map_err(|err| open_sqlite(&url, &err))?);
        Ok(Self { backend: Arc::new(backend), shared: Arc::new(Shared::new(url)) })
    }

    /// The address without a password.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// True for SQLite.
    pub fn is_sqlite(&self) -> bool {
        match &*self.backend {
            Backend::Sqlite(_) => true,
            Backend::Postgres(_) => false,
        }
    }

    /// Begins a transaction that writes. On SQLite there is one at a time; others wait here, so a task that
    /// holds one must not begin another.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let connection = match &*self.backend {
            Backend::Sqlite(sqlite) => {
                Connection::Sqlite(sqlite.begin().await.map_err(|err| sqlite_error("BEGIN", &err))?)
            }
            Backend::Postgres(postgres) => Connection::Postgres(postgres.begin().await?),
        };
        Ok(Tx::new(connection, Arc::clone(&self.shared)))
    }

    /// Begins a transaction that reads one unchanging state. Any number at once (up to [`Options::connections`]), also beside a writer.
    pub async fn read(&self) -> Result<ReadTx, StoreError> {
        let connection = match &*self.backend {
            Backend::Sqlite(sqlite) => {
                Connection::Sqlite(sqlite.read().await.map_err(|err| sqlite_error("BEGIN", &err))?)
            }
            Backend::Postgres(postgres) => Connection::Postgres(postgres.read().await?),
        };
        Ok(ReadTx::new(connection, Arc::clone(&self.shared)))
    }

    /// Hears from now on of commits that are news: of this process at once, and on PostgreSQL of all others.
    ///
    /// Call it within a runtime. On SQLite other processes are not heard; look from time to time.
    pub fn wake(&self) -> Wake {
        if let Backend::Postgres(postgres) = &*self.backend
            && !self.shared.is_listening.swap(true, Ordering::AcqRel)
        {
            begin_listening(postgres.access(), &self.shared);
        }
        self.shared.bell.wake()
    }

    /// Lets PostgreSQL count its rows again, so that it plans well; worth it after a big load. SQLite needs nothing.
    pub async fn analyze(&self) -> Result<(), StoreError> {
        let dialect = if self.is_sqlite() { Dialect::Sqlite } else { Dialect::Postgres };
        let mut tx = self.begin().await?;
        tx.batch_here(dialect.analyze()).await?;
        tx.commit().await
    }

    /// Gives back what SQLite remembers of the rows read so far; worth it after everything was read once.
    pub fn release_memory(&self) {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.release_memory(),
            Backend::Postgres(_) => {}
        }
    }

    /// Rows inserted, changed and deleted by committed transactions of this process since it was opened, by table.
    pub fn writes(&self) -> BTreeMap<String, u64> {
        let writes = self.shared.writes.lock().unwrap_or_else(PoisonError::into_inner);
        writes.iter().map(|(table, n_rows)| ((*table).to_owned(), *n_rows)).collect()
    }

    /// The text of every statement that ran so far, sorted; for the test that asks for their query plans.
    pub fn statements(&self) -> Vec<&'static str> {
        self.shared.statements.texts()
    }

    /// How many times statements ran so far, one for each item of a list; for tests and benchmarks that claim that something
    /// costs the same however much is there.
    pub fn n_statement_runs(&self) -> u64 {
        self.shared.statements.n_runs()
    }

    pub(crate) fn changes<T>(&self, look: impl FnOnce(&Changes) -> T) -> T {
        look(&self.shared.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sets what is called around every commit; `None` takes it away. For tests that stop the process there.
    pub fn set_fail_point(&self, hook: Option<FailPoint>) {
        self.shared.has_fail_point.store(hook.is_some(), Ordering::Release);
        *self.shared.fail_point.write().unwrap_or_else(PoisonError::into_inner) = hook;
    }
}

fn open_sqlite(url: &str, err: &rusqlite::Error) -> StoreError {
    StoreError::Open { url: url.to_owned(), source: DriverError::new(sqlite_message(err)) }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("url", &self.shared.url).finish_non_exhaustive()
    }
}

// === impl Shared ===

impl Shared {
    fn new(url: String) -> Self {
        Self {
            url,
            statements: Statements::default(),
            writes: Mutex::default(),
            changes: Mutex::default(),
            has_fail_point: AtomicBool::new(false),
            fail_point: RwLock::default(),
            bell: Bell::default(),
            is_listening: AtomicBool::new(false),
        }
    }

    pub(crate) fn count_writes(&self, written: &BTreeMap<&'static str, u64>) {
        let mut writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        for (table, n_rows) in written {
            *writes.entry(table).or_default() += n_rows;
        }
    }

    pub(crate) fn keep_changes(&self, version: i64, changed: &mut Changed) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).keep(version, changed);
    }

    pub(crate) fn fail_point(&self, name: &str) {
        if self.has_fail_point.load(Ordering::Acquire) {
            let hook = self.fail_point.read().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(hook) = hook {
                hook(name);
            }
        }
    }
}
