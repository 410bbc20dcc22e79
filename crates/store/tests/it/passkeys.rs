//! Passkeys, and what their authenticators are asked to sign.

use muster_model::EntityId;
use muster_store::{Passkey, PasskeyChallenge, Password, ReadTx, StoreError, Tx};

use crate::support::*;

const ADA: EntityId = EntityId(1);

fn passkey(id: u8, entity: i64) -> Passkey {
    Passkey {
        id: id.into(),
        entity: EntityId(entity),
        credential: vec![id; 16],
        handle: vec![9; 16],
        name: text("laptop"),
        public_key: text("{}"),
        counter: 0,
        created_at: at(0),
        used_at: None,
    }
}

fn challenge(hash: u8, until: i64) -> PasskeyChallenge {
    let state = text("{}");
    PasskeyChallenge { hash: vec![hash; 32], entity: Some(ADA), state, expires_at: at(until) }
}

pub(crate) async fn tour(tx: &mut Tx) -> Result<(), StoreError> {
    tx.insert_passkey(&passkey(1, 1)).await?;
    tx.use_passkey(1, (1, "{}"), at(1)).await?;
    tx.rename_passkey(ADA, 1, "key").await?;
    tx.remove_passkeys(ADA, None).await?;
    tx.delete_passkey(ADA, 1).await?;
    tx.insert_passkey_challenge(&challenge(1, 9), at(0)).await?;
    tx.take_passkey_challenge(&[1; 32], at(0)).await.map(drop)
}

pub(crate) async fn read_tour(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.passkey(&[1; 16]).await?;
    tx.passkeys_of(ADA).await.map(drop)
}

on_both! {
    async fn a_passkey_is_found_by_its_credential_and_is_there_once(store) {
        assert!(write_to!(store, |tx| tx.insert_passkey(&passkey(1, 1))));
        let taken = Passkey { id: 2, ..passkey(1, 2) };
        assert!(!write_to!(store, |tx| tx.insert_passkey(&taken)));
        assert!(write_to!(store, |tx| tx.rename_passkey(ADA, 1, "phone")));
        assert!(!write_to!(store, |tx| tx.rename_passkey(EntityId(2), 1, "mine")));
        let named = Passkey { name: text("phone"), ..passkey(1, 1) };
        assert_eq!(read_from!(store, |tx| tx.passkey(&[1; 16])), Some(named.clone()));
        assert_eq!(read_from!(store, |tx| tx.passkeys_of(ADA)), [named]);
        assert_eq!(read_from!(store, |tx| tx.passkeys_of(EntityId(2))), []);
    }

    async fn a_counter_only_rises_but_for_those_that_do_not_count(store) {
        write_to!(store, |tx| tx.insert_passkey(&passkey(1, 1)));
        assert!(write_to!(store, |tx| tx.use_passkey(1, (0, "a"), at(1))));
        assert!(write_to!(store, |tx| tx.use_passkey(1, (0, "a"), at(2))));
        assert!(write_to!(store, |tx| tx.use_passkey(1, (5, "b"), at(3))));
        for stale in [0, 4, 5] {
            assert!(!write_to!(store, |tx| tx.use_passkey(1, (stale, "c"), at(4))), "{stale}");
        }
        let kept = read_from!(store, |tx| tx.passkey(&[1; 16])).unwrap();
        assert_eq!((kept.counter, &*kept.public_key, kept.used_at), (5, "b", Some(at(3))));
    }

    async fn the_last_way_in_stays(store) {
        write_to!(store, |tx| tx.insert_passkey(&passkey(1, 1)));
        write_to!(store, |tx| tx.insert_passkey(&passkey(2, 1)));
        write_to!(store, |tx| tx.insert_passkey(&passkey(3, 2)));
        assert!(!write_to!(store, |tx| tx.delete_passkey(ADA, 3)), "somebody else's");
        assert!(write_to!(store, |tx| tx.delete_passkey(ADA, 1)));
        assert!(!write_to!(store, |tx| tx.delete_passkey(ADA, 2)), "the last one");
        let password = Password { entity: ADA, hash: text("a"), set_at: at(0) };
        write_to!(store, |tx| tx.save_password(&password));
        assert!(write_to!(store, |tx| tx.delete_passkey(ADA, 2)));
    }

    async fn a_challenge_is_answered_once_and_in_time(store) {
        write_to!(store, |tx| tx.insert_passkey_challenge(&challenge(1, 9), at(0)));
        write_to!(store, |tx| tx.insert_passkey_challenge(&challenge(2, 9), at(0)));
        assert_eq!(write_to!(store, |tx| tx.take_passkey_challenge(&[3; 32], at(1))), None);
        let taken = write_to!(store, |tx| tx.take_passkey_challenge(&[1; 32], at(8)));
        assert_eq!(taken, Some(challenge(1, 9)));
        assert_eq!(write_to!(store, |tx| tx.take_passkey_challenge(&[1; 32], at(8))), None);
        assert_eq!(write_to!(store, |tx| tx.take_passkey_challenge(&[2; 32], at(9))), None);
        write_to!(store, |tx| tx.insert_passkey_challenge(&challenge(3, 9), at(0)));
        write_to!(store, |tx| tx.insert_passkey_challenge(&challenge(4, 19), at(9)));
        assert_eq!(write_to!(store, |tx| tx.take_passkey_challenge(&[3; 32], at(0))), None, "forgotten");
    }

    async fn an_erased_person_has_no_passkey(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1")]));
        write_to!(store, |tx| tx.insert_passkey(&passkey(1, 1)));
        write_to!(store, |tx| tx.erase_entity(ADA, "erased-1", &[]));
        assert_eq!(read_from!(store, |tx| tx.passkeys_of(ADA)), []);
    }
}
