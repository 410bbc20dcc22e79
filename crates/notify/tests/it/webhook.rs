//! Webhooks are signed, carry their id, and tell what is worth another try.

use jiff::SignedDuration;
use muster_app::{Deliver as _, DeliverError, WebhookCall, WebhookKind};
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
