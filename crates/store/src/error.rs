//! What can go wrong in the store. Driver errors stay inside; passwords never appear.

use std::fmt;

use jiff::Timestamp;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store's address is of no known form.
    #[error(
        "`{url}` is not the address of a store; write `sqlite:PATH`, `sqlite::memory:` or `postgres://USER@HOST/DATABASE`"
    )]
    Address {
        /// The address, without a password.
        url: String,
    },
    /// The database could not be opened or connected to.
    #[error("cannot open the store `{url}`")]
    Open {
        /// The address, without a password.
        url: String,
        /// What the driver says.
        #[source]
        source: DriverError,
    },
    /// A file that TLS to the database needs cannot be used.
    #[error("cannot use the file `{path}` given as `{key}`: {why}")]
    TlsFile {
        /// Which part of the address names it.
        key: &'static str,
        /// The file.
        path: String,
        /// What is wrong; it shows nothing of a key.
        why: String,
    },
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    NoRandom,
    /// The store was written by a newer Muster.
    #[error(
        "the store `{url}` is at schema {found}, this Muster knows schemas up to {known}; use the newer Muster"
    )]
    Newer {
        /// The address, without a password.
        url: String,
        /// The schema number found.
        found: i64,
        /// The highest schema number this program knows.
        known: i64,
    },
    /// A migration that was applied to this store is not the one this program carries.
    #[error(
        "migration {number} of the store `{url}` is not the one this Muster was built with; the database belongs to another program or another build"
    )]
    Altered {
        /// The address, without a password.
        url: String,
        /// The migration's number.
        number: i64,
    },
    /// A migration failed; nothing of it remains.
    #[error("migration {number} of the store failed and was undone")]
    Migration {
        /// The migration's number.
        number: i64,
        /// What the driver says.
        #[source]
        source: DriverError,
    },
    /// Somebody else holds the database.
    #[error("the store is in use by another process; try again")]
    Busy,
    /// The disk is full.
    #[error("the disk that holds the store is full; nothing of this step was saved")]
    Full,
    /// The database cannot be written.
    #[error("the store cannot be written; check the rights of its file and folder")]
    ReadOnly,
    /// A value that must be unique is there already.
    #[error("a row of `{table}` with this key exists already")]
    Exists {
        /// The table.
        table: String,
    },
    /// A statement failed.
    #[error("a statement on `{table}` failed")]
    Statement {
        /// The table, or the first word of the statement.
        table: String,
        /// What the driver says.
        #[source]
        source: DriverError,
    },
    /// Text with a NUL character, which PostgreSQL cannot keep.
    #[error("text for `{table}` contains a NUL character, which cannot be stored")]
    Nul {
        /// The table.
        table: String,
    },
    /// A row that the store itself could not have written.
    #[error("the store is damaged: `{table}` holds {what} in row {row}")]
    Inconsistent {
        /// The table.
        table: String,
        /// What is wrong: the column and its content.
        what: String,
        /// The row, by its key.
        row: String,
    },
    /// Several plans have a hash with this prefix.
    #[error("several plans have a name that begins with `{prefix}`; give more characters")]
    AmbiguousPlan {
        /// The prefix asked for.
        prefix: String,
    },
    /// A row that was to be changed is not there.
    #[error("`{table}` has no row {row}")]
    Missing {
        /// The table.
        table: &'static str,
        /// The row, by its key.
        row: String,
    },
    /// A store that should be new has something in it.
    #[error("the store `{url}` is not empty: `{table}` has rows; nothing was changed")]
    NotEmpty {
        /// The address, without a password.
        url: String,
        /// A table with rows.
        table: String,
    },
    /// What was copied is not what was read.
    #[error("`{table}` came out different from what went in; nothing was kept")]
    CopyDiffers {
        /// The table.
        table: String,
    },
    /// A file that should be a backup is none, or is damaged.
    #[error("`{path}` is no usable backup: {what}")]
    BadBackup {
        /// The file.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// A file beside the store could not be written or read.
    #[error("cannot {doing} `{path}`")]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A time that cannot be represented.
    #[error("the time {0} is outside of what the store can keep")]
    Time(Timestamp),
}

/// What a database driver said. Opaque, so that no driver type is part of the store's interface.
pub struct DriverError {
    message: String,
}

impl DriverError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DriverError {}

// === From the drivers ===

/// What was committed is not on the disk.
pub(crate) fn flush_error(err: &std::io::Error) -> StoreError {
    let message = format!("the write-ahead log cannot be put on the disk: {err}");
    StoreError::Statement { table: "COMMIT".to_owned(), source: DriverError::new(message) }
}

/// What SQLite says, in one line.
pub(crate) fn sqlite_message(err: &rusqlite::Error) -> String {
    err.to_string()
}

/// The error of a statement on `table`.
pub(crate) fn sqlite_error(table: &str, err: &rusqlite::Error) -> StoreError {
    use rusqlite::{ErrorCode, ffi};
    if let rusqlite::Error::ToSqlConversionFailure(source) = err
        && source.is::<crate::arg::NulInText>()
    {
        return StoreError::Nul { table: table.to_owned() };
    }
    let failure = err.sqlite_error();
    let extended = failure.map(|failure| failure.extended_code);
    match failure.map(|failure| failure.code) {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::ReadOnly,
        Some(ErrorCode::ConstraintViolation)
            if extended == Some(ffi::SQLITE_CONSTRAINT_UNIQUE)
                || extended == Some(ffi::SQLITE_CONSTRAINT_PRIMARYKEY) =>
        {
            StoreError::Exists { table: table.to_owned() }
        }
        _ => StoreError::Statement {
            table: table.to_owned(),
            source: DriverError::new(sqlite_message(err)),
        },
    }
}

/// What PostgreSQL says, in one line. Its own text for a database error is just "db error".
pub(crate) fn postgres_message(err: &tokio_postgres::Error) -> String {
    match err.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => match std::error::Error::source(err) {
            Some(source) => format!("{err}: {source}"),
            None => err.to_string(),
        },
    }
}

/// The error of a statement on `table`.
pub(crate) fn postgres_error(table: &str, err: &tokio_postgres::Error) -> StoreError {
    use tokio_postgres::error::SqlState;
    let code = err.code();
    let is = |states: &[&SqlState]| code.is_some_and(|code| states.contains(&code));
    if is(&[&SqlState::UNIQUE_VIOLATION]) {
        StoreError::Exists { table: table.to_owned() }
    } else if is(&[&SqlState::CHARACTER_NOT_IN_REPERTOIRE]) {
        StoreError::Nul { table: table.to_owned() }
    } else if is(&[&SqlState::DISK_FULL]) {
        StoreError::Full
    } else if is(&[&SqlState::READ_ONLY_SQL_TRANSACTION, &SqlState::INSUFFICIENT_PRIVILEGE]) {
        StoreError::ReadOnly
    } else if is(&[
        &SqlState::T_R_DEADLOCK_DETECTED,
        &SqlState::T_R_SERIALIZATION_FAILURE,
        &SqlState::LOCK_NOT_AVAILABLE,
    ]) {
        StoreError::Busy
    } else {
        StoreError::Statement {
            table: table.to_owned(),
            source: DriverError::new(postgres_message(err)),
        }
    }
}

/// What the pool of connections says, in one line.
pub(crate) fn pool_message(err: &deadpool_postgres::PoolError) -> String {
    use deadpool_postgres::PoolError;
    match err {
        PoolError::Backend(err) => postgres_message(err),
        PoolError::Timeout(_) => "no connection became free in time".to_owned(),
        PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            err.to_string()
        }
    }
}

/// The error of a connection that could not be had.
pub(crate) fn pool_error(err: &deadpool_postgres::PoolError) -> StoreError {
    use deadpool_postgres::PoolError;
    match err {
        PoolError::Timeout(_) => StoreError::Busy,
        PoolError::Backend(_)
        | PoolError::Closed
        | PoolError::NoRuntimeSpecified
        | PoolError::PostCreateHook(_) => StoreError::Statement {
            table: "BEGIN".to_owned(),
            source: DriverError::new(pool_message(err)),
        },
    }
}

/// Refuses a change of rows by id when one was not there.
pub(crate) fn all_there(
    table: &'static str,
    ids: impl Iterator<Item = i64>,
    changed: &[u64],
) -> Result<(), StoreError> {
    match ids.zip(changed).find(|(_, changed)| **changed == 0) {
        Some((id, _)) => Err(StoreError::Missing { table, row: id.to_string() }),
        None => Ok(()),
    }
}
