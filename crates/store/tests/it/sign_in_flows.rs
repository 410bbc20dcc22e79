//! Sign-ins on their way, authenticator apps and recovery codes.

use muster_model::EntityId;
use muster_store::{ReadTx, SignInFlow, StoreError, Totp, Tx};

use crate::support::*;

const ADA: EntityId = EntityId(1);

fn flow(hash: u8) -> SignInFlow {
    SignInFlow {
        hash: vec![hash; 32],
        entity: ADA,
        methods: text("pwd"),
        proved_at: at(0),
        wanted: None,
        return_to: text("/account"),
        tries: 0,
        ends_at: at(600),
    }
}

fn totp(sealed: u8, confirmed_at: i64) -> Totp {
    Totp { entity: ADA, sealed: vec![sealed], last_step: 5, confirmed_at: at(confirmed_at) }
}

pub(crate) async fn tour(tx: &mut Tx) -> Result<(), StoreError> {
    crate::recoveries::tour(tx).await?;
    tx.insert_sign_in_flow(&flow(1)).await?;
    tx.advance_sign_in_flow(&[1; 32], &[2; 32], at(1), "pwd otp").await?;
    tx.count_flow_try(&[2; 32], 5).await?;
    tx.end_sign_in_flow(&[2; 32]).await?;
    tx.end_sign_in_flows(ADA, &[]).await?;
    tx.forget_sign_in_flows(at(0), 9).await?;
    tx.save_totp(&totp(1, 0), at(0)).await?;
    tx.take_totp_step(ADA, 7).await?;
    tx.delete_totp(ADA).await?;
    tx.save_recovery_codes(ADA, &[vec![1]], at(0)).await?;
    tx.use_recovery_code(ADA, &[1]).await.map(drop)
}

pub(crate) async fn read_tour(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.sign_in_flow(&[1; 32]).await?;
    tx.totp(ADA).await?;
    tx.recovery_codes(ADA).await.map(drop)
}

on_both! {
    async fn a_sign_in_goes_on_under_another_hash_and_ends_once(store) {
        write_to!(store, |tx| tx.insert_sign_in_flow(&flow(1)));
        assert!(write_to!(store, |tx| tx.advance_sign_in_flow(&[1; 32], &[2; 32], at(5), "pwd otp")));
        assert!(!write_to!(store, |tx| tx.advance_sign_in_flow(&[1; 32], &[3; 32], at(5), "pwd")));
        assert_eq!(read_from!(store, |tx| tx.sign_in_flow(&[1; 32])), None);
        let found = read_from!(store, |tx| tx.sign_in_flow(&[2; 32])).unwrap();
        assert_eq!((&*found.methods, found.proved_at), ("pwd otp", at(5)));
        assert!(write_to!(store, |tx| tx.end_sign_in_flow(&[2; 32])));
        assert!(!write_to!(store, |tx| tx.end_sign_in_flow(&[2; 32])));
    }

    async fn wrong_tries_end_a_sign_in_and_so_does_time(store) {
        for hash in 1..=3 {
            write_to!(store, |tx| tx.insert_sign_in_flow(&flow(hash)));
        }
        write_to!(store, |tx| tx.count_flow_try(&[1; 32], 2));
        assert_eq!(read_from!(store, |tx| tx.sign_in_flow(&[1; 32])).unwrap().tries, 1);
        write_to!(store, |tx| tx.count_flow_try(&[1; 32], 2));
        assert_eq!(read_from!(store, |tx| tx.sign_in_flow(&[1; 32])), None);
        assert_eq!(write_to!(store, |tx| tx.end_sign_in_flows(ADA, &[2; 32])), 1);
        assert_eq!(write_to!(store, |tx| tx.forget_sign_in_flows(at(600), 9)), 0);
        assert_eq!(write_to!(store, |tx| tx.forget_sign_in_flows(at(601), 9)), 1);
    }

    async fn of_twenty_who_take_the_code_of_a_step_at_once_one_gets_it(store) {
        assert!(write_to!(store, |tx| tx.save_totp(&totp(1, 10), at(9))));
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let store = muster_store::Store::clone(store);
            tries.spawn(async move { write_to!(store, |tx| tx.take_totp_step(ADA, 6)) });
        }
        let taken = tries.join_all().await;
        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
        assert!(!write_to!(store, |tx| tx.take_totp_step(ADA, 5)));
        assert!(write_to!(store, |tx| tx.take_totp_step(ADA, 7)));
    }

    async fn a_seed_that_was_made_before_the_present_app_was_confirmed_does_not_replace_it(store) {
        assert!(write_to!(store, |tx| tx.save_totp(&totp(1, 10), at(5))));
        assert!(!write_to!(store, |tx| tx.save_totp(&totp(2, 20), at(10))));
        assert!(write_to!(store, |tx| tx.save_totp(&totp(3, 20), at(11))));
        assert_eq!(read_from!(store, |tx| tx.totp(ADA)).unwrap().sealed, [3]);
        assert!(write_to!(store, |tx| tx.delete_totp(ADA)));
        assert_eq!(read_from!(store, |tx| tx.totp(ADA)), None);
    }

    async fn a_recovery_code_is_used_once_and_new_ones_replace_all(store) {
        write_to!(store, |tx| tx.save_recovery_codes(ADA, &[vec![1], vec![2]], at(0)));
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let store = muster_store::Store::clone(store);
            tries.spawn(async move { write_to!(store, |tx| tx.use_recovery_code(ADA, &[1])) });
        }
        let used = tries.join_all().await;
        assert_eq!(used.iter().filter(|used| **used).count(), 1);
        assert_eq!(read_from!(store, |tx| tx.recovery_codes(ADA)), 1);
        write_to!(store, |tx| tx.save_recovery_codes(ADA, &[vec![3]], at(1)));
        assert!(!write_to!(store, |tx| tx.use_recovery_code(ADA, &[2])));
        assert!(!write_to!(store, |tx| tx.use_recovery_code(EntityId(2), &[3])));
        assert!(write_to!(store, |tx| tx.use_recovery_code(ADA, &[3])));
    }

    async fn nothing_of_an_erased_person_leads_on(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1")]));
        write_to!(store, |tx| tx.insert_sign_in_flow(&flow(1)));
        write_to!(store, |tx| tx.save_totp(&totp(1, 0), at(0)));
        write_to!(store, |tx| tx.save_recovery_codes(ADA, &[vec![1]], at(0)));
        write_to!(store, |tx| tx.erase_entity(ADA, "erased-1", &[]));
        assert_eq!(read_from!(store, |tx| tx.sign_in_flow(&[1; 32])), None);
        assert_eq!(read_from!(store, |tx| tx.totp(ADA)), None);
        assert_eq!(read_from!(store, |tx| tx.recovery_codes(ADA)), 0);
    }
}
