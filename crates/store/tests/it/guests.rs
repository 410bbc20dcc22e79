//! Guests: who is to be blocked, let in or removed, links that open once, mails.

use muster_model::EntityId;
use muster_store::{Assignment, Guest, GuestApplication, GuestState, ReadTx, StoreError, Tx};

use crate::support::*;

const ADA: EntityId = EntityId(1);
const BOB: EntityId = EntityId(2);

fn guest(entity: EntityId, state: GuestState) -> Guest {
    Guest {
        entity,
        organisation: text("nord"),
        state,
        since: at(0),
        next_at: Some(at(100)),
        accepted_at: None,
        link: Some(vec![u8::try_from(entity.0).unwrap(); 32]),
        moved_from: None,
        moved_at: None,
        made_at: at(0),
        made_by: text("mia"),
    }
}

fn application(id: i64, link: u8) -> GuestApplication {
    GuestApplication {
        id,
        mail: text("kari@nord.example"),
        name: text("Kari"),
        sponsor: text(""),
        roles: text("[]"),
        reason: text("a project"),
        link: Some(vec![link; 32]),
        ends_at: at(100),
        tries: 0,
        next_try: Some(at(5)),
    }
}

fn given(id: i64, role: &str, from: i64, until: i64) -> Assignment {
    Assignment {
        valid_from: Some(at(from)),
        valid_until: Some(at(until)),
        ..assignment(id, 1, role)
    }
}

pub(crate) async fn tour(tx: &mut Tx) -> Result<(), StoreError> {
    tx.save_guest(&guest(ADA, GuestState::Invited)).await?;
    tx.use_guest_link(&[1; 32]).await?;
    tx.insert_guest_application(&application(1, 1), at(0)).await?;
    tx.mail_guest_application(&application(1, 1)).await?;
    tx.use_guest_application(&[1; 32]).await?;
    tx.forget_guest_applications(at(1)).await.map(drop)
}

pub(crate) async fn read_tour(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.guest(ADA).await?;
    tx.guest_of_link(&[1; 32]).await?;
    tx.guests(true, None, 9).await?;
    tx.guests_to_settle(at(1), 9).await?;
    tx.due_guests(at(1), 9).await?;
    tx.guests_with_sponsor_in(1, 1).await?;
    tx.guest_application(&[1; 32]).await?;
    tx.due_guest_applications(at(1), 9).await.map(drop)
}

on_both! {
    async fn whoever_has_no_role_any_more_is_found_to_the_instant(store) {
        write_to!(store, |tx| tx.save_guest(&guest(ADA, GuestState::Active)));
        write_to!(store, |tx| tx.insert_assignments(&[given(1, "portal", 10, 20), given(2, "@used", 0, 99)]));
        for (now, found) in [(9, 1), (10, 0), (19, 0), (20, 1)] {
            assert_eq!(read_from!(store, |tx| tx.guests_to_settle(at(now), 9)).len(), found, "{now}");
        }
        write_to!(store, |tx| tx.save_guest(&guest(ADA, GuestState::Blocked)));
        for (now, found) in [(9, 0), (10, 1), (20, 0)] {
            assert_eq!(read_from!(store, |tx| tx.guests_to_settle(at(now), 9)).len(), found, "{now}");
        }
        assert_eq!(read_from!(store, |tx| tx.due_guests(at(99), 9)), []);
        assert_eq!(read_from!(store, |tx| tx.due_guests(at(100), 9)).len(), 1);
    }

    async fn a_link_is_used_once(store) {
        for of in [ADA, BOB] {
            write_to!(store, |tx| tx.save_guest(&guest(of, GuestState::Invited)));
        }
        assert_eq!(read_from!(store, |tx| tx.guest_of_link(&[2; 32])).unwrap().entity, BOB);
        assert!(write_to!(store, |tx| tx.use_guest_link(&[2; 32])));
        assert!(!write_to!(store, |tx| tx.use_guest_link(&[2; 32])));
        assert_eq!(read_from!(store, |tx| tx.guest_of_link(&[2; 32])), None);
    }

    async fn of_two_applications_with_one_address_the_last_counts(store) {
        write_to!(store, |tx| tx.insert_guest_application(&application(1, 1), at(0)));
        write_to!(store, |tx| tx.insert_guest_application(&application(2, 2), at(99)));
        assert_eq!(read_from!(store, |tx| tx.guest_application(&[2; 32])), None, "too soon");
        write_to!(store, |tx| tx.insert_guest_application(&application(2, 2), at(100)));
        assert!(!write_to!(store, |tx| tx.use_guest_application(&[1; 32])));
        assert_eq!(read_from!(store, |tx| tx.due_guest_applications(at(5), 9)).len(), 1);
        assert!(write_to!(store, |tx| tx.use_guest_application(&[2; 32])));
        write_to!(store, |tx| tx.insert_guest_application(&application(3, 3), at(0)));
        assert_eq!(write_to!(store, |tx| tx.forget_guest_applications(at(99))), 0);
        assert_eq!(write_to!(store, |tx| tx.forget_guest_applications(at(100))), 1);
    }
}
