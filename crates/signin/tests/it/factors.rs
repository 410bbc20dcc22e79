//! Getting an authenticator app and recovery codes, and losing them.

use axum::http::StatusCode;

use crate::support::*;

const CONFIRM: &str = "/account/app/confirm";

#[tokio::test]
async fn somebody_sets_up_an_app_and_sees_seed_and_codes_once() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    let page = ada.post("/account/app", "").await;
    assert!(page.body.contains("<svg"), "{}", page.body);
    assert!(!page.body.contains("style="), "{}", page.body);
    let app = page.app();
    let wrong = ada.post(CONFIRM, &page.confirmation("000000")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let seed = |page: &Page| page.between("class=\"seed\">", "<").to_owned();
    assert_eq!(seed(&wrong), seed(&page), "a slip does not cost the seed");
    assert!(ada.get("/account").await.body.contains("Set up an app"));
    let codes = ada.post(CONFIRM, &wrong.confirmation(&app.code(now()))).await;
    assert_eq!(codes.codes().len(), 10, "{}", codes.body);
    let account = ada.get("/account").await;
    assert!(account.body.contains("Recovery codes left: <strong>10</strong>"), "{}", account.body);
    assert!(!account.body.contains(&seed(&page)) && !account.body.contains(codes.codes()[0]));
    // The same seed is not taken again, and what is kept gives nothing away.
    served.pass(1);
    let later = app.code(now() + jiff::SignedDuration::from_mins(1));
    let again = ada.post(CONFIRM, &page.confirmation(&later)).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let journal = served.journal().await;
    assert!(journal.contains("factor.enrol") && !journal.contains(&seed(&page)));
    assert!(codes.codes().iter().all(|code| !journal.contains(code)));
}

#[tokio::test]
async fn a_seed_is_for_one_person_in_one_session_and_for_ten_minutes() {
    let served = Served::start().await;
    let (mut ada, mut bea) = (served.browser(), served.browser());
    ada.sign_in("ada", PASSWORD).await;
    bea.sign_in("bea", PASSWORD).await;
    let page = ada.post("/account/app", "").await;
    let code = page.app().code(now());
    let stolen = bea.post(CONFIRM, &page.confirmation(&code)).await;
    assert_eq!(&*stolen.location, "/account");
    let mut other = served.browser();
    other.sign_in("ada", PASSWORD).await;
    assert_eq!(&*other.post(CONFIRM, &page.confirmation(&code)).await.location, "/account");
    for sealed in ["", "AAAA", "%"] {
        let form = format!("sealed={}&code={code}", encoded(sealed));
        assert_eq!(&*ada.post(CONFIRM, &form).await.location, "/account");
    }
    for browser in [&mut ada, &mut bea] {
        assert!(browser.get("/account").await.body.contains("Set up an app"));
    }
}

#[tokio::test]
async fn factors_change_only_after_a_fresh_proof_and_from_a_page_of_ours() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    let paths = ["/account/app", CONFIRM, "/account/app/remove", "/account/codes"];
    ada.site = "cross-site";
    for path in paths {
        assert_eq!(ada.post(path, "sealed=&code=").await.status, StatusCode::FORBIDDEN, "{path}");
    }
    ada.site = "same-origin";
    served.pass(11);
    for path in paths {
        let page = ada.post(path, "sealed=&code=").await;
        assert_eq!(&*page.location, "/signin?again=1&return_to=/account", "{path}");
    }
    ada.sign_in("ada", PASSWORD).await;
    assert_eq!(ada.post("/account/app", "").await.status, StatusCode::OK);
    let mut nobody = served.browser();
    for path in paths {
        let page = nobody.post(path, "sealed=&code=").await;
        assert_eq!(&*page.location, "/signin?return_to=/account", "{path}");
    }
}

#[tokio::test]
async fn who_removes_the_app_loses_every_session_and_the_codes() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    let (app, codes) = served.app(&ada).await;
    let mut other = served.browser();
    other.sign_in("ada", PASSWORD).await;
    other.post("/signin/code", &format!("code={}", app.code(now()))).await;
    assert_eq!(other.get("/account").await.status, StatusCode::OK);
    let mut halfway = served.browser();
    halfway.sign_in("ada", PASSWORD).await;
    ada.post("/account/app/remove", "").await;
    for browser in [&mut ada, &mut other] {
        assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
    }
    let form = format!("code={}", codes[0].reveal());
    assert_eq!(&*halfway.post("/signin/code", &form).await.location, "/signin?over=1");
    assert_eq!(&*ada.sign_in("ada", PASSWORD).await.location, "/account");
    assert_eq!(&*ada.post("/account/codes", "").await.location, "/account");
}

#[tokio::test]
async fn new_recovery_codes_replace_the_old_ones() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    let (_, old) = served.app(&ada).await;
    let page = ada.post("/account/codes", "").await;
    let mut other = served.browser();
    other.sign_in("ada", PASSWORD).await;
    let wrong = other.post("/signin/code", &format!("code={}", old[0].reveal())).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    other.post("/signin/code", &format!("code={}", page.codes()[0])).await;
    let account = other.get("/account").await;
    assert!(account.body.contains("Recovery codes left: <strong>9</strong>"), "{}", account.body);
}

#[tokio::test]
async fn whoever_has_to_have_an_app_gets_one_before_they_are_in() {
    let served = Served::start_with("  second_factor: required\n").await;
    let mut ada = served.browser();
    let first = ada.sign_in("ada", PASSWORD).await;
    assert_eq!(&*first.location, "/signin/enrol");
    assert_eq!(ada.cookie, None);
    assert_eq!(&*ada.get("/signin/code").await.location, "/signin/enrol");
    let page = ada.get("/signin/enrol").await;
    // Somebody else who knows the password saw another seed, and cannot confirm this one.
    let mut thief = served.browser();
    thief.sign_in("ada", PASSWORD).await;
    let code = page.app().code(now());
    assert_eq!(
        &*thief.post("/signin/enrol", &page.confirmation(&code)).await.location,
        "/signin?over=1"
    );
    let wrong = ada.post("/signin/enrol", &page.confirmation("000000")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = ada.post("/signin/enrol", &wrong.confirmation(&code)).await;
    assert_eq!((done.status, done.codes().len()), (StatusCode::OK, 10));
    assert!(done.body.contains("href=\"/account\"") && ada.cookie.is_some() && ada.flow.is_none());
    assert_eq!(ada.get("/account").await.status, StatusCode::OK);
    let mut again = served.browser();
    assert_eq!(&*again.sign_in("ada", PASSWORD).await.location, "/signin/code");
    assert_eq!(&*again.get("/signin/enrol").await.location, "/signin/code");
    assert_eq!(
        &*again.post("/signin/enrol", &page.confirmation(&code)).await.location,
        "/signin/code"
    );
}
