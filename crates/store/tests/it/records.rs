//! Records of sources.

use muster_model::{EntityId, Fingerprint};
use muster_store::{Record, RecordId, RecordMark, StoreError};

use crate::support::*;

fn of(record: Record, entity: i64) -> Record {
    Record { entity: Some(EntityId(entity)), confidence: 100, ..record }
}

on_both! {
    async fn a_record_comes_back_as_it_was_written(store) {
        let full = Record { absent_since: Some(at(3)), ..of(record(1, "Ä/1"), 7) };
        let other_read = Record { read_no: 2, ..record(2, "Ä/1") };
        write_to!(store, |tx| tx.insert_records(&[full.clone(), other_read.clone()]));
        let mut tx = store.read().await.unwrap();
        let found = tx.records_by_key(1, &texts(&["x", "Ä/1"])).await.unwrap();
        assert_eq!(found, [None, Some(full.clone())]);
        let of = tx.records_of(EntityId(7)).await.unwrap();
        assert_eq!(of, std::slice::from_ref(&full));
        let many = tx.records_of_many(&[EntityId(1), EntityId(7)]).await.unwrap();
        assert_eq!(many, [full]);
        assert_eq!(tx.scan_records(2, None, 9).await.unwrap(), [other_read]);
    }

    async fn records_are_scanned_in_id_order_in_full_and_compact(store) {
        let all: Vec<Record> = (1..=5).map(|id| record(id, &format!("k{id}"))).collect();
        write_to!(store, |tx| tx.insert_records(&all));
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.scan_records(1, Some(RecordId(2)), 2).await.unwrap(), all[2..4]);
        let marks = tx.scan_record_marks(1, Some(RecordId(4)), 9).await.unwrap();
        let expected = RecordMark {
            id: RecordId(5),
            key: text("k5"),
            native_id: text(""),
            fingerprint: Fingerprint(5),
            entity: None,
            absent_since: None,
        };
        assert_eq!(marks, [expected]);
    }

    async fn records_change_and_go(store) {
        write_to!(store, |tx| tx.insert_records(&[record(1, "a"), record(2, "b"), record(3, "c")]));
        let changed = Record { content: vec![], fingerprint: Fingerprint(77), line: 0, ..record(1, "a") };
        write_to!(store, |tx| tx.update_records(std::slice::from_ref(&changed)));
        write_to!(store, |tx| tx.set_records_absent(&[RecordId(2), RecordId(3)], Some(at(9))));
        assert_eq!(read_from!(store, |tx| tx.count_records(1)), (1, 2));
        write_to!(store, |tx| tx.set_records_absent(&[RecordId(3)], None));
        write_to!(store, |tx| tx.delete_records(&[RecordId(2)]));
        assert_eq!(read_from!(store, |tx| tx.scan_records(1, None, 9)), [changed, record(3, "c")]);
        assert_eq!(read_from!(store, |tx| tx.count_records(1)), (2, 0));
    }

    async fn a_link_to_an_entity_can_be_made_and_undone(store) {
        write_to!(store, |tx| tx.insert_records(&[record(1, "a"), record(2, "b")]));
        write_to!(store, |tx| tx.link_records(&[(RecordId(1), Some(EntityId(5)), 80)]));
        let mut tx = store.read().await.unwrap();
        let linked = Record { entity: Some(EntityId(5)), confidence: 80, ..record(1, "a") };
        assert_eq!(tx.records_of(EntityId(5)).await.unwrap(), [linked]);
        assert_eq!(tx.unlinked_records(1, None, 9).await.unwrap(), [record(2, "b")]);
        drop(tx);
        write_to!(store, |tx| tx.link_records(&[(RecordId(1), None, 0)]));
        let unlinked = read_from!(store, |tx| tx.unlinked_records(1, None, 9));
        assert_eq!(unlinked, [record(1, "a"), record(2, "b")]);
        let rest = read_from!(store, |tx| tx.unlinked_records(1, Some(RecordId(1)), 9));
        assert_eq!(rest, [record(2, "b")]);
    }

    async fn a_change_of_a_record_that_is_not_there_is_an_error(store) {
        let mut tx = store.begin().await.unwrap();
        let err = tx.update_records(&[record(1, "a")]).await.unwrap_err();
        assert!(matches!(err, StoreError::Missing { table: "record", ref row } if row == "1"));
        let err = tx.set_records_absent(&[RecordId(4)], None).await.unwrap_err();
        assert_eq!(err.to_string(), "`record` has no row 4");
    }

    async fn a_key_is_there_once_in_a_read(store) {
        write_to!(store, |tx| tx.insert_records(&[record(1, "a")]));
        let mut tx = store.begin().await.unwrap();
        let err = tx.insert_records(&[record(2, "a")]).await.unwrap_err();
        assert_eq!(err.to_string(), "a row of `record` with this key exists already");
    }
}
