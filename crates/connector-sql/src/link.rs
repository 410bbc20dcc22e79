//! Connections: opened when needed, lent to one call at a time, given back only when they are fit for the next.

mod mysql;
mod packed;
mod postgres;
mod sqlite;

pub(crate) use sqlite::kind as sqlite_kind;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use muster_connector::{ConnectorError, Secret};
use rustls::{ClientConfig, pki_types::CertificateDer};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    cell::{Cell, Column},
    dialect::Dialect,
    error::{Fault, FaultKind},
    settings::SqlSettings,
    sql::Sql,
};

/// Everything that a new connection needs.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) settings: Arc<SqlSettings>,
    pub(crate) password: Option<Secret>,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    /// The authorities in the file `ca`, or those of the system; for the driver that makes its own configuration.
    pub(crate) roots: Vec<CertificateDer<'static>>,
    /// The file of a SQLite database.
    pub(crate) file: PathBuf,
}

/// The connections of one system.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) access: Access,
    idle: Mutex<Vec<Link>>,
    permits: Semaphore,
}

/// A connection lent out. When it is dropped without [`Lease::done`] it is closed, and its transaction with it.
#[derive(Debug)]
pub(crate) struct Lease<'a> {
    pool: &'a Pool,
    link: Option<Link>,
    _permit: SemaphorePermit<'a>,
}

impl Pool {
    pub(crate) fn new(access: Access) -> Self {
        let permits = Semaphore::new(usize::from(access.settings.connections));
        Self { access, idle: Mutex::default(), permits }
    }

    /// A connection, an idle one if it still lives.
    pub(crate) async fn lease(&self) -> Result<Lease<'_>, ConnectorError> {
        let permit = self.permits.acquire().await.map_err(|_| {
            ConnectorError::Unreachable("the connections are being closed".to_owned())
        })?;
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut link) = idle else { break };
            if link.is_alive().await {
                return Ok(Lease { pool: self, link: Some(link), _permit: permit });
            }
        }
        let link = self.connect().await.map_err(Fault::plain)?;
        Ok(Lease { pool: self, link: Some(link), _permit: permit })
    }

    async fn connect(&self) -> Result<Link, Fault> {
        let settings = &self.access.settings;
        let connecting = async {
            match settings.url.dialect {
                Dialect::Postgres => {
                    postgres::Postgres::connect(&self.access).await.map(Link::Postgres)
                }
                Dialect::MySql => mysql::MySql::connect(&self.access).await.map(Link::MySql),
                Dialect::Sqlite => sqlite::Sqlite::connect(&self.access).await.map(Link::Sqlite),
            }
        };
        let place = settings.url.shown();
        match tokio::time::timeout(settings.connect_timeout, connecting).await {
            Ok(Ok(link)) => Ok(link),
            Ok(Err(fault)) => {
                let text = format!("cannot connect to `{place}`: {}", fault.text);
                Err(Fault { kind: fault.kind, text })
            }
            Err(_) => Err(Fault::new(
                FaultKind::Broken,
                format!("`{place}` did not answer within `connect_timeout`"),
            )),
        }
    }
}

impl Lease<'_> {
    /// Gives the connection back; it must be outside of a transaction.
    pub(crate) fn done(mut self) {
        if let Some(link) = self.link.take() {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(link);
        }
    }

    /// The rows that `sql` yields.
    pub(crate) async fn rows(&mut self, sql: Sql) -> Result<Vec<Vec<Cell>>, Fault> {
        let limit = self.limit();
        let link = self.link()?;
        within(limit, async {
            match link {
                Link::Postgres(link) => {
                    link.rows(&sql).await?.iter().map(postgres::cells).collect()
                }
                Link::MySql(link) => link.rows(sql).await,
                Link::Sqlite(link) => link.rows(sql).await,
            }
        })
        .await
    }

    /// Up to `size` rows that `sql` yields, not yet made into cells; for a database without cursors.
    pub(crate) async fn page(&mut self, sql: Sql, size: usize) -> Result<Page, Fault> {
        let limit = self.limit();
        match self.link()? {
            Link::MySql(link) => within(limit, link.page(sql, size)).await.map(Page::Packed),
            Link::Sqlite(link) => within(limit, link.page(sql, size)).await.map(Page::Packed),
            Link::Postgres(_) => self.rows(sql).await.map(Page::Cells),
        }
    }

    /// True when the database keeps the place in a long read, see [`Lease::open_cursor`].
    pub(crate) fn has_cursors(&self) -> bool {
        matches!(self.link, Some(Link::Postgres(_)))
    }

    /// Opens the cursor of this transaction for `sql`, of which [`Lease::fetch`] yields `size` rows at a time.
    pub(crate) async fn open_cursor(&mut self, sql: Sql, size: usize) -> Result<(), Fault> {
        let limit = self.limit();
        within(limit, self.postgres()?.open_cursor(sql, size)).await
    }

    /// The next rows of the cursor; fewer than its size when they are the last.
    pub(crate) async fn fetch(&mut self) -> Result<Page, Fault> {
        let limit = self.limit();
        within(limit, self.postgres()?.fetch()).await.map(Page::Postgres)
    }

    /// Does `sql` and answers how many rows it met.
    pub(crate) async fn execute(&mut self, sql: Sql) -> Result<u64, Fault> {
        let limit = self.limit();
        let link = self.link()?;
        within(limit, async {
            match link {
                Link::Postgres(link) => link.execute(&sql).await,
                Link::MySql(link) => link.execute(sql).await,
                Link::Sqlite(link) => link.execute(sql).await,
            }
        })
        .await
    }

    /// Does a statement of ours without values, such as `COMMIT`.
    pub(crate) async fn command(&mut self, text: &str) -> Result<(), Fault> {
        let limit = self.limit();
        let link = self.link()?;
        within(limit, async {
            match link {
                Link::Postgres(link) => link.command(text).await,
                Link::MySql(link) => link.command(text).await,
                Link::Sqlite(link) => link.command(text).await,
            }
        })
        .await
    }

    /// The columns that a query yields, with what the driver knows of their types.
    pub(crate) async fn describe(&mut self, query: &str) -> Result<Vec<Column>, Fault> {
        let limit = self.limit();
        let link = self.link()?;
        within(limit, async {
            match link {
                Link::Postgres(link) => link.describe(query).await,
                Link::MySql(link) => link.describe(query).await,
                Link::Sqlite(link) => link.describe(query).await,
            }
        })
        .await
    }

    /// Begins a transaction in which every statement sees the same state.
    pub(crate) async fn begin_reading(&mut self) -> Result<(), Fault> {
        match self.link()? {
            Link::Postgres(_) => {
                self.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
            }
            Link::MySql(_) => {
                self.command("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
                self.command("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await
            }
            Link::Sqlite(_) => self.command("BEGIN").await,
        }
    }

    /// Begins a transaction that changes something.
    pub(crate) async fn begin_writing(&mut self) -> Result<(), Fault> {
        match self.link()? {
            Link::Postgres(_) => self.command("BEGIN ISOLATION LEVEL READ COMMITTED").await,
            Link::MySql(_) => self.command("START TRANSACTION READ WRITE").await,
            Link::Sqlite(link) => {
                link.begin_writing();
                Ok(())
            }
        }
    }

    /// True when a new row can tell what it got (`RETURNING`).
    pub(crate) fn can_return(&self) -> bool {
        matches!(self.link, Some(Link::Postgres(_) | Link::Sqlite(_)))
    }

    fn limit(&self) -> Duration {
        // The server is asked to keep the limit; this is for one that does not answer at all.
        self.pool.access.settings.timeout.saturating_add(Duration::from_millis(500))
    }

    fn postgres(&mut self) -> Result<&mut postgres::Postgres, Fault> {
        match self.link()? {
            Link::Postgres(link) => Ok(link),
            Link::MySql(_) | Link::Sqlite(_) => {
                Err(Fault::new(FaultKind::Other, "the database has no cursors"))
            }
        }
    }

    fn link(&mut self) -> Result<&mut Link, Fault> {
        self.link.as_mut().ok_or_else(|| Fault::new(FaultKind::Broken, "the connection is closed"))
    }
}

/// Rows as the driver gave them. They are made into cells while the database works on the next page.
#[derive(Debug)]
pub(crate) enum Page {
    Cells(Vec<Vec<Cell>>),
    Packed(packed::Packed),
    Postgres(Vec<tokio_postgres::Row>),
}

impl Page {
    /// How many rows it has.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Cells(rows) => rows.len(),
            Self::Packed(rows) => rows.len(),
            Self::Postgres(rows) => rows.len(),
        }
    }

    /// The last row.
    pub(crate) fn last(&self) -> Result<Option<Vec<Cell>>, Fault> {
        Ok(match self {
            Self::Cells(rows) => rows.last().cloned(),
            Self::Packed(rows) => rows.last(),
            Self::Postgres(rows) => rows.last().map(postgres::cells).transpose()?,
        })
    }

    /// The rows one by one: what was just made of a row is at hand when an object is made of it.
    pub(crate) fn rows(self) -> Rows {
        match self {
            Self::Cells(rows) => Box::new(rows.into_iter().map(Ok)),
            Self::Packed(rows) => Box::new(rows.rows().map(Ok)),
            Self::Postgres(rows) => Box::new(rows.into_iter().map(|row| postgres::cells(&row))),
        }
    }
}

/// See [`Page::rows`].
pub(crate) type Rows = Box<dyn Iterator<Item = Result<Vec<Cell>, Fault>> + Send>;

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        Err(Fault::new(FaultKind::Broken, "the database did not answer within `timeout`"))
    })
}

/// One connection.
#[derive(Debug)]
enum Link {
    Postgres(postgres::Postgres),
    MySql(mysql::MySql),
    Sqlite(sqlite::Sqlite),
}

impl Link {
    async fn is_alive(&mut self) -> bool {
        match self {
            Self::Postgres(link) => link.is_alive(),
            Self::MySql(link) => link.is_alive().await,
            Self::Sqlite(_) => true,
        }
    }
}
