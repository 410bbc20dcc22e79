//! Signing out: begun by an application, told to all of them.

use axum::http::{StatusCode, header};
use jiff::SignedDuration;
use muster_oidc::Teller;
use serde_json::json;

use crate::{
    flow::{refresh, request, signed_in_with},
    support::{ISSUER, Served, claims, encoded},
};

fn logout(params: &[(&str, &str)]) -> String {
    format!("/oauth2/logout?{}", encoded(params))
}

const BYE: (&str, &str) = ("post_logout_redirect_uri", "https://wiki.example/bye");

#[tokio::test]
async fn an_application_that_shows_the_id_token_of_the_sign_in_ends_it_and_gets_the_person_back() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let (auth, tokens) = signed_in_with(&served, &cookie).await;
    let hint = ("id_token_hint", tokens.field("id_token"));
    // The ID token may be old by then.
    served.later(SignedDuration::from_mins(15));
    let answer = served.browse(&cookie, &logout(&[hint, BYE, ("state", "s 1")])).await;
    assert_eq!(answer.location(), "https://wiki.example/bye?state=s%201");
    assert!(served.browse(&cookie, &request(&[])).await.location().starts_with("/signin?"));
    let answer = refresh(&served, &auth, tokens.field("refresh_token")).await;
    assert_eq!(answer.error(), "invalid_grant");
    // Nobody is signed in any more: the person is sent on all the same.
    let answer = served.get(&logout(&[hint, BYE])).await;
    assert_eq!(answer.location(), "https://wiki.example/bye");
}

#[tokio::test]
async fn without_that_the_person_is_asked_and_a_link_alone_signs_nobody_out() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let other = served.sign_in("1").await;
    let (_, tokens) = signed_in_with(&served, &other).await;
    let foreign = ("id_token_hint", tokens.field("id_token"));
    for params in [&[][..], &[("client_id", "wiki"), BYE][..], &[foreign, BYE][..]] {
        let page = served.browse(&cookie, &logout(params)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("Sign out?"));
        assert!(served.browse(&cookie, &request(&[])).await.sent("code").is_some());
    }
    let page = served.browse(&cookie, &logout(&[("client_id", "wiki"), BYE])).await;
    let proof = page.hidden("proof");
    let form = [("client_id", "wiki"), BYE, ("proof", &*proof)];
    let answer = served.submit(&other, "/oauth2/logout", &form).await;
    assert!(answer.text.contains("Sign out?"), "of another sign-in");
    let answer = served.submit(&cookie, "/oauth2/logout", &form).await;
    assert_eq!(answer.location(), "https://wiki.example/bye");
    assert!(served.browse(&cookie, &request(&[])).await.location().starts_with("/signin?"));
}

#[tokio::test]
async fn nobody_is_sent_where_the_model_does_not_say_and_nobody_is_signed_out_by_the_try() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let (_, tokens) = signed_in_with(&served, &cookie).await;
    let hint = ("id_token_hint", tokens.field("id_token"));
    let to = "post_logout_redirect_uri";
    let wrong: &[&[(&str, &str)]] = &[
        &[hint, (to, "https://wiki.example/bye/")],
        &[hint, (to, "https://wiki.example/cb")],
        &[hint, (to, "javascript:alert(1)")],
        &[hint, (to, "https://wiki.example@evil.example/bye")],
        &[BYE],
        &[("client_id", "shop"), BYE],
        &[hint, ("client_id", "shop"), BYE],
        &[("id_token_hint", "x.y.z"), ("client_id", "wiki"), BYE],
        &[("id_token_hint", tokens.field("access_token")), BYE],
    ];
    for params in wrong {
        let answer = served.browse(&cookie, &logout(params)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{params:?}");
        assert!(!answer.headers.contains_key(header::LOCATION));
    }
    assert!(served.browse(&cookie, &request(&[])).await.sent("code").is_some());
}

#[tokio::test]
async fn an_application_is_told_when_a_sign_in_ends_until_it_has_heard_it() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let (_, tokens) = signed_in_with(&served, &cookie).await;
    let sid = claims(tokens.field("id_token"))["sid"].clone();
    let mut teller = Teller::new(served.service.clone());
    assert_eq!(teller.round().await.unwrap(), 0);
    served.sign_out(&cookie).await;
    served.posts.refuse(true);
    assert_eq!(teller.round().await.unwrap(), 0);
    served.posts.refuse(false);
    assert_eq!(teller.round().await.unwrap(), 0, "not before a pause");
    served.later(SignedDuration::from_secs(5));
    assert_eq!(teller.round().await.unwrap(), 1);
    assert_eq!(teller.round().await.unwrap(), 0, "once it was heard, never again");
    let posts = served.posts.taken();
    let (url, body) = &posts[0];
    assert_eq!(url, "https://wiki.example/logout");
    let token = body.strip_prefix("logout_token=").unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let said = claims(token);
    let event = "http://schemas.openid.net/event/backchannel-logout";
    assert_eq!(said["events"], json!({ event: {} }));
    assert_eq!((&said["sid"], &said["aud"], &said["iss"]), (&sid, &json!("wiki"), &json!(ISSUER)));
    assert!(said.get("nonce").is_none(), "so that it is taken for no ID token");
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 120);
}

#[tokio::test]
async fn an_application_is_told_when_somebody_leaves() {
    let served = Served::start().await;
    served.at("2026-11-30T23:59:50Z");
    let cookie = served.sign_in("1").await;
    let bob = served.sign_in("2").await;
    signed_in_with(&served, &cookie).await;
    signed_in_with(&served, &bob).await;
    let mut teller = Teller::new(served.service.clone());
    assert_eq!(teller.round().await.unwrap(), 0);
    served.later(SignedDuration::from_secs(30));
    assert_eq!(teller.round().await.unwrap(), 1);
    let posts = served.posts.taken();
    let said = claims(posts[0].1.strip_prefix("logout_token=").unwrap());
    assert_eq!(said["sub"], served.person("1").await.0.to_string());
}

#[tokio::test]
async fn an_application_that_refuses_for_good_or_for_a_day_is_left_alone() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    signed_in_with(&served, &cookie).await;
    let mut teller = Teller::new(served.service.clone());
    served.sign_out(&cookie).await;
    served.posts.refuse(true);
    for _ in 0..200 {
        teller.round().await.unwrap();
        served.later(SignedDuration::from_mins(15));
    }
    served.posts.refuse(false);
    assert_eq!(teller.round().await.unwrap(), 0);
}

#[tokio::test]
async fn an_application_ends_its_own_session_when_the_browser_is_not_signed_in_any_more() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let (auth, tokens) = signed_in_with(&served, &cookie).await;
    let hint = ("id_token_hint", tokens.field("id_token"));
    let answer = served.get(&logout(&[hint, BYE])).await;
    assert_eq!(answer.location(), "https://wiki.example/bye");
    let answer = refresh(&served, &auth, tokens.field("refresh_token")).await;
    assert_eq!(answer.error(), "invalid_grant");
    assert!(
        served.browse(&cookie, &request(&[])).await.sent("code").is_some(),
        "elsewhere all stays"
    );
}
