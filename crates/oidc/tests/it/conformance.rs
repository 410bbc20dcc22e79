//! What the conformance plans of the OpenID foundation ask (Basic, Config, RP-Initiated Logout, Back-Channel Logout), each test named by
//! the condition. What other files show already is not repeated: `code_flow`, `logout` and `metadata` hold the rest.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use jiff::SignedDuration;

use crate::{
    flow::{code, exchange, request, signed_in, signed_in_with},
    support::{ISSUER, Served, basic, claims, encoded},
};

/// The claims in the ID token of a sign-in with this scope.
async fn told(scope: &str) -> serde_json::Value {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let auth = basic("wiki", &served.secret("wiki").await);
    let code = code(&served, &cookie, &[("scope", scope)]).await;
    claims(exchange(&served, &auth, &code, &[]).await.field("id_token"))
}

#[tokio::test]
async fn oidcc_scope_profile() {
    let said = told("openid profile").await;
    assert_eq!(said["name"], "Ada Lovelace");
    assert!(said.get("email").is_none());
}

#[tokio::test]
async fn oidcc_scope_email() {
    let said = told("openid email").await;
    assert_eq!(said["email"], "ada@tern.example");
    assert!(said.get("name").is_none());
}

#[tokio::test]
async fn oidcc_scope_address_and_phone_and_unknown_ones_are_ignored() {
    let said = told("openid address phone something").await;
    assert!(said.get("address").is_none() && said.get("phone_number").is_none());
}

#[tokio::test]
async fn oidcc_ensure_other_scope_order_succeeds() {
    assert_eq!(told("email openid").await["email"], "ada@tern.example");
}

#[tokio::test]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let auth = basic("wiki", &served.secret("wiki").await);
    let code = code(&served, &cookie, &[("nonce", "")]).await;
    let tokens = exchange(&served, &auth, &code, &[]).await;
    assert!(claims(tokens.field("id_token")).get("nonce").is_none());
}

#[tokio::test]
async fn oidcc_requests_with_parameters_that_are_wishes_succeed() {
    // oidcc-display-page, -display-popup, -login-hint, -ui-locales, -claims-locales, -ensure-request-with-unknown-parameter-succeeds,
    // -ensure-request-with-acr-values-succeeds, -max-age-10000, -prompt-none-logged-in
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    for wish in [
        ("display", "page"),
        ("display", "popup"),
        ("login_hint", "ada@tern.example"),
        ("ui_locales", "de en"),
        ("claims_locales", "de"),
        ("extra", "foobar"),
        ("acr_values", "1 2"),
        ("max_age", "10000"),
        ("prompt", "none"),
    ] {
        let answer = served.browse(&cookie, &request(&[wish])).await;
        assert!(answer.sent("code").is_some(), "{wish:?} {answer:?}");
    }
}

#[tokio::test]
async fn oidcc_max_age_1_asks_again_and_the_id_token_says_when() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    served.later(SignedDuration::from_secs(2));
    let answer = served.browse(&cookie, &request(&[("max_age", "1")])).await;
    let back = answer.sent("return_to").unwrap();
    let fresh = served.sign_in("1").await;
    let auth = basic("wiki", &served.secret("wiki").await);
    let code = served.browse(&fresh, &back).await.sent("code").unwrap();
    let tokens = exchange(&served, &auth, &code, &[]).await;
    assert_eq!(claims(tokens.field("id_token"))["auth_time"], served.ctx.now().as_second());
}

#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let link = request(&[]);
    let body = link.split_once('?').unwrap().1.to_owned();
    let post = Request::post("/oauth2/authorize")
        .header(header::COOKIE, &cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = served.send(post.body(Body::from(body)).unwrap()).await;
    assert!(answer.sent("code").is_some());
}

#[tokio::test]
async fn oidcc_server_client_secret_post() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let secret = served.secret("wiki").await;
    let code = code(&served, &cookie, &[]).await;
    let form = [("client_id", "wiki"), ("client_secret", &*secret)];
    assert_eq!(exchange(&served, "", &code, &form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn oidcc_codereuse_30seconds() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let auth = basic("wiki", &served.secret("wiki").await);
    let code = code(&served, &cookie, &[]).await;
    let tokens = exchange(&served, &auth, &code, &[]).await;
    served.later(SignedDuration::from_secs(30));
    assert_eq!(exchange(&served, &auth, &code, &[]).await.error(), "invalid_grant");
    let header = format!("Bearer {}", tokens.field("access_token"));
    let answer = served.post("/oauth2/userinfo", &header, &[]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn oidcc_request_uri_and_request_objects_are_rejected_as_unsupported() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let answer = served.browse(&cookie, &request(&[("request", "a.b.c")])).await;
    assert_eq!(answer.sent("error").as_deref(), Some("request_not_supported"));
    let foreign = [("request_uri", "https://wiki.example/request")];
    let answer = served.browse(&cookie, &request(&foreign)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "nothing is fetched for a request");
    let known = served.get("/.well-known/openid-configuration").await.json;
    assert_eq!(known["request_parameter_supported"], false);
    assert_eq!(known["request_uri_parameter_supported"], false);
}

#[tokio::test]
async fn oidcc_idtoken_rs256_is_given_to_those_who_ask_for_it() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let shop = [("client_id", "shop"), ("redirect_uri", "https://shop.example/cb")];
    let page = served.browse(&cookie, &request(&shop)).await;
    let (asked, proof) = (page.hidden("request"), page.hidden("proof"));
    let form = [("request", &*asked), ("proof", &*proof), ("decision", "allow")];
    let answer = served.submit(&cookie, "/oauth2/consent", &form).await;
    let auth = basic("shop", &served.secret("shop").await);
    let tokens = exchange(&served, &auth, &answer.sent("code").unwrap(), &shop[1..]).await;
    let head = jsonwebtoken::decode_header(tokens.field("id_token")).unwrap();
    assert_eq!(head.alg, jsonwebtoken::Algorithm::RS256);
    let keys = served.get("/oauth2/jwks").await.json;
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys).unwrap();
    let key = keys.find(head.kid.as_ref().unwrap()).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
    let mut rules = jsonwebtoken::Validation::new(head.alg);
    rules.set_audience(&["shop"]);
    rules.validate_exp = false;
    let read = jsonwebtoken::decode::<serde_json::Value>(tokens.field("id_token"), &key, &rules);
    assert_eq!(read.unwrap().claims["iss"], ISSUER);
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let served = Served::start().await;
    let answer = served.get("/.well-known/openid-configuration").await;
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
    for name in [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "scopes_supported",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
        "claims_supported",
        "end_session_endpoint",
        "backchannel_logout_supported",
        "backchannel_logout_session_supported",
    ] {
        assert!(answer.json.get(name).is_some(), "{name}");
    }
    let has = |name: &str, value: &str| {
        answer.json[name].as_array().unwrap().iter().any(|known| known == value)
    };
    assert!(has("scopes_supported", "openid") && has("response_types_supported", "code"));
    assert!(has("id_token_signing_alg_values_supported", "RS256"));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_with_no_parameters_asks_the_person() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let page = served.browse(&cookie, "/oauth2/logout").await;
    assert!(page.text.contains("Sign out?"));
    let proof = page.hidden("proof");
    let page = served.submit(&cookie, "/oauth2/logout", &[("proof", &*proof)]).await;
    assert!(page.text.contains("You are signed out"));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_with_a_modified_id_token_hint_is_refused() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let (_, tokens) = signed_in_with(&served, &cookie).await;
    let token = tokens.field("id_token");
    let (rest, signature) = token.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    let hint = format!("{rest}.{turned}");
    let path = format!("/oauth2/logout?{}", encoded(&[("id_token_hint", &*hint)]));
    assert_eq!(served.browse(&cookie, &path).await.status, StatusCode::BAD_REQUEST);
    assert!(served.browse(&cookie, &request(&[])).await.sent("code").is_some());
}

#[tokio::test]
async fn oidcc_refresh_token_keeps_issuer_subject_and_audience() {
    let served = Served::start().await;
    let (auth, tokens) = signed_in(&served).await;
    let again = crate::flow::refresh(&served, &auth, tokens.field("refresh_token")).await;
    let (first, second) = (claims(tokens.field("id_token")), claims(again.field("id_token")));
    for name in ["iss", "sub", "aud", "auth_time", "azp", "sid"] {
        assert_eq!(first[name], second[name], "{name}");
    }
}
