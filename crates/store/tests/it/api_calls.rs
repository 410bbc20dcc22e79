//! Calls that may come again, and work that takes long.

use muster_store::{ApiCall, Job};

use crate::support::*;

on_both! {
    async fn a_call_begins_once_under_its_key_until_that_is_over(store) {
        assert!(write_to!(store, |tx| tx.begin_api_call(1, "k", &[1], at(10), at(0))));
        assert!(!write_to!(store, |tx| tx.begin_api_call(1, "k", &[2], at(20), at(10))));
        assert!(write_to!(store, |tx| tx.begin_api_call(2, "k", &[3], at(20), at(10))));
        write_to!(store, |tx| tx.answer_api_call(1, "k", 201, b"{}"));
        let answered = ApiCall {
            fingerprint: vec![1], begun_at: at(10), status: Some(201), answer: Some(b"{}".to_vec()),
        };
        assert_eq!(read_from!(store, |tx| tx.api_call(1, "k")), Some(answered));
        assert!(write_to!(store, |tx| tx.begin_api_call(1, "k", &[2], at(99), at(11))));
        let again = ApiCall { fingerprint: vec![2], begun_at: at(99), status: None, answer: None };
        assert_eq!(read_from!(store, |tx| tx.api_call(1, "k")), Some(again));
        assert_eq!(write_to!(store, |tx| tx.forget_api_calls(at(50))), 1);
        write_to!(store, |tx| tx.forget_api_call(1, "k"));
        assert_eq!(read_from!(store, |tx| tx.api_call(1, "k")), None);
    }

    async fn a_job_keeps_what_came_of_it(store) {
        write_to!(store, |tx| tx.insert_job(&job(1)));
        write_to!(store, |tx| tx.insert_job(&job(2)));
        write_to!(store, |tx| tx.end_job(1, at(9), 200, b"{}"));
        let ended = Job {
            ended_at: Some(at(9)), status: Some(200), answer: Some(b"{}".to_vec()), ..job(1)
        };
        assert_eq!(read_from!(store, |tx| tx.job(1)), Some(ended.clone()));
        assert_eq!(read_from!(store, |tx| tx.jobs(None, 9)), [job(2), ended.clone()]);
        assert_eq!(read_from!(store, |tx| tx.jobs(Some(2), 9)), [ended]);
    }
}
