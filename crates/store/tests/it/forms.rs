//! Drafts of forms: one change at a time, whose turn it is, when they end, mails.

use muster_model::EntityId;
use muster_store::{DraftState, FormDraft, FormEvent, FormTurn, ReadTx, StoreError, Tx};

use crate::support::*;

const ADA: EntityId = EntityId(1);

fn draft(id: i64) -> FormDraft {
    FormDraft {
        id,
        form: text("add-staff"),
        starter: ADA,
        entity: None,
        step: text("draft"),
        state: DraftState::Open,
        version: 1,
        entered: text("{}"),
        made_at: at(1),
        changed_at: at(1),
        ends_at: Some(at(50)),
    }
}

fn turn(draft: i64, entity: i64, role: &str) -> FormTurn {
    FormTurn { draft, entity: EntityId(entity), role: text(role) }
}

fn event(what: &str) -> FormEvent {
    FormEvent {
        draft: 1,
        place: 0,
        at: at(2),
        actor: text("ada"),
        entity: Some(ADA),
        in_place_of: None,
        what: text(what),
        step: text("draft"),
        note: text("the date"),
    }
}

pub(crate) async fn tour(tx: &mut Tx) -> Result<(), StoreError> {
    tx.insert_form_draft(&draft(1)).await?;
    tx.change_form_draft(&draft(1)).await?;
    tx.append_form_event(&event("saved")).await?;
    tx.set_form_turns(1, &[turn(1, 1, "")]).await
}

pub(crate) async fn read_tour(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.form_draft(1).await?;
    tx.form_drafts_by(ADA, true, None, 9).await?;
    tx.form_drafts_waiting((ADA, ""), None, 9).await?;
    tx.due_form_drafts(at(1), 9).await?;
    tx.form_events(1).await.map(drop)
}

on_both! {
    async fn of_two_who_save_the_same_draft_the_second_is_told(store) {
        write_to!(store, |tx| tx.insert_form_draft(&draft(1)));
        let first = FormDraft { entered: text("{\"name\":\"Kim\"}"), ..draft(1) };
        assert!(write_to!(store, |tx| tx.change_form_draft(&first)));
        let second = FormDraft { entered: text("{\"name\":\"Kam\"}"), ..draft(1) };
        assert!(!write_to!(store, |tx| tx.change_form_draft(&second)));
        let kept = read_from!(store, |tx| tx.form_draft(1)).unwrap();
        assert_eq!((kept.version, &*kept.entered), (2, "{\"name\":\"Kim\"}"));
        let over = FormDraft { state: DraftState::Entered, ends_at: None, ..kept };
        assert!(write_to!(store, |tx| tx.change_form_draft(&over)));
        let again = FormDraft { version: 3, ..over };
        assert!(!write_to!(store, |tx| tx.change_form_draft(&again)), "it is over");
    }

    async fn drafts_are_found_by_who_began_whose_turn_it_is_and_when_they_end(store) {
        for id in [1, 2] {
            write_to!(store, |tx| tx.insert_form_draft(&draft(id)));
        }
        write_to!(store, |tx| tx.set_form_turns(1, &[turn(1, 2, ""), turn(1, 0, "hr")]));
        write_to!(store, |tx| tx.set_form_turns(2, &[turn(2, 0, "hr")]));
        let ids = |found: Vec<FormDraft>| found.iter().map(|draft| draft.id).collect::<Vec<_>>();
        assert_eq!(ids(read_from!(store, |tx| tx.form_drafts_by(ADA, false, None, 9))), [2, 1]);
        assert_eq!(ids(read_from!(store, |tx| tx.form_drafts_by(ADA, false, Some(2), 9))), [1]);
        let hr = (EntityId(0), "hr");
        assert_eq!(ids(read_from!(store, |tx| tx.form_drafts_waiting(hr, None, 9))), [2, 1]);
        let bob = (EntityId(2), "");
        assert_eq!(ids(read_from!(store, |tx| tx.form_drafts_waiting(bob, None, 9))), [1]);
        write_to!(store, |tx| tx.set_form_turns(1, &[]));
        assert!(read_from!(store, |tx| tx.form_drafts_waiting(bob, None, 9)).is_empty());
        assert!(read_from!(store, |tx| tx.due_form_drafts(at(49), 9)).is_empty());
        assert_eq!(ids(read_from!(store, |tx| tx.due_form_drafts(at(50), 9))), [1, 2]);
    }

    async fn the_history_is_in_order_and_a_mail_is_taken_by_one(store) {
        write_to!(store, |tx| tx.append_form_event(&event("begun")));
        write_to!(store, |tx| tx.append_form_event(&event("saved")));
        let told = read_from!(store, |tx| tx.form_events(1));
        let told: Vec<(i64, &str)> = told.iter().map(|one| (one.place, &*one.what)).collect();
        assert_eq!(told, [(1, "begun"), (2, "saved")]);
    }
}
