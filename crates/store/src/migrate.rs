//! Brings a store's schema up to date.
//!
//! Migrations are numbered, go forward only, and each runs in a transaction of its own together with the note that it
//! ran. A migration is never edited after a release: its checksum is kept in the store and compared.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::{ReadTx, Store, StoreError, Tx, dialect::Dialect, error::DriverError, statement::args};
use muster_model::Text;

/// A migration.
struct Migration {
    number: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// One text for both databases.
macro_rules! both {
    ($number:literal, $name:literal) => {
        Migration {
            number: $number,
            name: $name,
            sqlite: include_str!(concat!("../migrations/", $name, "/both.sql")),
            postgres: include_str!(concat!("../migrations/", $name, "/both.sql")),
        }
    };
}

/// All migrations in order. The number is the name's.
const MIGRATIONS: &[Migration] = &[
    both!(1, "0001_spine"),
    both!(2, "0002_closed_loop"),
    both!(3, "0003_server"),
    both!(4, "0004_sign_in"),
    both!(5, "0005_governance"),
    both!(6, "0006_reviews"),
    both!(7, "0007_notices"),
];

/// Runs the migrations that `store` does not have yet.
pub(crate) async fn migrate(store: &Store) -> Result<(), StoreError> {
    let mut tx = store.read().await?;
    let applied = applied(&mut tx).await?;
    drop(tx);
    check(store, &applied)?;
    if applied.len() == MIGRATIONS.len() {
        return Ok(());
    }
    for migration in MIGRATIONS {
        let mut tx = store.begin().await?;
        let lock = tx.dialect().lock_migrations();
        tx.batch_here(lock).await?;
        // Somebody else may have run it while we waited.
        let applied = self::applied(&mut tx).await?;
        check(store, &applied)?;
        if applied.iter().all(|(number, _)| *number != migration.number) {
            run(&mut tx, migration).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Refuses a store of a newer program and one whose migrations are not ours.
fn check(store: &Store, applied: &[(i64, Text)]) -> Result<(), StoreError> {
    let known = MIGRATIONS.last().map_or(0, |migration| migration.number);
    if let Some((found, _)) = applied.last()
        && *found > known
    {
        return Err(StoreError::Newer { url: store.url().to_owned(), found: *found, known });
    }
    for (number, checksum_found) in applied {
        let ours = MIGRATIONS.iter().find(|migration| migration.number == *number);
        if ours.is_none_or(|migration| checksum(migration) != **checksum_found) {
            return Err(StoreError::Altered { url: store.url().to_owned(), number: *number });
        }
    }
    Ok(())
}

/// The migrations a store has, with their checksums, in order.
async fn applied(tx: &mut ReadTx) -> Result<Vec<(i64, Text)>, StoreError> {
    let sql = tx.dialect().has_migrations();
    let there: Vec<i64> = tx.fetch_all(sql, args![]).await?;
    if there.is_empty() {
        return Ok(Vec::new());
    }
    tx.fetch_all("SELECT number, checksum FROM muster_migration ORDER BY number", args![]).await
}

async fn run(tx: &mut Tx, migration: &Migration) -> Result<(), StoreError> {
    const NOTES: &str = "CREATE TABLE IF NOT EXISTS muster_migration (
        number BIGINT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        checksum TEXT NOT NULL
    ) /*sqlite STRICT*/";
    let dialect = tx.dialect();
    let text = match dialect {
        Dialect::Sqlite => migration.sqlite,
        Dialect::Postgres => migration.postgres,
    };
    for sql in [NOTES, text] {
        tx.batch_here(&for_dialect(dialect, sql)).await.map_err(|err| StoreError::Migration {
            number: migration.number,
            source: DriverError::new(match std::error::Error::source(&err) {
                Some(source) => source.to_string(),
                None => err.to_string(),
            }),
        })?;
    }
    let sql = "INSERT INTO muster_migration (number, name, checksum) VALUES ($1, $2, $3)";
    let checksum = checksum(migration);
    tx.execute(sql, args![migration.number, migration.name, checksum.as_str()]).await?;
    Ok(())
}

/// Over the text as written, whatever the line ends.
fn checksum(migration: &Migration) -> String {
    let mut hasher = Sha256::new();
    for text in [migration.sqlite, migration.postgres] {
        hasher.update(text.replace("\r\n", "\n"));
        hasher.update([0]);
    }
    hex(&hasher.finalize())
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        _ = write!(text, "{byte:02x}");
        text
    })
}

/// Turns the type words of a schema text into those of one database.
///
/// The words are PostgreSQL's. There, text compares by bytes, as SQLite's does. On SQLite, `BIGINT` becomes `INTEGER`
/// (which makes a primary key the row id), `BYTEA` `BLOB`, `BOOLEAN` `INTEGER`, and `/*sqlite …*/` opens.
fn for_dialect(dialect: Dialect, sql: &str) -> Cow<'_, str> {
    match dialect {
        Dialect::Sqlite => Cow::Owned(
            sql.replace("BIGINT", "INTEGER")
                .replace("BYTEA", "BLOB")
                .replace("BOOLEAN", "INTEGER")
                .replace("/*sqlite ", "")
                .replace("*/", ""),
        ),
        Dialect::Postgres => Cow::Owned(sql.replace(" TEXT", " TEXT COLLATE \"C\"")),
    }
}
