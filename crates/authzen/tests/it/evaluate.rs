//! Evaluations.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use muster_app::{Scope, create_token};
use muster_engine::{FactRequest, set_lifecycle_fact};
use muster_policy::FactKind;
use serde_json::json;

use crate::support::{Served, asking, read};

#[tokio::test]
async fn an_answer_names_the_rule_and_its_place() {
    let served = Served::start().await;
    let question = asking("ada@x", "edit", json!({ "type": "document", "id": "7" }));
    let (status, answer) = served.post("/access/v1/evaluation", &question).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        answer,
        json!({ "decision": true, "context": {
            "why": "the rule `edit` allows it", "rule": "edit", "at": "muster.yaml:39", "reason": "Editors edit",
        } })
    );
    let question = asking("2", "edit", json!({ "type": "cms.document", "id": "7" }));
    let (_, answer) = served.post("/access/v1/evaluation", &question).await;
    assert_eq!(answer["decision"], false);
    assert_eq!(answer["context"]["needed"][0]["lacks"], json!(["the role `editor`"]));
}

#[tokio::test]
async fn attributes_of_all_sides_decide_and_a_missing_one_denies() {
    let served = Served::start().await;
    let document = |level: serde_json::Value| json!({ "type": "document", "id": "7", "properties": { "level": level, "other": { "a": 1 } } });
    let read = "read".to_owned();
    assert_eq!(served.ask("2", "read", document(json!(2))).await, (true, read.clone()));
    assert!(!served.ask("2", "read", document(json!(3))).await.0);
    assert!(!served.ask("2", "read", document(json!(null))).await.0);
    assert!(!served.ask("3", "read", document(json!(0))).await.0, "her team has no level");
    assert!(!served.ask("nobody", "read", document(json!(0))).await.0);
    for wrong in [json!({ "x": 1 }), json!([1]), json!(1.5), json!(true), json!(u64::MAX)] {
        let expected = (false, "`resource.level` has a value of another type".to_owned());
        assert_eq!(served.ask("2", "read", document(wrong)).await, expected);
    }
    assert_eq!(served.ask("2", "read", document(json!("2"))).await, (true, read));
}

#[tokio::test]
async fn an_answer_gives_no_value_of_the_repository_away() {
    let served = Served::start().await;
    let document = json!({ "type": "document", "id": "7", "properties": { "level": 99 } });
    for who in ["1", "2", "3"] {
        let (_, answer) =
            served.post("/access/v1/evaluation", &asking(who, "read", document.clone())).await;
        for value in ["99", "\"A\"", "ada@x", "2026-12-01"] {
            assert!(!answer.to_string().contains(value), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_resource_that_is_an_entity_is_what_the_repository_says() {
    let served = Served::start().await;
    let profile = |id: &str| json!({ "type": "profile", "id": id, "properties": { "team": "A" } });
    assert_eq!(served.ask("1", "read", profile("2")).await, (true, "team".to_owned()));
    assert_eq!(served.ask("1", "edit", profile("1")).await, (true, "own".to_owned()));
    assert!(!served.ask("1", "edit", profile("2")).await.0);
    assert!(!served.ask("1", "read", profile("3")).await.0);
    assert!(!served.ask("1", "read", profile("nobody")).await.0);
}

#[tokio::test]
async fn a_leaver_is_denied_at_once() {
    let served = Served::start().await;
    let document = || json!({ "type": "document", "id": "7", "properties": { "level": 1 } });
    assert!(served.ask("1", "edit", document()).await.0);
    assert!(served.ask("2", "read", document()).await.0);
    let terminated = FactRequest {
        person: "2".to_owned(),
        kind: FactKind::Terminated,
        from: None,
        until: None,
        reason: "left".to_owned(),
    };
    set_lifecycle_fact(&served.ctx, &served.opened, &terminated).await.unwrap();
    let why = "no rule allows it to somebody who is `leaver` (muster.yaml:14)".to_owned();
    assert_eq!(served.ask("2", "read", document()).await, (false, why.clone()));
    // Her last day has passed: no fact changed, only the time.
    served.at("2026-11-30T23:59:59Z");
    assert!(served.ask("1", "edit", document()).await.0);
    served.at("2026-12-01T00:00:00Z");
    assert_eq!(served.ask("1", "edit", document()).await, (false, why));
}

#[tokio::test]
async fn several_questions_share_what_they_have_in_common() {
    let served = Served::start().await;
    let document = |id: &str| json!({ "resource": { "type": "document", "id": id } });
    let board =
        json!({ "resource": { "type": "cms.board", "id": "home" }, "action": { "name": "read" } });
    let mut body = json!({
        "subject": { "type": "person", "id": "1" }, "action": { "name": "edit" }, "context": { "ip": "10.1.1.1" },
        "evaluations": [document("1"), board, { "resource": { "type": "cms.board", "id": "secret" } }, {}, document("2")],
    });
    let decisions = |answer: &serde_json::Value| -> Vec<bool> {
        let list = answer["evaluations"].as_array().unwrap().iter();
        list.map(|one| one["decision"].as_bool().unwrap()).collect()
    };
    let (status, answer) = served.post("/access/v1/evaluations", &body).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(decisions(&answer), [true, true, false, false, true]);
    assert_eq!(answer["evaluations"][3]["context"]["error"]["status"], 400);
    for (semantic, expected) in [
        ("execute_all", vec![true, true, false, false, true]),
        ("deny_on_first_deny", vec![true, true, false]),
        ("permit_on_first_permit", vec![true]),
    ] {
        body["options"] = json!({ "evaluations_semantic": semantic });
        let (_, answer) = served.post("/access/v1/evaluations", &body).await;
        assert_eq!(decisions(&answer), expected, "{semantic}");
    }
    body["options"] = json!({ "evaluations_semantic": "guess" });
    assert_eq!(served.post("/access/v1/evaluations", &body).await.0, StatusCode::BAD_REQUEST);
    let single = asking("1", "edit", json!({ "type": "document", "id": "7" }));
    let (_, answer) = served.post("/access/v1/evaluations", &single).await;
    assert_eq!(answer["decision"], true);
}

#[tokio::test]
async fn a_question_without_its_parts_is_refused() {
    let served = Served::start().await;
    let path = "/access/v1/evaluation";
    let good = asking("1", "edit", json!({ "type": "document", "id": "7" }));
    for part in ["subject", "action", "resource"] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(part);
        let (status, problem) = served.post(path, &bad).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(problem["detail"], format!("`{part}` is missing"));
    }
    for (pointer, value) in [
        ("/subject/id", json!("")),
        ("/subject/id", json!(7)),
        ("/subject", json!("ada")),
        ("/action/name", json!(null)),
        ("/resource/properties", json!([])),
        ("/context", json!("here")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap_or(&mut json!(null)) = value.clone();
        if pointer == "/resource/properties" {
            bad["resource"]["properties"] = value;
        }
        assert_eq!(served.post(path, &bad).await.0, StatusCode::BAD_REQUEST, "{pointer}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in ["", "[]", "{", "\u{feff}{}", &deep, &format!("{{\"subject\":{deep}}}")] {
        assert_eq!(served.post_text(path, text.to_owned()).await.0, StatusCode::BAD_REQUEST);
    }
    let many = json!({ "evaluations": vec![good; 1001] });
    assert_eq!(served.post("/access/v1/evaluations", &many).await.0, StatusCode::BAD_REQUEST);
    let (status, _) = served.post_text(path, " ".repeat(5 << 20)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn every_address_wants_a_token_of_its_scope_before_it_reads_the_body() {
    let served = Served::start().await;
    let end = served.ctx.now() + jiff::SignedDuration::from_hours(1);
    let scopes = [Scope::ApiRead, Scope::Scim].into_iter().collect();
    let other = create_token(&served.ctx, &served.opened, "x", &scopes, Some(end)).await.unwrap();
    for path in ["evaluation", "evaluations", "search/subject", "search/resource", "search/action"]
    {
        let request = || Request::post(format!("/access/v1/{path}"));
        let answer = served.send(request().body(Body::from("{")).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        let with = request().header(header::AUTHORIZATION, format!("Bearer {}", other.token));
        let (status, problem) = read(served.send(with.body(Body::from("{")).unwrap()).await).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::FORBIDDEN, Some("denied")));
    }
}
