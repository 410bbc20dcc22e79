//! Held inbound change sets.

use muster_store::{ChangeCounts, ChangeSet, ChangeSetId, ChangeSetStatus};

use crate::support::*;

fn held(id: i64) -> ChangeSet {
    ChangeSet {
        id: ChangeSetId(id),
        read_no: 3,
        made_at: at(id),
        status: ChangeSetStatus::Held,
        counts: ChangeCounts { n_create: 1, n_update: 2, n_absent: 3, n_present: 4 },
        reason: text("absent 3 of 4"),
        decided_by: None,
        decided_at: None,
    }
}

on_both! {
    async fn a_held_change_set_keeps_its_body_in_chunks(store) {
        let body = [vec![1, 2], Vec::new(), vec![3; 100_000]];
        write_to!(store, |tx| tx.insert_change_set(&held(1), &body));
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.change_set(ChangeSetId(1)).await.unwrap(), Some(held(1)));
        for (index, chunk) in body.iter().enumerate() {
            let found = tx.change_set_chunk(ChangeSetId(1), index).await.unwrap();
            assert_eq!(found.as_ref(), Some(chunk), "{index}");
        }
        assert_eq!(tx.change_set_chunk(ChangeSetId(1), 3).await.unwrap(), None);
    }

    async fn what_a_held_change_set_holds_can_be_replaced(store) {
        write_to!(store, |tx| tx.insert_change_set(&held(1), &[vec![1], vec![2]]));
        let counts = ChangeCounts { n_create: 7, n_update: 6, n_absent: 5, n_present: 4 };
        write_to!(store, |tx| tx.replace_change_set(ChangeSetId(1), counts, &[vec![3]]));
        let expected = ChangeSet { counts, ..held(1) };
        assert_eq!(read_from!(store, |tx| tx.change_set(ChangeSetId(1))), Some(expected));
        let body = read_from!(store, |tx| tx.change_set_chunk(ChangeSetId(1), 0));
        assert_eq!(body, Some(vec![3]));
        assert_eq!(read_from!(store, |tx| tx.change_set_chunk(ChangeSetId(1), 1)), None);
    }

    async fn a_change_set_is_decided_once(store) {
        write_to!(store, |tx| tx.insert_change_set(&held(1), &[]));
        let decide = async |to| {
            write_to!(store, |tx| tx.decide_change_set(ChangeSetId(1), ChangeSetStatus::Held, to, "ada", at(9)))
        };
        assert!(decide(ChangeSetStatus::Released).await);
        assert!(!decide(ChangeSetStatus::Rejected).await);
        let expected = ChangeSet {
            status: ChangeSetStatus::Released,
            decided_by: Some(text("ada")),
            decided_at: Some(at(9)),
            ..held(1)
        };
        assert_eq!(read_from!(store, |tx| tx.change_set(ChangeSetId(1))), Some(expected));
    }

    async fn change_sets_are_listed_the_newest_first(store) {
        for id in 1..=3 {
            write_to!(store, |tx| tx.insert_change_set(&held(id), &[]));
        }
        let (held_status, rejected) = (ChangeSetStatus::Held, ChangeSetStatus::Rejected);
        write_to!(store, |tx| tx.decide_change_set(ChangeSetId(2), held_status, rejected, "ada", at(9)));
        let ids = async |status, limit| {
            let found = read_from!(store, |tx| tx.change_sets(status, limit));
            found.iter().map(|change_set| change_set.id.0).collect::<Vec<i64>>()
        };
        assert_eq!(ids(None, 2).await, [3, 2]);
        assert_eq!(ids(Some(held_status), 9).await, [3, 1]);
        assert_eq!(ids(Some(rejected), 9).await, [2]);
    }
}
