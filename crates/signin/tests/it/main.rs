//! The sign-in pages, asked as a browser asks.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod app;
mod certificates;
mod factors;
mod keys;
mod known;
mod mailbox;
mod mailed;
mod passkeys;
mod recovery;
mod steps;
mod support;
mod timing;

use axum::http::StatusCode;

use crate::support::*;

#[tokio::test]
async fn somebody_signs_in_sees_their_account_and_signs_out() {
    let served = Served::start().await;
    let mut ada = served.browser();
    let form = ada.get("/signin?return_to=/account").await;
    assert_eq!(form.status, StatusCode::OK);
    assert!(form.body.contains("name=\"return_to\" value=\"/account\""), "{}", form.body);
    let signed = ada.sign_in("ada", PASSWORD).await;
    assert_eq!((signed.status, &*signed.location), (StatusCode::SEE_OTHER, "/account"));
    let account = ada.get("/account").await;
    assert!(
        account.body.contains("<strong>Ada &lt;i&gt; Lovelace</strong>")
            || account.body.contains("<strong>Ada &#60;i&#62; Lovelace</strong>"),
        "{}",
        account.body
    );
    assert!(account.body.contains("Testfox"));
    let old = ada.cookie.clone();
    let out = ada.post("/signout", "").await;
    assert_eq!(&*out.location, "/signin");
    assert_eq!(ada.cookie, None);
    // What another browser kept of it opens nothing either.
    let mut thief = served.browser();
    thief.cookie = old;
    assert_eq!(&*thief.get("/account").await.location, "/signin?return_to=/account");
}

#[tokio::test]
async fn whoever_is_refused_sees_the_same_page() {
    let served = Served::start().await;
    let refused = async |name: &str, password: &str| {
        let page = served.browser().sign_in(name, password).await;
        (page.status, page.body.replace(&format!("value=\"{name}\""), "value=\"NAME\""))
    };
    let wrong = refused("ada", "wrong").await;
    assert_eq!(wrong.0, StatusCode::UNAUTHORIZED);
    assert!(wrong.1.contains("The name or the password is not right."));
    assert_eq!(refused("nobody", "wrong").await, wrong);
    assert_eq!(refused("leo", PASSWORD).await, wrong, "a leaver with the right password");
    assert_eq!(refused("eve", "wrong").await, wrong, "somebody without a password");
}

#[tokio::test]
async fn whoever_tries_too_much_from_one_network_is_told_when_to_come_again() {
    let served = Served::start_with("  throttle: { tries: 2, per: 40s }\n").await;
    for name in ["ada", "nobody"] {
        let page = served.browser().sign_in(name, "wrong").await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    }
    for (name, password) in [("ada", PASSWORD), ("nobody", "wrong")] {
        let page = served.browser().sign_in(name, password).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{name}");
        assert_eq!(page.header("retry-after"), "21");
        assert!(page.body.contains("This cannot be tried at the moment."), "{}", page.body);
    }
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.site = "cross-site";
    let page = ada.sign_in("ada", PASSWORD).await;
    assert_eq!((page.status, ada.cookie.as_deref()), (StatusCode::FORBIDDEN, None));
    ada.site = "same-origin";
    ada.sign_in("ada", PASSWORD).await;
    ada.site = "same-site";
    for path in
        ["/signin/certificate", "/signout", "/account/sessions/end", "/account/sessions/1/end"]
    {
        assert_eq!(ada.post(path, "").await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(ada.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_is_sent_to_another_server_or_given_a_script() {
    let served = Served::start().await;
    let mut ada = served.browser();
    for evil in ["https://evil.example", "//evil.example", "/%5Cevil.example", "%22%3E%3Cscript%3E"]
    {
        let form = ada.get(&format!("/signin?return_to={evil}")).await;
        assert!(form.body.contains("name=\"return_to\" value=\"\""), "{}", form.body);
    }
    let page = ada
        .post(
            "/signin",
            &format!("name=ada&password={}&return_to=//evil.example", encoded(PASSWORD)),
        )
        .await;
    assert_eq!(&*page.location, "/account");
    let page = served.browser().sign_in("<script>alert(1)</script>", "x").await;
    assert!(!page.body.contains("<script>"), "{}", page.body);
    let content = page.header("content-security-policy");
    assert_eq!(
        content,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!page.body.contains("style="), "no style stands in the page");
}

#[tokio::test]
async fn another_sign_in_is_another_session_and_ends_the_one_before() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.cookie = Some("chosen-by-somebody-else".to_owned());
    ada.sign_in("ada", PASSWORD).await;
    let first = ada.cookie.clone().unwrap();
    assert_ne!(first, "chosen-by-somebody-else");
    assert_eq!(&*ada.get("/signin").await.location, "/account");
    assert!(ada.get("/signin?again=1").await.body.contains("Sign in again to go on."));
    ada.sign_in("ada", PASSWORD).await;
    let mut old = served.browser();
    old.cookie = Some(first);
    assert_eq!(old.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(ada.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_ends_the_sessions_of_somebody_else() {
    let served = Served::start().await;
    let (mut ada, mut bea) = (served.browser(), served.browser());
    ada.sign_in("ada", PASSWORD).await;
    bea.sign_in("bea", PASSWORD).await;
    bea.post("/account/sessions/1/end", "").await;
    bea.post("/account/sessions/end", "").await;
    assert_eq!(ada.get("/account").await.status, StatusCode::OK);
    let mut second = served.browser();
    second.sign_in("ada", PASSWORD).await;
    second.post("/account/sessions/1/end", "").await;
    assert_eq!(ada.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_new_password_needs_the_present_one_and_ends_other_sessions() {
    let served = Served::start().await;
    let (mut ada, mut other) = (served.browser(), served.browser());
    ada.sign_in("ada", PASSWORD).await;
    other.sign_in("ada", PASSWORD).await;
    let change =
        |present: &str, new: &str| format!("present={}&new={}", encoded(present), encoded(new));
    let new = "a mill, a creek, and fog";
    let page = ada.post("/account/password", &change("wrong", new)).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    let page = ada.post("/account/password", &change(PASSWORD, "short")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("at least 15."), "{}", page.body);
    let page = ada.post("/account/password", &change(PASSWORD, new)).await;
    assert!(page.body.contains("The password was changed."), "{}", page.body);
    assert_eq!(ada.get("/account").await.status, StatusCode::OK);
    assert_eq!(other.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(other.sign_in("ada", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(other.sign_in("ada", new).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_pages_speak_german_to_those_who_read_it() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.language = "de-CH,de;q=0.9,en;q=0.5";
    let page = ada.get("/signin").await;
    assert!(page.body.contains("<html lang=\"de\">") && page.body.contains("Anmelden"));
    let page = ada.sign_in("ada", "falsch").await;
    assert!(page.body.contains("Der Name oder das Passwort stimmt nicht."));
}

#[tokio::test]
async fn too_many_wrong_tries_are_told_when_to_come_again() {
    let served = Served::start().await;
    for _ in 0..3 {
        served.browser().sign_in("ada", "wrong").await;
    }
    let page = served.browser().sign_in("ada", PASSWORD).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(page.header("retry-after"), "61");
}

#[tokio::test]
async fn whoever_wants_nothing_else_comes_to_the_console_or_to_their_account() {
    let roles =
        "roles:\n  desk: { when: \"person.userName == 'ada'\", muster: { may: people.read } }\n";
    let served = Served::start_with(roles).await;
    let mut ada = served.browser();
    assert_eq!(&*ada.sign_in("ada", PASSWORD).await.location, "/");
    assert_eq!(&*ada.get("/signin").await.location, "/");
    assert_eq!(&*ada.get("/signin?return_to=//evil.example").await.location, "/");
    let mut bea = served.browser();
    assert_eq!(&*bea.sign_in("bea", PASSWORD).await.location, "/account", "nothing to see there");
    let form = format!("name=ada&password={}&return_to=/account", encoded(PASSWORD));
    assert_eq!(&*served.browser().post("/signin", &form).await.location, "/account");
}
