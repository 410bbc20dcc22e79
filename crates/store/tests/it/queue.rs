//! The queue: what is left of plans, histories, tickets, and how systems are.

use muster_model::{EntityId, PlanId};
use muster_store::{
    OperationDone, OperationEvent, OperationState, PlanStatus, QueueCount, ReviewDecision,
    ReviewVerdict, SystemHealth, TicketStatus, Work,
};

use crate::support::*;

/// Saves plan 1 with operations 1 to 3 on system 2.
macro_rules! save_plan {
    ($store:expr) => {{
        let mut tx = $store.begin().await.unwrap();
        tx.insert_plan(&plan(1, "abc123")).await.unwrap();
        let operations: Vec<_> = (1..=3).map(|seq| operation(1, seq, "create")).collect();
        tx.insert_operations(&operations).await.unwrap();
        tx.commit().await.unwrap();
    }};
}

on_both! {
    async fn what_was_taken_by_a_system_is_neither_lost_nor_done_again(store) {
        save_plan!(store);
        let one = PlanId(1);
        assert_eq!(write_to!(store, |tx| tx.mark_sent(one, &[1, 2], at(1))), Vec::<i64>::new());
        assert!(read_from!(store, |tx| tx.is_interrupted(one)));
        write_to!(store, |tx| tx.insert_tickets(&[ticket(1)]));
        write_to!(store, |tx| tx.mark_taken(one, &[(1, 1), (2, 1)]));
        assert!(!read_from!(store, |tx| tx.is_interrupted(one)), "both are with somebody");
        assert_eq!(write_to!(store, |tx| tx.mark_sent(one, &[1], at(2))), vec![1], "not again");
        let counts = read_from!(store, |tx| tx.queue_of(one));
        let count = |state, n, n_tickets| QueueCount {
            system_no: 2, state, n, n_tickets, next_try: None, n_ready: n,
        };
        assert_eq!(
            counts,
            [count(OperationState::Planned, 1, 0), count(OperationState::Sent, 2, 2)]
        );
        assert!(
            write_to!(store, |tx| tx.decide_ticket(1, TicketStatus::Closed, Some("ada"), at(5), Some("done")))
        );
        assert!(
            !write_to!(store, |tx| tx.decide_ticket(1, TicketStatus::Refused, Some("bob"), at(6), None)),
            "once decided it stays so"
        );
        assert!(write_to!(store, |tx| tx.attest_ticket(1, "bob", at(7))));
        assert!(!write_to!(store, |tx| tx.attest_ticket(1, "eve", at(8))));
        let found = read_from!(store, |tx| tx.tickets(Some(TicketStatus::Closed), None, 9));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].attested_by, Some(text("bob")));
        assert_eq!(read_from!(store, |tx| tx.tickets_of(one, 1)), found);
    }

    async fn what_waits_for_review_is_found_until_it_is_decided_or_overtaken(store) {
        save_plan!(store);
        let one = PlanId(1);
        let held = OperationState::Held;
        write_to!(store, |tx| tx.move_operations(one, None, OperationState::Planned, held));
        write_to!(store, |tx| tx.insert_reviews(&[review(1), review(3)]));
        assert_eq!(read_from!(store, |tx| tx.waiting_reviews(None, 9)), [review(1), review(3)]);
        assert_eq!(read_from!(store, |tx| tx.waiting_reviews(Some((one, 1)), 9)), [review(3)]);
        write_to!(
            store, |tx| tx.decide_operation(one, 1, &[held], OperationState::Cancelled, None)
        );
        assert_eq!(read_from!(store, |tx| tx.waiting_reviews_of(one)), [review(3)]);
        assert_eq!(write_to!(store, |tx| tx.end_reviews(one, at(3))), 1);
        assert_eq!(read_from!(store, |tx| tx.reviews_with_key(&[7])), [review(3)]);
        let from = [plan(1, "abc123").status];
        write_to!(store, |tx| tx.set_plan_status(one, &from, PlanStatus::Stale));
        assert_eq!(read_from!(store, |tx| tx.waiting_reviews(None, 9)), [], "a plan nobody wants");
    }

    async fn a_review_decision_is_a_fact_and_the_last_one_counts(store) {
        let version = read_from!(store, |tx| tx.facts_version());
        write_to!(store, |tx| tx.decide_review(&review_decision()));
        assert_ne!(read_from!(store, |tx| tx.facts_version()), version, "plans change with it");
        let refused = ReviewDecision { verdict: ReviewVerdict::Refused, ..review_decision() };
        write_to!(store, |tx| tx.decide_review(&refused));
        assert_eq!(read_from!(store, |tx| tx.review_decisions(&[], 9)), [refused]);
        write_to!(store, |tx| tx.forget_review_decisions(&[vec![7]]));
        assert_eq!(read_from!(store, |tx| tx.review_decisions(&[], 9)), []);
    }

    async fn work_is_what_may_be_done_now_of_plans_that_are_applied(store) {
        save_plan!(store);
        let one = PlanId(1);
        assert_eq!(read_from!(store, |tx| tx.work(at(9))), [], "nobody applies the plan");
        let from = [plan(1, "abc123").status];
        write_to!(store, |tx| tx.set_plan_status(one, &from, PlanStatus::Applying));
        assert_eq!(read_from!(store, |tx| tx.applying()), [one]);
        let work = [Work { system_no: 2, plan: one }];
        assert_eq!(read_from!(store, |tx| tx.work(at(9))), work);
        let done = |seq, state, done_at, next_try| OperationDone {
            seq, state, done_at, next_try, account: None, error: Some(text("no")),
        };
        let all = [
            done(1, OperationState::Executed, Some(at(3)), None),
            done(2, OperationState::Failed, Some(at(3)), None),
            done(3, OperationState::Planned, None, Some(at(10))),
        ];
        write_to!(store, |tx| tx.mark_done(one, &all));
        assert_eq!(read_from!(store, |tx| tx.work(at(9))), [], "the last one waits");
        assert_eq!(read_from!(store, |tx| tx.work(at(10))), work);
        let entity = EntityId(1);
        let left = read_from!(store, |tx| tx.operations_left_of(&[1, 2, 3].map(EntityId)));
        assert_eq!(left.iter().map(|left| left.seq).collect::<Vec<_>>(), [2, 3]);
        assert!(read_from!(store, |tx| tx.was_done_since(entity, 2, at(2))));
        assert!(!read_from!(store, |tx| tx.was_done_since(entity, 2, at(3))));
    }

    async fn a_decision_takes_only_what_is_in_the_named_state(store) {
        save_plan!(store);
        let one = PlanId(1);
        write_to!(store, |tx| tx.mark_sent(one, &[1], at(1)));
        let (planned, cancelled) = (OperationState::Planned, OperationState::Cancelled);
        let cancel = async |seq| {
            write_to!(store, |tx| tx.decide_operation(one, seq, &[planned], cancelled, Some(at(9))))
        };
        assert!(!cancel(1).await, "it went out");
        assert!(cancel(2).await);
        assert!(!cancel(2).await);
        let n = write_to!(
            store,
            |tx| tx.cancel_operations_of(one, &[(EntityId(1), 2), (EntityId(3), 2), (EntityId(3), 9)])
        );
        assert_eq!(n, 1, "only what was not sent");
    }

    async fn a_history_keeps_its_order_and_a_retry_its_time(store) {
        save_plan!(store);
        let one = PlanId(1);
        let again = OperationDone {
            seq: 1,
            state: OperationState::Planned,
            done_at: None,
            next_try: Some(at(60)),
            account: None,
            error: Some(text("cannot reach the system")),
        };
        write_to!(store, |tx| tx.mark_done(one, &[again]));
        let event = |note: &str| OperationEvent {
            seq: 1,
            at: at(1),
            state: OperationState::Planned,
            actor: text("muster"),
            note: text(note),
        };
        write_to!(store, |tx| tx.add_operation_events(one, &[event("first"), event("second")]));
        let events = read_from!(store, |tx| tx.operation_events(one, 1));
        assert_eq!(events, [event("first"), event("second")]);
        let planned = &read_from!(store, |tx| tx.queue_of(one))[0];
        assert_eq!((planned.next_try, planned.n_ready), (Some(at(60)), 2));
        assert_eq!(write_to!(store, |tx| tx.hasten(one, Some(2))), 1);
        assert_eq!(read_from!(store, |tx| tx.queue_of(one))[0].next_try, None);
    }

    async fn how_a_system_is_can_be_replaced(store) {
        let ill = SystemHealth {
            system_no: 2,
            ill_since: Some(at(1)),
            reason: Some(text("access refused")),
            failures: 1,
            next_probe: Some(at(60)),
            ..SystemHealth::default()
        };
        write_to!(store, |tx| tx.save_system_health(&ill));
        let worse = SystemHealth { failures: 2, ..ill };
        write_to!(store, |tx| tx.save_system_health(&worse));
        assert_eq!(read_from!(store, |tx| tx.system_health()), [worse]);
    }
}
