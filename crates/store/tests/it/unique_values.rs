//! Unique values: one holder each, whoever comes first.

use muster_model::EntityId;
use muster_store::{TakenValue, UniqueValue};

use crate::support::*;

fn value(key: &str, entity: i64) -> UniqueValue {
    UniqueValue { type_no: 1, attribute_no: 4, value_key: text(key), entity: EntityId(entity) }
}

on_both! {
    async fn a_value_belongs_to_who_took_it_first(store) {
        let taken = write_to!(store, |tx| tx.take_unique_values(&[value("a", 1), value("b", 2)]));
        assert_eq!(taken, []);
        let wanted = [value("a", 2), value("b", 2), value("c", 2)];
        let taken = write_to!(store, |tx| tx.take_unique_values(&wanted));
        assert_eq!(taken, [TakenValue { wanted: value("a", 2), holder: EntityId(1) }]);
        let mut tx = store.read().await.unwrap();
        let holders = tx.unique_value_holders(1, 4, &texts(&["c", "x", "a"])).await.unwrap();
        assert_eq!(holders, [Some(EntityId(2)), None, Some(EntityId(1))]);
        assert_eq!(tx.unique_values_of(EntityId(2)).await.unwrap(), [value("b", 2), value("c", 2)]);
    }

    async fn within_one_call_the_first_wins_too(store) {
        let taken = write_to!(store, |tx| tx.take_unique_values(&[value("a", 1), value("a", 2)]));
        assert_eq!(taken, [TakenValue { wanted: value("a", 2), holder: EntityId(1) }]);
    }

    async fn only_the_holder_gives_a_value_back(store) {
        write_to!(store, |tx| tx.take_unique_values(&[value("a", 1)]));
        write_to!(store, |tx| tx.drop_unique_values(&[value("a", 2), value("none", 1)]));
        let holder = async || read_from!(store, |tx| tx.unique_value_holders(1, 4, &texts(&["a"])));
        assert_eq!(holder().await, [Some(EntityId(1))]);
        write_to!(store, |tx| tx.drop_unique_values(&[value("a", 1)]));
        assert_eq!(holder().await, [None]);
    }

    async fn equal_values_of_other_attributes_are_no_conflict(store) {
        let other = UniqueValue { attribute_no: 5, ..value("a", 2) };
        assert_eq!(write_to!(store, |tx| tx.take_unique_values(&[value("a", 1), other])), []);
    }
}
