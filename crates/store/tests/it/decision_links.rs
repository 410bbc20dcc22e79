//! Links by which requests are decided.

use muster_model::EntityId;
use muster_store::{DecisionLink, ReadTx, StoreError, Tx};

use crate::support::*;

fn link(hash: u8, request: i64) -> DecisionLink {
    DecisionLink {
        hash: vec![hash; 32],
        request,
        entity: EntityId(1),
        version: 3,
        ends_at: at(10 * i64::from(hash)),
    }
}

pub(crate) async fn tour(tx: &mut Tx) -> Result<(), StoreError> {
    tx.insert_decision_link(&link(1, 1)).await?;
    tx.use_decision_link(&[1; 32]).await?;
    tx.delete_decision_links(1).await
}

pub(crate) async fn read_tour(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.decision_link(&[1; 32]).await.map(drop)
}

on_both! {
    async fn a_link_is_used_once_and_goes_with_its_request(store) {
        for (hash, request) in [(1, 7), (2, 7), (3, 8), (4, 9)] {
            write_to!(store, |tx| tx.insert_decision_link(&link(hash, request)));
        }
        let found = read_from!(store, |tx| tx.decision_link(&[1; 32]));
        assert_eq!(found, Some(link(1, 7)));
        assert!(!format!("{found:?}").contains("1, 1"), "a hash is not shown");
        assert!(write_to!(store, |tx| tx.use_decision_link(&[1; 32])));
        assert!(!write_to!(store, |tx| tx.use_decision_link(&[1; 32])));
        write_to!(store, |tx| tx.delete_decision_links(7));
        assert_eq!(read_from!(store, |tx| tx.decision_link(&[2; 32])), None);
        assert!(read_from!(store, |tx| tx.decision_link(&[4; 32])).is_some());
    }
}
