//! People ask and decide over HTTP; programs do neither.

use axum::http::StatusCode;
use muster_app::Scope;
use serde_json::json;

use crate::support::Served;

#[tokio::test]
async fn one_person_asks_and_another_decides() {
    let served = Served::start().await;
    let (ada, bo) = (served.acting_for("1").await, served.acting_for("2").await);
    let catalogue = bo.get("/catalogue?search=oper").await;
    assert_eq!(catalogue.body["items"][0]["role"], "operator", "{catalogue:?}");
    let wanted = json!({ "roles": ["operator"], "reason": "on call" });
    let preview = bo.post("/requests-preview", wanted.clone()).await;
    assert_eq!(preview.body["items"][0]["stages"][0]["stage"], "role lead", "{preview:?}");
    let made = bo.post("/requests", wanted.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(bo.post("/requests", wanted).await.status, StatusCode::CONFLICT);
    let own = bo.post("/requests/1/approve", json!({})).await;
    assert_eq!((own.status, own.code()), (StatusCode::FORBIDDEN, "denied"));
    assert_eq!(ada.get("/requests?of=to_decide").await.body["items"][0]["id"], 1);
    let done = ada.post("/requests/1/approve", json!({ "reason": "fine" })).await;
    assert_eq!(done.body["state"], "approved", "{done:?}");
    assert_eq!(
        ada.post("/requests/1/refuse", json!({ "reason": "x" })).await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(bo.get("/requests/1").await.body["history"][1]["by"], "1");
    assert_eq!(bo.get("/requests?of=mine").await.body["items"], json!([]));
    // Nobody but those with the right sees everybody's.
    assert_eq!(ada.get("/requests?of=all").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_program_sees_requests_and_makes_none() {
    let served = Served::start().await;
    let bo = served.acting_for("2").await;
    bo.post("/requests", json!({ "roles": ["operator"], "reason": "on call" })).await;
    let program = served.program(Scope::ApiWrite).await;
    assert_eq!(program.get("/requests?of=all").await.body["items"][0]["role"], "operator");
    assert_eq!(program.get("/requests/1").await.status, StatusCode::OK);
    let wanted = json!({ "roles": ["operator"], "reason": "x" });
    assert_eq!(program.post("/requests", wanted).await.status, StatusCode::NOT_FOUND);
    assert_eq!(program.post("/requests/1/approve", json!({})).await.status, StatusCode::NOT_FOUND);
}
