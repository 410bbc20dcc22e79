//! Leases: only one at a time.

use muster_store::{Lease, LeaseAnswer, Store};

use crate::support::*;

on_both! {
    async fn a_second_holder_is_told_who_has_the_lease(store) {
        let take = async |holder, now, until| {
            write_to!(store, |tx| tx.take_lease("apply", holder, at(now), at(until)))
        };
        assert_eq!(take("one", 0, 10).await, LeaseAnswer::Taken);
        let held = Lease { name: text("apply"), holder: text("one"), taken_at: at(0), until: at(10) };
        assert_eq!(take("two", 5, 15).await, LeaseAnswer::HeldBy(held));
        assert_eq!(take("one", 9, 20).await, LeaseAnswer::Taken, "renewed");
        let renewed = Lease { name: text("apply"), holder: text("one"), taken_at: at(0), until: at(20) };
        assert_eq!(take("two", 19, 29).await, LeaseAnswer::HeldBy(renewed.clone()));
        assert_eq!(read_from!(store, |tx| tx.lease("apply")), Some(renewed));
        assert_eq!(take("two", 20, 30).await, LeaseAnswer::Taken, "the first one expired");
        assert!(!write_to!(store, |tx| tx.release_lease("apply", "one")));
        assert!(write_to!(store, |tx| tx.release_lease("apply", "two")));
        assert_eq!(read_from!(store, |tx| tx.lease("apply")), None);
    }

    async fn of_many_takers_at_once_one_gets_it(store) {
        let tasks: Vec<_> = (0..4)
            .map(|n| {
                let store = Store::clone(store);
                let holder = format!("h{n}");
                tokio::spawn(async move {
                    write_to!(store, |tx| tx.take_lease("sync", &holder, at(0), at(10)))
                })
            })
            .collect();
        let mut n_taken = 0;
        for task in tasks {
            n_taken += i32::from(task.await.unwrap() == LeaseAnswer::Taken);
        }
        assert_eq!(n_taken, 1);
    }

    async fn leases_of_other_names_are_independent(store) {
        for name in ["apply", "sync"] {
            let answer = write_to!(store, |tx| tx.take_lease(name, name, at(0), at(10)));
            assert_eq!(answer, LeaseAnswer::Taken);
        }
    }
}
