//! A SQLite file. Its calls block, so each unit of work goes to a thread of its own.

use std::path::Path;

use rusqlite::{
    Connection, ErrorCode, OpenFlags, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use tokio::task::spawn_blocking;

use super::{Access, packed::Packed};
use crate::{
    cell::{Cell, Column, Kind},
    error::{Fault, FaultKind},
    sql::{Param, Sql},
};

/// One open file.
#[derive(Debug)]
pub(super) struct Sqlite {
    /// `None` while a thread works with it, and for good when that thread was given up.
    connection: Option<Connection>,
    /// A transaction that begins on the thread of its first statement, which saves one.
    is_to_begin: bool,
}

impl Sqlite {
    pub(super) async fn connect(access: &Access) -> Result<Self, Fault> {
        let (file, timeout) = (access.file.clone(), access.settings.timeout);
        let is_writable = access.settings.writable;
        let connection = on_thread(move || open(&file, is_writable, timeout)).await?;
        Ok(Self { connection: Some(connection), is_to_begin: false })
    }

    pub(super) async fn rows(&mut self, sql: Sql) -> Result<Vec<Vec<Cell>>, Fault> {
        self.work(move |connection| {
            let mut statement = connection.prepare_cached(&sql.text)?;
            let n_columns = statement.column_count();
            let mut rows = statement.query(rusqlite::params_from_iter(&sql.params))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let mut cells = Vec::with_capacity(n_columns);
                for index in 0..n_columns {
                    cells.push(cell(row.get_ref(index)?));
                }
                found.push(cells);
            }
            Ok(found)
        })
        .await
    }

    /// As [`Sqlite::rows`], packed.
    pub(super) async fn page(&mut self, sql: Sql, size: usize) -> Result<Packed, Fault> {
        self.work(move |connection| {
            let mut statement = connection.prepare_cached(&sql.text)?;
            let width = statement.column_count();
            let mut packed = Packed::new(width, size);
            let mut rows = statement.query(rusqlite::params_from_iter(&sql.params))?;
            while let Some(row) = rows.next()? {
                for index in 0..width {
                    let value = row.get_ref(index)?;
                    match value.as_str() {
                        Ok(text) => packed.push_text(text),
                        Err(_) => packed.push(cell(value)),
                    }
                }
            }
            Ok(packed)
        })
        .await
    }

    pub(super) async fn execute(&mut self, sql: Sql) -> Result<u64, Fault> {
        self.work(move |connection| {
            let mut statement = connection.prepare_cached(&sql.text)?;
            let n_rows = statement.execute(rusqlite::params_from_iter(&sql.params))?;
            Ok(n_rows as u64)
        })
        .await
    }

    pub(super) async fn command(&mut self, text: &str) -> Result<(), Fault> {
        let text = text.to_owned();
        self.work(move |connection| connection.execute_batch(&text)).await
    }

    /// Begins a transaction that changes something, with the statement that comes next.
    pub(super) fn begin_writing(&mut self) {
        self.is_to_begin = true;
    }

    /// The names; types are known only from a table's own description.
    pub(super) async fn describe(&mut self, query: &str) -> Result<Vec<Column>, Fault> {
        let query = query.to_owned();
        self.work(move |connection| {
            let statement = connection.prepare(&query)?;
            let names = statement.column_names();
            Ok(names.into_iter().map(|name| Column::of(name, Kind::Other)).collect())
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, Fault> {
        let lost = || Fault::new(FaultKind::Broken, "the file is still busy with an earlier call");
        let connection = self.connection.take().ok_or_else(lost)?;
        let interrupt = Interrupt(Some(connection.get_interrupt_handle()));
        let is_to_begin = std::mem::take(&mut self.is_to_begin);
        let (connection, done) = on_thread(move || {
            let begun =
                if is_to_begin { connection.execute_batch("BEGIN IMMEDIATE") } else { Ok(()) };
            let done = begun.and_then(|()| work(&connection)).map_err(|error| fault(&error));
            Ok((connection, done))
        })
        .await?;
        interrupt.defuse();
        self.connection = Some(connection);
        done
    }
}

/// Ends the statement when nobody waits for it any more.
struct Interrupt(Option<rusqlite::InterruptHandle>);

impl Interrupt {
    fn defuse(mut self) {
        self.0 = None;
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.interrupt();
        }
    }
}

async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let stopped = |error| Fault::new(FaultKind::Broken, format!("the thread stopped: {error}"));
    spawn_blocking(work).await.map_err(stopped)?
}

fn open(file: &Path, is_writable: bool, timeout: std::time::Duration) -> Result<Connection, Fault> {
    // A file that is not there is a mistake and not an empty database.
    let access = if is_writable {
        OpenFlags::SQLITE_OPEN_READ_WRITE
    } else {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(|error| fault(&error))?;
    let set_up = || {
        connection.busy_timeout(timeout)?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.execute_batch("PRAGMA foreign_keys = ON")
    };
    set_up().map_err(|error| fault(&error))?;
    Ok(connection)
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(int) => Cell::Int(int),
        ValueRef::Real(float) => Cell::Float(float),
        ValueRef::Text(text) => Cell::Text(match std::str::from_utf8(text) {
            Ok(text) => text.into(),
            Err(_) => String::from_utf8_lossy(text).into(),
        }),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.into()),
    }
}

impl ToSql for Param {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null | Self::Texts(_) => ValueRef::Null,
            Self::Int(int) => ValueRef::Integer(*int),
            Self::Float(float) => ValueRef::Real(*float),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn fault(error: &rusqlite::Error) -> Fault {
    let code = error.sqlite_error().map(|error| (error.code, error.extended_code));
    let text = if let rusqlite::Error::SqliteFailure(_, Some(message)) = error {
        message.clone()
    } else if let rusqlite::Error::SqlInputError { msg, .. } = error {
        msg.clone()
    } else {
        error.to_string()
    };
    let kind = match code {
        Some((ErrorCode::ConstraintViolation, 1555 | 2067 | 2579)) => FaultKind::Duplicate,
        Some((ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig, _)) => {
            FaultKind::Refused
        }
        Some((ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _)) => FaultKind::Conflict,
        Some((ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::DiskFull, _)) => {
            FaultKind::Broken
        }
        Some((ErrorCode::OperationInterrupted, _)) => FaultKind::Busy,
        Some((
            ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::AuthorizationForStatementDenied,
            _,
        )) => FaultKind::Denied,
        _ if text.contains("no such table") || text.contains("no such column") => {
            FaultKind::Missing
        }
        _ => FaultKind::Other,
    };
    Fault { kind, text }
}

/// What a column of a SQLite table holds, by the words of its declaration.
pub(crate) fn kind(declared: &str) -> Kind {
    let declared = declared.to_uppercase();
    let has = |word: &str| declared.contains(word);
    if has("BOOL") {
        Kind::Bool
    } else if has("INT") {
        Kind::Int
    } else if has("DATETIME") || has("TIMESTAMP") {
        Kind::Local
    } else if has("DATE") {
        Kind::Date
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        Kind::Text
    } else if has("BLOB") {
        Kind::Binary
    } else if has("UUID") || has("GUID") {
        Kind::Uuid
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Kind::Float
    } else if has("NUMERIC") || has("DECIMAL") {
        Kind::Decimal
    } else {
        Kind::Other
    }
}
