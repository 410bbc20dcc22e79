//! A connection to MariaDB or MySQL.

use jiff::{Timestamp, civil, tz::TimeZone};
use mysql_async::{
    Conn, Error, IoError, Opts, OptsBuilder, Params, Row, SslOpts, Value,
    consts::{ColumnFlags, ColumnType},
    prelude::Queryable as _,
};

use super::{Access, packed::Packed};
use crate::{
    cell::{Cell, Column, Kind},
    error::{Fault, FaultKind},
    settings::{Place, Tls},
    sql::{Param, Sql},
};

/// The number of the character set that stands for bytes.
const BYTES: u16 = 63;

/// One connection.
#[derive(Debug)]
pub(super) struct MySql {
    conn: Conn,
}

impl MySql {
    pub(super) async fn connect(access: &Access) -> Result<Self, Fault> {
        let mut conn = Conn::new(options(access)).await.map_err(|error| fault(&error))?;
        let seconds = access.settings.timeout.as_secs_f64();
        let millis = access.settings.timeout.as_millis();
        let lock_seconds = access.settings.timeout.as_secs().max(1);
        // Refuse what does not fit instead of cutting it, and show instants in one zone.
        let mode = format!(
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO', \
             time_zone = '+00:00', innodb_lock_wait_timeout = {lock_seconds}"
        );
        conn.query_drop(mode).await.map_err(|error| fault(&error))?;
        // For changes; a read asks for more.
        let level = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
        conn.query_drop(level).await.map_err(|error| fault(&error))?;
        let version: Option<String> =
            conn.query_first("SELECT VERSION()").await.map_err(|error| fault(&error))?;
        let limit = if version.is_some_and(|version| version.contains("MariaDB")) {
            format!("SET SESSION max_statement_time = {seconds}")
        } else {
            format!("SET SESSION max_execution_time = {millis}")
        };
        conn.query_drop(limit).await.map_err(|error| fault(&error))?;
        Ok(Self { conn })
    }

    pub(super) async fn is_alive(&mut self) -> bool {
        self.conn.ping().await.is_ok()
    }

    pub(super) async fn rows(&mut self, sql: Sql) -> Result<Vec<Vec<Cell>>, Fault> {
        let rows: Vec<Row> =
            self.conn.exec(sql.text, params(sql.params)).await.map_err(|error| fault(&error))?;
        Ok(rows.into_iter().map(cells).collect())
    }

    /// As [`MySql::rows`], packed.
    pub(super) async fn page(&mut self, sql: Sql, size: usize) -> Result<Packed, Fault> {
        let found = self.conn.exec_iter(sql.text, params(sql.params)).await;
        let found = found.map_err(|error| fault(&error))?;
        let kinds: Vec<Kind> = found.columns_ref().iter().map(kind).collect();
        let mut packed = Packed::new(kinds.len(), size);
        let add = |row: Row| {
            for (value, kind) in row.unwrap_raw().into_iter().zip(&kinds) {
                if let (Some(Value::Bytes(bytes)), Kind::Text) = (&value, kind)
                    && let Ok(text) = std::str::from_utf8(bytes)
                {
                    packed.push_text(text);
                } else {
                    packed.push(value.map_or(Cell::Null, |value| cell(value, *kind)));
                }
            }
        };
        found.for_each_and_drop(add).await.map_err(|error| fault(&error))?;
        Ok(packed)
    }

    pub(super) async fn execute(&mut self, sql: Sql) -> Result<u64, Fault> {
        let done = self
            .conn
            .exec_iter(sql.text, params(sql.params))
            .await
            .map_err(|error| fault(&error))?;
        let n_rows = done.affected_rows();
        done.drop_result().await.map_err(|error| fault(&error))?;
        Ok(n_rows)
    }

    pub(super) async fn command(&mut self, text: &str) -> Result<(), Fault> {
        self.conn.query_drop(text).await.map_err(|error| fault(&error))
    }

    pub(super) async fn describe(&mut self, query: &str) -> Result<Vec<Column>, Fault> {
        let statement = self.conn.prep(query).await.map_err(|error| fault(&error))?;
        let columns = statement.columns();
        Ok(columns.iter().map(described).collect())
    }
}

fn options(access: &Access) -> Opts {
    let settings = &access.settings;
    let mut options = OptsBuilder::default()
        .user(settings.url.user.clone())
        .pass(access.password.as_ref().map(|password| password.reveal().to_owned()))
        .db_name(Some(settings.url.database.clone()))
        .prefer_socket(false)
        .tcp_keepalive(Some(settings.keepalive))
        .client_found_rows(true)
        .stmt_cache_size(100);
    match &settings.url.place {
        Place::Network(host, port) => {
            options = options.ip_or_hostname(host.clone()).tcp_port(*port);
        }
        Place::Socket(path) | Place::File(path) => {
            options = options.socket(Some(path.clone()));
        }
    }
    if settings.tls != Tls::Off {
        let roots = access.roots.iter().map(|root| root.to_vec().into()).collect();
        let tls = SslOpts::default()
            .with_disable_built_in_roots(true)
            .with_root_certs(roots)
            .with_danger_skip_domain_validation(settings.tls == Tls::VerifyCa);
        options = options.ssl_opts(tls);
    }
    options.into()
}

fn params(params: Vec<Param>) -> Params {
    if params.is_empty() {
        return Params::Empty;
    }
    let value = |param: Param| match param {
        Param::Null | Param::Texts(_) => Value::NULL,
        Param::Int(int) => Value::Int(int),
        Param::Float(float) => Value::Double(float),
        Param::Text(text) => Value::Bytes(text.as_bytes().to_vec()),
        Param::Bytes(bytes) => Value::Bytes(bytes),
    };
    Params::Positional(params.into_iter().map(value).collect())
}

fn described(column: &mysql_async::Column) -> Column {
    Column::of(&column.name_str(), kind(column))
}

fn kind(column: &mysql_async::Column) -> Kind {
    let is_bytes = column.character_set() == BYTES;
    match column.column_type() {
        // BOOLEAN is a name for TINYINT(1).
        ColumnType::MYSQL_TYPE_TINY | ColumnType::MYSQL_TYPE_BIT if column.column_length() == 1 => {
            Kind::Bool
        }
        ColumnType::MYSQL_TYPE_TINY
        | ColumnType::MYSQL_TYPE_SHORT
        | ColumnType::MYSQL_TYPE_INT24
        | ColumnType::MYSQL_TYPE_LONG
        | ColumnType::MYSQL_TYPE_LONGLONG
        | ColumnType::MYSQL_TYPE_YEAR => Kind::Int,
        ColumnType::MYSQL_TYPE_FLOAT | ColumnType::MYSQL_TYPE_DOUBLE => Kind::Float,
        ColumnType::MYSQL_TYPE_DECIMAL | ColumnType::MYSQL_TYPE_NEWDECIMAL => Kind::Decimal,
        ColumnType::MYSQL_TYPE_DATE | ColumnType::MYSQL_TYPE_NEWDATE => Kind::Date,
        ColumnType::MYSQL_TYPE_DATETIME | ColumnType::MYSQL_TYPE_DATETIME2 => Kind::Local,
        ColumnType::MYSQL_TYPE_TIMESTAMP | ColumnType::MYSQL_TYPE_TIMESTAMP2 => Kind::Instant,
        ColumnType::MYSQL_TYPE_TINY_BLOB
        | ColumnType::MYSQL_TYPE_MEDIUM_BLOB
        | ColumnType::MYSQL_TYPE_LONG_BLOB
        | ColumnType::MYSQL_TYPE_BLOB
        | ColumnType::MYSQL_TYPE_STRING
        | ColumnType::MYSQL_TYPE_VAR_STRING
        | ColumnType::MYSQL_TYPE_VARCHAR
        | ColumnType::MYSQL_TYPE_BIT
            if is_bytes && column.flags().contains(ColumnFlags::BINARY_FLAG) =>
        {
            Kind::Binary
        }
        ColumnType::MYSQL_TYPE_TINY_BLOB
        | ColumnType::MYSQL_TYPE_MEDIUM_BLOB
        | ColumnType::MYSQL_TYPE_LONG_BLOB
        | ColumnType::MYSQL_TYPE_BLOB
        | ColumnType::MYSQL_TYPE_STRING
        | ColumnType::MYSQL_TYPE_VAR_STRING
        | ColumnType::MYSQL_TYPE_VARCHAR => Kind::Text,
        ColumnType::MYSQL_TYPE_NULL
        | ColumnType::MYSQL_TYPE_TIME
        | ColumnType::MYSQL_TYPE_BIT
        | ColumnType::MYSQL_TYPE_TIME2
        | ColumnType::MYSQL_TYPE_TYPED_ARRAY
        | ColumnType::MYSQL_TYPE_VECTOR
        | ColumnType::MYSQL_TYPE_UNKNOWN
        | ColumnType::MYSQL_TYPE_JSON
        | ColumnType::MYSQL_TYPE_ENUM
        | ColumnType::MYSQL_TYPE_SET
        | ColumnType::MYSQL_TYPE_GEOMETRY => Kind::Other,
    }
}

fn cells(row: Row) -> Vec<Cell> {
    let columns = row.columns();
    row.unwrap_raw()
        .into_iter()
        .zip(columns.iter())
        .map(|(value, column)| value.map_or(Cell::Null, |value| cell(value, kind(column))))
        .collect()
}

fn cell(value: Value, kind: Kind) -> Cell {
    match (value, kind) {
        (Value::NULL, _) => Cell::Null,
        (Value::Int(int @ (0 | 1)), Kind::Bool) => Cell::Bool(int == 1),
        (Value::Bytes(bytes), Kind::Bool) => match bytes.as_slice() {
            [0] | b"0" => Cell::Bool(false),
            [1] | b"1" => Cell::Bool(true),
            _ => Cell::Bytes(bytes.into()),
        },
        (Value::Int(int), _) => Cell::Int(int),
        (Value::UInt(int), _) => i64::try_from(int).map_or(Cell::UInt(int), Cell::Int),
        (Value::Float(float), _) => {
            // By way of text, so that 0.1 stays 0.1.
            Cell::Float(float.to_string().parse().unwrap_or(f64::from(float)))
        }
        (Value::Double(float), _) => Cell::Float(float),
        (Value::Bytes(bytes), Kind::Binary) => Cell::Bytes(bytes.into()),
        (Value::Bytes(bytes), _) => match String::from_utf8(bytes) {
            Ok(text) => Cell::Text(text.into()),
            Err(error) => Cell::Bytes(error.into_bytes().into()),
        },
        (Value::Date(year, month, day, hour, minute, second, micros), kind) => {
            moment((year, month, day), (hour, minute, second, micros), kind)
        }
        (Value::Time(is_negative, days, hours, minutes, seconds, micros), _) => {
            let sign = if is_negative { "-" } else { "" };
            let hours = u64::from(days) * 24 + u64::from(hours);
            let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
            Cell::Text(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{fraction}").into())
        }
    }
}

/// A moment; the days that no calendar has (`0000-00-00`) count as none.
fn moment(
    (year, month, day): (u16, u8, u8),
    (hour, minute, second, micros): (u8, u8, u8, u32),
    kind: Kind,
) -> Cell {
    let small = |number: u8| i8::try_from(number).unwrap_or(0);
    let date = i16::try_from(year)
        .ok()
        .and_then(|year| civil::Date::new(year, small(month), small(day)).ok());
    let Some(date) = date else { return Cell::Null };
    if kind == Kind::Date {
        return Cell::Date(date);
    }
    let nanos = i32::try_from(micros).unwrap_or(0).saturating_mul(1000);
    let local = date.at(small(hour), small(minute), small(second), nanos);
    if kind != Kind::Instant {
        return Cell::Local(local);
    }
    // The session shows instants in UTC.
    let instant: Option<Timestamp> = TimeZone::UTC.to_timestamp(local).ok();
    instant.map_or(Cell::Local(local), Cell::Instant)
}

fn fault(error: &Error) -> Fault {
    match error {
        Error::Server(told) => Fault::from_number(told.code, &told.message),
        Error::Io(IoError::Tls(error)) => {
            Fault::new(FaultKind::Denied, format!("TLS failed: {error}"))
        }
        Error::Io(error) => Fault::new(FaultKind::Broken, error.to_string()),
        Error::Driver(error) => {
            // A driver's error may show a value; what it says in front of it is enough.
            let text = error.to_string();
            Fault::new(FaultKind::Broken, text.chars().take(120).collect::<String>())
        }
        Error::Other(error) => Fault::new(FaultKind::Broken, error.to_string()),
        Error::Url(error) => Fault::new(FaultKind::Other, error.to_string()),
    }
}
