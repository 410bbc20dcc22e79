//! What evaluation found, and the scan that a full run is made of.

use muster_model::{EntityId, Fingerprint};
use muster_store::{Entity, Evaluation, IdRange, IdentityRow, StateCount};

use crate::support::*;

fn row(entity: Entity, found: Option<Evaluation>) -> IdentityRow {
    IdentityRow {
        id: entity.id,
        key: entity.key,
        version: entity.version,
        facts: entity.facts,
        absent_since: entity.absent_since,
        state_no: found.as_ref().and_then(|found| found.state_no),
        state_since: found.as_ref().and_then(|found| found.state_since),
        settled: found.as_ref().and_then(|found| found.settled),
        next_change: found.and_then(|found| found.next_change),
    }
}

on_both! {
    async fn identities_are_scanned_with_what_evaluation_found(store) {
        let absent = Entity { absent_since: Some(at(4)), ..person(2, "E2") };
        let other_type = Entity { type_no: 2, ..person(3, "D1") };
        let all = [person(1, "E1"), absent.clone(), other_type, person(4, "E4"), person(5, "E5")];
        write_to!(store, |tx| tx.insert_entities(&all));
        let found = Evaluation { next_change: Some(at(50)), ..evaluation(2) };
        write_to!(store, |tx| tx.save_evaluations(std::slice::from_ref(&found)));
        let mut tx = store.read().await.unwrap();
        let range = IdRange { after: EntityId(0), to: EntityId(4) };
        let page = tx.scan_identities(1, range, 2).await.unwrap();
        assert_eq!(page, [row(person(1, "E1"), None), row(absent.clone(), Some(found.clone()))]);
        let range = IdRange { after: EntityId(2), ..range };
        assert_eq!(tx.scan_identities(1, range, 9).await.unwrap(), [row(person(4, "E4"), None)]);
        let some = tx.identities(&[EntityId(5), EntityId(9), EntityId(2)]).await.unwrap();
        assert_eq!(some, [row(person(5, "E5"), None), row(absent, Some(found))]);
    }

    async fn an_evaluation_is_written_and_replaced(store) {
        write_to!(store, |tx| tx.save_evaluations(&[evaluation(1), evaluation(2)]));
        let bare = Evaluation {
            state_no: None, state_since: None, settled: None, evaluated_at: at(7), ..evaluation(1)
        };
        write_to!(store, |tx| tx.save_evaluations(std::slice::from_ref(&bare)));
        assert_eq!(read_from!(store, |tx| tx.evaluation(EntityId(1))), Some(bare));
        assert_eq!(read_from!(store, |tx| tx.evaluation(EntityId(2))), Some(evaluation(2)));
        assert_eq!(read_from!(store, |tx| tx.evaluation(EntityId(3))), None);
    }

    async fn due_identities_come_the_earliest_first(store) {
        let due = |entity, seconds| Evaluation { next_change: Some(at(seconds)), ..evaluation(entity) };
        let all = [due(1, 30), due(2, 10), evaluation(3), due(4, 20), due(5, 10)];
        assert_eq!(read_from!(store, |tx| tx.next_change()), None);
        write_to!(store, |tx| tx.save_evaluations(&all));
        let mut tx = store.read().await.unwrap();
        let found = tx.due_identities(at(20), 9).await.unwrap();
        assert_eq!(found, [2, 5, 4].map(EntityId));
        assert_eq!(tx.due_identities(at(20), 1).await.unwrap(), [EntityId(2)]);
        assert_eq!(tx.due_identities(at(9), 9).await.unwrap(), []);
        assert_eq!(tx.next_change().await.unwrap(), Some(at(10)));
    }

    async fn unsettling_forgets_fingerprints_and_keeps_states(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1"), person(2, "E2"), person(3, "E3")]));
        write_to!(store, |tx| tx.save_evaluations(&[evaluation(1), evaluation(2)]));
        let unsettled = async || read_from!(store, |tx| tx.unsettled_identities(1, None, 9));
        assert_eq!(unsettled().await, [EntityId(3)]);
        write_to!(store, |tx| tx.unsettle(&[EntityId(1), EntityId(3)]));
        assert_eq!(unsettled().await, [EntityId(1), EntityId(3)]);
        let rest = read_from!(store, |tx| tx.unsettled_identities(1, Some(EntityId(1)), 9));
        assert_eq!(rest, [EntityId(3)]);
        assert_eq!(write_to!(store, |tx| tx.unsettle_all()), 1);
        assert_eq!(write_to!(store, |tx| tx.unsettle_all()), 0);
        let found = read_from!(store, |tx| tx.evaluation(EntityId(2)));
        assert_eq!(found, Some(Evaluation { settled: None, ..evaluation(2) }));
    }

    async fn identities_are_counted_by_state(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1"), person(2, "E2"), person(3, "E3")]));
        let other = Evaluation { state_no: Some(2), settled: Some(Fingerprint(1)), ..evaluation(2) };
        write_to!(store, |tx| tx.save_evaluations(&[evaluation(1), other]));
        let count = |state_no| StateCount { state_no, n: 1 };
        let expected = [count(None), count(Some(1)), count(Some(2))];
        assert_eq!(read_from!(store, |tx| tx.count_states(1)), expected);
    }
}
