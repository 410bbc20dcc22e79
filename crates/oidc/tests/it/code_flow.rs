//! Sign-in with a code: what an application gets, and what somebody else does not.

use axum::http::{Request, StatusCode, header};
use jiff::SignedDuration;
use muster_auth::Amr;
use muster_store::JournalFilter;
use serde_json::json;

use crate::{
    flow::{
        CALLBACK, VERIFIER, challenge, code, exchange, refresh, request, signed_in, signed_in_with,
    },
    support::{ISSUER, Served, basic, claims, encoded, query},
};

#[tokio::test]
async fn an_application_learns_who_signed_in_and_what_the_model_lets_it_know() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let answer = served.browse(&cookie, &request(&[])).await;
    assert!(answer.location().starts_with("https://wiki.example/cb?code="));
    assert_eq!(answer.sent("state").as_deref(), Some("s 1&2"));
    assert_eq!(answer.sent("iss").as_deref(), Some(ISSUER));
    let auth = basic("wiki", &served.secret("wiki").await);
    let tokens = exchange(&served, &auth, &answer.sent("code").unwrap(), &[]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    assert_eq!(tokens.headers[header::CACHE_CONTROL], "no-store");
    let said = claims(tokens.field("id_token"));
    let ada = served.person("1").await.0.to_string();
    let now = served.ctx.now().as_second();
    let expected = json!({
        "iss": ISSUER, "sub": ada, "aud": "wiki", "azp": "wiki", "nonce": "n1", "iat": now, "exp": now + 600,
        "auth_time": now, "acr": "urn:muster:acr:1", "amr": ["pwd"], "sid": said["sid"], "at_hash": said["at_hash"],
        "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "preferred_username": "ada",
        "email": "ada@tern.example", "email_verified": true, "groups": ["news", "wiki.write"],
        "department": "Authors",
    });
    assert_eq!(said, expected);
    let header = format!("Bearer {}", tokens.field("access_token"));
    let ask = Request::get("/oauth2/userinfo").header(header::AUTHORIZATION, &header);
    let info = served.send(ask.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((&info.json["sub"], &info.json["name"]), (&json!(ada), &json!("Ada Lovelace")));
    assert!(info.json.get("nonce").is_none());
}

#[tokio::test]
async fn an_access_token_is_introspected_and_ends_with_the_fact_that_its_person_left() {
    let served = Served::start().await;
    let (auth, tokens) = signed_in(&served).await;
    let token = tokens.field("access_token");
    let said = served.introspect(&auth, token).await;
    assert_eq!(said["active"], true, "{said}");
    assert_eq!((&said["username"], &said["client_id"]), (&json!("1"), &json!("wiki")));
    assert_eq!(said["scope"], "openid profile email groups wiki.write");
    let refresh_token = tokens.field("refresh_token");
    assert_eq!(served.introspect(&auth, refresh_token).await["active"], true);
    // Ada leaves on the first of December.
    served.at("2026-12-01T00:00:00Z");
    assert_eq!(served.introspect(&auth, refresh_token).await, json!({ "active": false }));
    assert_eq!(refresh(&served, &auth, refresh_token).await.error(), "invalid_grant");
}

#[tokio::test]
async fn userinfo_and_tokens_are_refused_at_the_very_moment_somebody_leaves() {
    let served = Served::start().await;
    served.at("2026-11-30T23:59:50Z");
    let (auth, tokens) = signed_in(&served).await;
    let header = format!("Bearer {}", tokens.field("access_token"));
    let ask = || {
        let ask = Request::get("/oauth2/userinfo").header(header::AUTHORIZATION, &header);
        ask.body(axum::body::Body::empty()).unwrap()
    };
    assert_eq!(served.send(ask()).await.status, StatusCode::OK);
    served.later(SignedDuration::from_secs(10));
    let answer = served.send(ask()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer error=\"invalid_token\"");
    let said = served.introspect(&auth, tokens.field("access_token")).await;
    assert_eq!(said, json!({ "active": false }));
}

#[tokio::test]
async fn who_is_not_signed_in_signs_in_first_and_comes_back_to_the_same_request() {
    let served = Served::start().await;
    let answer = served.get(&request(&[])).await;
    assert!(answer.location().starts_with("/signin?return_to=%2Foauth2%2Fauthorize%3F"));
    let back = answer.sent("return_to").unwrap();
    assert!(!back.contains("wiki.example"), "nothing of the request stands in the address");
    let cookie = served.sign_in("1").await;
    let answer = served.browse(&cookie, &back).await;
    assert!(answer.location().starts_with(CALLBACK));
    assert_eq!(answer.sent("state").as_deref(), Some("s 1&2"));
    let again = served.browse(&cookie, &back).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "a request is answered once");
    served.sign_out(&cookie).await;
    let answer = served.browse(&cookie, &request(&[])).await;
    assert!(answer.location().starts_with("/signin?"));
}

#[tokio::test]
async fn an_address_that_is_not_letter_by_letter_the_applications_gets_nobody() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let wrong = [
        "https://wiki.example/cb/",
        "https://wiki.example/CB",
        "https://wiki.example/cb?x=1",
        "https://wiki.example/cb#f",
        "https://wiki.example/cb/../evil",
        "https://wiki.example/%63b",
        "https://wiki.example.evil.example/cb",
        "https://evilwiki.example/cb",
        "https://wiki.example@evil.example/cb",
        "https://wiki.example./cb",
        "https://wiki.example:443/cb",
        "https://WIKI.example/cb",
        "https://wiki.example\\@evil.example/cb",
        "http://wiki.example/cb",
        "//wiki.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://shop.example/cb",
        " https://wiki.example/cb",
    ];
    for uri in wrong {
        let answer = served.browse(&cookie, &request(&[("redirect_uri", uri)])).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
        assert!(!answer.headers.contains_key(header::LOCATION), "{uri}");
        assert!(!answer.text.contains("evil"), "nothing of it is shown");
    }
    let answer = served.browse(&cookie, &request(&[("redirect_uri", "")])).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = served.browse(&cookie, &request(&[("client_id", "nobody")])).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_to_the_application() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let wrong = [
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "create", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("max_age", "soon", "invalid_request"),
        ("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
        ("id_token_hint", "eyJhbGciOiJub25lIn0.e30.", "invalid_request"),
    ];
    for (name, value, word) in wrong {
        let answer = served.browse(&cookie, &request(&[(name, value)])).await;
        if name == "id_token_hint" {
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}");
            continue;
        }
        assert_eq!(answer.sent("error").as_deref(), Some(word), "{name}={value}");
        assert_eq!(answer.sent("state").as_deref(), Some("s 1&2"));
        assert_eq!(answer.sent("iss").as_deref(), Some(ISSUER));
        assert!(answer.sent("code").is_none());
    }
    let split = request(&[("state", "a\r\nSet-Cookie: x=1")]);
    let answer = served.browse(&cookie, &split).await;
    assert!(answer.headers.get(header::SET_COOKIE).is_none());
    assert_eq!(answer.sent("state").as_deref(), Some("a\r\nSet-Cookie: x=1"));
    let twice = format!("{}&state=other", request(&[]));
    assert_eq!(served.browse(&cookie, &twice).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_code_that_comes_twice_ends_everything_that_came_of_it() {
    let served = Served::start().await;
    let auth = basic("wiki", &served.secret("wiki").await);
    let cookie = served.sign_in("1").await;
    let code = code(&served, &cookie, &[]).await;
    let tokens = exchange(&served, &auth, &code, &[]).await;
    assert_eq!(served.introspect(&auth, tokens.field("access_token")).await["active"], true);
    assert_eq!(exchange(&served, &auth, &code, &[]).await.error(), "invalid_grant");
    let said = served.introspect(&auth, tokens.field("access_token")).await;
    assert_eq!(said["active"], false);
    let answer = refresh(&served, &auth, tokens.field("refresh_token")).await;
    assert_eq!(answer.error(), "invalid_grant");
    let mut entries = served.opened.store.read().await.unwrap();
    let last = entries.search_journal(&JournalFilter::default(), None, 1).await.unwrap();
    assert_eq!(&*last[0].entry.action, "application-session.stolen");
}

#[tokio::test]
async fn a_code_is_bound_to_application_address_verifier_and_time_and_is_burnt_by_a_wrong_try() {
    let served = Served::start().await;
    let wiki = basic("wiki", &served.secret("wiki").await);
    let shop = basic("shop", &served.secret("shop").await);
    let cookie = served.sign_in("1").await;
    let other = "another-verifier-of-forty-three-letters-or-more";
    let wrong: [(&str, &[(&str, &str)]); 6] = [
        (&wiki, &[("code_verifier", other)]),
        (&wiki, &[("code_verifier", "")]),
        (&wiki, &[("code_verifier", &challenge(VERIFIER))]),
        (&wiki, &[("redirect_uri", "https://wiki.example/other")]),
        (&shop, &[]),
        (&shop, &[("redirect_uri", "https://shop.example/cb")]),
    ];
    for (auth, changes) in wrong {
        let code = code(&served, &cookie, &[]).await;
        let answer = exchange(&served, auth, &code, changes).await;
        assert_eq!(answer.error(), "invalid_grant", "{changes:?}");
        assert_eq!(exchange(&served, &wiki, &code, &[]).await.error(), "invalid_grant");
    }
    let code = code(&served, &cookie, &[]).await;
    served.later(SignedDuration::from_secs(60));
    assert_eq!(exchange(&served, &wiki, &code, &[]).await.error(), "invalid_grant");
}

#[tokio::test]
async fn who_keeps_no_secret_needs_a_challenge_and_who_does_a_challenge_or_a_nonce() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let phone = [("client_id", "phone"), ("redirect_uri", "com.example.phone:/cb")];
    let without = [phone[0], phone[1], ("code_challenge", ""), ("code_challenge_method", "")];
    let answer = served.browse(&cookie, &request(&without)).await;
    assert_eq!(answer.sent("error").as_deref(), Some("invalid_request"));
    let answer = served.browse(&cookie, &request(&phone)).await;
    assert!(answer.location().starts_with("com.example.phone:/cb?code="));
    let form = [("client_id", "phone"), ("redirect_uri", phone[1].1)];
    let tokens = exchange(&served, "", &answer.sent("code").unwrap(), &form).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    let bare = [("code_challenge", ""), ("code_challenge_method", ""), ("nonce", "")];
    let answer = served.browse(&cookie, &request(&bare)).await;
    assert_eq!(answer.sent("error").as_deref(), Some("invalid_request"));
    let code = code(&served, &cookie, &bare[..2]).await;
    let auth = basic("wiki", &served.secret("wiki").await);
    // A verifier where there was no challenge is somebody else's.
    assert_eq!(exchange(&served, &auth, &code, &[]).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_counts_once_and_a_second_time_ends_the_session() {
    let served = Served::start().await;
    let (auth, tokens) = signed_in(&served).await;
    let first = tokens.field("refresh_token");
    let second = refresh(&served, &auth, first).await;
    assert_eq!(second.status, StatusCode::OK, "{second:?}");
    assert_ne!(second.field("refresh_token"), first);
    let said = claims(second.field("id_token"));
    assert_eq!(said["auth_time"], claims(tokens.field("id_token"))["auth_time"]);
    let third = refresh(&served, &auth, second.field("refresh_token")).await;
    assert_eq!(third.status, StatusCode::OK);
    assert_eq!(refresh(&served, &auth, first).await.error(), "invalid_grant");
    let answer = refresh(&served, &auth, third.field("refresh_token")).await;
    assert_eq!(answer.error(), "invalid_grant", "the whole family is gone");
    let said = served.introspect(&auth, third.field("access_token")).await;
    assert_eq!(said["active"], false);
}

#[tokio::test]
async fn a_refresh_token_of_another_application_is_none_and_fewer_scopes_may_be_asked_for() {
    let served = Served::start().await;
    let (auth, tokens) = signed_in(&served).await;
    let shop = basic("shop", &served.secret("shop").await);
    let token = tokens.field("refresh_token");
    assert_eq!(refresh(&served, &shop, token).await.error(), "unauthorized_client");
    let form =
        [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", "openid roles")];
    assert_eq!(served.post("/oauth2/token", &auth, &form).await.error(), "invalid_scope");
    let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", "openid")];
    let answer = served.post("/oauth2/token", &auth, &form).await;
    assert_eq!(answer.field("scope"), "openid");
    assert!(claims(answer.field("id_token")).get("email").is_none());
}

#[tokio::test]
async fn signing_out_ends_the_tokens_too() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let (auth, tokens) = signed_in_with(&served, &cookie).await;
    served.sign_out(&cookie).await;
    let said = served.introspect(&auth, tokens.field("access_token")).await;
    assert_eq!(said["active"], false);
    let answer = refresh(&served, &auth, tokens.field("refresh_token")).await;
    assert_eq!(answer.error(), "invalid_grant");
}

#[tokio::test]
async fn a_scope_that_is_an_entitlement_is_for_those_who_hold_it() {
    let served = Served::start().await;
    let cookie = served.sign_in("2").await;
    let (_, tokens) = signed_in_with(&served, &cookie).await;
    assert_eq!(tokens.field("scope"), "openid profile email groups");
    assert_eq!(claims(tokens.field("id_token"))["groups"], json!([]));
}

#[tokio::test]
async fn an_application_is_for_the_roles_that_the_model_names() {
    let served = Served::start().await;
    let shop = [("client_id", "shop"), ("redirect_uri", "https://shop.example/cb")];
    let bob = served.sign_in("2").await;
    let answer = served.browse(&bob, &request(&shop)).await;
    assert_eq!(answer.sent("error").as_deref(), Some("access_denied"));
    let ada = served.sign_in("1").await;
    assert_eq!(served.browse(&ada, &request(&shop)).await.status, StatusCode::OK, "the question");
}

#[tokio::test]
async fn an_application_of_others_learns_nothing_before_the_person_allows_it() {
    let served = Served::start().await;
    let shop = request(&[("client_id", "shop"), ("redirect_uri", "https://shop.example/cb")]);
    let ada = served.sign_in("1").await;
    let silent = request(&[
        ("client_id", "shop"),
        ("redirect_uri", "https://shop.example/cb"),
        ("prompt", "none"),
    ]);
    let answer = served.browse(&ada, &silent).await;
    assert_eq!(answer.sent("error").as_deref(), Some("consent_required"));
    let page = served.browse(&ada, &shop).await;
    assert!(page.text.contains("ada@tern.example"), "{}", page.text);
    let (asked, proof) = (page.hidden("request"), page.hidden("proof"));
    let form = [("request", &*asked), ("proof", &*proof), ("decision", "allow")];
    // The answer of another browser, and one that nobody was shown, count for nothing.
    let bob = served.sign_in("2").await;
    let answer = served.submit(&bob, "/oauth2/consent", &form).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let forged = [("request", &*asked), ("decision", "allow")];
    let answer = served.submit(&ada, "/oauth2/consent", &forged).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = served.submit(&ada, "/oauth2/consent", &form).await;
    assert!(answer.sent("code").is_some(), "{answer:?}");
    assert!(served.browse(&ada, &silent).await.sent("code").is_some(), "it is asked once");
    let page = served.browse(&ada, &shop.replace("state", "prompt=consent&state")).await;
    let (asked, proof) = (page.hidden("request"), page.hidden("proof"));
    let form = [("request", &*asked), ("proof", &*proof), ("decision", "deny")];
    let answer = served.submit(&ada, "/oauth2/consent", &form).await;
    assert_eq!(answer.sent("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn an_application_says_how_fresh_and_how_sure_the_sign_in_has_to_be() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    served.later(SignedDuration::from_mins(5));
    let outcome = |changes: Vec<(&'static str, &'static str)>| {
        let (served, cookie) = (&served, cookie.clone());
        async move {
            let answer = served.browse(&cookie, &request(&changes)).await;
            let said = query(answer.location());
            let signs_in = answer.location().starts_with("/signin?");
            if signs_in {
                assert_eq!(said["again"], "1");
            }
            (signs_in, said.get("error").cloned())
        }
    };
    let again = (true, None);
    let through = (false, None);
    let refused = (false, Some("login_required".to_owned()));
    assert_eq!(outcome(vec![("max_age", "300")]).await, through);
    assert_eq!(outcome(vec![("max_age", "299")]).await, again);
    assert_eq!(outcome(vec![("max_age", "299"), ("prompt", "none")]).await, refused);
    assert_eq!(outcome(vec![("prompt", "login")]).await, again);
    assert_eq!(outcome(vec![("prompt", "select_account")]).await, again);
    assert_eq!(outcome(vec![("acr_values", "urn:muster:acr:1 urn:muster:acr:3")]).await, through);
    assert_eq!(outcome(vec![("acr_values", "urn:muster:acr:2")]).await, again);
    let strict = vec![("acr_values", "urn:muster:acr:2"), ("prompt", "none")];
    assert_eq!(outcome(strict).await, refused);
    assert_eq!(outcome(vec![("acr_values", "gold silver")]).await, through);
    let answer = served.get(&request(&[("prompt", "none")])).await;
    assert_eq!(answer.sent("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn an_application_gets_as_sure_a_sign_in_as_the_model_says() {
    let served = Served::start().await;
    let bank = [("client_id", "bank"), ("redirect_uri", "https://bank.example/cb")];
    let with = |more: &[(&'static str, &'static str)]| request(&[&bank, more].concat());
    let password = served.sign_in("1").await;
    for less in [with(&[]), with(&[("acr_values", "urn:muster:acr:1")])] {
        let led = served.browse(&password, &less).await;
        assert!(led.location().starts_with("/signin?"), "{}", led.location());
        assert_eq!(led.sent("acr").as_deref(), Some("urn:muster:acr:2"));
        assert_eq!(led.sent("again").as_deref(), Some("1"));
    }
    let silent = served.browse(&password, &with(&[("prompt", "none")])).await;
    assert_eq!(silent.sent("error").as_deref(), Some("login_required"));
    for more in [vec![Amr::Password, Amr::Otp], vec![Amr::Passkey]] {
        let cookie = served.sign_in_by("1", more).await;
        let through = served.browse(&cookie, &with(&[])).await;
        assert!(through.sent("code").is_some(), "{}", through.location());
    }
    let most = with(&[("acr_values", "urn:muster:acr:3")]);
    let two = served.sign_in_by("1", vec![Amr::Password, Amr::Otp]).await;
    let led = served.browse(&two, &most).await;
    assert_eq!(led.sent("acr").as_deref(), Some("urn:muster:acr:3"));
}

#[tokio::test]
async fn who_proves_it_again_gets_through_a_request_for_that() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    served.later(SignedDuration::from_mins(5));
    let answer = served.browse(&cookie, &request(&[("prompt", "login")])).await;
    let back = answer.sent("return_to").unwrap();
    let same = served.browse(&cookie, &back).await;
    assert!(same.location().starts_with("/signin?"), "going back alone proves nothing");
    let fresh = served.sign_in_by("1", vec![Amr::Password, Amr::Otp]).await;
    let answer = served.browse(&fresh, &back).await;
    let auth = basic("wiki", &served.secret("wiki").await);
    let tokens = exchange(&served, &auth, &answer.sent("code").unwrap(), &[]).await;
    let said = claims(tokens.field("id_token"));
    assert_eq!(said["acr"], "urn:muster:acr:2");
    assert_eq!(said["amr"], json!(["pwd", "otp"]));
}

#[tokio::test]
async fn somebody_else_than_the_application_expects_is_not_sent_back_as_them() {
    let served = Served::start().await;
    let (_, tokens) = signed_in(&served).await;
    let hint = tokens.field("id_token");
    let bob = served.sign_in("2").await;
    let hinted = [("id_token_hint", hint), ("prompt", "none")];
    let answer = served.browse(&bob, &request(&hinted)).await;
    assert_eq!(answer.sent("error").as_deref(), Some("login_required"));
    let ada = served.sign_in("1").await;
    assert!(served.browse(&ada, &request(&hinted)).await.sent("code").is_some());
}

#[tokio::test]
async fn an_id_token_is_no_access_token_and_the_other_way_round() {
    let served = Served::start().await;
    let (auth, tokens) = signed_in(&served).await;
    let id_token = tokens.field("id_token");
    assert_eq!(served.introspect(&auth, id_token).await["active"], false);
    for token in [id_token, "", "x.y.z"] {
        let header = format!("Bearer {token}");
        let ask = Request::get("/oauth2/userinfo").header(header::AUTHORIZATION, header);
        let answer = served.send(ask.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
    }
    let answer =
        served.browse("", &request(&[("id_token_hint", tokens.field("access_token"))])).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn userinfo_takes_a_token_in_a_form_but_not_twice_and_not_without_openid() {
    let served = Served::start().await;
    let (_, tokens) = signed_in(&served).await;
    let token = tokens.field("access_token");
    let form = [("access_token", token)];
    assert_eq!(served.post("/oauth2/userinfo", "", &form).await.status, StatusCode::OK);
    let header = format!("Bearer {token}");
    let answer = served.post("/oauth2/userinfo", &header, &form).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let (own, _) = served.own_token("backup").await;
    let answer = served.post("/oauth2/userinfo", &format!("Bearer {own}"), &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(!encoded(&form).is_empty());
}
