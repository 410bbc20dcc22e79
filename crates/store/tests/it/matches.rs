//! Cases of correlation, decisions about them, merged identities, and how reads were mapped.

use muster_model::{EntityId, Fingerprint};
use muster_store::{AppliedChange, CaseStatus, MatchCaseId, Matched, ReadMapping, Verdict};

use crate::support::*;

on_both! {
    async fn a_case_about_the_same_record_is_replaced_and_keeps_its_id(store) {
        write_to!(store, |tx| tx.save_match_cases(&[match_case(1, "a"), match_case(2, "b")]));
        let refused = muster_store::MatchCase {
            status: CaseStatus::Refused, problem: text("no key"), made_at: at(9), ..match_case(3, "a")
        };
        write_to!(store, |tx| tx.save_match_cases(std::slice::from_ref(&refused)));
        let mut tx = store.read().await.unwrap();
        let kept = tx.match_case(MatchCaseId(1)).await.unwrap().unwrap();
        assert_eq!((kept.status, kept.made_at), (CaseStatus::Refused, at(1)));
        assert_eq!(tx.match_case(MatchCaseId(3)).await.unwrap(), None);
        assert_eq!(tx.match_cases(CaseStatus::Undecided, None, 9).await.unwrap(), [match_case(2, "b")]);
        assert_eq!(tx.count_match_cases(CaseStatus::Refused).await.unwrap(), 1);
        drop(tx);
        write_to!(store, |tx| tx.delete_match_cases(Matched::Record, 1, &texts(&["a", "x"])));
        let left = read_from!(store, |tx| tx.match_cases_of(Matched::Record, 1));
        assert_eq!(left, [match_case(2, "b")]);
    }

    async fn a_positive_decision_takes_the_place_of_all_others_and_a_negative_one_stands_beside_its_kind(store) {
        for (entity, verdict) in [(1, Verdict::Not), (2, Verdict::Not)] {
            write_to!(store, |tx| tx.save_match_decision(&match_decision("a", entity, verdict)));
        }
        assert_eq!(read_from!(store, |tx| tx.match_decisions_of(Matched::Record, 1)).len(), 2);
        write_to!(store, |tx| tx.save_match_decision(&match_decision("a", 3, Verdict::Link)));
        let decided = read_from!(store, |tx| tx.match_decisions_of(Matched::Record, 1));
        assert_eq!(decided, [match_decision("a", 3, Verdict::Link)]);
        write_to!(store, |tx| tx.save_match_decision(&match_decision("a", 3, Verdict::Not)));
        let decided = read_from!(store, |tx| tx.match_decisions_of(Matched::Record, 1));
        assert_eq!(decided, [match_decision("a", 3, Verdict::Not)]);
    }

    async fn a_merged_entity_is_in_no_type_until_it_comes_back(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1"), person(2, "E2")]));
        write_to!(store, |tx| tx.flip_entity_type(EntityId(1)));
        write_to!(store, |tx| tx.insert_merged_entity(&merged(1, 2)));
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.scan_entities(1, None, 9).await.unwrap().len(), 1);
        assert_eq!(tx.merged_into(EntityId(2)).await.unwrap(), [merged(1, 2)]);
        assert!(tx.any_merged().await.unwrap());
        drop(tx);
        write_to!(store, |tx| tx.flip_entity_type(EntityId(1)));
        write_to!(store, |tx| tx.delete_merged_entity(EntityId(1)));
        assert_eq!(read_from!(store, |tx| tx.scan_entities(1, None, 9)).len(), 2);
    }

    async fn what_a_read_changed_is_counted_within_a_window(store) {
        let update = |n| AppliedChange { kind: text("update"), n };
        write_to!(store, |tx| tx.add_applied_changes(1, at(1), &[update(3)], at(0)));
        write_to!(store, |tx| tx.add_applied_changes(1, at(5), &[update(4)], at(0)));
        assert_eq!(read_from!(store, |tx| tx.applied_changes(1, at(2))), [update(4)]);
        write_to!(store, |tx| tx.add_applied_changes(1, at(6), &[], at(2)));
        assert_eq!(read_from!(store, |tx| tx.applied_changes(1, at(0))), [update(4)]);
    }

    async fn how_a_read_was_mapped_is_kept(store) {
        let mapping = ReadMapping { read_no: 1, columns: Fingerprint(1), mapping: Fingerprint(2), owned: text("a") };
        write_to!(store, |tx| tx.save_read_mapping(&mapping));
        let later = ReadMapping { mapping: Fingerprint(3), ..mapping };
        write_to!(store, |tx| tx.save_read_mapping(&later));
        assert_eq!(read_from!(store, |tx| tx.read_mapping(1)), Some(later));
    }
}
