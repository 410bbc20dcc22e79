//! What people have to be told, and how they want to be told it.

use muster_model::EntityId;
use muster_store::{Notice, NoticeChoice, NoticeKind, ReadTx, StoreError, Tx};

use crate::support::*;

const ADA: EntityId = EntityId(1);
const BOB: EntityId = EntityId(2);

fn notice(id: i64, addressee: EntityId) -> Notice {
    Notice {
        id,
        kind: NoticeKind::Request,
        about: 7,
        what: text("decide"),
        addressee,
        channel: text(""),
        due_at: at(id),
        is_gathered: false,
        tries: 0,
        next_try: at(id),
    }
}

fn choice(name: &str, choice: &str) -> NoticeChoice {
    NoticeChoice { entity: ADA, name: text(name), choice: text(choice) }
}

pub(crate) async fn tour(tx: &mut Tx) -> Result<(), StoreError> {
    tx.insert_notices(&[notice(1, ADA)]).await?;
    tx.take_notice(&notice(1, ADA), at(9)).await?;
    tx.gather_notice(1, at(9)).await?;
    tx.delete_notice(1).await?;
    tx.save_notice_choice(&choice("approvals", "daily")).await?;
    tx.delete_notice_choice(ADA, "approvals").await
}

pub(crate) async fn read_tour(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.due_notices(at(1), 9).await?;
    tx.gathered_notices(ADA, 9).await?;
    tx.notice_choices(ADA).await.map(drop)
}

on_both! {
    async fn of_two_who_take_a_notice_one_has_it_and_it_is_tried_again(store) {
        write_to!(store, |tx| tx.insert_notices(&[notice(1, ADA), notice(2, BOB)]));
        assert_eq!(read_from!(store, |tx| tx.due_notices(at(1), 9)), [notice(1, ADA)]);
        assert!(write_to!(store, |tx| tx.take_notice(&notice(1, ADA), at(5))));
        assert!(!write_to!(store, |tx| tx.take_notice(&notice(1, ADA), at(5))));
        let due = read_from!(store, |tx| tx.due_notices(at(5), 9));
        let due: Vec<(i64, i64, _)> = due.iter().map(|one| (one.id, one.tries, one.due_at)).collect();
        assert_eq!(due, [(2, 0, at(2)), (1, 1, at(1))]);
        write_to!(store, |tx| tx.delete_notice(1));
        assert_eq!(read_from!(store, |tx| tx.due_notices(at(99), 9)), [notice(2, BOB)]);
    }

    async fn what_is_gathered_waits_with_the_others_of_the_same_person(store) {
        let all = [notice(1, ADA), notice(2, ADA), notice(3, BOB), notice(4, ADA)];
        write_to!(store, |tx| tx.insert_notices(&all));
        for id in [4, 3, 1] {
            write_to!(store, |tx| tx.gather_notice(id, at(50)));
        }
        let due = read_from!(store, |tx| tx.due_notices(at(49), 9));
        assert_eq!(due.iter().map(|one| one.id).collect::<Vec<_>>(), [2]);
        let together = read_from!(store, |tx| tx.gathered_notices(ADA, 9));
        assert_eq!(together.iter().map(|one| one.id).collect::<Vec<_>>(), [1, 4]);
        assert!(together.iter().all(|one| one.is_gathered && one.next_try == at(50)));
        assert_eq!(read_from!(store, |tx| tx.gathered_notices(ADA, 1)).len(), 1);
    }

    async fn the_last_choice_holds_until_it_is_taken_back_or_the_person_erased(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1")]));
        for word in ["none", "daily"] {
            write_to!(store, |tx| tx.save_notice_choice(&choice("approvals", word)));
        }
        write_to!(store, |tx| tx.save_notice_choice(&choice("language", "de")));
        let chosen = read_from!(store, |tx| tx.notice_choices(ADA));
        assert_eq!(chosen, [choice("approvals", "daily"), choice("language", "de")]);
        write_to!(store, |tx| tx.delete_notice_choice(ADA, "approvals"));
        assert_eq!(read_from!(store, |tx| tx.notice_choices(ADA)).len(), 1);
        let guest = Notice { kind: NoticeKind::Guest, about: 1, ..notice(3, BOB) };
        write_to!(store, |tx| tx.insert_notices(&[notice(1, ADA), notice(2, BOB), guest]));
        write_to!(store, |tx| tx.erase_entity(ADA, "gone", &[]));
        assert_eq!(read_from!(store, |tx| tx.notice_choices(ADA)), []);
        let left = read_from!(store, |tx| tx.due_notices(at(99), 9));
        assert_eq!(left.iter().map(|one| one.id).collect::<Vec<_>>(), [2]);
    }
}

/// The migrations up to the one that brought the notices, on SQLite, which takes their text as it is.
#[test]
fn what_waited_in_the_tables_before_is_taken_along() {
    let database = rusqlite::Connection::open_in_memory().unwrap();
    for sql in [
        include_str!("../../migrations/0001_spine/both.sql"),
        include_str!("../../migrations/0002_closed_loop/both.sql"),
        include_str!("../../migrations/0003_server/both.sql"),
        include_str!("../../migrations/0004_sign_in/both.sql"),
        include_str!("../../migrations/0005_governance/both.sql"),
        include_str!("../../migrations/0006_reviews/both.sql"),
        "INSERT INTO request_notice VALUES (1, 7, 11, 'decide', 0, 100), (2, 8, 12, 'ended', 3, 200);
         INSERT INTO review_notice VALUES (1, 5, 13, 'opened', 0, 300);
         INSERT INTO guest_notice VALUES (1, 21, 22, 'moved', 0, 400);",
        include_str!("../../migrations/0007_notices/both.sql"),
    ] {
        database.execute_batch(sql).unwrap();
    }
    let mut found = database
        .prepare("SELECT kind, about, what, addressee, due_at, tries FROM notice ORDER BY due_at")
        .unwrap();
    let rows = found.query_map([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
    });
    let rows: Vec<(String, i64, String, i64, i64, i64)> =
        rows.unwrap().map(Result::unwrap).collect();
    let text = str::to_owned;
    assert_eq!(
        rows,
        [
            (text("request"), 7, text("decide"), 11, 100, 0),
            (text("request"), 8, text("ended"), 12, 200, 3),
            (text("review"), 5, text("opened"), 13, 300, 0),
            (text("guest"), 21, text("moved"), 22, 400, 0),
        ]
    );
}
