//! Basic OP: the flow itself.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::Value as Json;

use super::{CALLBACK, Suite};
use crate::{
    flow::{VERIFIER, challenge},
    support::{ISSUER, basic, claims, encoded},
};

#[tokio::test]
async fn oidcc_server() {
    let suite = Suite::start().await;
    let answer = suite.ask(&[]).await;
    assert_eq!(answer.sent("iss").as_deref(), Some(ISSUER));
    let tokens = suite.exchange(&answer.sent("code").unwrap()).await;
    assert_eq!(tokens.field("token_type"), "Bearer");
    assert_eq!(tokens.headers[header::CACHE_CONTROL], "no-store");
    let said = claims(tokens.field("id_token"));
    let now = suite.served.ctx.now().as_second();
    assert_eq!((&said["iss"], &said["aud"]), (&ISSUER.into(), &"suite".into()));
    assert_eq!((&said["nonce"], &said["iat"]), (&"nonce1".into(), &now.into()));
    assert!(said["exp"].as_i64().unwrap() > now && said["auth_time"].as_i64().unwrap() <= now);
    assert_eq!(suite.userinfo(&tokens).await.json["sub"], said["sub"]);
}

#[tokio::test]
async fn oidcc_response_type_missing() {
    let suite = Suite::start().await;
    let answer = suite.ask(&[("response_type", "")]).await;
    assert_eq!(answer.sent("error").as_deref(), Some("invalid_request"));
    assert_eq!(answer.sent("state").as_deref(), Some("state1"));
    assert!(answer.sent("code").is_none());
}

#[tokio::test]
async fn oidcc_idtoken_signature() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let token = tokens.field("id_token");
    let head = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(head.alg, Algorithm::RS256);
    let keys = suite.served.get("/oauth2/jwks").await.json;
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let key = DecodingKey::from_jwk(keys.find(head.kid.as_ref().unwrap()).unwrap()).unwrap();
    let mut rules = Validation::new(head.alg);
    rules.set_audience(&["suite"]);
    rules.validate_exp = false;
    let read = jsonwebtoken::decode::<Json>(token, &key, &rules);
    assert_eq!(read.unwrap().claims["iss"], ISSUER);
}

#[tokio::test]
async fn oidcc_userinfo_get() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let header = format!("Bearer {}", tokens.field("access_token"));
    let ask = Request::get("/oauth2/userinfo").header(header::AUTHORIZATION, header);
    let answer = suite.served.send(ask.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(answer.json["sub"], claims(tokens.field("id_token"))["sub"]);
}

#[tokio::test]
async fn oidcc_userinfo_post_header() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let answer = suite.userinfo(&tokens).await;
    assert_eq!(answer.json["sub"], claims(tokens.field("id_token"))["sub"]);
}

#[tokio::test]
async fn oidcc_userinfo_post_body() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let form = [("access_token", tokens.field("access_token"))];
    let answer = suite.served.post("/oauth2/userinfo", "", &form).await;
    assert_eq!(answer.json["sub"], claims(tokens.field("id_token"))["sub"]);
}

#[tokio::test]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[("nonce", "")]).await;
    assert!(claims(tokens.field("id_token")).get("nonce").is_none());
}

#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    let suite = Suite::start().await;
    let form = Suite::form(&[]);
    let answer = suite.served.submit(&suite.cookie, "/oauth2/authorize", &form).await;
    assert!(answer.sent("code").is_some(), "{answer:?}");
}

#[tokio::test]
async fn oidcc_ensure_request_with_valid_pkce_succeeds() {
    let suite = Suite::start().await;
    let challenge = challenge(VERIFIER);
    let pkce = [("code_challenge", &*challenge), ("code_challenge_method", "S256")];
    let code = suite.code(&pkce).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens = suite.served.post("/oauth2/token", &suite.auth, &form).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    // Who began with it does not end without it.
    let code = suite.code(&pkce).await;
    assert_eq!(suite.exchange(&code).await.error(), "invalid_grant");
}

#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri() {
    let suite = Suite::start().await;
    for uri in ["https://suite.example/cb/other", "https://other.example/cb"] {
        let answer = suite.ask(&[("redirect_uri", uri)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(!answer.headers.contains_key(header::LOCATION));
    }
}

#[tokio::test]
async fn oidcc_server_client_secret_post() {
    let suite = Suite::start().await;
    let code = suite.code(&[]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", CALLBACK),
        ("client_id", "suite"),
        ("client_secret", &*suite.secret),
    ];
    let tokens = suite.served.post("/oauth2/token", "", &form).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
}

#[tokio::test]
async fn oidcc_codereuse() {
    let suite = Suite::start().await;
    let code = suite.code(&[]).await;
    assert_eq!(suite.exchange(&code).await.status, StatusCode::OK);
    let again = suite.exchange(&code).await;
    assert_eq!((again.status, again.error()), (StatusCode::BAD_REQUEST, "invalid_grant"));
}

#[tokio::test]
async fn oidcc_codereuse_30seconds() {
    let suite = Suite::start().await;
    let code = suite.code(&[]).await;
    let tokens = suite.exchange(&code).await;
    assert_eq!(suite.userinfo(&tokens).await.status, StatusCode::OK);
    suite.served.later(SignedDuration::from_secs(30));
    assert_eq!(suite.exchange(&code).await.error(), "invalid_grant");
    let answer = suite.userinfo(&tokens).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "what came of it ends too");
}

#[tokio::test]
async fn oidcc_refresh_token() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let refresh = tokens.field("refresh_token");
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let other = basic("wiki", &suite.served.secret("wiki").await);
    let stolen = suite.served.post("/oauth2/token", &other, &form).await;
    assert_eq!(stolen.error(), "invalid_grant", "of another application");
    let again = suite.served.post("/oauth2/token", &suite.auth, &form).await;
    let (first, second) = (claims(tokens.field("id_token")), claims(again.field("id_token")));
    for name in ["iss", "sub", "aud", "auth_time", "azp", "sid"] {
        assert_eq!(first[name], second[name], "{name}");
    }
    assert_eq!(suite.userinfo(&again).await.json["sub"], first["sub"]);
    assert_ne!(again.field("access_token"), tokens.field("access_token"));
}

#[tokio::test]
async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    let suite = Suite::start().await;
    let object = "eyJhbGciOiJub25lIn0.eyJzdGF0ZSI6Im90aGVyIn0.";
    let answer = suite.ask(&[("request", object)]).await;
    assert_eq!(answer.sent("error").as_deref(), Some("request_not_supported"));
    assert_eq!(answer.sent("state").as_deref(), Some("state1"));
}

#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    let suite = Suite::start().await;
    let foreign = [("request_uri", "https://suite.example/request")];
    let answer = suite.ask(&foreign).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "nothing is fetched for a request");
    let known = suite.served.get("/.well-known/openid-configuration").await.json;
    assert_eq!(known["request_parameter_supported"], false);
    assert_eq!(known["request_uri_parameter_supported"], false);
    let without = encoded(&Suite::form(&[("redirect_uri", ""), ("request", "a.b.c")]));
    let link = format!("/oauth2/authorize?{without}");
    let answer = suite.served.browse(&suite.cookie, &link).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "no address of an object is believed");
}
