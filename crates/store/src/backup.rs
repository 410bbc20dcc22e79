//! Backups: one file that holds everything, can be checked by itself, and goes back into either database.
//!
//! The file is an SQLite database with the tables of the store as they were at one moment, and two tables that say what it
//! is: `muster_backup` and `muster_backup_table`. Its form is described in the book, *Backup and restore*.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use muster_model::Text;

use crate::{
    BrokenAt, Options, ReadTx, Store, StoreError, Summary,
    address::{self, Address},
    column::{Hash, row},
    error::sqlite_error,
    journal::Verifier,
    statement::args,
    transfer::{CopyListener, Table, TableSum, difference, sums},
};

/// The form of the file.
const FORMAT: i64 = 1;
/// Journal entries that are checked at a time.
const PAGE: usize = 1_000;

/// When a backup was made and by which program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupStamp {
    /// When.
    pub made_at: Timestamp,
    /// The version of the program.
    pub version: Text,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupInfo {
    /// When it was made, and by which program.
    pub stamp: BackupStamp,
    /// The number of the last migration of its schema.
    pub schema: i64,
    /// What each table holds.
    pub tables: Vec<TableSum>,
    /// Its journal, whose chain is whole.
    pub journal: Summary,
}

struct Manifest {
    format: i64,
    made_at: Timestamp,
    version: Text,
}

row!(Manifest { format, made_at, version });

struct TableRow {
    name: Text,
    n_rows: u64,
    hash: Hash,
}

row!(TableRow { name, n_rows, hash });

impl Store {
    /// Writes everything, as it is at this moment, into a new file, and reads it back to check it. Others go on reading and
    /// writing meanwhile. The file has its name only when it is whole.
    pub async fn back_up(
        &self,
        path: &Path,
        stamp: &BackupStamp,
        listener: CopyListener<'_>,
    ) -> Result<BackupInfo, StoreError> {
        let part = Part::beside(path)?;
        let sums = if self.is_sqlite() {
            let mut source = self.read().await?;
            // SQLite takes the moment with the first thing that is read.
            let tables = Table::all(&mut source).await?;
            source.copy_pages(&part.path)?;
            sums(&mut source, &tables, listener).await?
        } else {
            let copy = Self::open(&url_of(&part.path), &Options::default()).await?;
            self.copy_to(&copy, listener).await?
        };
        write_manifest(&part.path, stamp, &sums)?;
        let info = check_backup(&part.path).await?;
        part.keep(path)?;
        Ok(info)
    }

    /// Puts a backup into the store at `url`, which must be new: a file that is not there, or a database with nothing in
    /// it. The backup is checked first, what arrived before it counts; the backup itself is not touched.
    pub async fn restore(
        backup: &Path,
        url: &str,
        options: &Options,
        listener: CopyListener<'_>,
    ) -> Result<(Self, BackupInfo), StoreError> {
        let info = check_backup(backup).await?;
        if let Some(Address::File(target)) = address::parse(url) {
            let target = Path::new(target);
            let part = Part::beside(target)?;
            drop(unpack(backup, &part.path).await?);
            part.keep(target)?;
            return Ok((Self::open(url, options).await?, info));
        }
        let target = Self::open(url, options).await?;
        let folder = tempfile::tempdir().map_err(|err| file("make a copy of", backup, err))?;
        unpack(backup, &folder.path().join("restore.db")).await?.copy_to(&target, listener).await?;
        Ok((target, info))
    }
}

/// Checks a backup by itself: each table against the sums in it, and the chain of its journal.
pub async fn check_backup(path: &Path) -> Result<BackupInfo, StoreError> {
    let bad = |what: String| StoreError::BadBackup { path: path.display().to_string(), what };
    fs::metadata(path).map_err(|err| file("read", path, err))?;
    let store = Store::open_unchanged(path)?;
    let mut tx = store.read().await.map_err(|_| bad("it is no database".to_owned()))?;
    let manifest = "SELECT format, made_at, version FROM muster_backup";
    let manifest: Result<Option<Manifest>, StoreError> = tx.fetch_one(manifest, args![]).await;
    let Ok(Some(Manifest { format, made_at, version })) = manifest else {
        return Err(bad("it was not made by `muster backup`".to_owned()));
    };
    if format != FORMAT {
        return Err(bad(format!("its form is {format}, this Muster knows {FORMAT}")));
    }
    let sql = "SELECT name, n_rows, hash FROM muster_backup_table ORDER BY name";
    let stated: Vec<TableRow> = tx.fetch_all(sql, args![]).await?;
    let stated: Vec<TableSum> = stated
        .into_iter()
        .map(|row| TableSum { table: row.name.to_string(), n_rows: row.n_rows, hash: row.hash.0 })
        .collect();
    let tables = Table::all(&mut tx).await?;
    let found = sums(&mut tx, &tables, &mut |_, _| ()).await;
    let found = found.map_err(|err| bad(err.to_string()))?;
    if let Some(table) = difference(&stated, &found) {
        return Err(bad(format!("`{table}` is not what was written into it")));
    }
    let journal = tx.verify_journal().await?.map_err(|at| bad(format!("in its journal, {at}")))?;
    let sql = "SELECT number FROM muster_migration ORDER BY number DESC LIMIT 1";
    let schema: i64 = tx.fetch_value(sql, args![]).await?;
    Ok(BackupInfo { stamp: BackupStamp { made_at, version }, schema, tables: found, journal })
}

impl ReadTx {
    /// Follows the chain of the whole journal.
    pub async fn verify_journal(&mut self) -> Result<Result<Summary, BrokenAt>, StoreError> {
        let mut verifier = Verifier::default();
        let mut after = None;
        loop {
            let entries = self.scan_journal(after, PAGE).await?;
            let Some(last) = entries.last() else { return Ok(Ok(verifier.summary())) };
            after = Some(last.seq);
            for entry in &entries {
                if let Err(at) = verifier.take(entry) {
                    return Ok(Err(at));
                }
            }
        }
    }
}

/// Copies a backup, makes a store of the copy, and brings its schema up to date.
async fn unpack(backup: &Path, path: &Path) -> Result<Store, StoreError> {
    fs::copy(backup, path).map_err(|err| file("copy", backup, err))?;
    let strip = "DROP TABLE muster_backup; DROP TABLE muster_backup_table";
    with_file(path, |connection| connection.execute_batch(strip))?;
    Store::open(&url_of(path), &Options::default()).await
}

/// Says in the file what it is, and makes it one file: nothing lies beside it.
fn write_manifest(path: &Path, stamp: &BackupStamp, sums: &[TableSum]) -> Result<(), StoreError> {
    with_file(path, |connection| {
        connection.pragma_update(None, "journal_mode", "DELETE")?;
        connection.execute_batch(
            "BEGIN;
             CREATE TABLE muster_backup (
                 format INTEGER NOT NULL PRIMARY KEY, made_at INTEGER NOT NULL, version TEXT NOT NULL
             ) STRICT;
             CREATE TABLE muster_backup_table (
                 name TEXT NOT NULL PRIMARY KEY, n_rows INTEGER NOT NULL, hash BLOB NOT NULL
             ) STRICT, WITHOUT ROWID;
             DELETE FROM lease;",
        )?;
        let BackupStamp { made_at, version } = stamp;
        connection.execute(
            "INSERT INTO muster_backup (format, made_at, version) VALUES (?1, ?2, ?3)",
            rusqlite::params![FORMAT, made_at.as_microsecond(), &**version],
        )?;
        for TableSum { table, n_rows, hash } in sums {
            connection.execute(
                "INSERT INTO muster_backup_table (name, n_rows, hash) VALUES (?1, ?2, ?3)",
                rusqlite::params![table, i64::try_from(*n_rows).unwrap_or(i64::MAX), hash],
            )?;
        }
        connection.execute_batch("COMMIT")
    })
}

fn with_file(
    path: &Path,
    work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<()>,
) -> Result<(), StoreError> {
    let done = rusqlite::Connection::open(path).and_then(|connection| work(&connection));
    done.map_err(|err| sqlite_error("backup", &err))
}

fn url_of(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

fn file(doing: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::File { doing, path: path.display().to_string(), source }
}

/// A file that is being written beside the one that it will be; gone when it does not become that.
struct Part {
    path: PathBuf,
}

impl Part {
    /// Refuses a `target` that is there.
    fn beside(target: &Path) -> Result<Self, StoreError> {
        if fs::symlink_metadata(target).is_ok() {
            return Err(file("make", target, io::ErrorKind::AlreadyExists.into()));
        }
        let mut name = target.as_os_str().to_owned();
        name.push(".part");
        let part = Self { path: PathBuf::from(name) };
        part.remove();
        make_private(&part.path).map_err(|err| file("make", &part.path, err))?;
        Ok(part)
    }

    /// Gives the file its name, for good.
    fn keep(self, target: &Path) -> Result<(), StoreError> {
        let fail = |err| file("write", target, err);
        fs::File::open(&self.path).and_then(|it| it.sync_all()).map_err(fail)?;
        // Unlike a rename, a link never takes the place of a file that came meanwhile.
        fs::hard_link(&self.path, target).map_err(fail)
    }

    fn remove(&self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.path.as_os_str().to_owned();
            name.push(end);
            // Most of them are not there.
            drop(fs::remove_file(PathBuf::from(name)));
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Makes an empty file that only its owner can read: it will hold what is known of everybody.
fn make_private(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
