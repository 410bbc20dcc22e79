//! What the bare drivers do.

use anyhow::{Context as _, Result};
use muster_testkit::PASSWORD;
use mysql_async::prelude::Queryable as _;

use super::{MADE, MADE_BARE};

/// How many rows an insert has.
const ROWS: usize = 500;

/// One connection of a bare driver.
pub(super) enum Bare {
    Postgres(tokio_postgres::Client),
    Maria(mysql_async::Conn),
    Sqlite(rusqlite::Connection),
}

impl Bare {
    pub(super) async fn connect(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let connection = rusqlite::Connection::open(path)?;
            connection.execute_batch("PRAGMA journal_mode = WAL")?;
            return Ok(Self::Sqlite(connection));
        }
        if url.starts_with("postgres") {
            let (client, driver) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
            tokio::spawn(driver);
            return Ok(Self::Postgres(client));
        }
        let opts = mysql_async::Opts::from_url(&url.replace("mariadb:", "mysql:"))?;
        let opts =
            mysql_async::OptsBuilder::from_opts(opts).pass(Some(PASSWORD)).prefer_socket(false);
        Ok(Self::Maria(mysql_async::Conn::new(opts).await?))
    }

    async fn run(&mut self, sql: &str) -> Result<()> {
        match self {
            Self::Postgres(client) => client.batch_execute(sql).await?,
            Self::Maria(conn) => conn.query_drop(sql).await?,
            Self::Sqlite(connection) => connection.execute_batch(sql)?,
        }
        Ok(())
    }

    pub(super) async fn make_tables(&mut self) -> Result<()> {
        for table in ["read_rows", MADE_BARE, MADE] {
            self.run(&format!(
                "CREATE TABLE {table} (login varchar(50) PRIMARY KEY, first varchar(100), last varchar(100), title varchar(100), phone varchar(100))"
            ))
            .await?;
        }
        Ok(())
    }

    pub(super) async fn empty(&mut self) -> Result<()> {
        // So that no dead rows are left over from the pair before.
        let empty = if matches!(self, Self::Sqlite(_)) { "DELETE FROM" } else { "TRUNCATE TABLE" };
        for table in [MADE_BARE, MADE] {
            self.run(&format!("{empty} {table}")).await?;
        }
        Ok(())
    }

    pub(super) async fn create(&mut self, table: &str, people: &[[String; 5]]) -> Result<()> {
        for part in people.chunks(ROWS) {
            self.run(if matches!(self, Self::Maria(_)) { "START TRANSACTION" } else { "BEGIN" })
                .await?;
            let sql = insert(table, part.len(), matches!(self, Self::Postgres(_)));
            let values = part.iter().flatten();
            match self {
                Self::Postgres(client) => {
                    let values: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
                        values.map(|v| v as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
                    let statement = client.prepare(&sql).await?;
                    client.execute(&statement, &values).await?;
                }
                Self::Maria(conn) => {
                    let values: Vec<mysql_async::Value> = values.map(Into::into).collect();
                    conn.exec_drop(sql, values).await?;
                }
                Self::Sqlite(connection) => {
                    let mut statement = connection.prepare_cached(&sql)?;
                    statement.execute(rusqlite::params_from_iter(values))?;
                }
            }
            self.run("COMMIT").await?;
        }
        Ok(())
    }

    pub(super) async fn read(&mut self, table: &str) -> Result<usize> {
        let sql = format!("SELECT login, first, last, title, phone FROM {table} ORDER BY login");
        let rows: Vec<[String; 5]> = match self {
            Self::Postgres(client) => {
                let statement = client.prepare(&sql).await?;
                let rows = client.query(&statement, &[]).await?;
                rows.iter()
                    .map(|row| [row.get(0), row.get(1), row.get(2), row.get(3), row.get(4)])
                    .collect()
            }
            Self::Maria(conn) => {
                let rows: Vec<(String, String, String, String, String)> =
                    conn.exec(sql, ()).await?;
                rows.into_iter().map(|(a, b, c, d, e)| [a, b, c, d, e]).collect()
            }
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&sql)?;
                let rows = statement.query_map([], |row| {
                    Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?])
                })?;
                rows.collect::<Result<_, _>>().context("cannot read the SQLite file")?
            }
        };
        Ok(rows.len())
    }
}

fn insert(table: &str, n_rows: usize, numbered: bool) -> String {
    let row = |row: usize| {
        let marks: Vec<String> = (1..=5)
            .map(|column| if numbered { format!("${}", row * 5 + column) } else { "?".to_owned() })
            .collect();
        format!("({})", marks.join(", "))
    };
    let rows: Vec<String> = (0..n_rows).map(row).collect();
    format!("INSERT INTO {table} (login, first, last, title, phone) VALUES {}", rows.join(", "))
}
