//! Basic OP: what an application is told.

use serde_json::{Value as Json, json};

use super::Suite;
use crate::support::claims;

/// What userinfo says after a sign-in with this scope.
async fn told(scope: &str) -> Json {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[("scope", scope)]).await;
    let said = suite.userinfo(&tokens).await.json;
    let id_token = claims(tokens.field("id_token"));
    for (name, value) in said.as_object().unwrap() {
        assert_eq!(id_token[name], *value, "{name}");
    }
    said
}

#[tokio::test]
async fn oidcc_scope_profile() {
    let said = told("openid profile").await;
    assert_eq!((&said["name"], &said["given_name"]), (&json!("Ada Lovelace"), &json!("Ada")));
    assert_eq!(said["preferred_username"], "ada");
    assert!(said.get("email").is_none() && said.get("address").is_none());
}

#[tokio::test]
async fn oidcc_scope_email() {
    let said = told("openid email").await;
    let expected =
        json!({ "sub": said["sub"], "email": "ada@tern.example", "email_verified": true });
    assert_eq!(said, expected);
}

#[tokio::test]
async fn oidcc_scope_address() {
    let said = told("openid address").await;
    let address = json!({ "street_address": "St James's Square 12", "locality": "London" });
    assert_eq!(said, json!({ "sub": said["sub"], "address": address }));
}

#[tokio::test]
async fn oidcc_scope_phone() {
    let said = told("openid phone").await;
    let expected = json!({
        "sub": said["sub"], "phone_number": "+44 20 7946 0000", "phone_number_verified": true,
    });
    assert_eq!(said, expected);
}

#[tokio::test]
async fn oidcc_scope_all() {
    let said = told("openid profile email address phone").await;
    for name in ["name", "email", "address", "phone_number"] {
        assert!(said.get(name).is_some(), "{name}");
    }
}

#[tokio::test]
async fn oidcc_ensure_other_scope_order_succeeds() {
    assert_eq!(told("email openid").await["email"], "ada@tern.example");
}

#[tokio::test]
async fn oidcc_claims_essential() {
    let suite = Suite::start().await;
    let wanted = r#"{"userinfo":{"name":{"essential":true}},"id_token":{"email":null}}"#;
    let tokens = suite.tokens(&[("claims", wanted)]).await;
    let said = suite.userinfo(&tokens).await.json;
    assert_eq!(said, json!({ "sub": said["sub"], "name": "Ada Lovelace" }));
    let id_token = claims(tokens.field("id_token"));
    assert_eq!(id_token["email"], "ada@tern.example");
    assert!(id_token.get("name").is_none());
}

#[tokio::test]
async fn claims_of_a_scope_that_an_application_may_not_have_are_not_told_by_name_either() {
    let suite = Suite::start().await;
    let wanted = r#"{"userinfo":{"address":{"essential":true},"department":null}}"#;
    let link = crate::flow::request(&[("claims", wanted), ("scope", "openid")]);
    let code = suite.served.browse(&suite.cookie, &link).await.sent("code").unwrap();
    let auth = crate::support::basic("wiki", &suite.served.secret("wiki").await);
    let tokens = crate::flow::exchange(&suite.served, &auth, &code, &[]).await;
    let said = suite.userinfo(&tokens).await.json;
    assert_eq!(said, json!({ "sub": said["sub"], "department": "Authors" }), "as the model says");
}

#[tokio::test]
async fn an_application_that_names_somebody_gets_nobody_else() {
    let suite = Suite::start().await;
    let own = claims(suite.tokens(&[]).await.field("id_token"))["sub"].clone();
    let named = |sub: &Json| json!({ "id_token": { "sub": { "value": sub } } }).to_string();
    assert!(suite.ask(&[("claims", &named(&own))]).await.sent("code").is_some());
    let answer = suite.ask(&[("claims", &named(&json!("0")))]).await;
    assert_eq!(answer.sent("error").as_deref(), Some("login_required"));
}
