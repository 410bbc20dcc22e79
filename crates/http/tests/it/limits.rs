//! Broken connections, silence, and answers that are too much.

use std::time::Duration;

use muster_connector::ConnectorError;
use muster_http::{Method, Request};
use muster_testkit::{HttpStub, Reply};

use crate::support::{get, open, text};

#[tokio::test]
async fn what_breaks_or_stays_silent_is_unreachable() {
    for reply in [Reply::Close, Reply::Half(b"{\"a\":1,\"b\":2}".to_vec()), Reply::Silence] {
        let answer = reply.clone();
        let stub = HttpStub::start(move |_| answer.clone()).unwrap();
        let client = open(&stub.url(), &[("timeout", text("300ms"))]).unwrap();
        let error = get(&client).await.unwrap_err();
        assert!(matches!(error, ConnectorError::Unreachable(_)), "{reply:?}: {error}");
        assert!(!error.to_string().contains("things"), "{error}");
        // A request is never sent a second time by itself.
        assert_eq!(stub.received().len(), 1, "{reply:?}");
    }
    let gone = HttpStub::start(|_| Reply::Close).unwrap().url();
    let error = get(&open(&gone, &[]).unwrap()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Unreachable(_)), "{error}");
}

#[tokio::test]
async fn answers_that_are_too_large_are_not_read() {
    let stub = HttpStub::start(|_| Reply::json(200, vec![b' '; 5_000])).unwrap();
    let client = open(&stub.url(), &[("max_response", text("4KiB"))]).unwrap();
    let error = get(&client).await.unwrap_err();
    assert!(matches!(&error, ConnectorError::Malformed(text) if text.contains("4096")), "{error}");

    let long = HttpStub::start(|_| {
        let mut reply = Reply::empty(204);
        for number in 0..90 {
            reply = reply.with(&format!("x-{number}"), &"y".repeat(1_000));
        }
        reply
    })
    .unwrap();
    let error = get(&open(&long.url(), &[]).unwrap()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Malformed(_)), "{error}");
}

#[tokio::test]
async fn a_wish_to_wait_and_a_wrong_body_are_understood() {
    let stub = HttpStub::start(|request| {
        if request.method == "GET" {
            Reply::json(429, "{}").with("Retry-After", "17")
        } else {
            Reply::json(200, "{\"id\":").with("x", "y")
        }
    })
    .unwrap();
    let client = open(&stub.url(), &[]).unwrap();
    let error = client.call(&Request::new(Method::Get, "x"), "ada").await.unwrap_err();
    assert_eq!(error, ConnectorError::Throttled { after: Some(Duration::from_secs(17)) });
    let request = Request::new(Method::Post, "x").query("a b", "c&d");
    let answer = client
        .call(&request.json("application/json", &serde_json::json!({"a": 1})).unwrap(), "ada")
        .await
        .unwrap();
    assert!(matches!(answer.json::<serde_json::Value>(), Err(ConnectorError::Malformed(_))));
    let seen = stub.received().pop().unwrap();
    assert_eq!(
        (seen.query.as_str(), seen.body.as_slice()),
        ("a%20b=c%26d", b"{\"a\":1}".as_slice())
    );
    assert_eq!(seen.header("content-type"), Some("application/json"));
}
