//! Plans and their operations.

use muster_model::{AccountId, EntityId, PlanId};
use muster_store::{
    Operation, OperationCount, OperationDone, OperationFilter, OperationState, PlanStatus,
    StoreError,
};

use crate::support::*;

fn done(seq: i64, state: OperationState) -> OperationDone {
    OperationDone { seq, state, done_at: Some(at(60)), next_try: None, account: None, error: None }
}

fn seqs(operations: &[Operation]) -> Vec<i64> {
    operations.iter().map(|operation| operation.seq).collect()
}

/// Saves plan 1 with operations 1 to 5: one on system 3, the others on system 2; being applied.
macro_rules! save_plan {
    ($store:expr) => {{
        let mut tx = $store.begin().await.unwrap();
        tx.insert_plan(&plan(1, "abc123")).await.unwrap();
        let mut operations: Vec<Operation> =
            (1..=5).map(|seq| operation(1, seq, "create")).collect();
        operations[2].system_no = 3;
        operations[4].kind = text("grant");
        operations[4].after = vec![1, 4];
        tx.insert_operations(&operations).await.unwrap();
        assert!(
            tx.set_plan_status(PlanId(1), &[PlanStatus::Open], PlanStatus::Applying).await.unwrap()
        );
        tx.commit().await.unwrap();
        operations
    }};
}

on_both! {
    async fn a_plan_is_found_by_id_and_by_the_beginning_of_its_hash(store) {
        write_to!(store, |tx| tx.insert_plan(&plan(1, "abc123")));
        write_to!(store, |tx| tx.insert_plan(&plan(2, "abd")));
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.plan(PlanId(1)).await.unwrap(), Some(plan(1, "abc123")));
        assert_eq!(tx.plan_by_hash("abc").await.unwrap(), Some(plan(1, "abc123")));
        assert_eq!(tx.plan_by_hash("abd").await.unwrap(), Some(plan(2, "abd")));
        assert_eq!(tx.plan_by_hash("b").await.unwrap(), None);
        let err = tx.plan_by_hash("ab").await.unwrap_err();
        assert!(matches!(err, StoreError::AmbiguousPlan { ref prefix } if prefix == "ab"), "{err}");
        drop(tx);
        let mut tx = store.begin().await.unwrap();
        let err = tx.insert_plan(&plan(3, "abd")).await.unwrap_err();
        assert!(matches!(err, StoreError::Exists { .. }), "{err}");
    }

    async fn plans_are_listed_the_newest_first(store) {
        for id in 1..=3 {
            write_to!(store, |tx| tx.insert_plan(&plan(id, &format!("{id}"))));
        }
        let stale = PlanStatus::Stale;
        assert!(write_to!(store, |tx| tx.set_plan_status(PlanId(2), &[PlanStatus::Held, PlanStatus::Open], stale)));
        assert!(!write_to!(store, |tx| tx.set_plan_status(PlanId(2), &[PlanStatus::Open], stale)));
        let ids = async |status, before: Option<i64>| {
            let found = read_from!(store, |tx| tx.plans(status, before.map(PlanId), 2));
            found.iter().map(|plan| plan.id.0).collect::<Vec<i64>>()
        };
        assert_eq!(ids(None, None).await, [3, 2]);
        assert_eq!(ids(None, Some(2)).await, [1]);
        assert_eq!(ids(Some(stale), None).await, [2]);
        assert_eq!(ids(Some(PlanStatus::Open), None).await, [3, 1]);
        write_to!(store, |tx| tx.set_plan_guard(PlanId(1), "[1]"));
        assert_eq!(&*read_from!(store, |tx| tx.plan(PlanId(1))).unwrap().guard, "[1]");
        let mut tx = store.begin().await.unwrap();
        assert!(tx.set_plan_guard(PlanId(9), "").await.is_err());
    }

    async fn operations_come_back_in_order_and_filtered(store) {
        let operations = save_plan!(store);
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.operation(PlanId(1), 5).await.unwrap().as_ref(), Some(&operations[4]));
        assert_eq!(tx.operation(PlanId(2), 5).await.unwrap(), None);
        let all = OperationFilter::default();
        let page = tx.operations(PlanId(1), all, None, 2).await.unwrap();
        assert_eq!(page, operations[..2]);
        let page = tx.operations(PlanId(1), all, Some(2), 9).await.unwrap();
        assert_eq!(page, operations[2..]);
        let on_three = OperationFilter { system_no: Some(3), ..all };
        assert_eq!(seqs(&tx.operations(PlanId(1), on_three, None, 9).await.unwrap()), [3]);
        let failed = OperationFilter { state: Some(OperationState::Failed), ..all };
        assert_eq!(tx.operations(PlanId(1), failed, None, 9).await.unwrap(), []);
        assert_eq!(seqs(&tx.operations_of(EntityId(4), 9).await.unwrap()), [4]);
    }

    async fn an_intent_is_on_disk_once_and_settled_operations_are_refused(store) {
        save_plan!(store);
        let refused = write_to!(store, |tx| tx.mark_sent(PlanId(1), &[1, 2, 9], at(50)));
        assert_eq!(refused, [9]);
        let ended = [
            OperationDone { account: Some(AccountId(77)), ..done(1, OperationState::Executed) },
            OperationDone {
                done_at: None,
                next_try: Some(at(70)),
                error: Some(text("busy")),
                ..done(2, OperationState::Planned)
            },
        ];
        write_to!(store, |tx| tx.mark_done(PlanId(1), &ended));
        let refused = write_to!(store, |tx| tx.mark_sent(PlanId(1), &[1, 2], at(80)));
        assert_eq!(refused, [1]);
        let found = read_from!(store, |tx| tx.operation(PlanId(1), 1)).unwrap();
        let expected = Operation {
            state: OperationState::Executed,
            attempts: 1,
            account: Some(AccountId(77)),
            sent_at: Some(at(50)),
            done_at: Some(at(60)),
            ..operation(1, 1, "create")
        };
        assert_eq!(found, expected);
        let found = read_from!(store, |tx| tx.operation(PlanId(1), 2)).unwrap();
        assert_eq!((found.attempts, found.next_try, found.sent_at), (2, None, Some(at(80))));
        let mut tx = store.begin().await.unwrap();
        let err = tx.mark_done(PlanId(1), &[done(8, OperationState::Failed)]).await.unwrap_err();
        assert!(matches!(err, StoreError::Missing { table: "operation", .. }), "{err}");
    }

    async fn a_later_mark_keeps_the_account(store) {
        save_plan!(store);
        let executed = OperationDone { account: Some(AccountId(7)), ..done(1, OperationState::Executed) };
        write_to!(store, |tx| tx.mark_done(PlanId(1), &[executed]));
        write_to!(store, |tx| tx.mark_done(PlanId(1), &[done(1, OperationState::Verified)]));
        let found = read_from!(store, |tx| tx.operation(PlanId(1), 1)).unwrap();
        assert_eq!((found.state, found.account), (OperationState::Verified, Some(AccountId(7))));
    }

    async fn unverified_operations_are_found_across_plans(store) {
        save_plan!(store);
        let mut tx = store.begin().await.unwrap();
        tx.insert_plan(&plan(2, "ff")).await.unwrap();
        tx.insert_operations(&[operation(2, 1, "create")]).await.unwrap();
        tx.mark_sent(PlanId(1), &[1, 2], at(50)).await.unwrap();
        let doubted = OperationDone { error: Some(text("not seen")), ..done(1, OperationState::Executed) };
        let executed = [doubted, done(2, OperationState::Executed), done(3, OperationState::Executed)];
        tx.mark_done(PlanId(1), &executed).await.unwrap();
        tx.mark_done(PlanId(2), &[done(1, OperationState::Executed)]).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        let found = tx.unverified_operations(2, None, 9).await.unwrap();
        let places: Vec<(i64, i64)> = found.iter().map(|found| (found.plan.0, found.seq)).collect();
        assert_eq!(places, [(2, 1), (1, 2)], "the latest first, without what a read failed to show");
        let before = Some((found[0].plan, found[0].seq));
        assert_eq!(seqs(&tx.unverified_operations(2, before, 9).await.unwrap()), [2]);
        assert_eq!(seqs(&tx.unverified_operations(2, None, 1).await.unwrap()), [1]);
        assert_eq!(seqs(&tx.unverified_operations(3, None, 9).await.unwrap()), [3]);
    }

    async fn what_was_confirmed_since_is_counted(store) {
        save_plan!(store);
        let executed = [done(1, OperationState::Executed), done(2, OperationState::Executed)];
        write_to!(store, |tx| tx.mark_done(PlanId(1), &executed));
        write_to!(store, |tx| tx.mark_verified(PlanId(1), &[1], at(70)));
        let type_no = read_from!(store, |tx| tx.operation(PlanId(1), 1)).unwrap().account_type_no.unwrap();
        for (done, verified, n) in [(60, 69, 1), (60, 70, 0), (61, 69, 0)] {
            let found = read_from!(store, |tx| tx.count_verified_since(type_no, at(done), at(verified)));
            assert_eq!(found, n, "{done} {verified}");
        }
    }

    async fn operations_are_counted_and_moved(store) {
        save_plan!(store);
        write_to!(store, |tx| tx.mark_done(PlanId(1), &[
            done(1, OperationState::Executed),
            done(2, OperationState::Failed),
        ]));
        let (planned, held) = (OperationState::Planned, OperationState::Held);
        let moved = write_to!(store, |tx| tx.move_operations(PlanId(1), Some(3), planned, held));
        assert_eq!(moved, 1);
        let count = |system_no, kind, state| OperationCount { system_no, kind: text(kind), state, n: 1 };
        let expected = [
            count(2, "create", OperationState::Executed),
            count(2, "create", OperationState::Failed),
            count(2, "create", planned),
            count(2, "grant", planned),
            count(3, "create", held),
        ];
        assert_eq!(read_from!(store, |tx| tx.count_operations(PlanId(1))), expected);
        let since = read_from!(store, |tx| tx.count_operations_done(at(60), at(61)));
        assert_eq!(since, [count(2, "create", OperationState::Executed)]);
        assert_eq!(read_from!(store, |tx| tx.count_operations_done(at(61), jiff::Timestamp::MAX)), []);
        assert_eq!(read_from!(store, |tx| tx.count_operations_done(at(0), at(60))), []);
        assert_eq!(write_to!(store, |tx| tx.move_operations(PlanId(1), None, planned, held)), 2);
    }

    async fn a_plan_that_was_applied_stays(store) {
        save_plan!(store);
        assert!(!write_to!(store, |tx| tx.delete_plan(PlanId(1))), "it is being applied");
        write_to!(store, |tx| tx.set_plan_status(PlanId(1), &[PlanStatus::Applying], PlanStatus::Cancelled));
        write_to!(store, |tx| tx.mark_sent(PlanId(1), &[1], at(1)));
        assert!(!write_to!(store, |tx| tx.delete_plan(PlanId(1))), "a call went out");
        let mut tx = store.begin().await.unwrap();
        tx.insert_plan(&plan(2, "ff")).await.unwrap();
        tx.insert_operations(&[operation(2, 1, "create")]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(write_to!(store, |tx| tx.delete_plan(PlanId(2))));
        let rows = read_from!(store, |tx| tx.statistics()).rows;
        assert_eq!((rows["plan"], rows["operation"]), (1, 5));
    }
}
