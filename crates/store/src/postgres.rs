//! PostgreSQL: a pool of connections, bulk loads by binary COPY, many statements in one round trip by pipelining.

use std::{
    path::Path,
    pin::pin,
    task::{Context, Waker},
};

use deadpool_postgres::{
    Client, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream::FuturesOrdered};
use muster_tls::{Identity, MakeTls, TlsError, Verify};
use tokio_postgres::{NoTls, Statement, binary_copy::BinaryCopyInWriter};

use crate::{
    Options, StoreError,
    address::TlsFiles,
    arg::Arg,
    column::{Columns, FromRow},
    error::{pool_error, postgres_error},
    statement::InsertText,
};

/// Statements under way at once in a pipeline.
const PIPELINE: usize = 256;

/// The connections to one PostgreSQL database.
pub(crate) struct PostgresStore {
    pool: Pool,
    /// One connection on which ids are handed out, outside of every transaction.
    ids: Pool,
    access: Access,
}

/// How the server is reached.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) config: tokio_postgres::Config,
    pub(crate) tls: Option<MakeTls>,
}

impl PostgresStore {
    /// A pool; connects when first used.
    pub(crate) fn new(access: Access, options: &Options) -> Option<Self> {
        let pool = |n_connections| {
            let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
            let config = access.config.clone();
            let manager = match access.tls.clone() {
                Some(tls) => Manager::from_config(config, tls, recycling),
                None => Manager::from_config(config, NoTls, recycling),
            };
            Pool::builder(manager)
                .max_size(n_connections)
                .runtime(Runtime::Tokio1)
                .wait_timeout(Some(options.busy_timeout))
                .build()
                .ok()
        };
        Some(Self { pool: pool(options.connections.max(2))?, ids: pool(1)?, access })
    }

    /// How the database is reached.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// Connects, to see whether the database is there.
    pub(crate) async fn connect(&self) -> Result<(), PoolError> {
        self.pool.get().await.map(drop)
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<PostgresTx, StoreError> {
        self.start("BEGIN").await
    }

    /// Begins a transaction that reads one unchanging state.
    pub(crate) async fn read(&self) -> Result<PostgresTx, StoreError> {
        self.start("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    async fn start(&self, begin: &str) -> Result<PostgresTx, StoreError> {
        let client = self.pool.get().await.map_err(|err| pool_error(&err))?;
        client.batch_execute(begin).await.map_err(|err| postgres_error("BEGIN", &err))?;
        Ok(PostgresTx { client, ids: self.ids.clone(), open: true })
    }
}

impl Access {
    /// Reads the files that TLS needs.
    pub(crate) fn open(
        config: tokio_postgres::Config,
        files: Option<&TlsFiles>,
    ) -> Result<Self, StoreError> {
        Ok(Self { config, tls: files.map(make_tls).transpose()? })
    }
}

fn make_tls(files: &TlsFiles) -> Result<MakeTls, StoreError> {
    let TlsFiles { only_chain, roots, certificate, key } = files;
    let bad = |key, path: &Path, why: &dyn std::fmt::Display| StoreError::TlsFile {
        key,
        path: path.display().to_string(),
        why: why.to_string(),
    };
    let read = |key, path: &Path| std::fs::read(path).map_err(|error| bad(key, path, &error));
    let roots = match roots {
        None => muster_tls::system_roots(),
        Some(path) => muster_tls::certificates(&read("sslrootcert", path)?)
            .map_err(|error| bad("sslrootcert", path, &error))?,
    };
    let identity = match (certificate, key) {
        (Some(certificate), Some(key)) => {
            let read = Identity::read(&read("sslcert", certificate)?, &read("sslkey", key)?);
            Some(read.map_err(|error| match error {
                TlsError::NoKey => bad("sslkey", key, &error),
                TlsError::NoCertificate | TlsError::Refused(_) => {
                    bad("sslcert", certificate, &error)
                }
            })?)
        }
        (Some(path), None) => return Err(bad("sslcert", path, &"`sslkey` is missing")),
        (None, Some(path)) => return Err(bad("sslkey", path, &"`sslcert` is missing")),
        (None, None) => None,
    };
    let verify = if *only_chain { Verify::Chain } else { Verify::Full };
    let config = muster_tls::client_config(verify, &roots, identity).map_err(|error| {
        let path = certificate.as_deref().unwrap_or(Path::new("-"));
        bad("sslcert", path, &error)
    })?;
    Ok(MakeTls(config))
}

/// A transaction on PostgreSQL; rolled back when dropped open.
pub(crate) struct PostgresTx {
    client: Client,
    ids: Pool,
    open: bool,
}

impl PostgresTx {
    /// Makes everything permanent; with `is_news` whoever listens is told.
    pub(crate) async fn commit(&mut self, is_news: bool) -> Result<(), tokio_postgres::Error> {
        let commit = if is_news { "NOTIFY muster; COMMIT" } else { "COMMIT" };
        self.client.batch_execute(commit).await?;
        self.open = false;
        Ok(())
    }

    /// Undoes everything.
    pub(crate) async fn rollback(&mut self) -> Result<(), tokio_postgres::Error> {
        self.client.batch_execute("ROLLBACK").await?;
        self.open = false;
        Ok(())
    }

    /// Runs statements separated by `;`.
    pub(crate) async fn batch(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.client.batch_execute(sql).await
    }

    async fn prepare(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        self.client.prepare_cached(sql).await
    }

    /// Runs a statement and returns how many rows it changed.
    pub(crate) async fn execute(
        &self,
        sql: &str,
        args: &[Arg<'_>],
    ) -> Result<u64, tokio_postgres::Error> {
        let statement = self.prepare(sql).await?;
        self.client.execute_raw(&statement, args).await
    }

    /// Runs a statement once for each item, all on their way at once.
    pub(crate) async fn execute_each<'r, R>(
        &self,
        sql: &str,
        items: &'r [R],
        bind: impl Fn(&'r R, &mut Vec<Arg<'r>>),
    ) -> Result<Vec<u64>, tokio_postgres::Error> {
        let statement = self.prepare(sql).await?;
        let mut changed = Vec::with_capacity(items.len());
        let mut items = items.iter();
        let mut under_way = FuturesOrdered::new();
        loop {
            for item in items.by_ref().take(PIPELINE - under_way.len()) {
                let mut args = Vec::new();
                bind(item, &mut args);
                under_way.push_back(self.client.execute_raw(&statement, args));
            }
            match under_way.next().await {
                Some(answer) => changed.push(answer?),
                None => return Ok(changed),
            }
        }
    }

    /// Runs a statement that hands out ids on a connection of its own, so that a long transaction keeps nobody else
    /// from new ids. What a transaction that is rolled back took is never used.
    pub(crate) async fn fetch_id(
        &self,
        (table, sql): (&'static str, &str),
        args: &[Arg<'_>],
    ) -> Result<Option<i64>, StoreError> {
        let error = |err: tokio_postgres::Error| postgres_error(table, &err);
        let client = self.ids.get().await.map_err(|err| pool_error(&err))?;
        let statement = client.prepare_cached(sql).await.map_err(error)?;
        let rows = client.query_raw(&statement, args).await.map_err(error)?;
        let rows: Vec<tokio_postgres::Row> = rows.try_collect().await.map_err(error)?;
        rows.first().map(|row| read_row(table, row)).transpose()
    }

    /// Inserts rows with binary COPY.
    pub(crate) async fn insert_many<'r, R>(
        &self,
        insert: &InsertText<'_>,
        items: &'r [R],
        bind: impl Fn(&'r R, &mut Vec<Arg<'r>>),
    ) -> Result<(), tokio_postgres::Error> {
        let columns = self.prepare(insert.types).await?;
        let types: Vec<_> = columns.columns().iter().map(|column| column.type_().clone()).collect();
        let copy = self.prepare(insert.copy).await?;
        let sink = self.client.copy_in(&copy).await?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        let mut args = Vec::with_capacity(types.len());
        for item in items {
            args.clear();
            bind(item, &mut args);
            writer.as_mut().write_raw(args.iter()).await?;
        }
        writer.finish().await?;
        Ok(())
    }

    /// Runs a query and collects its rows.
    pub(crate) async fn fetch<T: FromRow>(
        &self,
        (table, sql): (&str, &str),
        args: &[Arg<'_>],
        rows: &mut Vec<T>,
    ) -> Result<(), StoreError> {
        let error = |err: tokio_postgres::Error| postgres_error(table, &err);
        let statement = self.prepare(sql).await.map_err(error)?;
        let result = self.client.query_raw(&statement, args).await.map_err(error)?;
        let mut result = pin!(result);
        while let Some(row) = result.try_next().await.map_err(error)? {
            rows.push(read_row(table, &row)?);
        }
        Ok(())
    }

    /// Runs a query once for each item, all on their way at once; hands over each item's rows in order.
    pub(crate) async fn fetch_each<'r, R, T: FromRow>(
        &self,
        (table, sql): (&'static str, &str),
        items: &'r [R],
        bind: impl Fn(&'r R, &mut Vec<Arg<'r>>),
        mut each: impl FnMut(&mut Vec<T>),
    ) -> Result<(), StoreError> {
        let error = |err: tokio_postgres::Error| postgres_error(table, &err);
        let statement = self.prepare(sql).await.map_err(error)?;
        let mut rows = Vec::new();
        let mut items = items.iter();
        let mut under_way = FuturesOrdered::new();
        loop {
            for item in items.by_ref().take(PIPELINE - under_way.len()) {
                let mut args = Vec::new();
                bind(item, &mut args);
                under_way.push_back(self.query(&statement, args));
            }
            let Some(answer) = under_way.next().await else { return Ok(()) };
            for row in answer.map_err(error)? {
                rows.push(read_row(table, &row)?);
            }
            each(&mut rows);
            rows.clear();
        }
    }

    async fn query(
        &self,
        statement: &Statement,
        args: Vec<Arg<'_>>,
    ) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
        self.client.query_raw(statement, args).await?.try_collect().await
    }
}

fn read_row<T: FromRow>(table: &str, row: &tokio_postgres::Row) -> Result<T, StoreError> {
    T::from_row(&mut Columns::postgres(row)).map_err(|bad| {
        let key = row.try_get::<_, i64>(0).map(|id| id.to_string());
        bad.of(table, key.or_else(|_| row.try_get::<_, String>(0)).unwrap_or_default())
    })
}

impl Drop for PostgresTx {
    fn drop(&mut self) {
        if self.open {
            // The first poll puts the message on its way, before anything that the next user of this connection
            // sends; nobody needs the answer.
            let rollback = pin!(self.client.batch_execute("ROLLBACK"));
            let _sent = rollback.poll(&mut Context::from_waker(Waker::noop()));
        }
    }
}
