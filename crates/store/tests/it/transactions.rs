//! Transactions: all or nothing, what readers see, fail points, counters.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use muster_model::{AssignmentId, EntityId};
use muster_store::{Durability, Entity, Options, Store, StoreError};

use crate::support::*;

on_both! {
    async fn what_is_not_committed_never_was(store) {
        let mut tx = store.begin().await.unwrap();
        tx.insert_entities(&[person(1, "E1")]).await.unwrap();
        drop(tx);
        let mut tx = store.begin().await.unwrap();
        tx.insert_entities(&[person(2, "E2")]).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(read_from!(store, |tx| tx.count_entities(1)), 0);
        assert!(store.writes().is_empty());
    }

    async fn a_reader_sees_one_state_beside_a_writer(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1")]));
        let mut reader = store.read().await.unwrap();
        assert_eq!(reader.count_entities(1).await.unwrap(), 1);
        let mut writer = store.begin().await.unwrap();
        writer.insert_entities(&[person(2, "E2")]).await.unwrap();
        assert_eq!(writer.count_entities(1).await.unwrap(), 2, "a writer reads its own writes");
        assert_eq!(reader.count_entities(1).await.unwrap(), 1);
        writer.commit().await.unwrap();
        assert_eq!(reader.count_entities(1).await.unwrap(), 1, "still the state it began with");
        drop(reader);
        assert_eq!(read_from!(store, |tx| tx.count_entities(1)), 2);
    }

    async fn several_readers_work_at_once(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1")]));
        let mut readers = Vec::new();
        for _ in 0..4 {
            readers.push(store.read().await.unwrap());
        }
        for reader in &mut readers {
            assert_eq!(reader.count_entities(1).await.unwrap(), 1);
        }
    }

    async fn transactions_may_cross_threads(store) {
        let clone = Store::clone(store);
        let task = tokio::spawn(async move {
            let mut tx = clone.begin().await.unwrap();
            tx.insert_entities(&[person(1, "E1")]).await.unwrap();
            tx.commit().await.unwrap();
        });
        task.await.unwrap();
        assert_eq!(read_from!(store, |tx| tx.count_entities(1)), 1);
    }

    async fn a_failed_statement_leaves_the_connection_usable(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1")]));
        for _ in 0..3 {
            let mut tx = store.begin().await.unwrap();
            let err = tx.insert_entities(&[person(2, "E1")]).await.unwrap_err();
            assert!(matches!(err, StoreError::Exists { ref table } if table == "entity"), "{err}");
        }
        write_to!(store, |tx| tx.insert_entities(&[person(3, "E3")]));
        assert_eq!(read_from!(store, |tx| tx.count_entities(1)), 2);
    }

    async fn text_with_a_nul_is_refused_by_both(store) {
        for insert_many in [true, false] {
            let mut tx = store.begin().await.unwrap();
            let err = if insert_many {
                tx.insert_entities(&[person(1, "a\0b")]).await.unwrap_err()
            } else {
                tx.number(muster_store::NameKind::System, 0, "a\0b").await.unwrap_err()
            };
            assert!(matches!(err, StoreError::Nul { .. }), "{err}");
        }
    }

    async fn fail_points_stand_around_every_commit(store) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let hook = { let seen = Arc::clone(&seen); move |name: &str| seen.lock().unwrap().push(name.to_owned()) };
        store.set_fail_point(Some(Arc::new(hook)));
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1")]));
        drop(store.read().await.unwrap());
        drop(store.begin().await.unwrap());
        store.set_fail_point(None);
        write_to!(store, |tx| tx.insert_entities(&[person(2, "E2")]));
        assert_eq!(*seen.lock().unwrap(), ["commit before", "commit after"]);
    }

    async fn a_stop_before_the_commit_loses_it_and_one_after_keeps_it(store) {
        for (name, n_left) in [("commit before", 0), ("commit after", 1)] {
            store.set_fail_point(Some(Arc::new(move |at: &str| assert_ne!(at, name, "stopped"))));
            let clone = Store::clone(store);
            let stopped = tokio::spawn(async move {
                let mut tx = clone.begin().await.unwrap();
                tx.insert_entities(&[person(1, "E1")]).await.unwrap();
                tx.commit().await
            });
            assert!(stopped.await.unwrap_err().is_panic());
            store.set_fail_point(None);
            assert_eq!(read_from!(store, |tx| tx.count_entities(1)), n_left, "{name}");
        }
    }

    async fn writes_are_counted_by_table(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1"), person(2, "E2")]));
        let changed = Entity { facts: vec![7], ..person(1, "E1") };
        write_to!(store, |tx| tx.update_entities(&[changed]));
        let writes: Vec<(String, u64)> = store.writes().into_iter().collect();
        let expected = [("entity", 3), ("entity_history", 1), ("fact_version", 2)];
        assert_eq!(writes, expected.map(|(table, n)| (table.to_owned(), n)));
    }

    async fn the_fact_version_counts_transactions_that_change_facts(store) {
        let version = async || read_from!(store, |tx| tx.facts_version());
        let before = version().await;
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1"), person(2, "E2")]));
        assert_eq!(version().await, before + 1);
        write_to!(store, |tx| tx.save_evaluations(&[evaluation(1)]));
        write_to!(store, |tx| tx.append_journal(&entry("ada", "a", "b")));
        write_to!(store, |tx| tx.update_entities(&[]));
        assert_eq!(version().await, before + 1, "none of these is a fact");
        write_to!(store, |tx| tx.insert_assignments(&[assignment(1, 1, "sales")]));
        write_to!(store, |tx| tx.insert_accounts(&[account(1, "ada")]));
        let link = muster_store::Link { source: EntityId(1), attribute_no: 1, target: EntityId(2) };
        write_to!(store, |tx| tx.insert_links(&[link]));
        assert_eq!(version().await, before + 4);
    }

    async fn what_changed_is_known_as_long_as_nobody_else_changed_something(store) {
        let version = async || read_from!(store, |tx| tx.facts_version());
        let begin = version().await;
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1"), person(2, "E2")]));
        let made = version().await;
        write_to!(store, |tx| tx.insert_assignments(&[assignment(1, 2, "sales")]));
        write_to!(store, |tx| tx.insert_accounts(&[account(1, "ada")]));
        let ended = AssignmentId(1);
        write_to!(store, |tx| tx.end_assignment(ended, at(5), "bob", "left"));
        let end = version().await;
        let ids = |ids: &[i64]| Some(ids.iter().map(|id| EntityId(*id)).collect::<Vec<_>>());
        assert_eq!(store.changed_between(begin, made), ids(&[1, 2]));
        assert_eq!(store.changed_between(made, end), ids(&[2]));
        assert_eq!(store.changed_between(end, end), ids(&[]));
        // Somebody else came before this one.
        assert_eq!(store.changed_between(begin - 1, end), None);
        assert_eq!(store.changed_between(end, end + 1), None);
        write_to!(store, |tx| tx.remove_entity(EntityId(2)));
        assert_eq!(store.changed_between(end, version().await), None);
    }

    async fn analyzing_changes_nothing(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1")]));
        store.analyze().await.unwrap();
        assert_eq!(read_from!(store, |tx| tx.count_entities(1)), 1);
    }
}

#[tokio::test]
async fn two_writers_on_one_file_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("muster.db").display());
    let options = Options { busy_timeout: Duration::from_millis(20), ..Options::default() };
    let one = Store::open(&url, &options).await.unwrap();
    let other = Store::open(&url, &options).await.unwrap();
    let held = one.begin().await.unwrap();
    assert!(matches!(other.begin().await, Err(StoreError::Busy)));
    drop(held);
    write_to!(other, |tx| tx.insert_entities(&[person(1, "E1")]));
}

#[tokio::test]
async fn the_log_of_sqlite_is_written_back_beside_the_writers_and_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let url = format!("sqlite:{}", path.display());
    let options = Options { durability: Durability::Normal, ..Options::default() };
    let store = Store::open(&url, &options).await.unwrap();
    let size = |end: &str| {
        let path = format!("{}{end}", path.display());
        std::fs::metadata(path).map_or(0, |file| file.len())
    };
    let mut written = 0;
    for round in 1..=4 {
        // More than the log may hold, each time.
        for _ in 0..12 {
            let facts = vec![7; 200_000];
            let all: Vec<_> = (written..written + 10)
                .map(|n| Entity { facts: facts.clone(), ..person(n + 1, &format!("E{n}")) })
                .collect();
            write_to!(store, |tx| tx.insert_entities(&all));
            written += 10;
        }
        let enough = round * 24_000_000 - 17_000_000;
        let deadline = Instant::now() + Duration::from_mins(1);
        while size("") < enough {
            assert!(Instant::now() < deadline, "{} of {enough} bytes", size(""));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert!(size("-wal") < 80_000_000, "the log has grown to {} bytes", size("-wal"));
}
