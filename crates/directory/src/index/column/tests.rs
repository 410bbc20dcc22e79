//! What the grams find is what a look at every value finds.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*};

use super::*;

fn column(values: &[(String, i64)], indexed: bool) -> Column {
    let mut column = Column::default();
    for (value, id) in values {
        column.extend([value.as_str().into()], EntityId(*id));
    }
    column.finish(indexed);
    column.grams = indexed.then(|| Grams::of(column.rows.iter().map(|(value, _)| &**value)));
    column
}

/// Few characters, so that pieces are found; some of more than one byte.
fn text(most: usize) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[ab éß\u{0}\u{10ffff}]{{0,{most}}}")).unwrap()
}

fn values() -> impl Strategy<Value = Vec<(String, i64)>> {
    vec((text(8), 0..40_i64), 0..60)
}

fn pieces() -> impl Strategy<Value = Pieces> {
    let any = vec(text(5).prop_filter("no empty piece", |piece| !piece.is_empty()), 0..3);
    (text(2), any, text(4)).prop_map(|(initial, any, last)| Pieces { initial, any, last })
}

proptest! {
    #[test]
    fn pieces_are_found_by_grams_as_by_a_look_at_every_value(
        great in values(), fresh in values(), replaced in vec(0..40_i64, 0..8), pieces in pieces(),
    ) {
        let replaced: FxHashSet<EntityId> = replaced.into_iter().map(EntityId).collect();
        let fits = |(value, _): &&(String, i64)| contains(value, &pieces);
        let stay = great.iter().filter(|(_, id)| !replaced.contains(&EntityId(*id)));
        let wanted: BTreeSet<EntityId> =
            stay.chain(&fresh).filter(fits).map(|(_, id)| EntityId(*id)).collect();
        let (great, fresh) = (column(&great, true), column(&fresh, false));
        let columns =
            Columns { great: Some(&great), fresh: Some(&fresh), replaced: &replaced };
        prop_assert_eq!(columns.with(&pieces).into_iter().collect::<BTreeSet<_>>(), wanted);
    }
}

#[test]
fn a_piece_from_within_is_found_without_a_look_at_the_rest_and_costs_little() {
    let values: Vec<(String, i64)> =
        (0..20_000).map(|n| (format!("given{} family{}", n % 977, n % 7_919), n)).collect();
    let column = column(&values, true);
    let grams = column.grams.as_ref().unwrap();
    for (any, last, most) in [("mily4711", "", 100), ("", "ly4711", 100), ("ly", "", 20_000)] {
        let any = Some(any.to_owned()).filter(|any| !any.is_empty()).into_iter().collect();
        let pieces = Pieces { initial: String::new(), any, last: last.to_owned() };
        let looked_at = grams.rows(&pieces, usize::MAX).unwrap().count();
        assert!((1..=most).contains(&looked_at), "{pieces:?}: {looked_at}");
    }
    let bytes: usize = values.iter().map(|(value, _)| value.len()).sum();
    assert!(grams.n_bytes() < 2 * bytes, "{} bytes for {bytes}", grams.n_bytes());
}
