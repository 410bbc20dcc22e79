//! Watched roles, what happened, runs of workflows and their tasks, temporary passes.

use muster_model::EntityId;
use muster_store::{HeldRole, IdRange, RunState, WorkflowRun, WorkflowTask, WorkflowWatch};

use crate::support::*;

on_both! {
    async fn a_watched_role_is_held_once_and_forgotten(store) {
        let held = |entity, role: &str, how: &str| HeldRole {
            entity: EntityId(entity), role: text(role), how: text(how), since: at(1),
        };
        write_to!(store, |tx| tx.save_held_roles(&[held(1, "a", "rule"), held(1, "b", "rule"), held(2, "a", "rule")]));
        write_to!(store, |tx| tx.save_held_roles(&[held(1, "b", "assigned")]));
        write_to!(store, |tx| tx.drop_held_roles(&[(EntityId(2), text("a"))]));
        let range = IdRange { after: EntityId(0), to: EntityId(9) };
        let all = read_from!(store, |tx| tx.scan_held_roles(range, None, 9));
        assert_eq!(all, [held(1, "a", "rule"), held(1, "b", "assigned")]);
        let after = Some((EntityId(1), text("a")));
        assert_eq!(read_from!(store, |tx| tx.scan_held_roles(range, after, 9)).len(), 1);
        assert_eq!(read_from!(store, |tx| tx.held_roles_of_many(&[EntityId(2), EntityId(1)])).len(), 2);
    }

    async fn an_occasion_has_one_run(store) {
        let again = WorkflowRun { id: 2, ..workflow_run(1) };
        let other = WorkflowRun { id: 3, occasion: text("other"), ..workflow_run(1) };
        let begun = write_to!(store, |tx| tx.begin_workflow_runs(&[workflow_run(1), again, other.clone()]));
        assert_eq!(begun, [true, false, true]);
        let ended = WorkflowRun {
            state: RunState::Done, step: 2, wake_at: None, ended_at: Some(at(9)), ..workflow_run(1)
        };
        assert!(write_to!(store, |tx| tx.advance_workflow_run(&ended)));
        assert!(!write_to!(store, |tx| tx.advance_workflow_run(&workflow_run(1))), "it has ended");
        assert_eq!(read_from!(store, |tx| tx.workflow_run(1)), Some(ended));
        assert_eq!(read_from!(store, |tx| tx.due_workflow_runs(at(5), 9)), [other]);
        assert_eq!(read_from!(store, |tx| tx.next_workflow_wake()), Some(at(3)));
        assert_eq!(read_from!(store, |tx| tx.workflow_runs("welcome", Some(3), 9)).len(), 1);
        assert_eq!(read_from!(store, |tx| tx.all_workflow_runs(None, 9)).len(), 2);
        assert_eq!(read_from!(store, |tx| tx.workflow_runs_of(EntityId(1))).len(), 2);
    }

    async fn a_task_and_a_watch_are_replaced_and_events_are_consumed(store) {
        write_to!(store, |tx| tx.save_workflow_task(&workflow_task(1)));
        let done = WorkflowTask { state: RunState::Done, attempts: 2, ended_at: Some(at(4)), ..workflow_task(1) };
        write_to!(store, |tx| tx.save_workflow_task(&done));
        assert_eq!(read_from!(store, |tx| tx.workflow_tasks(1)), [done]);
        write_to!(store, |tx| tx.insert_workflow_events(&[event(1), event(2)]));
        write_to!(store, |tx| tx.delete_workflow_events(&[1]));
        assert_eq!(read_from!(store, |tx| tx.workflow_events(9)), [event(2)]);
        for next_due in [None, Some(at(3))] {
            let watch = WorkflowWatch { workflow: text("w"), facts_version: 1, revision: 1, next_due };
            write_to!(store, |tx| tx.save_workflow_watch(&watch));
            assert_eq!(read_from!(store, |tx| tx.workflow_watch("w")), Some(watch));
        }
    }

    async fn a_new_pass_takes_the_place_of_the_one_before(store) {
        write_to!(store, |tx| tx.save_temporary_pass(&pass(1)));
        let other = muster_store::TemporaryPass { hash: vec![9], ..pass(1) };
        write_to!(store, |tx| tx.save_temporary_pass(&other));
        assert_eq!(read_from!(store, |tx| tx.temporary_pass(EntityId(1))), Some(other));
        assert!(write_to!(store, |tx| tx.delete_temporary_pass(EntityId(1))));
        assert_eq!(read_from!(store, |tx| tx.temporary_pass(EntityId(1))), None);
    }
}
