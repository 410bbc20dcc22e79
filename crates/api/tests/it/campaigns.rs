//! A campaign of an access review over HTTP: whoever may opens it, its reviewers decide, nobody else learns of it.

use axum::http::StatusCode;
use muster_app::Scope;
use serde_json::json;

use crate::support::Served;

#[tokio::test]
async fn a_program_opens_a_campaign_and_its_reviewer_decides() {
    let served = Served::start().await;
    let program = served.program(Scope::ApiWrite).await;
    let (ada, cy) = (served.acting_for("1").await, served.acting_for("3").await);
    let given = json!({ "role": "operator", "reason": "on call" });
    assert_eq!(program.post("/people/2/assignments", given).await.status, StatusCode::CREATED);
    // She leads one department only, and a campaign is about everybody.
    let review = json!({ "review": "operators", "title": "Who operates" });
    let own = ada.post("/campaigns", review.clone()).await;
    assert_eq!((own.status, own.code()), (StatusCode::FORBIDDEN, "denied"));
    let made = program.post("/campaigns", review).await;
    assert_eq!((made.status, &made.body["waiting"]), (StatusCode::CREATED, &json!(1)), "{made:?}");

    let listed = ada.get("/review-items").await;
    assert_eq!(listed.body["items"][0]["thing"], "operator", "{listed:?}");
    assert_eq!(cy.get("/review-items").await.body["items"], json!([]));
    assert_eq!(cy.get("/review-items/1").await.status, StatusCode::NOT_FOUND);
    let keep = json!({ "items": [1], "answer": "keep" });
    assert_eq!(cy.post("/review-items/decide", keep.clone()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(program.post("/review-items/decide", keep).await.status, StatusCode::NOT_FOUND);
    let refuse = json!({ "items": [1], "answer": "revoke" });
    let silent = ada.post("/review-items/decide", refuse).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY, "{silent:?}");
    let refuse = json!({ "items": [1], "answer": "revoke", "reason": "no more" });
    let done = ada.post("/review-items/decide", refuse).await;
    assert_eq!(done.body["items"][0]["verdict"], "revoke", "{done:?}");
    let over = program.get("/campaigns/Who%20operates").await;
    assert_eq!((&over.body["state"], &over.body["removed"]), (&json!("closed"), &json!(1)));
    let back = ada.post("/review-items/1/undo", json!({ "reason": "a mistake" })).await;
    assert_eq!(back.body["state"], "waiting", "{back:?}");
    assert_eq!(back.body["answers"][1]["what"], "undo", "{back:?}");
}

#[tokio::test]
async fn all_items_and_all_campaigns_need_a_right() {
    let served = Served::start().await;
    let program = served.program(Scope::ApiWrite).await;
    let (ada, bo) = (served.acting_for("1").await, served.acting_for("2").await);
    for person in ["2", "3"] {
        let given = json!({ "role": "operator", "reason": "on call" });
        program.post(&format!("/people/{person}/assignments"), given).await;
    }
    let made = program.post("/campaigns", json!({ "review": "operators" })).await;
    assert_eq!(made.body["reviewers"], json!([{ "reviewer": "Ada", "waiting": 2 }]), "{made:?}");
    let of_all = "/review-items?of=all&campaign=operators";
    assert_eq!(program.get(of_all).await.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(program.get("/review-items?of=all").await.status, StatusCode::BAD_REQUEST);
    // Ada sees those of her department, and not who else reviews.
    let within = ada.get(of_all).await;
    assert_eq!(within.body["items"].as_array().unwrap().len(), 1, "{within:?}");
    assert_eq!(ada.get("/campaigns").await.body["items"][0]["reviewers"], json!([]));
    for path in [of_all, "/campaigns", "/campaigns/1"] {
        let denied = bo.get(path).await;
        assert_eq!((denied.status, denied.code()), (StatusCode::FORBIDDEN, "denied"), "{path}");
    }
    let silence = json!({ "silence": "keep", "confirm": 2 });
    let released = program.post("/campaigns/1/release", silence.clone()).await;
    assert_eq!(released.status, StatusCode::CONFLICT, "{released:?}");
    assert_eq!(ada.post("/campaigns/1/release", silence).await.status, StatusCode::FORBIDDEN);
}
