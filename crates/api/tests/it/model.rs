//! A model that is sent: what is wrong with it, what it would change, and its publication.

use axum::http::{Method, StatusCode};
use muster_app::Scope;
use serde_json::{Value as Json, json};

use crate::support::{Caller, MODEL, Reply, Served};

async fn put(caller: &Caller<'_>, tag: &str, files: Json) -> Reply {
    let body = Some(json!({ "files": files }));
    caller.send(Method::PUT, "/model", &[("if-match", tag)], body).await
}

#[tokio::test]
async fn a_model_takes_the_place_of_the_one_that_was_seen() {
    let served = Served::start().await;
    let admin = served.program(Scope::Admin).await;
    let seen = admin.get("/model").await;
    let tag = seen.header("etag").to_owned();
    assert_eq!(seen.body["files"]["muster.yaml"], MODEL);
    let more = "roles: { steward: {} }\n";
    let files = json!({ "muster.yaml": MODEL, "roles/steward.yaml": more });
    let unseen = admin.send(Method::PUT, "/model", &[], Some(json!({ "files": files }))).await;
    assert_eq!((unseen.status.as_u16(), unseen.code()), (428, "unseen"));
    let made = put(&admin, &tag, files.clone()).await;
    assert_eq!(made.body, json!({ "revision": 2, "is_new": true }), "{made:?}");
    assert_eq!(served.file("roles/steward.yaml").as_deref(), Some(more));
    assert_eq!(admin.get("/roles/steward").await.status, StatusCode::OK);
    assert_eq!(admin.get("/revisions").await.body["items"][0]["revision"], 2);
    let late = put(&admin, &tag, files).await;
    assert_eq!((late.status, late.code()), (StatusCode::PRECONDITION_FAILED, "changed"));
    let tag = admin.get("/model").await.header("etag").to_owned();
    let back = put(&admin, &tag, json!({ "muster.yaml": MODEL })).await;
    assert_eq!(back.body["revision"], 3, "{back:?}");
    assert_eq!(served.file("roles/steward.yaml"), None);
    let entry = &admin.get("/journal?action=revision.publish").await.body["items"][0];
    assert_eq!(entry["actor"], "client tester");
}

#[tokio::test]
async fn a_wrong_model_is_refused_with_every_error_and_its_place_and_nothing_is_written() {
    let served = Served::start().await;
    let admin = served.program(Scope::Admin).await;
    let wrong =
        json!({ "muster.yaml": MODEL, "roles/a.yaml": "roles:\n  a: { when: \"persn.x\" }\n" });
    let checked = admin.post("/model/check", json!({ "files": wrong })).await;
    assert_eq!(checked.body["ok"], false, "{checked:?}");
    assert_eq!(checked.body["diagnostics"][0]["at"]["file"], "roles/a.yaml");
    let tag = admin.get("/model").await.header("etag").to_owned();
    let refused = put(&admin, &tag, wrong.clone()).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "project"), "{refused:?}");
    let first = &refused.body["errors"][0];
    assert_eq!((&first["at"]["file"], &first["at"]["line"]), (&json!("roles/a.yaml"), &json!(2)));
    assert_eq!(served.file("roles/a.yaml"), None);
    for files in [json!({}), json!({ "muster.yaml": MODEL, "../x.yaml": "" })] {
        let refused = put(&admin, &tag, files).await;
        assert_eq!(refused.code(), "unprocessable", "{refused:?}");
    }
    let store = MODEL.replace("sqlite::memory:", "sqlite:other.db");
    let moved = put(&admin, &tag, json!({ "muster.yaml": store })).await;
    assert_eq!(moved.code(), "unprocessable", "{moved:?}");
    assert_eq!(admin.get("/model").await.body["revision"], 1);
}

#[tokio::test]
async fn what_a_model_would_change_is_seen_before_it_is_published() {
    let served = Served::start().await;
    let admin = served.program(Scope::Admin).await;
    let given = MODEL.replace("guest: {}", "guest: { when: \"person.title == 'clerk'\" }");
    let files = json!({ "muster.yaml": given });
    let seen = admin.job("/simulate-model", json!({ "files": files, "who": true })).await;
    assert_eq!(seen.body["state"], "done", "{seen:?}");
    assert_eq!(seen.body["result"]["items"].as_array().unwrap().len(), 2, "{seen:?}");
    assert_eq!(admin.get("/model").await.body["revision"], 1);
}
