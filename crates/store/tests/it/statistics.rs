//! Sizes.

use crate::support::*;

on_both! {
    async fn the_size_and_every_table_are_measured(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1"), person(2, "E2")]));
        let statistics = read_from!(store, |tx| tx.statistics());
        assert!(statistics.n_bytes > 10_000, "{}", statistics.n_bytes);
        assert_eq!(statistics.rows["entity"], 2);
        assert_eq!(statistics.rows["account"], 0);
        assert_eq!(statistics.rows.len(), 83);
    }
}
