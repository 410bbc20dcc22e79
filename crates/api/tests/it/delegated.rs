//! A lead who administers her department: what is beyond it is not there.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::Served;

#[tokio::test]
async fn a_lead_sees_her_department_in_lists_counts_and_one_by_one() {
    let served = Served::start().await;
    let ada = served.acting_for("1").await;
    assert_eq!(ada.get("/people").await.keys(), ["1", "2"]);
    assert_eq!(ada.get("/people?limit=1").await.body["next"], "c3");
    assert_eq!(ada.get("/people-count").await.body, json!({ "count": 2 }));
    assert_eq!(ada.get("/people?type=department").await.keys(), Vec::<&str>::new());
    assert_eq!(ada.get("/people/2").await.body["display"], "Bo");
    assert_eq!(ada.get("/accounts").await.body["items"], json!([]));
}

#[tokio::test]
async fn who_is_beyond_reach_is_not_there_in_the_same_words() {
    let served = Served::start().await;
    let ada = served.acting_for("1").await;
    for of in
        ["", "/history", "/assignments", "/lifecycle", "/explain", "/explain/attribute?name=title"]
    {
        let beyond = ada.get(&format!("/people/3{of}")).await;
        let nobody = ada.get(&format!("/people/9{of}")).await;
        assert_eq!(beyond.status, StatusCode::NOT_FOUND, "{of} {beyond:?}");
        let text = |reply: &crate::support::Reply| reply.body.to_string().replace("`3`", "`9`");
        assert_eq!(text(&beyond), text(&nobody), "{of}");
    }
    let give = json!({ "role": "guest", "reason": "x" });
    assert_eq!(ada.post("/people/3/assignments", give).await.status, StatusCode::NOT_FOUND);
    let end = json!({ "reason": "x" });
    assert_eq!(ada.post("/people/3/terminate", end).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ada.get("/accounts?person=3").await.status, StatusCode::NOT_FOUND);
    assert_eq!(ada.get("/journal?subject=3").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_condition_tells_nothing_about_others() {
    let served = Served::start().await;
    let ada = served.acting_for("1").await;
    let through = ada.get("/people?where=department.secret%20%3D%3D%20'blue'").await;
    assert_eq!((through.status, through.code()), (StatusCode::FORBIDDEN, "denied"));
    assert_eq!(ada.get("/people?where=title%20%3D%3D%20'clerk'").await.keys(), ["2"]);
}

#[tokio::test]
async fn nobody_widens_their_own_reach() {
    let served = Served::start().await;
    let ada = served.acting_for("1").await;
    let give = |role: &str| json!({ "role": role, "reason": "x" });
    let own = ada.post("/people/1/assignments", give("guest")).await;
    assert_eq!((own.status, own.code()), (StatusCode::FORBIDDEN, "denied"));
    let moved = json!({ "values": { "department": "B" } });
    let moved = ada.send(Method::PATCH, "/people/1", &[], Some(moved)).await;
    assert_eq!(moved.status, StatusCode::FORBIDDEN, "{moved:?}");
    let rights = ada.post("/people/2/assignments", give("operator")).await;
    assert_eq!(rights.status, StatusCode::FORBIDDEN, "{rights:?}");
    let made = json!({ "type": "person", "values": { "id": "4" } });
    assert_eq!(ada.post("/people", made).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ada.post("/people/2/assignments", give("guest")).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn who_left_may_do_nothing() {
    let served = Served::start().await;
    served.enter("person", &[("id", "5"), ("title", "lead"), ("left", "true")]).await;
    let gone = served.acting_for("5").await;
    assert_eq!(gone.get("/people").await.status, StatusCode::FORBIDDEN);
    assert_eq!(gone.get("/me").await.body["rights"], json!([]));
}

#[tokio::test]
async fn the_journal_says_for_whom_it_was_done() {
    let served = Served::start().await;
    let ada = served.acting_for("1").await;
    let give = json!({ "role": "guest", "reason": "month end" });
    assert_eq!(ada.post("/people/2/assignments", give).await.status, StatusCode::CREATED);
    let seen = ada.get("/journal?subject=2").await;
    let entry = &seen.body["items"][0];
    assert_eq!(entry["action"], "assignment.create", "{seen:?}");
    assert_eq!(
        (entry["actor"].as_str(), entry["on_behalf_of"].as_str()),
        (Some("client tester"), Some("1"))
    );
    assert!(!entry["correlation"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn a_token_that_acts_for_somebody_is_for_the_api_only() {
    let served = Served::start().await;
    for scope in [muster_app::Scope::Admin, muster_app::Scope::Scim] {
        let scopes = [scope].into_iter().collect();
        let made = muster_app::create_token_for(
            &served.ctx,
            &served.opened,
            "t",
            &scopes,
            None,
            Some("1"),
        );
        assert!(made.await.is_err(), "{scope}");
    }
}
