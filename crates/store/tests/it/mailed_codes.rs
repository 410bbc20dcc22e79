//! Codes by mail as a second factor, and browsers that are known again.

use muster_model::EntityId;
use muster_store::{KnownBrowser, MailedCode, ReadTx, StoreError, Tx};

use crate::support::*;

const ADA: EntityId = EntityId(1);

fn code(place: u8, code: u8) -> MailedCode {
    MailedCode { place: vec![place; 32], entity: ADA, code: vec![code; 32], ends_at: at(600) }
}

fn browser(hash: u8, entity: EntityId, seen: i64) -> KnownBrowser {
    let (hash, name) = (vec![hash; 32], text("Firefox, Linux"));
    KnownBrowser { hash, entity, name, first_at: at(1), seen_at: at(seen) }
}

pub(crate) async fn tour(tx: &mut Tx) -> Result<(), StoreError> {
    tx.save_mail_factor(ADA, at(1)).await?;
    tx.save_mailed_code(&code(1, 1)).await?;
    tx.use_mailed_code(&[1; 32], &[1; 32], at(1)).await?;
    tx.count_mailed_code_try(&[1; 32], 5).await?;
    tx.forget_mailed_codes(at(0), 9).await?;
    tx.delete_mail_factor(ADA).await?;
    tx.note_browser(&browser(1, ADA, 1)).await?;
    tx.forget_browser(ADA, &[1; 32]).await?;
    tx.forget_browsers(at(0), 9).await.map(drop)
}

pub(crate) async fn read_tour(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.mail_factor(ADA).await?;
    tx.known_browsers(ADA).await?;
    tx.has_mailed_code(&[1; 32], at(1)).await.map(drop)
}

on_both! {
    async fn a_mailed_code_is_right_once_in_its_place_and_in_time(store) {
        write_to!(store, |tx| tx.save_mailed_code(&code(1, 1)));
        write_to!(store, |tx| tx.save_mailed_code(&code(1, 2)));
        assert!(read_from!(store, |tx| tx.has_mailed_code(&[1; 32], at(599))));
        assert!(!read_from!(store, |tx| tx.has_mailed_code(&[1; 32], at(600))));
        for (place, shown, now) in [(1, 1, 1), (2, 2, 1), (1, 2, 600)] {
            let used = write_to!(store, |tx| tx.use_mailed_code(&[place; 32], &[shown; 32], at(now)));
            assert!(!used, "{place} {shown} {now}");
        }
        assert!(write_to!(store, |tx| tx.use_mailed_code(&[1; 32], &[2; 32], at(599))));
        assert!(!write_to!(store, |tx| tx.use_mailed_code(&[1; 32], &[2; 32], at(599))));
    }

    async fn wrong_tries_time_and_the_end_of_the_factor_end_a_mailed_code(store) {
        write_to!(store, |tx| tx.save_mail_factor(ADA, at(7)));
        write_to!(store, |tx| tx.save_mail_factor(ADA, at(8)));
        assert_eq!(read_from!(store, |tx| tx.mail_factor(ADA)), Some(at(7)));
        for place in [1, 2, 3] {
            write_to!(store, |tx| tx.save_mailed_code(&code(place, 1)));
        }
        for left in [true, false] {
            write_to!(store, |tx| tx.count_mailed_code_try(&[1; 32], 2));
            assert_eq!(read_from!(store, |tx| tx.has_mailed_code(&[1; 32], at(0))), left);
        }
        assert_eq!(write_to!(store, |tx| tx.forget_mailed_codes(at(601), 1)), 1);
        assert!(write_to!(store, |tx| tx.delete_mail_factor(ADA)));
        assert!(!write_to!(store, |tx| tx.delete_mail_factor(ADA)));
        assert_eq!(read_from!(store, |tx| tx.mail_factor(ADA)), None);
        assert!(!read_from!(store, |tx| tx.has_mailed_code(&[3; 32], at(0))));
    }

    async fn browsers_are_listed_and_forgotten_one_by_one_and_when_nobody_uses_them(store) {
        const EVE: EntityId = EntityId(2);
        for (hash, entity, seen) in [(1, ADA, 5), (2, ADA, 6), (3, EVE, 7), (1, ADA, 8)] {
            write_to!(store, |tx| tx.note_browser(&browser(hash, entity, seen)));
        }
        let hashes = |rows: Vec<KnownBrowser>| rows.iter().map(|row| row.hash[0]).collect::<Vec<_>>();
        assert_eq!(hashes(read_from!(store, |tx| tx.known_browsers(ADA))), [1, 2]);
        assert!(!write_to!(store, |tx| tx.forget_browser(ADA, &[3; 32])));
        assert!(write_to!(store, |tx| tx.forget_browser(ADA, &[1; 32])));
        assert_eq!(write_to!(store, |tx| tx.forget_browsers(at(7), 9)), 1);
        assert_eq!(hashes(read_from!(store, |tx| tx.known_browsers(ADA))), [0_u8; 0]);
        assert_eq!(hashes(read_from!(store, |tx| tx.known_browsers(EVE))), [3]);
    }
}
