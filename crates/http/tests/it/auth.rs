//! Credentials: how they go out, where they never go, and how a token is renewed.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use muster_connector::ConnectorError;
use muster_http::{Method, Request};
use muster_testkit::{HttpStub, Received, Reply};

use crate::support::{get, map, open, secret, text};

fn oauth(token_url: &str, client_auth: &str) -> muster_model::Setting {
    map(&[(
        "oauth",
        map(&[
            ("token_url", text(token_url)),
            ("client_id", text("muster")),
            ("client_secret", secret("env", "CLIENT")),
            ("scope", text("scim")),
            ("client_auth", text(client_auth)),
        ]),
    )])
}

/// Gives the tokens `t1`, `t2` … and accepts the numbers that `accepts` says.
fn token_server(
    life: u64,
    accepts: impl Fn(usize) -> bool + Send + Sync + 'static,
) -> (HttpStub, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&given);
    let stub = HttpStub::start(move |request: &Received| {
        if request.path == "/token" {
            let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
            let token = format!(
                r#"{{"access_token":"t{number}","token_type":"bearer","expires_in":{life}}}"#
            );
            return Reply::json(200, token);
        }
        let shown = request.header("authorization").unwrap_or_default();
        let number = shown.strip_prefix("Bearer t").and_then(|n| n.parse().ok());
        Reply::empty(if number.is_some_and(&accepts) { 204 } else { 401 })
    });
    (stub.unwrap(), given)
}

#[tokio::test]
async fn each_way_to_sign_in_sends_its_header() {
    let stub = HttpStub::start(|_| Reply::empty(204)).unwrap();
    let basic = map(&[("user", text("me")), ("password", secret("env", "P"))]);
    let header = map(&[("name", text("X-Api-Key")), ("value", secret("env", "K"))]);
    for (kind, setting, name, wanted) in [
        ("basic", basic, "authorization", "Basic bWU6c2VjcmV0IG9mIFA="),
        ("bearer", secret("env", "T"), "authorization", "Bearer secret of T"),
        ("header", header, "x-api-key", "secret of K"),
    ] {
        stub.forget();
        let more = [("auth", map(&[(kind, setting)])), ("headers", map(&[("X-Team", text("a"))]))];
        let client = open(&stub.url(), &more).unwrap();
        assert_eq!(get(&client).await.unwrap().status(), 204);
        let seen = &stub.received()[0];
        assert_eq!(seen.header(name), Some(wanted), "{kind}");
        assert_eq!(seen.header("x-team"), Some("a"));
        assert!(seen.header("user-agent").unwrap().starts_with("muster/"));
        assert!(!format!("{client:?}").contains("secret of"), "{client:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_is_fetched_for_many_requests_at_once() {
    let (stub, given) = token_server(3600, |_| true);
    let client = Arc::new(
        open(&stub.url(), &[("auth", oauth(&format!("{}/token", stub.url()), "header"))]).unwrap(),
    );
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { get(&client).await.unwrap().status() })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), 204);
    }
    assert_eq!(given.load(Ordering::SeqCst), 1);
    let asked = stub.received().into_iter().find(|r| r.path == "/token").unwrap();
    assert_eq!(asked.body, b"grant_type=client_credentials&scope=scim");
    // muster:secret%20of%20CLIENT
    assert_eq!(asked.header("authorization"), Some("Basic bXVzdGVyOnNlY3JldCUyMG9mJTIwQ0xJRU5U"));
}

#[tokio::test]
async fn a_withdrawn_token_is_renewed_once_and_the_request_sent_again() {
    let (stub, given) = token_server(3600, |number| number >= 2);
    let client =
        open(&stub.url(), &[("auth", oauth(&format!("{}/token", stub.url()), "body"))]).unwrap();
    assert_eq!(get(&client).await.unwrap().status(), 204);
    assert_eq!(get(&client).await.unwrap().status(), 204);
    assert_eq!(given.load(Ordering::SeqCst), 2);
    let asked = stub.received().into_iter().find(|r| r.path == "/token").unwrap();
    assert_eq!(asked.header("authorization"), None);
    assert!(String::from_utf8(asked.body).unwrap().ends_with("client_secret=secret%20of%20CLIENT"));
}

#[tokio::test]
async fn a_server_that_refuses_every_token_is_asked_twice_and_not_more() {
    let (stub, given) = token_server(3600, |_| false);
    let client =
        open(&stub.url(), &[("auth", oauth(&format!("{}/token", stub.url()), "body"))]).unwrap();
    let answer = get(&client).await.unwrap();
    assert!(matches!(answer.error("x"), ConnectorError::Refused(_)));
    assert_eq!(given.load(Ordering::SeqCst), 2);
    assert_eq!(stub.received().len(), 4);
}

#[tokio::test]
async fn a_token_that_has_ended_is_not_used() {
    let (stub, given) = token_server(0, |_| true);
    let client =
        open(&stub.url(), &[("auth", oauth(&format!("{}/token", stub.url()), "body"))]).unwrap();
    for _ in 0..2 {
        assert_eq!(get(&client).await.unwrap().status(), 204);
    }
    assert_eq!(given.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_is_quoted_without_the_secret() {
    let stub = HttpStub::start(|_| {
        let body =
            r#"{"error":"invalid_client","error_description":"`secret of CLIENT` is wrong"}"#;
        Reply::json(401, body)
    })
    .unwrap();
    let client = open(&stub.url(), &[("auth", oauth(&stub.url(), "body"))]).unwrap();
    let error = get(&client).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Refused(_)));
    assert!(error.to_string().ends_with("`[secret]` is wrong"), "{error}");
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_other_host_is_asked() {
    let other = HttpStub::start(|_| Reply::empty(204)).unwrap();
    let to = format!("{}/steal", other.url());
    let stub = HttpStub::start({
        let to = to.clone();
        move |_| Reply::empty(307).with("location", &to)
    })
    .unwrap();
    let bearer = [("auth", map(&[("bearer", secret("env", "T"))]))];
    let client = open(&stub.url(), &bearer).unwrap();
    let error = get(&client).await.unwrap().error("x");
    assert!(matches!(&error, ConnectorError::Settings(text) if text.contains(&to)), "{error}");
    let error = client.send(&Request::new(Method::Get, &to)).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Malformed(_)), "{error}");
    assert_eq!(other.received(), []);
    assert_eq!(stub.received().len(), 1);
}
