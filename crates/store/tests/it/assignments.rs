//! Assignments with validity and history.

use muster_model::{AssignmentId, EntityId};
use muster_store::{Assignment, AssignmentEdge, IdRange};

use crate::support::*;

fn ids(assignments: &[Assignment]) -> Vec<i64> {
    assignments.iter().map(|assignment| assignment.id.0).collect()
}

fn valid(assignment: Assignment, from: Option<i64>, until: Option<i64>) -> Assignment {
    Assignment { valid_from: from.map(at), valid_until: until.map(at), ..assignment }
}

on_both! {
    async fn an_assignment_is_ended_once_and_stays_known(store) {
        let written = valid(assignment(1, 5, "sales"), Some(1), Some(9));
        write_to!(store, |tx| tx.insert_assignments(std::slice::from_ref(&written)));
        assert_eq!(read_from!(store, |tx| tx.assignment(AssignmentId(1))), Some(written.clone()));
        let end = async |by| {
            write_to!(store, |tx| tx.end_assignment(AssignmentId(1), at(5), by, "left"))
        };
        assert!(end("bob").await);
        assert!(!end("eve").await);
        let ended = Assignment {
            ended_at: Some(at(5)), ended_by: Some(text("bob")), end_reason: Some(text("left")), ..written
        };
        assert_eq!(read_from!(store, |tx| tx.assignments_of(EntityId(5))), [ended]);
    }

    async fn a_scan_gives_what_holds_or_will(store) {
        let mut tx = store.begin().await.unwrap();
        tx.insert_assignments(&[
            assignment(1, 3, "a"),
            valid(assignment(2, 1, "over"), None, Some(10)),
            valid(assignment(3, 1, "later"), Some(90), None),
            valid(assignment(4, 1, "now"), Some(5), Some(90)),
            assignment(5, 2, "ended"),
            assignment(6, 4, "beyond"),
        ])
        .await
        .unwrap();
        tx.end_assignment(AssignmentId(5), at(5), "bob", "").await.unwrap();
        tx.commit().await.unwrap();
        let range = IdRange { after: EntityId(0), to: EntityId(3) };
        let mut tx = store.read().await.unwrap();
        let page = tx.scan_assignments(range, at(10), None, 2).await.unwrap();
        assert_eq!(ids(&page), [3, 4]);
        let after = Some((EntityId(1), AssignmentId(4)));
        assert_eq!(ids(&tx.scan_assignments(range, at(10), after, 9).await.unwrap()), [1]);
        let many = tx.assignments_of_many(&[EntityId(4), EntityId(1)], at(10)).await.unwrap();
        assert_eq!(ids(&many), [6, 3, 4]);
    }

    async fn as_of_gives_what_was_recorded_then(store) {
        let late = Assignment { created_at: at(20), ..assignment(2, 1, "late") };
        write_to!(store, |tx| tx.insert_assignments(&[assignment(1, 1, "a"), late, assignment(3, 2, "b")]));
        write_to!(store, |tx| tx.end_assignment(AssignmentId(1), at(30), "bob", ""));
        let mut tx = store.read().await.unwrap();
        for (seconds, expected) in
            [(-1, vec![]), (0, vec![1]), (20, vec![1, 2]), (29, vec![1, 2]), (30, vec![2])]
        {
            let found = tx.assignments_as_of(EntityId(1), at(seconds)).await.unwrap();
            assert_eq!(ids(&found), expected, "{seconds}");
        }
        let range = IdRange { after: EntityId(0), to: EntityId(9) };
        let page = tx.scan_assignments_as_of(range, at(10), None, 9).await.unwrap();
        assert_eq!(ids(&page), [1, 3]);
        let after = Some((EntityId(1), AssignmentId(1)));
        let page = tx.scan_assignments_as_of(range, at(40), after, 1).await.unwrap();
        assert_eq!(ids(&page), [2]);
    }

    async fn the_holders_of_a_role_are_found(store) {
        let all = [assignment(1, 2, "a"), assignment(2, 1, "a"), assignment(3, 1, "b"), assignment(4, 3, "a")];
        write_to!(store, |tx| tx.insert_assignments(&all));
        write_to!(store, |tx| tx.end_assignment(AssignmentId(4), at(1), "bob", ""));
        let mut tx = store.read().await.unwrap();
        assert_eq!(ids(&tx.assignments_of_role("a", None, 9).await.unwrap()), [2, 1]);
        let after = Some((EntityId(1), AssignmentId(2)));
        assert_eq!(ids(&tx.assignments_of_role("a", after, 9).await.unwrap()), [1]);
    }

    async fn beginnings_and_ends_are_found_in_time_order(store) {
        let all = [
            valid(assignment(1, 1, "a"), Some(10), Some(30)),
            valid(assignment(2, 2, "a"), None, Some(20)),
            valid(assignment(3, 3, "a"), Some(15), None),
            valid(assignment(4, 4, "a"), Some(5), Some(99)),
        ];
        write_to!(store, |tx| tx.insert_assignments(&all));
        write_to!(store, |tx| tx.end_assignment(AssignmentId(3), at(1), "bob", ""));
        let edge = |seconds, id| AssignmentEdge {
            at: at(seconds), entity: EntityId(id), assignment: AssignmentId(id),
        };
        let mut tx = store.read().await.unwrap();
        let found = tx.assignment_edges(at(5), at(30), 9).await.unwrap();
        assert_eq!(found, [edge(10, 1), edge(20, 2), edge(30, 1)]);
        assert_eq!(tx.assignment_edges(at(5), at(30), 1).await.unwrap(), [edge(10, 1)]);
    }
}
