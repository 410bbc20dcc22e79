//! Clients and their tokens.

use muster_store::{Client, ClientToken};

use crate::support::*;

on_both! {
    async fn a_client_is_found_by_its_folded_name_until_it_ends(store) {
        write_to!(store, |tx| tx.insert_client(&client(1)));
        assert_eq!(read_from!(store, |tx| tx.client_named("client 1")), Some(client(1)));
        assert!(write_to!(store, |tx| tx.end_client(1, at(5))));
        assert!(!write_to!(store, |tx| tx.end_client(1, at(6))));
        assert_eq!(read_from!(store, |tx| tx.client_named("client 1")), None);
        let ended = Client { ended_at: Some(at(5)), ..client(1) };
        assert_eq!(read_from!(store, |tx| tx.client(1)), Some(ended.clone()));
        assert_eq!(read_from!(store, |tx| tx.clients(None, 9)), [ended]);
    }

    async fn two_living_clients_never_have_one_name(store) {
        write_to!(store, |tx| tx.insert_client(&client(1)));
        let same = Client { id: 2, ..client(1) };
        let mut tx = store.begin().await.unwrap();
        assert!(tx.insert_client(&same).await.is_err());
        drop(tx);
        write_to!(store, |tx| tx.end_client(1, at(5)));
        write_to!(store, |tx| tx.insert_client(&same));
    }

    async fn a_token_is_found_by_its_hash_and_refused_but_once(store) {
        write_to!(store, |tx| tx.insert_client_token(&client_token(1)));
        assert_eq!(read_from!(store, |tx| tx.client_token(&[1; 32])), Some(client_token(1)));
        assert_eq!(read_from!(store, |tx| tx.client_token(&[2; 32])), None);
        assert!(write_to!(store, |tx| tx.shorten_client_token(1, at(50))));
        assert!(!write_to!(store, |tx| tx.shorten_client_token(1, at(60))));
        assert!(write_to!(store, |tx| tx.revoke_client_token(1, at(9))));
        assert!(!write_to!(store, |tx| tx.revoke_client_token(1, at(10))));
        let token =
            ClientToken { expires_at: Some(at(50)), revoked_at: Some(at(9)), ..client_token(1) };
        assert_eq!(read_from!(store, |tx| tx.client_tokens(1)), [token]);
    }
}
