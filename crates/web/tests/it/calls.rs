//! Who may call, and what an answer looks like when something is wrong.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use muster_app::{Scope, end_client, revoke_token};
use muster_web::{Limits, Rate};

use crate::support::{Served, read};

#[tokio::test]
async fn a_token_names_its_client_and_opens_what_its_scope_says() {
    let served = Served::start(Limits::default()).await;
    let token = served.token("Payroll", Scope::ApiRead).await;
    let (status, seen) = served.who(&format!("bearer {token}")).await;
    assert_eq!((status, seen["actor"].as_str()), (StatusCode::OK, Some("client Payroll")));
    let other = served.token("scim-push", Scope::Scim).await;
    let (status, problem) = served.who(&format!("Bearer {other}")).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::FORBIDDEN, Some("denied")));
}

#[tokio::test]
async fn every_wrong_token_gets_the_same_answer() {
    let served = Served::start(Limits::default()).await;
    let token = served.token("a", Scope::ApiRead).await;
    let revoked = served.token("b", Scope::ApiRead).await;
    let gone = served.token("c", Scope::ApiRead).await;
    revoke_token(&served.ctx, &served.opened, "b", 2).await.unwrap();
    end_client(&served.ctx, &served.opened, "c").await.unwrap();
    let cut: String = token.chars().take(20).collect();
    let wrong = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Basic {token}"),
        format!("Bearer {token}x"),
        format!("Bearer {cut}"),
        format!("Bearer {revoked}"),
        format!("Bearer {gone}"),
        "Bearer mst_' OR 1=1 --".to_owned(),
    ];
    let expected = served.who("Bearer mst_nobody").await;
    assert_eq!(expected.0, StatusCode::UNAUTHORIZED);
    for authorization in wrong {
        assert_eq!(served.who(&authorization).await, expected, "{authorization}");
    }
    let twice = Request::get("/who")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    let answer = served.send(twice.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], "Bearer");
}

#[tokio::test]
async fn the_request_id_reaches_the_journal_and_the_answer() {
    let served = Served::start(Limits::default()).await;
    let token = served.token("a", Scope::ApiRead).await;
    for (given, kept) in [("order-4711", true), ("a b", false), (&"x".repeat(65), false)] {
        let request = Request::get("/who")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header("x-request-id", given);
        let answer = served.send(request.body(Body::empty()).unwrap()).await;
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(id == given, kept, "{id}");
        let (_, seen) = read(answer).await;
        assert_eq!(seen["correlation"], id.as_str());
    }
}

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_when_to_come_back() {
    let rate = Rate { per_second: 1.0, burst: 2.0 };
    let served = Served::start(Limits { rate, ..Limits::default() }).await;
    let token = format!("Bearer {}", served.token("a", Scope::ApiRead).await);
    assert_eq!(served.who(&token).await.0, StatusCode::OK);
    assert_eq!(served.who(&token).await.0, StatusCode::OK);
    let (status, problem) = served.who(&token).await;
    assert_eq!((status, problem["retry_after"].as_u64()), (StatusCode::TOO_MANY_REQUESTS, Some(2)));
    let other = format!("Bearer {}", served.token("b", Scope::ApiRead).await);
    assert_eq!(served.who(&other).await.0, StatusCode::OK);
}

#[tokio::test]
async fn trouble_is_a_problem_document_with_a_code() {
    let limits = Limits { body: 10, answer_time: std::time::Duration::ZERO, ..Limits::default() };
    let served = Served::start(limits).await;
    for (request, status, code) in [
        (Request::get("/nothing"), StatusCode::NOT_FOUND, Some("not-found")),
        (Request::post("/who"), StatusCode::METHOD_NOT_ALLOWED, Some("method")),
        (Request::get("/panic"), StatusCode::INTERNAL_SERVER_ERROR, Some("bug")),
        (Request::get("/slow"), StatusCode::GATEWAY_TIMEOUT, None),
        (Request::post("/echo"), StatusCode::PAYLOAD_TOO_LARGE, None),
    ] {
        let answer = served.send(request.body(Body::from("0123456789x")).unwrap()).await;
        assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let (seen, problem) = read(answer).await;
        assert_eq!((seen, problem["code"].as_str()), (status, code));
    }
}
