//! Runs of reads and their problems.

use muster_store::{READ_PROBLEMS_KEPT, ReadCounts, ReadProblem, ReadRun, ReadRunId};

use crate::support::*;

fn run(id: i64, what: &str) -> ReadRun {
    ReadRun {
        id: ReadRunId(id),
        system_no: 1,
        what: text(what),
        started_at: at(id),
        ended_at: None,
        complete: false,
        incremental: false,
        counts: ReadCounts::default(),
        cursor: None,
        problem: None,
    }
}

fn ended(run: ReadRun, complete: bool) -> ReadRun {
    let counts = ReadCounts { n_objects: 9, n_new: 1, n_changed: 2, n_absent: 3, n_bad: 4 };
    let problem = (!complete).then(|| text("connection lost"));
    ReadRun {
        ended_at: Some(run.started_at + jiff::SignedDuration::from_secs(1)),
        complete,
        counts,
        cursor: Some(vec![1, 2]),
        problem,
        ..run
    }
}

fn problem(n: usize) -> ReadProblem {
    ReadProblem { place: text(&format!("hr.csv:{n}")), problem: text("no key") }
}

on_both! {
    async fn a_run_begins_and_ends(store) {
        let begun = run(1, "read person");
        write_to!(store, |tx| tx.insert_read_run(&begun));
        assert_eq!(read_from!(store, |tx| tx.read_run(ReadRunId(1))), Some(begun.clone()));
        let ended = ended(begun, true);
        write_to!(store, |tx| tx.finish_read_run(&ended));
        assert_eq!(read_from!(store, |tx| tx.read_run(ReadRunId(1))), Some(ended));
        assert_eq!(read_from!(store, |tx| tx.read_run(ReadRunId(2))), None);
        let mut tx = store.begin().await.unwrap();
        assert!(tx.finish_read_run(&run(7, "read person")).await.is_err());
    }

    async fn the_latest_run_of_each_thing_is_found(store) {
        let runs = [
            ended(run(1, "read person"), true),
            ended(run(2, "read person"), false),
            run(3, "read person"),
            ended(run(4, "account user"), false),
            ReadRun { system_no: 2, ..run(5, "read person") },
        ];
        for run in &runs {
            write_to!(store, |tx| tx.insert_read_run(run));
        }
        let mut tx = store.read().await.unwrap();
        let latest = tx.latest_read_runs(1).await.unwrap();
        assert_eq!(latest, [runs[3].clone(), runs[2].clone()]);
        let complete = tx.latest_complete_read(1, "read person").await.unwrap();
        assert_eq!(complete.as_ref(), Some(&runs[0]));
        assert_eq!(tx.latest_complete_read(1, "account user").await.unwrap(), None);
        drop(tx);
        assert_eq!(write_to!(store, |tx| tx.prune_read_runs(at(100))), 1, "only run 2");
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.read_run(ReadRunId(2)).await.unwrap(), None);
        assert_eq!(tx.latest_complete_read(1, "read person").await.unwrap().as_ref(), Some(&runs[0]));
    }

    async fn only_so_many_problems_of_a_run_are_kept(store) {
        let all: Vec<ReadProblem> = (1..=READ_PROBLEMS_KEPT + 5).map(problem).collect();
        write_to!(store, |tx| tx.insert_read_problems(ReadRunId(1), &all[..3]));
        write_to!(store, |tx| tx.insert_read_problems(ReadRunId(1), &all[3..]));
        write_to!(store, |tx| tx.insert_read_problems(ReadRunId(1), &all));
        write_to!(store, |tx| tx.insert_read_problems(ReadRunId(2), &all[..1]));
        let kept = read_from!(store, |tx| tx.read_problems(ReadRunId(1)));
        assert_eq!(kept, all[..READ_PROBLEMS_KEPT]);
        assert_eq!(read_from!(store, |tx| tx.read_problems(ReadRunId(2))), all[..1]);
        write_to!(store, |tx| tx.prune_read_runs(at(0)));
        assert_eq!(read_from!(store, |tx| tx.read_problems(ReadRunId(2))), [], "its run is gone");
    }
}
