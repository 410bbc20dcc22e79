//! Recoveries on their way, and mails about signing in.

use muster_model::EntityId;
use muster_store::{ReadTx, Recovery, SignInMail, StoreError, Tx};

use crate::support::*;

const ADA: EntityId = EntityId(1);

fn recovery(hash: u8, entity: Option<EntityId>) -> Recovery {
    Recovery {
        hash: vec![hash; 32],
        entity,
        name_key: text("entity 1"),
        code: vec![9; 32],
        methods: text(""),
        tries: 0,
        ends_at: at(600),
    }
}

fn mail(id: u8) -> SignInMail {
    let (entity, sealed) = (Some(ADA), vec![1, 2, 3]);
    SignInMail { id: vec![id], entity, sealed, next_try: at(5), ends_at: at(600) }
}

pub(crate) async fn tour(tx: &mut Tx) -> Result<(), StoreError> {
    tx.insert_recovery(&recovery(1, None)).await?;
    tx.advance_recovery(&[1; 32], &[2; 32], "mail").await?;
    tx.count_recovery_try(&[2; 32], 5).await?;
    tx.end_recovery(&[2; 32]).await?;
    tx.end_recoveries(ADA).await?;
    tx.forget_recoveries(at(0), 9).await?;
    tx.insert_sign_in_mail(&mail(1)).await?;
    tx.take_sign_in_mail(&mail(1), at(9)).await?;
    tx.delete_sign_in_mail(&[1]).await
}

pub(crate) async fn read_tour(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.recovery(&[1; 32]).await?;
    tx.due_sign_in_mails(at(0), 9).await.map(drop)
}

on_both! {
    async fn a_recovery_goes_on_under_another_hash_and_ends_once(store) {
        write_to!(store, |tx| tx.insert_recovery(&recovery(1, Some(ADA))));
        assert!(write_to!(store, |tx| tx.advance_recovery(&[1; 32], &[2; 32], "mail")));
        assert!(!write_to!(store, |tx| tx.advance_recovery(&[1; 32], &[3; 32], "mail")));
        let found = read_from!(store, |tx| tx.recovery(&[2; 32])).unwrap();
        assert_eq!((&*found.methods, found.entity), ("mail", Some(ADA)));
        assert!(write_to!(store, |tx| tx.end_recovery(&[2; 32])));
        assert!(!write_to!(store, |tx| tx.end_recovery(&[2; 32])));
    }

    async fn wrong_tries_a_new_password_and_time_end_a_recovery(store) {
        for (hash, entity) in [(1, None), (2, Some(ADA)), (3, None)] {
            write_to!(store, |tx| tx.insert_recovery(&recovery(hash, entity)));
        }
        for left in [true, false] {
            write_to!(store, |tx| tx.count_recovery_try(&[1; 32], 2));
            assert_eq!(read_from!(store, |tx| tx.recovery(&[1; 32])).is_some(), left);
        }
        assert_eq!(write_to!(store, |tx| tx.end_recoveries(ADA)), 1);
        assert_eq!(write_to!(store, |tx| tx.forget_recoveries(at(600), 9)), 0);
        assert_eq!(write_to!(store, |tx| tx.forget_recoveries(at(601), 9)), 1);
    }

    async fn of_two_who_send_a_mail_one_does(store) {
        write_to!(store, |tx| tx.insert_sign_in_mail(&mail(1)));
        assert_eq!(read_from!(store, |tx| tx.due_sign_in_mails(at(4), 9)), []);
        assert_eq!(read_from!(store, |tx| tx.due_sign_in_mails(at(5), 9)), [mail(1)]);
        assert!(write_to!(store, |tx| tx.take_sign_in_mail(&mail(1), at(35))));
        assert!(!write_to!(store, |tx| tx.take_sign_in_mail(&mail(1), at(35))));
        assert_eq!(read_from!(store, |tx| tx.due_sign_in_mails(at(34), 9)), []);
        write_to!(store, |tx| tx.delete_sign_in_mail(&[1]));
        assert_eq!(read_from!(store, |tx| tx.due_sign_in_mails(at(99), 9)), []);
    }
}
