//! What is refused, what may come again, what changes only as it was seen.

use axum::http::{Method, StatusCode};
use muster_app::Scope;
use serde_json::json;

use crate::support::Served;

#[tokio::test]
async fn what_is_not_in_the_table_is_refused_with_a_reason() {
    let served = Served::start().await;
    let admin = served.program(Scope::Admin).await;
    for (path, words) in [
        ("/people?limt=5", "there is no query parameter `limt`"),
        ("/people?limit=0", "`limit`: a whole number from 1 to 1000 is needed"),
        ("/people?limit=5&limit=6", "`limit` is given twice"),
        ("/people?after=5", "`after`: `next` of the page before is needed"),
        ("/people/1/explain/access", "`what` is missing"),
    ] {
        let reply = admin.get(path).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::BAD_REQUEST, "invalid"), "{path}");
        assert_eq!(reply.body["detail"], words, "{path}");
    }
    let empty = admin.post("/people/2/terminate", json!({ "reason": " " })).await;
    assert_eq!(empty.body["detail"], "`reason`: it is empty");
    let extra = admin.post("/people/2/terminate", json!({ "reason": "x", "now": true })).await;
    assert_eq!(extra.body["detail"], "there is no field `now`; possible: reason, at");
    let body = admin.send(Method::GET, "/people", &[], Some(json!({}))).await;
    assert_eq!(body.body["detail"], "no body belongs here");
}

#[tokio::test]
async fn the_same_call_under_a_key_is_carried_out_once() {
    let served = Served::start().await;
    let writer = served.program(Scope::ApiWrite).await;
    let give = |reason: &str| Some(json!({ "role": "guest", "reason": reason }));
    let key = [("idempotency-key", "order-1")];
    let to = "/people/2/assignments";
    let first = writer.send(Method::POST, to, &key, give("x")).await;
    let again = writer.send(Method::POST, to, &key, give("x")).await;
    assert_eq!((first.status, &first.body), (StatusCode::CREATED, &again.body), "{again:?}");
    assert_eq!((again.status, again.header("idempotent-replayed")), (StatusCode::CREATED, "true"));
    let other = writer.send(Method::POST, to, &key, give("y")).await;
    assert_eq!((other.status.as_u16(), other.code()), (422, "key-reused"));
    let n = writer.get(to).await.body["items"].as_array().unwrap().len();
    assert_eq!(n, 1);
    let wrong = writer.send(Method::POST, to, &[("idempotency-key", "a b")], give("x")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_change_happens_only_to_what_was_seen() {
    let served = Served::start().await;
    let writer = served.program(Scope::ApiWrite).await;
    let seen = writer.get("/people/2").await;
    let tag = seen.header("etag").to_owned();
    let known = writer.send(Method::GET, "/people/2", &[("if-none-match", &tag)], None).await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    let several = format!("\"other\", {tag}");
    let known = writer.send(Method::GET, "/people/2", &[("if-none-match", &several)], None).await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    let other = writer.send(Method::GET, "/people/2", &[("if-none-match", "?")], None).await;
    assert_eq!(other.status, StatusCode::OK);
    let title = |title: &str| Some(json!({ "values": { "title": title } }));
    let changed =
        writer.send(Method::PATCH, "/people/2", &[("if-match", &tag)], title("cook")).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    let late = writer.send(Method::PATCH, "/people/2", &[("if-match", &tag)], title("lead")).await;
    assert_eq!((late.status, late.code()), (StatusCode::PRECONDITION_FAILED, "changed"));
    assert_eq!(writer.get("/people/2").await.body["values"]["title"], "cook");
}

#[tokio::test]
async fn people_are_added_changed_and_taken_back() {
    let served = Served::start().await;
    let writer = served.program(Scope::ApiWrite).await;
    let values =
        json!({ "type": "person", "values": { "id": "7", "name": "Di", "department": "B" } });
    let made = writer.post("/people", values.clone()).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::CREATED, "/api/v1/people/7"));
    let again = writer.post("/people", values).await;
    assert!(again.status.is_client_error(), "{again:?}");
    let wrong = json!({ "type": "person", "values": { "colour": "red" } });
    let wrong = writer.post("/people", wrong).await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (422, "unprocessable"), "{wrong:?}");
    assert_eq!(writer.get("/people/7/history").await.body["items"][0]["version"], 1);
    let gone = writer.send(Method::DELETE, "/people/7", &[], None).await;
    assert_eq!(gone.status, StatusCode::OK, "{gone:?}");
}

#[tokio::test]
async fn long_work_is_a_job_that_its_client_sees() {
    let served = Served::start().await;
    let writer = served.program(Scope::ApiWrite).await;
    let done = writer.job("/plans", json!({})).await;
    assert_eq!(done.body["state"], "done", "{done:?}");
    assert!(done.body["result"]["operations"].is_array(), "{done:?}");
    let failed = writer.job("/workflow-runs/due", json!({})).await;
    assert_eq!(failed.body["kind"], "workflow");
    let scopes = [Scope::ApiWrite].into_iter().collect();
    muster_app::create_token_for(&served.ctx, &served.opened, "other", &scopes, None, None)
        .await
        .unwrap();
    assert_eq!(writer.get("/jobs/4711").await.status, StatusCode::NOT_FOUND);
    assert_eq!(writer.get("/jobs").await.body["items"].as_array().unwrap().len(), 2);
}
