//! Webhooks are signed, carry their id, and tell what is worth another try.

use std::{io, sync::Arc};

use jiff::SignedDuration;
use muster_app::{Deliver as _, DeliverError, WebhookCall, WebhookKind};
use muster_connector::Secrets;
use muster_notify::Delivery;
use muster_testkit::{HttpStub, Reply};

use crate::{delivery, settings};

async fn call(stub: &HttpStub) -> Result<(), DeliverError> {
    let url = stub.url();
    let settings = settings(&[("url", &*url), ("secret", "env:HOOK_SECRET")]);
    let call = WebhookCall {
        settings: &settings,
        body: br#"{"workflow":"welcome"}"#.to_vec(),
        id: "17.1.abc",
        timeout: SignedDuration::from_secs(5),
        kind: WebhookKind::Task,
    };
    delivery(std::path::Path::new(".")).webhook(&call).await
}

#[tokio::test]
async fn a_call_carries_its_id_and_a_signature_of_the_body() {
    let stub = HttpStub::start(|_| Reply::empty(204)).unwrap();
    call(&stub).await.unwrap();
    let received = stub.received();
    assert_eq!(received.len(), 1);
    assert_eq!(
        (received[0].method.as_str(), received[0].body.as_slice()),
        ("POST", br#"{"workflow":"welcome"}"#.as_slice())
    );
    assert_eq!(received[0].header("idempotency-key"), Some("17.1.abc"));
    let expected = muster_notify::signature(b"canary-secret", &received[0].body);
    assert_eq!(received[0].header("muster-signature"), Some(expected.as_str()));
}

#[tokio::test]
async fn what_is_worth_another_try_is_told_from_what_is_not() {
    for (status, later) in
        [(400, false), (404, false), (302, false), (429, true), (500, true), (503, true)]
    {
        let stub = HttpStub::start(move |_| Reply::empty(status)).unwrap();
        let failed = call(&stub).await.unwrap_err();
        assert_eq!(failed.later, later, "{failed}");
        assert!(!failed.problem.contains("canary"), "{failed}");
        assert_eq!(stub.received().len(), 1, "nothing follows a redirect");
    }
}

#[tokio::test]
async fn an_address_that_is_a_secret_is_used_and_never_shown() {
    let stub = HttpStub::start(|_| Reply::empty(200)).unwrap();
    let url = format!("{}/services/canary-path", stub.url());
    let call = async |known: &str| {
        let settings = settings(&[("url", "env:CHAT_URL")]);
        let call = WebhookCall {
            settings: &settings,
            body: b"{}".to_vec(),
            id: "1",
            timeout: SignedDuration::from_secs(5),
            kind: WebhookKind::Task,
        };
        let secrets = Arc::new(Address(known.to_owned()));
        Delivery::new(secrets, ".".into()).webhook(&call).await
    };
    call(&url).await.unwrap();
    assert!(stub.received()[0].path.ends_with("/services/canary-path"));
    drop(stub);
    let failed = call(&url).await.unwrap_err();
    assert!(failed.later && !failed.problem.contains("canary"), "{failed}");
    let failed = call("no address, canary").await.unwrap_err();
    assert!(!failed.problem.contains("canary"), "{failed}");
}

/// Knows one address.
struct Address(String);

impl Secrets for Address {
    fn env(&self, name: &str) -> Option<String> {
        (name == "CHAT_URL").then(|| self.0.clone())
    }

    fn file(&self, path: &str) -> io::Result<String> {
        std::fs::read_to_string(path)
    }
}
