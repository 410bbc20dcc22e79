//! Basic OP: parameters with which an application says how people should sign in.

use jiff::SignedDuration;

use super::Suite;
use crate::support::{Answer, claims};

/// Parameters that must not get in the way.
macro_rules! succeed {
    ($($test:ident($name:literal, $value:literal);)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                Suite::start().await.tokens(&[($name, $value)]).await;
            }
        )+
    };
}

succeed! {
    oidcc_display_page("display", "page");
    oidcc_display_popup("display", "popup");
    oidcc_ui_locales("ui_locales", "se en");
    oidcc_claims_locales("claims_locales", "se");
    oidcc_ensure_request_with_unknown_parameter_succeeds("extra", "foobar");
    oidcc_ensure_request_with_acr_values_succeeds("acr_values", "1 2");
    oidcc_prompt_none_logged_in("prompt", "none");
    oidcc_max_age_10000("max_age", "10000");
}

/// Proves again who it is, and goes on where the person was sent from.
async fn again(suite: &Suite, answer: &Answer) -> serde_json::Value {
    assert!(answer.location().starts_with("/signin?"), "{answer:?}");
    let back = answer.sent("return_to").unwrap();
    let fresh = suite.served.sign_in("1").await;
    let code = suite.served.browse(&fresh, &back).await.sent("code").unwrap();
    claims(suite.exchange(&code).await.field("id_token"))
}

#[tokio::test]
async fn oidcc_prompt_login() {
    let suite = Suite::start().await;
    let first = claims(suite.tokens(&[]).await.field("id_token"));
    suite.served.later(SignedDuration::from_secs(2));
    let second = again(&suite, &suite.ask(&[("prompt", "login")]).await).await;
    assert_eq!(second["sub"], first["sub"]);
    assert!(second["auth_time"].as_i64() > first["auth_time"].as_i64());
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    let suite = Suite::start().await;
    let nobody = Suite { cookie: String::new(), ..suite };
    let answer = nobody.ask(&[("prompt", "none")]).await;
    assert_eq!(answer.sent("error").as_deref(), Some("login_required"));
    assert_eq!(answer.sent("state").as_deref(), Some("state1"));
}

#[tokio::test]
async fn oidcc_max_age_1() {
    let suite = Suite::start().await;
    suite.served.later(SignedDuration::from_secs(2));
    let said = again(&suite, &suite.ask(&[("max_age", "1")]).await).await;
    assert_eq!(said["auth_time"], suite.served.ctx.now().as_second());
}

#[tokio::test]
async fn oidcc_id_token_hint() {
    let suite = Suite::start().await;
    let tokens = suite.tokens(&[]).await;
    let hint = [("prompt", "none"), ("id_token_hint", tokens.field("id_token"))];
    let again = claims(suite.tokens(&hint).await.field("id_token"));
    assert_eq!(again["sub"], claims(tokens.field("id_token"))["sub"]);
}

#[tokio::test]
async fn oidcc_login_hint() {
    let suite = Suite::start().await;
    let nobody = Suite { cookie: String::new(), ..suite };
    let answer = nobody.ask(&[("login_hint", "ada@tern.example")]).await;
    assert_eq!(answer.sent("login_hint").as_deref(), Some("ada@tern.example"));
    let said = again(&nobody, &answer).await;
    assert_eq!(said["aud"], "suite");
    let long = "a".repeat(2000);
    let answer = nobody.ask(&[("login_hint", &long)]).await;
    assert!(answer.sent("login_hint").is_none(), "no name is that long");
}
