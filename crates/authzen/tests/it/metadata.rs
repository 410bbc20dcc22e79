//! The document that says where decisions are made.

use axum::{body::Body, http::Request};

use crate::support::{Served, read};

#[tokio::test]
async fn addresses_come_from_the_project_whatever_the_request_says() {
    let served = Served::start().await;
    let request = Request::get("/.well-known/authzen-configuration")
        .header("host", "evil.example")
        .header("forwarded", "host=evil.example;proto=http")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "http");
    let (status, document) = read(served.send(request.body(Body::empty()).unwrap()).await).await;
    assert!(status.is_success());
    assert_eq!(document["policy_decision_point"], "https://muster.tern.example");
    let evaluation = "https://muster.tern.example/access/v1/evaluation";
    assert_eq!(document["access_evaluation_endpoint"], evaluation);
    assert!(!document.to_string().contains("evil"));
}
