//! RP-Initiated Logout OP and Back-Channel Logout OP.

use axum::http::StatusCode;
use muster_oidc::Teller;
use serde_json::json;

use super::Suite;
use crate::support::{Answer, ISSUER, claims, encoded};

/// Where the suite wants people afterwards.
const BYE: (&str, &str) = ("post_logout_redirect_uri", "https://suite.example/bye");

impl Suite {
    async fn sign_out(&self, params: &[(&str, &str)]) -> Answer {
        let link = format!("/oauth2/logout?{}", encoded(params));
        self.served.browse(&self.cookie, &link).await
    }

    /// Says yes to the question of a page, which holds what was sent.
    async fn agree(&self, page: &Answer, params: &[(&str, &str)]) -> Answer {
        let proof = page.hidden("proof");
        let mut form = params.to_vec();
        form.push(("proof", &proof));
        self.served.submit(&self.cookie, "/oauth2/logout", &form).await
    }

    async fn is_signed_in(&self) -> bool {
        self.ask(&[("prompt", "none")]).await.sent("code").is_some()
    }

    /// The answer to a request that is refused, whatever else it holds.
    async fn is_refused(&self, params: &[(&str, &str)]) {
        let answer = self.sign_out(params).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        assert!(!answer.headers.contains_key("location") && self.is_signed_in().await);
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let suite = Suite::start().await;
    let known = suite.served.get("/.well-known/openid-configuration").await;
    assert_eq!(known.field("end_session_endpoint"), format!("{ISSUER}/oauth2/logout"));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let hint = ("id_token_hint", tokens.field("id_token"));
    let answer = suite.sign_out(&[hint, BYE, ("state", "s1")]).await;
    assert_eq!(answer.location(), "https://suite.example/bye?state=s1");
    assert!(!suite.is_signed_in().await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    let suite = Suite::start().await;
    suite.is_refused(&[("id_token_hint", "bad"), BYE, ("state", "s1")]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let (rest, signature) = tokens.field("id_token").rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    suite.is_refused(&[("id_token_hint", &format!("{rest}.{turned}")), BYE]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let bad = ("post_logout_redirect_uri", "https://suite.example/bye/other");
    suite.is_refused(&[("id_token_hint", tokens.field("id_token")), bad]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let bad = ("post_logout_redirect_uri", "https://suite.example/bye?foo=bar");
    suite.is_refused(&[("id_token_hint", tokens.field("id_token")), bad]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let suite = Suite::start().await;
    suite.is_refused(&[BYE, ("state", "s1")]).await;
    let params = [("client_id", "suite"), BYE, ("state", "s1")];
    let page = suite.sign_out(&params).await;
    let answer = suite.agree(&page, &params).await;
    assert_eq!(answer.location(), "https://suite.example/bye?state=s1");
    assert!(!suite.is_signed_in().await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    let suite = Suite::start().await;
    let page = suite.sign_out(&[]).await;
    assert!(suite.is_signed_in().await, "a link alone signs nobody out");
    assert!(suite.agree(&page, &[]).await.text.contains("You are signed out"));
    assert!(!suite.is_signed_in().await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let answer = suite.sign_out(&[("id_token_hint", tokens.field("id_token"))]).await;
    assert!(answer.text.contains("You are signed out"), "{answer:?}");
    assert!(!suite.is_signed_in().await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let answer = suite.sign_out(&[("id_token_hint", tokens.field("id_token")), BYE]).await;
    assert_eq!(answer.location(), "https://suite.example/bye");
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    let suite = Suite::start().await;
    let page = suite.sign_out(&[("state", "s1")]).await;
    let answer = suite.agree(&page, &[("state", "s1")]).await;
    assert!(answer.text.contains("You are signed out"));
    assert!(!suite.is_signed_in().await);
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout_discovery_endpoint_verification() {
    let suite = Suite::start().await;
    let known = suite.served.get("/.well-known/openid-configuration").await.json;
    assert_eq!(known["backchannel_logout_supported"], true);
    assert_eq!(known["backchannel_logout_session_supported"], true);
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let id_token = claims(tokens.field("id_token"));
    let mut teller = Teller::new(suite.served.service.clone());
    let hint = ("id_token_hint", tokens.field("id_token"));
    assert_eq!(suite.sign_out(&[hint, BYE]).await.location(), BYE.1);
    assert_eq!(teller.round().await.unwrap(), 1);
    let posts = suite.served.posts.taken();
    assert_eq!(posts[0].0, "https://suite.example/logout");
    let said = claims(posts[0].1.strip_prefix("logout_token=").unwrap());
    for name in ["iss", "aud", "sub", "sid"] {
        assert_eq!(said[name], id_token[name], "{name}");
    }
    let event = "http://schemas.openid.net/event/backchannel-logout";
    assert_eq!(said["events"], json!({ event: {} }));
    assert!(said["jti"].is_string() && said["iat"].is_i64() && said.get("nonce").is_none());
}
