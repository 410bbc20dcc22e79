//! Who waits hears of commits, and the marks of who is to be looked at.

use std::time::Duration;

use muster_model::EntityId;
use muster_store::{Options, Store, Touched, Wake, WebhookState};

use crate::support::*;

async fn hears(wake: &mut Wake) -> bool {
    tokio::time::timeout(Duration::from_secs(10), wake.changed()).await.is_ok()
}

/// True when it was rung already: in this process a commit rings before it returns.
async fn was_rung(wake: &mut Wake) -> bool {
    tokio::time::timeout(Duration::ZERO, wake.changed()).await.is_ok()
}

#[tokio::test]
async fn a_lease_and_what_is_undone_are_no_news() {
    let store = Store::open("sqlite::memory:", &Options::default()).await.unwrap();
    write_to!(store, |tx| tx.save_evaluations(&[evaluation(1)]));
    let mut wake = store.wake();
    write_to!(store, |tx| tx.take_lease("plan", "one", at(0), at(10)));
    assert!(!was_rung(&mut wake).await);
    let mut tx = store.begin().await.unwrap();
    tx.unsettle(&[EntityId(1)]).await.unwrap();
    tx.rollback().await.unwrap();
    assert!(!was_rung(&mut wake).await);
    write_to!(store, |tx| tx.unsettle(&[EntityId(1)]));
    assert!(was_rung(&mut wake).await);
}

on_both! {
    async fn a_webhook_keeps_how_far_it_has_come(store) {
        assert_eq!(read_from!(store, |tx| tx.webhook("chat")), None);
        assert_eq!(read_from!(store, |tx| tx.journal_end()), 0);
        let new = WebhookState { name: text("chat"), cursor: 7, ..WebhookState::default() };
        write_to!(store, |tx| tx.save_webhook(&new));
        assert_eq!(read_from!(store, |tx| tx.webhook("chat")), Some(new.clone()));
        let failing = WebhookState {
            failures: 2,
            failing_since: Some(at(1)),
            next_try: Some(at(9)),
            disabled_at: Some(at(5)),
            reason: Some(text("status 500")),
            ..new
        };
        write_to!(store, |tx| tx.save_webhook(&failing));
        assert_eq!(read_from!(store, |tx| tx.webhook("chat")), Some(failing));
    }

    async fn a_mark_goes_away_only_when_nothing_changed_since(store) {
        let fresh = muster_store::Evaluation { settled: None, ..evaluation(2) };
        write_to!(store, |tx| tx.save_evaluations(&[evaluation(1), fresh.clone(), evaluation(3)]));
        let touched = async || read_from!(store, |tx| tx.touched(9));
        let mark = |entity, version| Touched { entity: EntityId(entity), version };
        assert_eq!(touched().await, [mark(2, 1)], "a new one that is not settled");
        write_to!(store, |tx| tx.unsettle(&[EntityId(3), EntityId(2), EntityId(3)]));
        assert_eq!(touched().await, [mark(3, 1), mark(2, 2)]);
        assert_eq!(read_from!(store, |tx| tx.touched_of(&[EntityId(1), EntityId(3)])), [mark(3, 1)]);
        write_to!(store, |tx| tx.looked_at(&[mark(2, 1), mark(3, 1)]));
        assert_eq!(touched().await, [mark(2, 2)], "touched again since it was looked at");
        write_to!(store, |tx| tx.save_evaluations(&[fresh]));
        assert_eq!(touched().await, [mark(2, 2)], "what another one found takes no mark away");
        assert_eq!(read_from!(store, |tx| tx.touched(0)), []);
    }
}

#[tokio::test]
async fn a_commit_of_another_node_is_heard() {
    let database = muster_testkit::postgres().unwrap();
    let here = Store::open(database.url(), &Options::default()).await.unwrap();
    let there = Store::open(database.url(), &Options::default()).await.unwrap();
    write_to!(here, |tx| tx.save_evaluations(&[evaluation(1)]));
    let mut wake = here.wake();
    assert!(hears(&mut wake).await, "it rings once when it begins to listen");
    write_to!(there, |tx| tx.unsettle(&[EntityId(1)]));
    assert!(hears(&mut wake).await);
}
