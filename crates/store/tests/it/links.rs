//! Links, their inverse, and links that wait.

use muster_model::EntityId;
use muster_store::{Link, LinkSet, PendingLink};

use crate::support::*;

fn link(source: i64, attribute_no: i64, target: i64) -> Link {
    Link { source: EntityId(source), attribute_no, target: EntityId(target) }
}

fn set(source: i64, attribute_no: i64, targets: &[i64]) -> LinkSet {
    let targets = targets.iter().copied().map(EntityId).collect();
    LinkSet { source: EntityId(source), attribute_no, targets }
}

fn pending(source: i64, key: &str) -> PendingLink {
    PendingLink { source: EntityId(source), attribute_no: 1, target_type: 2, target_key: text(key) }
}

on_both! {
    async fn the_sources_of_a_target_are_found(store) {
        let all = [link(1, 1, 9), link(2, 1, 9), link(3, 1, 8), link(4, 2, 9), link(5, 1, 9)];
        write_to!(store, |tx| tx.insert_links(&all));
        let mut tx = store.read().await.unwrap();
        let page = tx.sources_of(1, EntityId(9), None, 2).await.unwrap();
        assert_eq!(page, [EntityId(1), EntityId(2)]);
        let page = tx.sources_of(1, EntityId(9), Some(EntityId(2)), 2).await.unwrap();
        assert_eq!(page, [EntityId(5)]);
        let many = tx.sources_of_many(1, &[EntityId(8), EntityId(7), EntityId(9)]).await.unwrap();
        assert_eq!(many, [link(3, 1, 8), link(1, 1, 9), link(2, 1, 9), link(5, 1, 9)]);
        assert_eq!(tx.links_of(EntityId(4)).await.unwrap(), [link(4, 2, 9)]);
    }

    async fn links_are_scanned_by_target(store) {
        let all = [link(3, 1, 8), link(1, 1, 9), link(2, 1, 9), link(4, 2, 7), link(5, 1, 6)];
        write_to!(store, |tx| tx.insert_links(&all));
        let mut tx = store.read().await.unwrap();
        let page = tx.scan_links(1, None, 2).await.unwrap();
        assert_eq!(page, [link(5, 1, 6), link(3, 1, 8)]);
        let page = tx.scan_links(1, Some((EntityId(8), EntityId(3))), 9).await.unwrap();
        assert_eq!(page, [link(1, 1, 9), link(2, 1, 9)]);
        let page = tx.scan_links(1, Some((EntityId(9), EntityId(1))), 9).await.unwrap();
        assert_eq!(page, [link(2, 1, 9)]);
    }

    async fn replacing_writes_only_what_differs(store) {
        write_to!(store, |tx| tx.replace_links(&[set(1, 1, &[5, 6]), set(2, 1, &[5])]));
        let before = store.writes();
        write_to!(store, |tx| tx.replace_links(&[set(1, 1, &[6, 5]), set(2, 1, &[5])]));
        assert_eq!(store.writes(), before);
        write_to!(store, |tx| tx.replace_links(&[set(1, 1, &[6, 7]), set(2, 1, &[])]));
        assert_eq!(store.writes()["link"], before["link"] + 3);
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.links_of(EntityId(1)).await.unwrap(), [link(1, 1, 6), link(1, 1, 7)]);
        assert_eq!(tx.links_of(EntityId(2)).await.unwrap(), []);
    }

    async fn a_link_waits_until_it_is_taken_away(store) {
        let all = [pending(1, "D1"), pending(2, "D1"), pending(1, "D2")];
        write_to!(store, |tx| tx.insert_pending_links(&all));
        write_to!(store, |tx| tx.insert_pending_links(&all[..1]));
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.count_pending_links().await.unwrap(), 3);
        let found = tx.pending_links_to(2, &texts(&["D2", "none", "D1"])).await.unwrap();
        assert_eq!(found, [pending(1, "D2"), pending(1, "D1"), pending(2, "D1")]);
        assert_eq!(tx.pending_links_to(3, &texts(&["D1"])).await.unwrap(), []);
        let of = tx.pending_links_of(EntityId(1)).await.unwrap();
        assert_eq!(of, [pending(1, "D1"), pending(1, "D2")]);
        drop(tx);
        write_to!(store, |tx| tx.delete_pending_links(&[pending(1, "D1"), pending(9, "D1")]));
        assert_eq!(read_from!(store, |tx| tx.count_pending_links()), 2);
    }
}
