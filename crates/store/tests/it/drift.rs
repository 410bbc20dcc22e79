//! Drift, decisions about orphans, nested entitlements.

use std::slice::from_ref;

use muster_model::{AccountId, DriftId, EntityId};
use muster_store::{
    Decided, Drift, DriftDecision, Entitlement, EntitlementId, Nesting, OrphanDecision, OrphanVerb,
    ReadRunId,
};

use crate::support::*;

fn accepted(by: Option<&str>) -> Decided<'_> {
    let decision = if by.is_some() { DriftDecision::Accept } else { DriftDecision::Undecided };
    Decided { decision, until: Some(at(90)), by, remark: "holiday", at: at(50) }
}

on_both! {
    async fn open_drift_is_found_by_account_identity_cause_and_read(store) {
        let other = Drift { cause: text("d"), entity: None, run: ReadRunId(2), ..drifted(2, 5) };
        write_to!(store, |tx| tx.insert_drift(&[drifted(1, 4), other.clone(), drifted(3, 4)]));
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.drift(DriftId(2)).await.unwrap(), Some(other.clone()));
        assert_eq!(tx.open_drift(Some(DriftId(1)), 1).await.unwrap(), from_ref(&other));
        assert_eq!(tx.drift_of_accounts(&[AccountId(5)]).await.unwrap(), from_ref(&other));
        assert_eq!(tx.drift_of_run(ReadRunId(2), None, 9).await.unwrap(), [other]);
        let own = [drifted(1, 4), drifted(3, 4)];
        assert_eq!(tx.drift_of_many(&[EntityId(1)]).await.unwrap(), own);
        assert_eq!(tx.drift_of_cause("c", None, 9).await.unwrap(), own);
        let groups = tx.drift_causes("", 9).await.unwrap();
        let counts: Vec<_> = groups.iter().map(|group| (&*group.cause, group.n)).collect();
        assert_eq!(counts, [("c", 2), ("d", 1)]);
        assert_eq!((groups[0].first_seen, groups[0].last_seen), (at(1), at(3)));
        assert_eq!(tx.drift_causes("c", 9).await.unwrap(), groups[1..]);
        assert_eq!(tx.drift_runs(Some(ReadRunId(1)), 9).await.unwrap().len(), 1);
    }

    async fn a_decision_makes_plans_stale_and_an_end_does_not(store) {
        write_to!(store, |tx| tx.insert_drift(&[drifted(1, 4), drifted(2, 4)]));
        let before = read_from!(store, |tx| tx.facts_version());
        let decided = accepted(Some("ada"));
        let over = write_to!(store, |tx| tx.decide_drift(&[DriftId(1), DriftId(9)], &decided));
        assert_eq!(over, [DriftId(9)]);
        let after = read_from!(store, |tx| tx.facts_version());
        assert!(after > before);
        let undecided =
            read_from!(store, |tx| tx.drift_decided(DriftDecision::Undecided, at(9), 9));
        assert_eq!(undecided, [drifted(2, 4)]);
        write_to!(store, |tx| tx.close_drift(&[DriftId(1)], at(60), "as wanted"));
        assert_eq!(read_from!(store, |tx| tx.facts_version()), after);
        let drift = read_from!(store, |tx| tx.drift(DriftId(1))).unwrap();
        assert_eq!(drift.closed_at, Some(at(60)));
        assert_eq!((&*drift.remark, drift.until), ("holiday; as wanted", Some(at(90))));
        assert_eq!(read_from!(store, |tx| tx.open_drift(None, 9)), [drifted(2, 4)]);
    }

    async fn what_was_decided_about_an_orphan_is_replaced_and_taken_back(store) {
        write_to!(store, |tx| tx.decide_orphans(&[orphan_decision(4)]));
        let second = OrphanDecision { verb: OrphanVerb::Delete, until: None, ..orphan_decision(4) };
        write_to!(store, |tx| tx.decide_orphans(from_ref(&second)));
        assert_eq!(read_from!(store, |tx| tx.orphan_decisions(None, 9)), [second]);
        assert_eq!(write_to!(store, |tx| tx.forget_orphan_decisions(&[AccountId(4)])), 1);
        assert_eq!(read_from!(store, |tx| tx.orphan_decisions(None, 9)), []);
    }

    async fn entitlements_in_entitlements_are_kept_by_kind(store) {
        let group = |id, kind_no| Entitlement {
            id: EntitlementId(id), system_no: 2, kind_no, name: text(&format!("g{id}")),
            native_id: text(""), native_name: text(""), present: true,
        };
        write_to!(store, |tx| tx.save_entitlements(&[group(1, 3), group(2, 3), group(3, 4)]));
        let nesting = |outer, inner| Nesting { outer: EntitlementId(outer), inner: EntitlementId(inner) };
        write_to!(store, |tx| tx.insert_nestings(&[nesting(1, 2), nesting(3, 2)]));
        assert_eq!(read_from!(store, |tx| tx.nestings(3)), [nesting(1, 2)]);
        let inside = read_from!(store, |tx| tx.nestings_in(&[EntitlementId(3), EntitlementId(1), EntitlementId(2)]));
        assert_eq!(inside, [nesting(3, 2), nesting(1, 2)]);
        write_to!(store, |tx| tx.delete_nestings(&[nesting(1, 2)]));
        assert_eq!(read_from!(store, |tx| tx.nestings(3)), []);
    }
}
