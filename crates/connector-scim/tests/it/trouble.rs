//! Throttling, lost answers, poison.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use muster_connector::ConnectorError;
use muster_model::Change;
use muster_testkit::{HttpStub, Reply};

use crate::{
    double::{Dialect, Double, refuse},
    support::{create, one, open, text, user},
};

fn creates(n: usize) -> Vec<Change> {
    (0..n).map(|number| create(user(&format!("new{number}")), &[])).collect()
}

#[tokio::test]
async fn a_server_that_asks_to_wait_gets_nothing_more_of_this_call() {
    let double = Double::new(Dialect::default());
    let posts = AtomicUsize::new(0);
    let stub = HttpStub::start(move |request| {
        if request.method == "POST" && posts.fetch_add(1, Ordering::SeqCst) >= 5 {
            return Reply::empty(429).with("Retry-After", "13");
        }
        double.answer(request)
    })
    .unwrap();
    let service = open(&stub.url(), &[("connections", text("2"))]);
    let answers = service.apply(&creates(100)).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
    let wait = ConnectorError::Throttled { after: Some(Duration::from_secs(13)) };
    assert_eq!(answers.iter().filter(|answer| **answer == Err(wait.clone())).count(), 95);
    assert!(stub.received().iter().filter(|request| request.method == "POST").count() <= 8);
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_found_by_its_name() {
    let double = Double::new(Dialect::default());
    let is_lost = AtomicBool::new(false);
    let stub = HttpStub::start(move |request| {
        let answer = double.answer(request);
        let lose = request.method == "POST" && !is_lost.swap(true, Ordering::SeqCst);
        if lose { Reply::Close } else { answer }
    })
    .unwrap();
    let service = open(&stub.url(), &[]);
    let lost = one(&*service, create(user("ada"), &[])).await;
    assert!(matches!(lost, Err(ConnectorError::Unreachable(_))), "{lost:?}");
    let found = service.get(&user("ada"), &[]).await.unwrap().unwrap();
    assert_eq!(&*found.id, "00000001");
    let again = one(&*service, create(user("ada"), &[])).await;
    assert!(matches!(again, Err(ConnectorError::AlreadyExists { .. })), "{again:?}");
}

#[tokio::test]
async fn one_user_at_whom_the_server_fails_does_not_stop_the_others() {
    let double = Double::new(Dialect::default());
    let stub = HttpStub::start(move |request| {
        let is_poison = String::from_utf8_lossy(&request.body).contains("new3\"");
        if is_poison { refuse(500, None) } else { double.answer(request) }
    })
    .unwrap();
    let answers = open(&stub.url(), &[]).apply(&creates(20)).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 19);
    assert!(matches!(&answers[3], Err(ConnectorError::Unreachable(text)) if text.contains("500")));
}

#[tokio::test]
async fn a_silent_server_is_given_up_after_a_few_requests() {
    let stub =
        HttpStub::start(
            |request| {
                if request.method == "POST" { Reply::Silence } else { refuse(404, None) }
            },
        )
        .unwrap();
    let settings = [("timeout", text("200ms")), ("connections", text("2"))];
    let answers = open(&stub.url(), &settings).apply(&creates(50)).await;
    assert!(answers.iter().all(|a| matches!(a, Err(ConnectorError::Unreachable(_)))));
    let posts = stub.received().into_iter().filter(|request| request.method == "POST").count();
    assert!(posts <= 6, "{posts} requests were sent");
}

#[tokio::test]
async fn a_409_and_a_400_that_says_uniqueness_mean_that_the_user_exists() {
    for (status, kind) in [(409, None), (409, Some("uniqueness")), (400, Some("uniqueness"))] {
        let stub = HttpStub::start(move |request| {
            if request.method == "POST" { refuse(status, kind) } else { refuse(404, None) }
        })
        .unwrap();
        let answer = one(&*open(&stub.url(), &[]), create(user("ada"), &[])).await;
        assert_eq!(answer, Err(ConnectorError::AlreadyExists { name: "ada".into() }));
    }
    let stub = HttpStub::start(|request| {
        if request.method == "POST" { refuse(400, Some("invalidValue")) } else { refuse(404, None) }
    })
    .unwrap();
    let answer = one(&*open(&stub.url(), &[]), create(user("ada"), &[])).await;
    assert!(matches!(&answer, Err(ConnectorError::Invalid(text)) if text.contains("invalidValue")));
}
