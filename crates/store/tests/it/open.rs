//! Opening, upgrading and refusing stores.

use std::sync::Barrier;

use muster_store::{Options, Store, StoreError};

use crate::support::*;

async fn open(url: &str) -> Result<Store, StoreError> {
    Store::open(url, &Options::default()).await
}

#[tokio::test]
async fn a_store_in_a_file_is_there_again_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a b.db").display());
    let store = open(&url).await.unwrap();
    write_to!(store, |tx| tx.insert_entities(&[person(1, "E1")]));
    drop(store);
    let store = open(&url).await.unwrap();
    let found = read_from!(store, |tx| tx.entity(muster_model::EntityId(1)));
    assert_eq!(found, Some(person(1, "E1")));
    assert!(store.writes().is_empty(), "opening writes nothing");
}

#[tokio::test]
async fn an_unknown_address_is_refused_with_the_forms_that_are_known() {
    let err = open("mysql://ada:secret@host/db").await.unwrap_err();
    insta::assert_snapshot!(err, @"`mysql://ada:…@host/db` is not the address of a store; write `sqlite:PATH`, `sqlite::memory:` or `postgres://USER@HOST/DATABASE`");
}

#[tokio::test]
async fn a_password_is_in_no_error_and_no_debug_form() {
    let err = open("postgres://ada:tiger@127.0.0.1:1/db?connect_timeout=1").await.unwrap_err();
    let shown = format!("{err} {err:?} {}", std::error::Error::source(&err).unwrap());
    assert!(!shown.contains("tiger"), "{shown}");
    assert!(shown.contains("postgres://ada:…@127.0.0.1:1/db"), "{shown}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let err = open("sqlite:/nowhere/at/all/muster.db").await.unwrap_err();
    insta::assert_snapshot!(err, @"cannot open the store `sqlite:/nowhere/at/all/muster.db`");
    let source = std::error::Error::source(&err).unwrap().to_string();
    assert!(source.contains("unable to open database file"), "{source}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "not a database, but long enough to look like a file".repeat(40))
        .unwrap();
    let err = open(&format!("sqlite:{}", path.display())).await.unwrap_err();
    let source = std::error::Error::source(&err).unwrap().to_string();
    assert!(source.contains("not a database"), "{source}");
}

#[tokio::test]
async fn a_store_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let url = format!("sqlite:{}", path.display());
    drop(open(&url).await.unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute("INSERT INTO muster_migration VALUES (4711, '4711_future', 'x')", [])
        .unwrap();
    let err = open(&url).await.unwrap_err().to_string();
    let err = err.replace(folder.path().to_str().unwrap(), "FOLDER");
    insta::assert_snapshot!(err, @"the store `sqlite:FOLDER/muster.db` is at schema 4711, this Muster knows schemas up to 7; use the newer Muster");
}

#[tokio::test]
async fn a_store_with_another_programs_migration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let url = format!("sqlite:{}", path.display());
    drop(open(&url).await.unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("UPDATE muster_migration SET checksum = 'x'", []).unwrap();
    assert!(matches!(open(&url).await, Err(StoreError::Altered { number: 1, .. })));
}

/// Opens `url` from several threads at the same moment.
fn open_at_once(url: &str) -> Vec<Result<Store, StoreError>> {
    let barrier = Barrier::new(6);
    std::thread::scope(|scope| {
        let open_one = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            barrier.wait();
            runtime.unwrap().block_on(open(url))
        };
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(open_one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn stores_opened_at_once_on_one_file_migrate_once() {
    for _ in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let opened = open_at_once(&format!("sqlite:{}", folder.path().join("muster.db").display()));
        assert!(opened.iter().all(Result::is_ok), "{opened:?}");
    }
}

#[test]
fn stores_opened_at_once_on_one_postgres_database_migrate_once() {
    let database = muster_testkit::postgres().unwrap();
    let opened = open_at_once(database.url());
    assert!(opened.iter().all(Result::is_ok), "{opened:?}");
}

on_both! {
    async fn clones_share_everything(store) {
        let clone = Store::clone(store);
        write_to!(clone, |tx| tx.insert_entities(&[person(1, "E1")]));
        assert_eq!(store.writes(), clone.writes());
        assert_eq!(read_from!(store, |tx| tx.count_entities(1)), 1);
    }
}
