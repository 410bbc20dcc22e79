//! People fill forms in over HTTP, each their steps; programs do not.

use axum::http::StatusCode;
use muster_api::Shape;
use muster_app::Scope;
use serde_json::json;

use crate::support::Served;

#[tokio::test]
async fn one_person_enters_and_another_confirms() {
    let served = Served::start().await;
    let (ada, bo) = (served.acting_for("1").await, served.acting_for("2").await);
    assert_eq!(ada.get("/forms").await.body["items"][0]["form"], "arrival");
    assert_eq!(bo.get("/forms").await.body["items"], json!([]));
    assert_eq!(bo.post("/forms/arrival/drafts", json!({})).await.status, StatusCode::NOT_FOUND);
    let begun = ada.post("/forms/arrival/drafts", json!({})).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{begun:?}");
    assert_eq!(Shape::Named("Draft").check(&begun.body), Ok(()));
    let half = ada.post("/drafts/1/preview", json!({ "entered": { "id": "77" } })).await;
    assert_eq!(half.body["fields"][1]["problem"], "a value is needed", "{half:?}");
    let entered =
        json!({ "entered": { "id": "77", "name": "Kim" }, "version": begun.body["version"] });
    let sent = ada.post("/drafts/1/submit", entered.clone()).await;
    assert_eq!(sent.body["step"], "check", "{sent:?}");
    let again = ada.post("/drafts/1/submit", entered).await;
    assert_eq!((again.status, again.code()), (StatusCode::FORBIDDEN, "denied"));
    let foreign = bo.post("/drafts/1/submit", json!({ "entered": { "name": "Eve" } })).await;
    assert_eq!((foreign.status, foreign.code()), (StatusCode::FORBIDDEN, "denied"), "{foreign:?}");
    let old = bo.post("/drafts/1/submit", json!({ "version": 0 })).await;
    assert_eq!((old.status, old.code()), (StatusCode::CONFLICT, "conflict"), "{old:?}");
    assert_eq!(bo.get("/drafts?of=waiting").await.body["items"][0]["id"], 1);
    let done = bo.post("/drafts/1/submit", json!({})).await;
    assert_eq!(
        (&done.body["state"], &done.body["about"]),
        (&json!("entered"), &json!("77")),
        "{done:?}"
    );
    assert_eq!(Shape::Named("Draft").check(&done.body), Ok(()));
}

#[tokio::test]
async fn drafts_of_others_are_not_there_and_programs_fill_nothing_in() {
    let served = Served::start().await;
    let (ada, cy) = (served.acting_for("1").await, served.acting_for("3").await);
    ada.post("/forms/arrival/drafts", json!({})).await;
    let none = cy.get("/drafts/99").await;
    for path in ["/drafts/1", "/drafts/1/find?field=id&search=a"] {
        assert_eq!(cy.get(path).await.status, none.status, "{path}");
    }
    for deed in ["save", "submit", "preview", "withdraw"] {
        let tried = cy.post(&format!("/drafts/1/{deed}"), json!({})).await;
        assert_eq!(tried.status, StatusCode::NOT_FOUND, "{deed} {tried:?}");
    }
    let program = served.program(Scope::Admin).await;
    assert_eq!(program.get("/drafts/1").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        program.post("/forms/arrival/drafts", json!({})).await.status,
        StatusCode::NOT_FOUND
    );
}
