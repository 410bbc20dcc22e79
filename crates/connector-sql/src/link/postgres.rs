//! A connection to PostgreSQL.

use std::{collections::HashMap, error::Error, pin::Pin, sync::Arc, task::Poll};

use bytes::BytesMut;
use jiff::{SignedDuration, Timestamp, civil};
use muster_tls::MakeTls;
use tokio::task::JoinHandle;
use tokio_postgres::{
    Client, Config, NoTls, Row, Statement,
    config::SslMode,
    types::{FromSql, IsNull, Kind as TypeKind, ToSql, Type, to_sql_checked},
};

use super::Access;
use crate::{
    cell::{Cell, Column, Kind},
    dialect::Dialect,
    error::{Fault, FaultKind},
    settings::Place,
    sql::{Param, Sql},
};

/// How many statements a connection keeps prepared.
const MOST_STATEMENTS: usize = 100;

/// One connection.
pub(super) struct Postgres {
    client: Arc<Client>,
    statements: HashMap<String, Statement>,
    /// The cursor that is open.
    cursor: Option<Cursor>,
    driver: JoinHandle<Result<(), tokio_postgres::Error>>,
}

/// Rows that are on their way.
type Asked = Pin<Box<dyn Future<Output = Result<Vec<Row>, tokio_postgres::Error>> + Send>>;

/// A cursor, of which one page is always asked for ahead.
struct Cursor {
    fetch: Statement,
    size: usize,
    ahead: Option<Asked>,
}

impl Cursor {
    fn ask(&self, client: &Arc<Client>) -> Asked {
        let (client, fetch) = (Arc::clone(client), self.fetch.clone());
        Box::pin(async move { client.query(&fetch, &[]).await })
    }
}

/// Lets a question go out; it is answered later.
async fn send(mut asked: Asked) -> Asked {
    match futures_util::poll!(&mut asked) {
        Poll::Ready(answer) => Box::pin(std::future::ready(answer)),
        Poll::Pending => asked,
    }
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Postgres {
    pub(super) async fn connect(access: &Access) -> Result<Self, Fault> {
        let settings = &access.settings;
        let mut config = Config::new();
        match &settings.url.place {
            Place::Network(host, port) => config.host(host).port(*port),
            Place::Socket(path) | Place::File(path) => config.host_path(path),
        };
        config.dbname(&settings.url.database).application_name("muster");
        config.keepalives(true).keepalives_idle(settings.keepalive);
        config.user(settings.url.user.as_deref().unwrap_or("postgres"));
        if let Some(password) = &access.password {
            config.password(password.reveal());
        }
        let timeout = settings.timeout.as_millis();
        config.options(format!("-c statement_timeout={timeout} -c lock_timeout={timeout} -c DateStyle=ISO -c TimeZone=UTC -c client_min_messages=error -c cursor_tuple_fraction=1"));
        let (client, driver) = if let Some(tls) = &access.tls {
            config.ssl_mode(SslMode::Require);
            let (client, connection) =
                config.connect(MakeTls(Arc::clone(tls))).await.map_err(|e| fault(&e))?;
            (client, tokio::spawn(connection))
        } else {
            config.ssl_mode(SslMode::Disable);
            let (client, connection) = config.connect(NoTls).await.map_err(|e| fault(&e))?;
            (client, tokio::spawn(connection))
        };
        Ok(Self { client: Arc::new(client), statements: HashMap::new(), cursor: None, driver })
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.client.is_closed()
    }

    pub(super) async fn rows(&mut self, sql: &Sql) -> Result<Vec<Row>, Fault> {
        let statement = self.statement(&sql.text).await?;
        let values: Vec<Bound<'_>> = sql.params.iter().map(Bound).collect();
        let params: Vec<_> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.client.query(&statement, &params).await.map_err(|e| fault(&e))
    }

    /// Opens the one cursor of this transaction.
    pub(super) async fn open_cursor(&mut self, mut sql: Sql, size: usize) -> Result<(), Fault> {
        sql.text.insert_str(0, "DECLARE muster NO SCROLL CURSOR FOR ");
        self.execute(&sql).await?;
        // Prepared anew for each cursor, as it yields other columns each time.
        let fetch = self.client.prepare(&format!("FETCH {size} FROM muster")).await;
        let fetch = fetch.map_err(|e| fault(&e))?;
        self.cursor = Some(Cursor { fetch, size, ahead: None });
        Ok(())
    }

    pub(super) async fn fetch(&mut self) -> Result<Vec<Row>, Fault> {
        let closed = || Fault::new(FaultKind::Other, "no cursor is open");
        let cursor = self.cursor.as_mut().ok_or_else(closed)?;
        let asked = match cursor.ahead.take() {
            Some(asked) => asked,
            None => send(cursor.ask(&self.client)).await,
        };
        // The server works on the next page while this one is taken apart.
        let ahead = send(cursor.ask(&self.client)).await;
        let rows = asked.await.map_err(|e| fault(&e))?;
        cursor.ahead = (rows.len() == cursor.size).then_some(ahead);
        Ok(rows)
    }

    pub(super) async fn execute(&mut self, sql: &Sql) -> Result<u64, Fault> {
        if sql.params.is_empty() {
            return self.command(&sql.text).await.map(|()| 0);
        }
        let statement = self.statement(&sql.text).await?;
        let values: Vec<Bound<'_>> = sql.params.iter().map(Bound).collect();
        let params: Vec<_> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.client.execute(&statement, &params).await.map_err(|e| fault(&e))
    }

    pub(super) async fn command(&mut self, text: &str) -> Result<(), Fault> {
        self.client.batch_execute(text).await.map_err(|e| fault(&e))
    }

    pub(super) async fn describe(&mut self, query: &str) -> Result<Vec<Column>, Fault> {
        let statement = self.client.prepare(query).await.map_err(|e| fault(&e))?;
        Ok(statement
            .columns()
            .iter()
            .map(|column| described(column.name(), column.type_()))
            .collect())
    }

    async fn statement(&mut self, text: &str) -> Result<Statement, Fault> {
        if let Some(known) = self.statements.get(text) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(text).await.map_err(|e| fault(&e))?;
        if self.statements.len() >= MOST_STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// The cells of a row.
pub(super) fn cells(row: &Row) -> Result<Vec<Cell>, Fault> {
    let mut cells = Vec::with_capacity(row.len());
    for index in 0..row.len() {
        let raw: Option<Raw> = row.try_get(index).map_err(|error| fault(&error))?;
        cells.push(raw.map_or(Cell::Null, |raw| raw.0));
    }
    Ok(cells)
}

fn described(name: &str, given: &Type) -> Column {
    let mut base = given;
    while let TypeKind::Domain(inner) = base.kind() {
        base = inner;
    }
    let (element, is_array) =
        if let TypeKind::Array(element) = base.kind() { (element, true) } else { (base, false) };
    let kind = kind(element);
    let quoted = |of: &Type| {
        format!("{}.{}", Dialect::Postgres.quote(of.schema()), Dialect::Postgres.quote(of.name()))
    };
    // A cast to the type's plain name, not to its length: a text that is too long is refused and not cut.
    let cast_to = if *given == Type::TEXT { String::new() } else { quoted(given) };
    Column { kind, cast_to, is_array, ..Column::text(name) }
}

fn kind(of: &Type) -> Kind {
    match *of {
        Type::BOOL => Kind::Bool,
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => Kind::Int,
        Type::FLOAT4 | Type::FLOAT8 => Kind::Float,
        Type::NUMERIC => Kind::Decimal,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Kind::Text,
        Type::DATE => Kind::Date,
        Type::TIMESTAMP => Kind::Local,
        Type::TIMESTAMPTZ => Kind::Instant,
        Type::BYTEA => Kind::Binary,
        Type::UUID => Kind::Uuid,
        _ => Kind::Other,
    }
}

/// A value on its way; every one goes as text or as a list of texts.
#[derive(Debug)]
struct Bound<'p>(&'p Param);

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Param::Text(text) => (&**text).to_sql(of, out),
            Param::Texts(texts) => {
                let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
                texts.to_sql(of, out)
            }
            Param::Int(int) => int.to_string().to_sql(of, out),
            Param::Float(float) => float.to_string().to_sql(of, out),
            Param::Null | Param::Bytes(_) => Ok(IsNull::Yes),
        }
    }

    fn accepts(of: &Type) -> bool {
        matches!(*of, Type::TEXT | Type::TEXT_ARRAY)
    }

    to_sql_checked!();
}

/// A value in the binary form of its type.
struct Raw(Cell);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(of: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        if let TypeKind::Array(_) = of.kind() {
            let items = Vec::<Option<String>>::from_sql(of, raw)?;
            let cell =
                |item: Option<String>| item.map_or(Cell::Null, |text| Cell::Text(text.into()));
            return Ok(Self(Cell::List(items.into_iter().map(cell).collect())));
        }
        decode(of, raw).map(Self)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn decode(of: &Type, raw: &[u8]) -> Result<Cell, Box<dyn Error + Sync + Send>> {
    let mut of = of;
    while let TypeKind::Domain(inner) = of.kind() {
        of = inner;
    }
    Ok(match kind(of) {
        Kind::Bool => Cell::Bool(raw.first().is_some_and(|byte| *byte != 0)),
        Kind::Int => match raw.len() {
            2 => Cell::Int(i16::from_be_bytes(raw.try_into()?).into()),
            4 if *of == Type::OID => Cell::Int(u32::from_be_bytes(raw.try_into()?).into()),
            4 => Cell::Int(i32::from_be_bytes(raw.try_into()?).into()),
            _ => Cell::Int(i64::from_be_bytes(raw.try_into()?)),
        },
        Kind::Float if raw.len() == 4 => {
            // By way of text, so that 0.1 stays 0.1.
            Cell::Float(f32::from_be_bytes(raw.try_into()?).to_string().parse()?)
        }
        Kind::Float => Cell::Float(f64::from_be_bytes(raw.try_into()?)),
        Kind::Date => {
            let days = i32::from_be_bytes(raw.try_into()?);
            let at = civil::date(2000, 1, 1)
                .checked_add(SignedDuration::from_hours(i64::from(days).saturating_mul(24)));
            at.map_or_else(|_| outside(i64::from(days)), Cell::Date)
        }
        Kind::Local => {
            let micros = i64::from_be_bytes(raw.try_into()?);
            let at = civil::date(2000, 1, 1)
                .at(0, 0, 0, 0)
                .checked_add(SignedDuration::from_micros(micros));
            at.map_or_else(|_| outside(micros), Cell::Local)
        }
        Kind::Instant => {
            let micros = i64::from_be_bytes(raw.try_into()?);
            // 2000-01-01 in seconds since 1970.
            let at = Timestamp::from_second(946_684_800)?
                .checked_add(SignedDuration::from_micros(micros));
            at.map_or_else(|_| outside(micros), Cell::Instant)
        }
        Kind::Binary => Cell::Bytes(raw.into()),
        Kind::Uuid => Cell::Uuid(raw.try_into()?),
        Kind::Text if *of == Type::BPCHAR => {
            Cell::Text(std::str::from_utf8(raw)?.trim_end_matches(' ').into())
        }
        Kind::Text | Kind::Decimal | Kind::Other => Cell::Text(std::str::from_utf8(raw)?.into()),
    })
}

/// PostgreSQL knows days that no calendar has.
fn outside(number: i64) -> Cell {
    Cell::Text(if number < 0 { "-infinity" } else { "infinity" }.into())
}

fn fault(error: &tokio_postgres::Error) -> Fault {
    if let Some(told) = error.as_db_error() {
        return Fault::from_state(told.code().code(), told.message());
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    // Without an answer of the server, it is the connection or a value that did not even leave.
    let sent = !text.starts_with("error serializing") && !text.starts_with("error deserializing");
    Fault::new(if sent { FaultKind::Broken } else { FaultKind::Refused }, text)
}
