//! Asking for what was denied: the chapter of the manual is run, and what is refused.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use muster_app::Scope;
use muster_governance::{
    Answer, ShortenRequest, Verdict, decide_request, person_named, shorten_assignment,
};
use serde_json::{Value as Json, json};

use crate::support::{Served, asking, read};

const CHAPTER: &str = include_str!("../../../../docs/book/src/server/decisions.md");
const EVALUATION: &str = "/access/v1/evaluation";
const REQUESTS: &str = "/api/v1/access-requests";
const PROBLEM: &str = "urn:openid:authzen:access-request:error:";

/// A call that the chapter shows: method, path and body.
fn calls() -> Vec<(Method, String, String)> {
    let (_, section) = CHAPTER.split_once("## Asking for what was denied").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let blocks = section.split("$ curl -s ").skip(1);
    let call = |block: &str| {
        let (line, rest) = block.split_once('\n').unwrap();
        let path = line.split(' ').find_map(|word| word.strip_prefix("$URL")).unwrap();
        let body = if line.ends_with('\\') || line.ends_with("<<END") {
            let (_, body) = block.split_once("<<END\n").unwrap();
            body.split_once("\nEND").unwrap().0
        } else {
            assert!(rest.len() < block.len());
            ""
        };
        let posts = !body.is_empty() || line.contains("-X POST");
        let method = if posts { Method::POST } else { Method::GET };
        (method, path.to_owned(), body.to_owned())
    };
    blocks.map(call).collect()
}

async fn company() -> Served {
    Served::start().await.with("cms", Scope::AccessRequest).await
}

/// The question whether Bob may edit a document, and what it was answered.
async fn denied(served: &Served) -> (Json, Json) {
    let question = asking("bob@x", "edit", json!({ "type": "document", "id": "q4-plan" }));
    let (status, answer) = served.post(EVALUATION, &question).await;
    assert_eq!((status, &answer["decision"]), (StatusCode::OK, &json!(false)), "{answer}");
    (question, answer)
}

/// A request for what an answer offers.
fn request(question: &Json, answer: &Json) -> Json {
    let offered = &answer["context"]["access_request"];
    let mut request = question.clone();
    request["context"]["business_justification"] = "The plan is due".into();
    request["denial"] = json!({
        "expires_at": offered["expires_at"], "binding_token": offered["binding_token"],
        "evaluation_id": answer["context"]["evaluation_id"],
    });
    request
}

/// Eve, who is chief, decides about the first request.
async fn decide(served: &Served, verdict: Verdict) {
    let eve = person_named(&served.ctx, &served.opened, "3").await.unwrap();
    let answer = Answer { verdict, note: "as you say".to_owned(), until: None };
    decide_request(&served.ctx, &served.opened, eve, 1, &answer).await.unwrap();
}

#[tokio::test]
async fn what_the_chapter_shows_works() {
    let served = company().await;
    let calls = calls();
    let [evaluation, create, see, cancel, again] = calls.as_slice() else { panic!("{calls:?}") };
    let (status, answer) = served.post_text(&evaluation.1, evaluation.2.clone()).await;
    assert_eq!((status, &answer["decision"]), (StatusCode::OK, &json!(false)));
    let offered = &answer["context"]["access_request"];
    assert_eq!(answer["context"]["reason"], "approval_required");
    assert_eq!(offered["endpoint"], format!("https://muster.tern.example{}", create.1));
    let role =
        json!({ "role": "editor", "description": "Writes", "reason": true, "questions": [] });
    assert_eq!(offered["display"]["roles"], json!([role]));
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let body = create.2.replace("$EXPIRES", &text(&offered["expires_at"]));
    let body = body.replace("$BINDING", &text(&offered["binding_token"]));
    let keyed = async || {
        let request = served.signed(Request::post(&create.1)).header("idempotency-key", "7b8d0f0d");
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let response = served.send(request.body(Body::from(body.clone())).unwrap()).await;
        let at = response.headers().get(header::LOCATION).cloned();
        (at, read(response).await)
    };
    let (at, (status, made)) = keyed().await;
    assert_eq!(
        (status, &made["task"]["status"]),
        (StatusCode::CREATED, &json!("pending")),
        "{made}"
    );
    let task = text(&made["task"]["id"]);
    assert_eq!(
        made["task"]["status_endpoint"],
        format!("https://muster.tern.example{}", at.unwrap().to_str().unwrap())
    );
    assert_eq!(made["task"]["progress"]["step_name"], "role chief");
    // A call that comes again is the same call.
    assert_eq!(keyed().await.1, (status, made));
    assert_eq!((&see.0, &cancel.0), (&Method::GET, &Method::POST));
    let see = see.1.replace("$TASK", &task);
    assert_eq!(served.get(&see).await.1["task"]["status"], "pending");
    decide(&served, Verdict::Approve).await;
    let (_, seen) = served.get(&see).await;
    assert_eq!(seen["task"]["status"], "approved");
    let approval = &seen["result"]["approval"];
    assert_eq!(approval["approved_until"], "2026-12-01T00:00:00Z");
    let (_, answer) =
        served.post_text(&again.1, again.2.replace("$APPROVAL", &approval.to_string())).await;
    assert_eq!(answer["decision"], true, "{answer}");
    assert_eq!(answer["context"]["approval"]["id"], approval["id"]);
    // What is over cannot be taken back.
    let (status, problem) =
        served.post_text(&cancel.1.replace("$TASK", &task), String::new()).await;
    assert_eq!(
        (status, &problem["type"]),
        (StatusCode::CONFLICT, &json!(format!("{PROBLEM}invalid_task_state")))
    );
}

#[tokio::test]
async fn only_what_was_denied_to_this_client_a_short_time_ago_is_asked_for() {
    let served = company().await;
    let (question, answer) = denied(&served).await;
    let good = request(&question, &answer);
    for (pointer, value) in [
        ("/resource/id", json!("q5-plan")),
        ("/subject/id", json!("2")),
        ("/action/name", json!("read")),
        ("/context/ip", json!("10.0.0.8")),
        ("/denial/expires_at", json!("2027-01-01T00:00:00Z")),
        ("/denial/evaluation_id", json!("other")),
        ("/denial/binding_token", json!("eyJhbGciOiJub25lIn0.e30.")),
        ("/denial", json!({})),
    ] {
        let mut wrong = good.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        let (status, problem) = served.post(REQUESTS, &wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{pointer} {problem}");
        assert_eq!(problem["type"], format!("{PROBLEM}invalid_denial_binding"), "{pointer}");
    }
    let served = served.with("other", Scope::AccessRequest).await;
    let (_, problem) = served.post(REQUESTS, &good).await;
    assert_eq!(problem["type"], format!("{PROBLEM}invalid_denial_binding"));
    let served = served.with("cms", Scope::AccessRequest).await;
    served.at("2026-11-20T12:10:00Z");
    let (status, problem) = served.post(REQUESTS, &good).await;
    assert_eq!(
        (status, &problem["type"]),
        (StatusCode::GONE, &json!(format!("{PROBLEM}expired_denial")))
    );
    // Whatever the application says beside it does not count.
    served.at("2026-11-20T12:09:59Z");
    let mut more = good.clone();
    more["context"]["time"] = "2030-01-01T00:00:00Z".into();
    more["subject"]["properties"] = json!({ "act": { "sub": "agent" } });
    assert_eq!(served.post(REQUESTS, &more).await.0, StatusCode::CREATED);
    // What waits is not asked for twice, and not offered again.
    let (_, problem) = served.post(REQUESTS, &good).await;
    assert_eq!(problem["type"], format!("{PROBLEM}not_requestable"));
    assert_eq!(denied(&served).await.1["context"].get("access_request"), None);
}

#[tokio::test]
async fn rules_of_requests_hold_and_a_task_is_its_clients_alone() {
    let served = company().await;
    let (question, answer) = denied(&served).await;
    let mut wanted = request(&question, &answer);
    wanted["context"]["business_justification"] = " ".into();
    let (status, problem) = served.post(REQUESTS, &wanted).await;
    assert_eq!(
        (status, &problem["detail"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("role `editor` is not given without a reason"))
    );
    wanted = request(&question, &answer);
    wanted["requested_access"] = json!({ "requested_until": "2027-12-01T00:00:00Z" });
    assert_eq!(served.post(REQUESTS, &wanted).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    wanted["requested_access"] = json!({ "role": "chief" });
    assert_eq!(served.post(REQUESTS, &wanted).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, made) = served.post(REQUESTS, &request(&question, &answer)).await;
    let task = format!("{REQUESTS}/{}", made["task"]["id"].as_str().unwrap());
    let cancel = format!("{task}/cancel");
    let served = served.with("other", Scope::AccessRequest).await;
    for unknown in [task.as_str(), "/api/v1/access-requests/1"] {
        let (status, problem) = served.get(unknown).await;
        assert_eq!(
            (status, &problem["type"]),
            (StatusCode::NOT_FOUND, &json!(format!("{PROBLEM}unknown_task")))
        );
    }
    assert_eq!(served.post(&cancel, &json!({})).await.0, StatusCode::NOT_FOUND);
    let served = served.with("reader", Scope::Access).await;
    assert_eq!(served.get(&task).await.0, StatusCode::FORBIDDEN);
    assert_eq!(denied(&served).await.1["context"].get("access_request"), None);
    let served = served.with("cms", Scope::AccessRequest).await;
    let (status, seen) = served.post(&cancel, &json!({ "comment": "not needed" })).await;
    assert_eq!((status, &seen["task"]["status"]), (StatusCode::OK, &json!("cancelled")));
    assert_eq!(seen.get("result"), None);
}

#[tokio::test]
async fn an_approval_allows_nothing_by_itself() {
    let served = company().await;
    let (question, answer) = denied(&served).await;
    let (_, made) = served.post(REQUESTS, &request(&question, &answer)).await;
    decide(&served, Verdict::Approve).await;
    let task = format!("{REQUESTS}/{}", made["task"]["id"].as_str().unwrap());
    let approval = served.get(&task).await.1["result"]["approval"].clone();
    assert_eq!(approval["approved_until"], "2026-12-20T12:00:00Z");
    let with = async |who: &str, approval: &Json| {
        let mut again = asking(who, "edit", json!({ "type": "document", "id": "q4-plan" }));
        again["context"]["approval"] = approval.clone();
        served.post(EVALUATION, &again).await.1
    };
    assert_eq!(with("bob@x", &approval).await["decision"], true);
    let elsewhere = with("3", &approval).await;
    assert_eq!(elsewhere["decision"], false);
    assert_eq!(elsewhere["context"]["next_action"], "request");
    assert_eq!(elsewhere["context"]["reason"], "out_of_scope");
    let forged = with("3", &json!({ "id": approval["id"], "state": "x" })).await;
    assert_eq!(
        (&forged["context"]["next_action"], &forged["context"]["reason"]),
        (&json!("none"), &json!("approval_unverifiable"))
    );
    let bob = person_named(&served.ctx, &served.opened, "2").await.unwrap();
    let less = ShortenRequest {
        role: "editor".to_owned(),
        reason: "done".to_owned(),
        ..ShortenRequest::default()
    };
    shorten_assignment(&served.ctx, &served.opened, bob, &less).await.unwrap();
    let over = with("bob@x", &approval).await;
    assert_eq!(over["decision"], false, "{over}");
    assert_eq!(
        (&over["context"]["next_action"], &over["context"]["reason"]),
        (&json!("request"), &json!("approval_expired"))
    );
    assert!(over["context"]["access_request"].is_object(), "{over}");
}

#[tokio::test]
async fn a_denial_is_not_requestable_when_a_role_is_not_all_that_lacks() {
    let served = company().await;
    let offered = async |who: &str, action: &str, resource: Json| {
        let (_, answer) = served.post(EVALUATION, &asking(who, action, resource)).await;
        assert_eq!(answer["decision"], false, "{answer}");
        let roles = answer["context"]["access_request"]["display"]["roles"].as_array().cloned();
        roles.map(|roles| roles.iter().map(|role| role["role"].clone()).collect::<Vec<_>>())
    };
    let board = json!({ "type": "desk.board", "id": "1" });
    assert_eq!(
        offered("2", "read", board.clone()).await,
        Some(vec![json!("clerk"), json!("editor")])
    );
    // A role that nobody can ask for, a condition that does not hold, somebody who is not there.
    assert_eq!(offered("2", "edit", json!({ "type": "profile", "id": "1" })).await, None);
    assert_eq!(offered("2", "read", json!({ "type": "profile", "id": "3" })).await, None);
    assert_eq!(offered("nobody", "read", board.clone()).await, None);
    // Which of several is asked for has to be said.
    let question = asking("2", "read", board);
    let (_, answer) = served.post(EVALUATION, &question).await;
    let (status, problem) = served.post(REQUESTS, &request(&question, &answer)).await;
    assert_eq!(
        (status, &problem["hints"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!(["the roles are: clerk, editor"]))
    );
    let document = served.get("/.well-known/authzen-configuration").await.1;
    assert_eq!(
        document["access_request_endpoint"],
        "https://muster.tern.example/api/v1/access-requests"
    );
}
