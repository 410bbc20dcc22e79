//! The project's own program or service is asked before a client changes something.

use std::sync::{Arc, Mutex};

use muster_testkit::{HttpStub, Received, Reply};
use serde_json::{Value as Json, json};

use crate::support::*;

fn model(program: &str) -> String {
    model_with(&format!("{{ run: {program} }}"))
}

fn model_with(hook: &str) -> String {
    let hook = format!("    display: givenName + \" \" + familyName\n    scim: {{ hook: {hook} }}");
    let display = "    display: givenName + \" \" + familyName";
    assert!(MODEL.contains(display));
    MODEL.replacen(display, &hook, 1)
}

fn grace(kind: &str) -> Json {
    json!({ "userName": "grace", "userType": kind })
}

#[tokio::test]
async fn a_hook_refuses_with_its_reason_and_changes_what_is_said() {
    let served = Served::start_with(&model("no-guests")).await;
    let refused = served.post("/Users", &grace("Guest")).await.is(403);
    assert_eq!(text(&refused, "/detail"), "guests are entered by their sponsors");
    assert_eq!(served.found("").await, [""; 0]);
    let made = served.post("/Users", &grace("Employee")).await.is(201);
    assert_eq!(made["title"], json!("New"), "the hook said so");
    let patch = json!([{ "op": "replace", "path": "title", "value": "Admiral" }]);
    let path = format!("/Users/{}", id(&made));
    assert_eq!(served.patch(&path, patch).await.is(200)["title"], json!("Admiral"));

    // In a bulk request each operation is asked about by itself.
    let post = |name: &str, kind: &str| {
        json!({ "method": "POST", "path": "/Users", "bulkId": name,
            "data": { "userName": name, "userType": kind } })
    };
    let operations = [post("a", "Employee"), post("b", "Guest"), post("c", "Employee")];
    let got = served.post("/Bulk", &json!({ "Operations": operations })).await.is(200);
    let statuses: Vec<String> =
        got["Operations"].as_array().unwrap().iter().map(|one| text(one, "/status")).collect();
    assert_eq!(statuses, ["201", "403", "201"]);
    let location = text(&got, "/Operations/2/location");
    let third = served.get(location.split_once("/scim/v2").unwrap().1).await.is(200);
    assert_eq!(third["userName"], json!("c"));

    // Only resources of its type.
    served.group("sales", &[]).await;
}

#[tokio::test]
async fn nothing_changes_when_a_hook_fails_or_says_what_it_may_not() {
    for program in ["crashes", "chatty"] {
        let served = Served::start_with(&model(program)).await;
        let got = served.post("/Users", &grace("Employee")).await;
        assert_eq!(got.header("retry-after"), "60");
        got.fails(503, "");
        assert_eq!(served.found("").await, [""; 0], "{program}");
    }
}

/// A service whose answer can be set, and a project that asks it.
async fn asked_over_http(more: &str) -> (HttpStub, Arc<Mutex<Reply>>, Served) {
    let reply = Arc::new(Mutex::new(Reply::json(200, "{}")));
    let says = Arc::clone(&reply);
    let stub = HttpStub::start(move |_: &Received| says.lock().unwrap().clone()).unwrap();
    let url = stub.url();
    let hook = format!("{{ url: \"{url}/check\", secret: {{ env: HOOK_SECRET }}, {more} }}");
    let served = Served::start_with(&model_with(&hook)).await;
    (stub, reply, served)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_refuses_and_changes_and_can_tell_that_it_is_asked_by_us() {
    let (stub, reply, served) = asked_over_http("allow_private: true").await;
    let says = |document: Json| *reply.lock().unwrap() = Reply::json(200, document.to_string());
    let made = served.post("/Users", &grace("Employee")).await.is(201);
    assert_eq!(made.get("title"), None, "it lets pass what was said");
    let asked = stub.received();
    assert_eq!((asked.len(), &*asked[0].method, &*asked[0].path), (1, "POST", "/check"));
    assert_eq!(asked[0].header("content-type"), Some("application/json"));
    assert!(asked[0].header("webhook-id").unwrap().starts_with("hook_"));
    assert!(asked[0].header("webhook-timestamp").is_some());
    assert!(asked[0].header("webhook-signature").unwrap().starts_with("v1,"));
    let question: Json = serde_json::from_slice(&asked[0].body).unwrap();
    assert_eq!(question["operation"], json!("create"));
    assert_eq!(question["by"], json!("client tester"));
    assert_eq!(question["data"], grace("Employee"));

    says(json!({ "reject": "guests are entered by their sponsors" }));
    let path = format!("/Users/{}", id(&made));
    let patch = json!([{ "op": "replace", "path": "title", "value": "Admiral" }]);
    let refused = served.patch(&path, patch.clone()).await.is(403);
    assert_eq!(text(&refused, "/detail"), "guests are entered by their sponsors");
    let other = json!([{ "op": "replace", "path": "title", "value": "Captain" }]);
    says(json!({ "data": { "Operations": other } }));
    assert_eq!(served.patch(&path, patch).await.is(200)["title"], json!("Captain"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changes_when_a_service_fails_or_says_what_it_may_not() {
    let (stub, reply, served) = asked_over_http("allow_private: true, timeout: 1s").await;
    let elsewhere = Reply::empty(302).with("location", &stub.url());
    let huge = Reply::json(200, format!("{{\"reject\":\"{}\"}}", "x".repeat(5 << 20)));
    for (what, bad) in [
        ("nothing", Reply::empty(204)),
        ("no JSON", Reply::json(200, "certainly")),
        ("no object", Reply::json(200, "[]")),
        ("another word", Reply::json(200, r#"{"ok":true}"#)),
        ("an error", Reply::json(500, "{}")),
        ("a refusal by status", Reply::json(403, "{}")),
        ("another address", elsewhere),
        ("too much", huge),
        ("half", Reply::Half(b"{\"reject\":\"no\"}".to_vec())),
        ("no answer", Reply::Close),
        ("silence", Reply::Silence),
    ] {
        *reply.lock().unwrap() = bad;
        let got = served.post("/Users", &grace("Employee")).await;
        assert_eq!((got.status, &*got.header("retry-after")), (503, "60"), "{what}: {}", got.body);
        assert_eq!(served.found("").await, [""; 0], "{what}");
    }
    assert_eq!(stub.received().len(), 11, "no redirect is followed, and nothing is asked twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_a_private_network_is_not_asked_unless_the_model_allows_it() {
    let (stub, _, served) = asked_over_http("timeout: 5s").await;
    served.post("/Users", &grace("Employee")).await.fails(503, "");
    assert_eq!(stub.received(), []);
}
