//! Ids in blocks and the dictionary of names.

use muster_store::{NameKind, Sequence, Store};

use crate::support::*;

on_both! {
    async fn ids_come_in_blocks_and_never_twice(store) {
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.take_ids(Sequence::Entity, 10).await.unwrap(), 1);
        assert_eq!(tx.take_ids(Sequence::Entity, 1).await.unwrap(), 11);
        assert_eq!(tx.take_ids(Sequence::Account, 5).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(write_to!(store, |tx| tx.take_ids(Sequence::Entity, 1)), 12);
    }

    async fn a_long_transaction_on_postgres_keeps_nobody_from_ids(store) {
        if store.is_sqlite() {
            return;
        }
        let mut long = store.begin().await.unwrap();
        long.take_ids(Sequence::Entity, 10).await.unwrap();
        assert_eq!(write_to!(store, |tx| tx.take_ids(Sequence::Entity, 1)), 11);
        drop(long);
        assert_eq!(write_to!(store, |tx| tx.take_ids(Sequence::Entity, 1)), 12);
    }

    async fn a_name_keeps_its_number(store) {
        let names = texts(&["mail", "uid", "mail"]);
        let first = write_to!(store, |tx| tx.numbers(NameKind::Attribute, 1, &names));
        assert_eq!(first, [1, 2, 1]);
        let names = texts(&["sn", "uid"]);
        let again = write_to!(store, |tx| tx.numbers(NameKind::Attribute, 1, &names));
        assert_eq!(again, [3, 2]);
        let writes = store.writes();
        assert_eq!(write_to!(store, |tx| tx.numbers(NameKind::Attribute, 1, &names)), [3, 2]);
        assert_eq!(store.writes(), writes, "nothing new, nothing written");
    }

    async fn numbers_are_unique_within_a_kind_and_dense(store) {
        let names = texts(&["a", "b"]);
        assert_eq!(write_to!(store, |tx| tx.numbers(NameKind::Attribute, 1, &names)), [1, 2]);
        assert_eq!(write_to!(store, |tx| tx.numbers(NameKind::Attribute, 2, &names)), [3, 4]);
        assert_eq!(write_to!(store, |tx| tx.numbers(NameKind::System, 0, &names)), [1, 2]);
        let all = read_from!(store, |tx| tx.names(NameKind::Attribute));
        let all: Vec<_> = all.iter().map(|n| (n.parent, &*n.name, n.number)).collect();
        assert_eq!(all, [(1, "a", 1), (1, "b", 2), (2, "a", 3), (2, "b", 4)]);
        let find = async |parent, name| {
            read_from!(store, |tx| tx.number(NameKind::Attribute, parent, name))
        };
        assert_eq!(find(2, "b").await, Some(4));
        assert_eq!(find(3, "b").await, None);
    }

    async fn two_writers_that_number_one_name_agree(store) {
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let store = Store::clone(store);
                tokio::spawn(async move {
                    write_to!(store, |tx| tx.numbers(NameKind::System, 0, &texts(&["x"])))
                })
            })
            .collect();
        let mut numbers = Vec::new();
        for task in tasks {
            numbers.push(task.await.unwrap());
        }
        numbers.dedup();
        assert_eq!(numbers.len(), 1, "{numbers:?}");
    }
}
