//! Programs on their own account: tokens, introspection, revocation.

use axum::http::{StatusCode, header};
use jiff::SignedDuration;

use crate::support::{ISSUER, Served, basic, claims};

#[tokio::test]
async fn a_program_gets_a_token_for_itself() {
    let served = Served::start().await;
    let auth = basic("backup", &served.secret("backup").await);
    let form = [("grant_type", "client_credentials"), ("scope", "backup.read")];
    let answer = served.post("/oauth2/token", &auth, &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(answer.field("token_type"), "Bearer");
    assert_eq!(answer.field("scope"), "backup.read");
    assert_eq!(answer.json["expires_in"], 600);
    assert!(answer.json.get("refresh_token").is_none());
    let token = answer.field("access_token");
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    let said = claims(token);
    assert_eq!(said["iss"], ISSUER);
    assert_eq!((&said["sub"], &said["client_id"]), (&"backup".into(), &"backup".into()));
    assert_eq!(said["aud"], serde_json::json!(["backup", "vault"]));
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 600);
}

#[tokio::test]
async fn a_program_gets_no_more_than_the_model_gives_it() {
    let served = Served::start().await;
    let auth = basic("backup", &served.secret("backup").await);
    for scope in ["backup.read admin", "openid", "email"] {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        assert_eq!(served.post("/oauth2/token", &auth, &form).await.error(), "invalid_scope");
    }
    let form = [("grant_type", "client_credentials")];
    let answer = served.post("/oauth2/token", &auth, &form).await;
    assert_eq!(answer.field("scope"), "backup.read backup.write");
    let wiki = basic("wiki", &served.secret("wiki").await);
    assert_eq!(served.post("/oauth2/token", &wiki, &form).await.error(), "unauthorized_client");
    let form = [("grant_type", "password"), ("username", "ada"), ("password", "x")];
    assert_eq!(served.post("/oauth2/token", &auth, &form).await.error(), "unsupported_grant_type");
    assert_eq!(served.post("/oauth2/token", &auth, &[]).await.error(), "invalid_request");
    let twice = "grant_type=client_credentials&grant_type=client_credentials";
    let answer = served.post_text("/oauth2/token", &auth, twice).await;
    assert_eq!(answer.error(), "invalid_request");
}

#[tokio::test]
async fn introspection_says_what_a_token_is_to_those_it_is_for_and_nothing_to_others() {
    let served = Served::start().await;
    let (token, own) = served.own_token("backup").await;
    let vault = basic("vault", &served.secret("vault").await);
    let wiki = basic("wiki", &served.secret("wiki").await);
    for auth in [&own, &vault] {
        let said = served.introspect(auth, &token).await;
        assert_eq!(said["active"], true);
        assert_eq!(said["client_id"], "backup");
        assert_eq!(said["scope"], "backup.read backup.write");
    }
    let nothing = serde_json::json!({ "active": false });
    assert_eq!(served.introspect(&wiki, &token).await, nothing);
    assert_eq!(served.introspect(&vault, "no token").await, nothing);
    assert_eq!(served.introspect(&vault, &token[..token.len() - 4]).await, nothing);
    served.later(SignedDuration::from_secs(600));
    assert_eq!(served.introspect(&own, &token).await, nothing);
}

#[tokio::test]
async fn introspection_and_tokens_are_for_applications_that_prove_who_they_are() {
    let served = Served::start().await;
    let (token, _) = served.own_token("backup").await;
    let form = [("token", token.as_str())];
    let answer = served.post("/oauth2/introspect", "", &form).await;
    assert_eq!((answer.status, answer.error()), (StatusCode::UNAUTHORIZED, "invalid_client"));
    let form = [("token", token.as_str()), ("client_id", "phone")];
    assert_eq!(served.post("/oauth2/introspect", "", &form).await.error(), "invalid_client");
}

#[tokio::test]
async fn a_token_that_is_given_back_is_refused_and_only_its_owner_can_give_it_back() {
    let served = Served::start().await;
    let (token, own) = served.own_token("backup").await;
    let vault = basic("vault", &served.secret("vault").await);
    let form = [("token", token.as_str())];
    assert_eq!(served.post("/oauth2/revoke", &vault, &form).await.status, StatusCode::OK);
    assert_eq!(served.introspect(&own, &token).await["active"], true);
    assert_eq!(served.post("/oauth2/revoke", &own, &form).await.status, StatusCode::OK);
    assert_eq!(served.introspect(&own, &token).await["active"], false);
    assert_eq!(served.introspect(&vault, &token).await["active"], false);
    let form = [("token", "never was one")];
    assert_eq!(served.post("/oauth2/revoke", &own, &form).await.status, StatusCode::OK);
    assert_eq!(served.post("/oauth2/revoke", "", &form).await.error(), "invalid_client");
}
