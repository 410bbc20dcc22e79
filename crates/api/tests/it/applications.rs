//! Applications of the model, and their secrets.

use axum::http::{Method, StatusCode};
use muster_app::Scope;
use serde_json::json;

use crate::support::Served;

#[tokio::test]
async fn a_secret_is_shown_once_and_refused_when_it_is_revoked() {
    let served = Served::start().await;
    let admin = served.program(Scope::Admin).await;
    let known = admin.get("/applications").await.body["items"].clone();
    assert_eq!(known[0]["application"], "wiki");
    assert_eq!(known[0]["redirect_uris"], json!(["https://wiki.tern.example/cb"]));
    let end = json!({ "expires_at": "2026-12-20T12:00:00Z" });
    let made = admin.post("/applications/wiki/secrets", end).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let value = made.body["value"].as_str().unwrap();
    let listed = admin.get("/applications/wiki/secrets").await;
    assert_eq!(listed.body["items"][0]["valid"], true);
    assert!(!listed.body.to_string().contains(value));
    let path = format!("/applications/wiki/secrets/{}", made.body["secret"]);
    let revoked = admin.send(Method::DELETE, &path, &[], None).await;
    assert_eq!(revoked.body["valid"], false, "{revoked:?}");
    let listed = admin.get("/applications/wiki/secrets").await;
    assert_eq!(listed.body["items"][0]["valid"], false);
    let entry = &admin.get("/journal?action=application-secret.create").await.body["items"][0];
    assert!(!entry.to_string().contains(value));
    let gone = admin.post("/applications/nowhere/secrets", json!({})).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}
