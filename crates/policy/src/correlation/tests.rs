//! The correlation table, row by row.

use muster_model::EntityId;

use super::{Pair, Standing, settle};
use crate::Suggest;

/// Accounts 0, 1, 2 … with these confidences, all for one identity.
fn of_one(several: bool, suggest: Suggest, has_one: bool, confidences: &[u8]) -> String {
    let pairs: Vec<Pair> = confidences
        .iter()
        .enumerate()
        .map(|(subject, confidence)| Pair {
            subject,
            entity: EntityId(1),
            confidence: *confidence,
            first: true,
        })
        .collect();
    words(&settle(several, suggest, &pairs, |_| has_one))
}

fn words(standings: &[Standing]) -> String {
    let word = |standing: &Standing| match standing {
        Standing::Correlated => "correlated",
        Standing::Suggested => "suggested",
        Standing::Ignored => "ignored",
    };
    standings.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_row_of_the_correlation_table_holds() {
    use Suggest::{All, Best};
    let rows: [(bool, Suggest, bool, &[u8], &str); 15] = [
        // Best match only: correlated if sure, else suggested; the rest ignored.
        (false, Best, false, &[100, 80, 60], "correlated ignored ignored"),
        (false, Best, false, &[60, 80], "ignored suggested"),
        // Everything ignored.
        (false, Best, true, &[100, 80], "ignored ignored"),
        // All suggested.
        (false, All, false, &[100, 80, 60], "suggested suggested suggested"),
        // Sure ones suggested, the rest ignored.
        (false, All, true, &[100, 80], "suggested ignored"),
        // Sure ones correlated; others suggested only if nothing is higher.
        (true, Best, false, &[100, 100, 80], "correlated correlated ignored"),
        (true, Best, false, &[60, 80], "ignored suggested"),
        (true, Best, false, &[80, 80], "suggested suggested"),
        // Sure ones correlated, others ignored.
        (true, Best, true, &[100, 80], "correlated ignored"),
        (true, Best, true, &[80], "ignored"),
        // Sure ones correlated, others suggested.
        (true, All, false, &[100, 80], "correlated suggested"),
        (true, All, true, &[100, 80, 60], "correlated suggested suggested"),
        // Two equally good ones are never linked silently.
        (false, Best, false, &[100, 100], "suggested suggested"),
        (false, Best, false, &[80, 80, 60], "suggested suggested ignored"),
        (false, Best, false, &[], ""),
    ];
    for (several, suggest, has_one, confidences, expected) in rows {
        let found = of_one(several, suggest, has_one, confidences);
        assert_eq!(found, expected, "{several} {suggest:?} {has_one} {confidences:?}");
    }
}

#[test]
fn an_account_that_fits_two_people_surely_is_linked_to_neither() {
    let pair = |entity| Pair { subject: 0, entity: EntityId(entity), confidence: 100, first: true };
    for several in [false, true] {
        let standings = settle(several, Suggest::Best, &[pair(1), pair(2)], |_| false);
        assert_eq!(words(&standings), "suggested suggested");
    }
}

#[test]
fn a_later_rule_suggests_where_all_are_wanted_and_never_links() {
    let first = Pair { subject: 0, entity: EntityId(1), confidence: 80, first: true };
    let later = Pair { subject: 0, entity: EntityId(2), confidence: 100, first: false };
    let best = settle(true, Suggest::Best, &[first, later], |_| false);
    assert_eq!(words(&best), "suggested ignored");
    let all = settle(true, Suggest::All, &[first, later], |_| false);
    assert_eq!(words(&all), "suggested suggested");
}
