//! Servers that go away in the middle.

use std::sync::Arc;

use async_trait::async_trait;
use muster_connector::{BadObject, Connector, ConnectorError, ReadObject, Sink};
use muster_testkit::{SUFFIX, Slapd};
use tokio::sync::Notify;

use crate::support::{admin, create_person, field, one, person, request, slapd, text};

/// Kills the server when the first objects arrive.
struct Killer<'a> {
    slapd: &'a mut Slapd,
    n_objects: usize,
}

#[async_trait]
impl Sink for Killer<'_> {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        if self.n_objects == 0 {
            self.slapd.kill().unwrap();
        }
        self.n_objects += objects.len();
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        panic!("{bad:?}");
    }
}

#[tokio::test]
async fn a_server_killed_half_way_through_a_read_leaves_it_incomplete() {
    let mut slapd = slapd();
    let directory = admin(&slapd, &[("page_size", text("10"))]);
    let people: Vec<_> = (0..50).map(|i| create_person(&format!("p{i}"))).collect();
    assert!(directory.apply(&people).await.iter().all(Result::is_ok));
    let mut sink = Killer { slapd: &mut slapd, n_objects: 0 };
    let end =
        directory.read(&request("inetOrgPerson", vec![field("uid")]), &mut sink).await.unwrap();
    assert!(!end.complete);
    assert!(end.problem.is_some());
    assert_eq!(sink.n_objects, 10);
    let error = directory.read(&request("inetOrgPerson", vec![]), &mut sink).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Unreachable(_)), "{error}");
    slapd.restart().unwrap();
    assert!(directory.get(&person("p1"), &[]).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_apply_leaves_what_is_not_known_unreachable() {
    let mut slapd = slapd();
    let directory = admin(&slapd, &[]);
    let people: Vec<_> = (0..20_000).map(|i| create_person(&format!("p{i}"))).collect();
    let begun = Arc::new(Notify::new());
    let (other, told) = (Arc::clone(&directory), Arc::clone(&begun));
    let work = tokio::spawn(async move {
        told.notify_one();
        other.apply(&people).await
    });
    begun.notified().await;
    // The first one is there: the work is under way.
    while directory.get(&person("p100"), &[]).await.unwrap().is_none() {}
    slapd.kill().unwrap();
    let answers = work.await.unwrap();
    let n_done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(n_done > 0 && n_done < answers.len(), "{n_done}");
    for answer in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(matches!(answer, ConnectorError::Unreachable(_)), "{answer}");
    }
    slapd.restart().unwrap();
    // What was answered as done is there, and the same connector goes on.
    for (i, answer) in answers.iter().enumerate().filter(|(i, _)| i % 50 == 0) {
        let found = directory.get(&person(&format!("p{i}")), &[]).await.unwrap();
        assert!(answer.is_err() || found.is_some(), "p{i} was answered as done and is gone");
    }
    one(&*directory, create_person("after")).await.unwrap();
    assert_eq!(slapd.search(SUFFIX, "(uid=after)", &["uid"]).unwrap().len(), 1);
}

#[tokio::test]
async fn a_frozen_server_is_given_up_after_the_timeout_and_used_again_later() {
    let mut slapd = slapd();
    let directory = admin(&slapd, &[("timeout", text("300ms")), ("connections", text("1"))]);
    one(&*directory, create_person("ada")).await.unwrap();
    slapd.pause().unwrap();
    let people: Vec<_> = (0..200).map(|i| create_person(&format!("p{i}"))).collect();
    let answers = directory.apply(&people).await;
    assert!(
        answers.iter().all(|answer| matches!(answer, Err(ConnectorError::Unreachable(_)))),
        "{answers:?}"
    );
    slapd.resume().unwrap();
    assert!(directory.get(&person("ada"), &[]).await.unwrap().is_some());
}

#[tokio::test]
async fn nobody_listening_is_unreachable_with_the_address() {
    let mut slapd = slapd();
    let directory = admin(&slapd, &[]);
    slapd.kill().unwrap();
    let error: ConnectorError = directory.test().await.unwrap_err();
    assert!(error.is_transient());
    assert!(error.to_string().contains("cannot connect to `127.0.0.1:"), "{error}");
    let connector: &dyn Connector = &*directory;
    assert!(one(connector, create_person("ada")).await.unwrap_err().is_transient());
}
