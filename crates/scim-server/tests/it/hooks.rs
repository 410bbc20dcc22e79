//! The project's own program is asked before a client changes something.

use serde_json::{Value as Json, json};

use crate::support::*;

fn model(program: &str) -> String {
    let hook = format!(
        "    display: givenName + \" \" + familyName\n    scim: {{ hook: {{ run: {program} }} }}"
    );
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
