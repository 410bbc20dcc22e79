//! Backup, restore and the way from one database to the other, over every table of the schema.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use muster_store::{BackupStamp, Options, Store, StoreError, TableSum, check_backup};
use rusqlite::types::Value;

use crate::support::*;

fn stamp() -> BackupStamp {
    BackupStamp { made_at: at(7), version: text("1.2.3") }
}

async fn open(path: &Path) -> Store {
    Store::open(&url(path), &Options::default()).await.unwrap()
}

fn url(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

/// The columns that are booleans, which SQLite does not know.
fn booleans() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let texts = std::fs::read_dir(folder).unwrap().map(|migration| {
        std::fs::read_to_string(migration.unwrap().path().join("both.sql")).unwrap()
    });
    let texts = texts.collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = texts.split_whitespace().collect();
    let pairs = words.windows(2).filter(|pair| pair[1].starts_with("BOOLEAN"));
    pairs.map(|pair| pair[0].to_owned()).collect()
}

/// A store whose every table has some rows, people more than a page, each column something of its type; and a journal
/// that is whole.
async fn full(folder: &Path) -> Store {
    let path = folder.join("muster.db");
    drop(open(&path).await);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table'
                 AND name NOT IN ('journal', 'journal_head') AND name NOT LIKE 'sqlite%' AND name <> 'muster_migration'";
    let names: Vec<String> = connection
        .prepare(names)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let booleans = booleans();
    connection.execute_batch("BEGIN").unwrap();
    for table in names {
        let columns: Vec<(String, String, bool)> = connection
            .prepare("SELECT name, type, \"notnull\" FROM pragma_table_info(?1)")
            .unwrap()
            .query_map([&table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        connection.execute(&format!("DELETE FROM \"{table}\""), []).unwrap();
        let places = vec!["?"; columns.len()].join(", ");
        let mut insert =
            connection.prepare(&format!("INSERT INTO \"{table}\" VALUES ({places})")).unwrap();
        for row in 1..=if table == "entity" { 4_001 } else { 30 } {
            let value = |(name, kind, required): &(String, String, bool)| match kind.as_str() {
                _ if !required && row % 2 == 0 => Value::Null,
                "INTEGER" if booleans.contains(name) => Value::Integer(row % 2),
                "INTEGER" => Value::Integer(row),
                "TEXT" => Value::Text(format!("Grüße {row}")),
                _ => Value::Blob(row.to_be_bytes().to_vec()),
            };
            insert.execute(rusqlite::params_from_iter(columns.iter().map(value))).unwrap();
        }
    }
    connection.execute_batch("COMMIT").unwrap();
    drop(connection);
    let store = open(&path).await;
    let mut tx = store.begin().await.unwrap();
    for number in 1..=30 {
        let entry = entry("ada", "assign", &format!("person E{number}"));
        tx.append_journal(&entry).await.unwrap();
    }
    tx.commit().await.unwrap();
    store
}

async fn sums(store: &Store, of: &Store) -> Vec<TableSum> {
    store.sums(of).await.unwrap()
}

async fn backup_of(store: &Store, folder: &Path) -> PathBuf {
    let path = folder.join("muster.backup");
    store.back_up(&path, &stamp(), &mut |_, _| ()).await.unwrap();
    path
}

async fn restore(backup: &Path, url: &str) -> Result<Store, StoreError> {
    Store::restore(backup, url, &Options::default(), &mut |_, _| ()).await.map(|(store, _)| store)
}

#[tokio::test]
async fn a_restored_store_holds_every_row_of_every_table_and_no_lease() {
    let folder = tempfile::tempdir().unwrap();
    let store = full(folder.path()).await;
    let expected = sums(&store, &store).await;
    assert!(expected.len() > 40 && expected.iter().all(|sum| sum.n_rows >= 1), "{expected:?}");
    let backup = backup_of(&store, folder.path()).await;
    let info = check_backup(&backup).await.unwrap();
    assert_eq!((info.stamp, info.journal.n_entries), (stamp(), 30));
    let restored = restore(&backup, &url(&folder.path().join("again.db"))).await.unwrap();
    assert_eq!(sums(&restored, &restored).await, expected);
    let lease = read_from!(restored, |tx| tx.lease("Grüße 1"));
    assert_eq!(lease, None, "a lease names a process of another time");
}

#[tokio::test]
async fn what_goes_to_postgres_and_comes_back_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = full(folder.path()).await;
    let expected = sums(&store, &store).await;
    let database = muster_testkit::postgres().unwrap();
    let postgres = Store::open(database.url(), &Options::default()).await.unwrap();
    let mut n_rows = 0;
    let sent = store.copy_to(&postgres, &mut |_, n| n_rows += n).await.unwrap();
    assert_eq!(sent, expected);
    assert_eq!(sums(&postgres, &store).await, expected);
    assert!(n_rows > 2 * expected.iter().map(|sum| sum.n_rows).sum::<u64>() - 1);
    let backup = backup_of(&postgres, folder.path()).await;
    let restored = restore(&backup, &url(&folder.path().join("again.db"))).await.unwrap();
    assert_eq!(sums(&restored, &restored).await, expected);
    let other = muster_testkit::postgres().unwrap();
    let restored = restore(&backup, other.url()).await.unwrap();
    assert_eq!(sums(&restored, &store).await, expected);
}

#[tokio::test]
async fn a_store_in_use_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let store = full(folder.path()).await;
    let backup = backup_of(&store, folder.path()).await;
    let err = restore(&backup, &url(&folder.path().join("muster.db"))).await.unwrap_err();
    assert!(matches!(err, StoreError::File { .. }), "{err}");
    let database = muster_testkit::postgres().unwrap();
    let postgres = Store::open(database.url(), &Options::default()).await.unwrap();
    write_to!(postgres, |tx| tx.insert_entities(&[person(1, "E1")]));
    let err = store.copy_to(&postgres, &mut |_, _| ()).await.unwrap_err();
    assert!(matches!(&err, StoreError::NotEmpty { table, .. } if table == "entity"), "{err}");
    let found = read_from!(postgres, |tx| tx.entity(muster_model::EntityId(1)));
    assert_eq!(found, Some(person(1, "E1")));
    let err = store.back_up(&backup, &stamp(), &mut |_, _| ()).await.unwrap_err();
    assert!(matches!(err, StoreError::File { .. }), "a backup is not overwritten either: {err}");
}

#[tokio::test]
async fn a_copy_that_fails_in_the_middle_leaves_a_new_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = full(folder.path()).await;
    let database = muster_testkit::postgres().unwrap();
    let postgres = Store::open(database.url(), &Options::default()).await.unwrap();
    // A number that is no boolean would arrive as another one: only the sums tell.
    let path = folder.path().join("muster.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("UPDATE entitlement SET present = 7 WHERE id = 1", []).unwrap();
    let err = store.copy_to(&postgres, &mut |_, _| ()).await.unwrap_err();
    assert!(matches!(&err, StoreError::CopyDiffers { table } if table == "entitlement"), "{err}");
    assert!(postgres.read().await.unwrap().scan_journal(None, 9).await.unwrap().is_empty());
    connection.execute("UPDATE entitlement SET present = 1", []).unwrap();
    store.copy_to(&postgres, &mut |_, _| ()).await.unwrap();
}

#[tokio::test]
async fn a_changed_backup_is_refused_and_the_table_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = full(folder.path()).await;
    let backup = backup_of(&store, folder.path()).await;
    let connection = rusqlite::Connection::open(&backup).unwrap();
    connection.execute("UPDATE entity SET key = 'E9' WHERE id = 2", []).unwrap();
    drop(connection);
    let target = folder.path().join("again.db");
    let err = restore(&backup, &url(&target)).await.unwrap_err();
    assert!(err.to_string().contains("`entity` is not what was written into it"), "{err}");
    assert!(!target.exists());
    let err = check_backup(&folder.path().join("muster.db")).await.unwrap_err();
    assert!(err.to_string().contains("it was not made by `muster backup`"), "{err}");
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "not a database at all".repeat(99)).unwrap();
    assert!(matches!(check_backup(&notes).await.unwrap_err(), StoreError::BadBackup { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_one_moment_while_others_write_and_only_its_owner_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = full(folder.path()).await;
    let (writer, mut stop) = (store.clone(), tokio::sync::oneshot::channel::<()>());
    let writing = tokio::spawn(async move {
        let mut n = 0;
        while stop.1.try_recv().is_err() {
            let mut tx = writer.begin().await.unwrap();
            tx.append_journal(&entry("eve", "assign", "person E1")).await.unwrap();
            tx.commit().await.unwrap();
            n += 1;
            tokio::task::yield_now().await;
        }
        n
    });
    let backup = backup_of(&store, folder.path()).await;
    stop.0.send(()).unwrap();
    assert!(writing.await.unwrap() > 0);
    check_backup(&backup).await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        assert_eq!(std::fs::metadata(&backup).unwrap().mode() & 0o777, 0o600);
    }
    let left: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("muster.backup"))
        .collect();
    assert_eq!(left, ["muster.backup"], "one file, nothing beside it");
}
