//! Steps of a sign-in: skipped, asked for directly, in another order, from another browser, twice.

use axum::http::StatusCode;

use crate::support::*;

const CODE: &str = "/signin/code";

fn code(code: &str) -> String {
    format!("code={}", encoded(code))
}

#[tokio::test]
async fn no_session_exists_before_the_code_was_shown() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    let (app, _) = served.app(&ada).await;
    let mut ada = served.browser();
    let first = ada
        .post("/signin", &format!("name=ada&password={}&return_to=/there", encoded(PASSWORD)))
        .await;
    assert_eq!((first.status, &*first.location), (StatusCode::SEE_OTHER, CODE));
    assert_eq!(ada.cookie, None);
    assert_eq!(&*ada.get("/account").await.location, "/signin?return_to=/account");
    let form = ada.get(CODE).await;
    assert!(form.body.contains("autocomplete=\"one-time-code\""), "{}", form.body);
    let wrong = ada.post(CODE, &code("000000")).await;
    assert_eq!((wrong.status, &ada.cookie), (StatusCode::UNAUTHORIZED, &None));
    assert!(wrong.body.contains("The code is not right"), "{}", wrong.body);
    let right = ada.post(CODE, &code(&app.code(now()))).await;
    assert_eq!((right.status, &*right.location), (StatusCode::SEE_OTHER, "/there"));
    assert!(ada.cookie.is_some() && ada.flow.is_none());
    assert_eq!(ada.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn steps_that_are_skipped_or_shown_in_another_browser_lead_to_the_beginning() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    let (app, _) = served.app(&ada).await;
    let right = code(&app.code(now()));
    // Nobody began.
    let mut other = served.browser();
    assert_eq!(&*other.get(CODE).await.location, "/signin");
    for form in [&*right, "code="] {
        assert_eq!(&*other.post(CODE, form).await.location, "/signin?over=1");
    }
    assert_eq!(other.post(CODE, "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Somebody began, whose sign-in needs no code.
    other.sign_in("bea", PASSWORD).await;
    assert_eq!(&*other.post(CODE, &right).await.location, "/signin?over=1");
    // Ada began, in her browser.
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    let mut other = served.browser();
    other.flow = Some("guessed".to_owned());
    assert_eq!(&*other.post(CODE, &right).await.location, "/signin?over=1");
    assert_eq!(other.flow, None);
    // From a page of somebody else.
    ada.site = "cross-site";
    assert_eq!(ada.post(CODE, &right).await.status, StatusCode::FORBIDDEN);
    ada.site = "same-origin";
    assert_eq!(&*ada.post(CODE, &right).await.location, "/account");
}

#[tokio::test]
async fn going_back_begins_anew_and_what_was_before_leads_nowhere() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    let (app, codes) = served.app(&ada).await;
    let mut first = served.browser();
    first.sign_in("ada", PASSWORD).await;
    let before = first.flow.clone();
    first.sign_in("ada", PASSWORD).await;
    assert_ne!(first.flow, before);
    let mut tab = served.browser();
    tab.flow = before;
    assert_eq!(&*tab.post(CODE, &code(&app.code(now()))).await.location, "/signin?over=1");
    let kept = first.flow.clone();
    assert_eq!(first.post(CODE, &code(&app.code(now()))).await.status, StatusCode::SEE_OTHER);
    // The back button after it is done: the same step again, with a code that is good.
    tab.flow = kept;
    assert_eq!(&*tab.post(CODE, &code(codes[0].reveal())).await.location, "/signin?over=1");
    assert_eq!(tab.cookie, None);
}

#[tokio::test]
async fn five_wrong_codes_end_the_sign_in() {
    let served = Served::start_with("  lockout: { tries: 50 }\n").await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    let (app, _) = served.app(&ada).await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    for _ in 0..5 {
        assert_eq!(ada.post(CODE, &code("000000")).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(&*ada.post(CODE, &code(&app.code(now()))).await.location, "/signin?over=1");
    let page = ada.get("/signin?over=1").await;
    assert!(page.body.contains("This sign-in is over."), "{}", page.body);
}

#[tokio::test]
async fn whoever_comes_with_a_pass_gets_no_session_before_they_have_a_password() {
    let served = Served::start().await;
    let pass = served.pass_for("eve").await;
    let mut eve = served.browser();
    assert_eq!(&*eve.sign_in("eve", &pass).await.location, "/signin/password");
    assert_eq!(eve.cookie, None);
    for path in [CODE, "/signin/enrol"] {
        assert_eq!(&*eve.get(path).await.location, "/signin/password", "{path}");
    }
    let weak = eve.post("/signin/password", "new=passwordpassword").await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(weak.body.contains("one of those that are tried first"), "{}", weak.body);
    let form = format!("new={}", encoded(PASSWORD));
    assert_eq!(&*served.browser().post("/signin/password", &form).await.location, "/signin");
    assert_eq!(&*eve.post("/signin/password", &form).await.location, "/account");
    assert!(eve.cookie.is_some() && eve.flow.is_none());
    assert_eq!(&*served.browser().sign_in("eve", PASSWORD).await.location, "/account");
}

#[tokio::test]
async fn somebody_who_has_no_second_factor_signs_in_as_before_and_wrong_acr_is_none() {
    let served = Served::start().await;
    for acr in ["", "urn:muster:acr:1", "urn:muster:acr:9", "%3Cscript%3E"] {
        let mut ada = served.browser();
        let form = ada.get(&format!("/signin?acr={acr}")).await;
        assert!(!form.body.contains("<script>"));
        let form = format!("name=ada&password={}&acr={acr}", encoded(PASSWORD));
        assert_eq!(&*ada.post("/signin", &form).await.location, "/account");
        assert!(ada.cookie.is_some() && ada.flow.is_none());
    }
}

#[tokio::test]
async fn whoever_has_a_passkey_is_offered_it_and_uses_it_where_less_is_not_enough() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    let (app, codes) = served.app(&ada).await;
    let form = format!("name=ada&password={}&return_to=/there", encoded(PASSWORD));
    let sure = format!("{form}&acr=urn:muster:acr:3");
    // Nobody is led to a passkey that they do not have.
    let mut ada = served.browser();
    ada.post("/signin", &sure).await;
    let page = ada.get(CODE).await;
    assert!(page.body.contains("name=\"code\"") && !page.body.contains("data-passkey"));
    assert_eq!(&*ada.post(CODE, &code(codes[0].reveal())).await.location, "/there");
    served.passkey(&ada).await;
    let mut ada = served.browser();
    ada.post("/signin", &form).await;
    let page = ada.get(CODE).await;
    assert!(page.body.contains("name=\"code\"") && page.body.contains("data-passkey=\"get\""));
    assert!(page.body.contains("name=\"return_to\" value=\"/there\""), "{}", page.body);
    assert_eq!(&*ada.post(CODE, &code(codes[1].reveal())).await.location, "/there");
    let mut ada = served.browser();
    assert_eq!(&*ada.post("/signin", &sure).await.location, CODE);
    let page = ada.get(CODE).await;
    assert!(!page.body.contains("name=\"code\"") && page.body.contains("data-passkey=\"get\""));
    let refused = ada.post(CODE, &code(&app.code(now()))).await;
    assert_eq!((&*refused.location, &ada.cookie), ("/signin?over=1", &None));
}

#[tokio::test]
async fn what_a_form_says_was_proved_is_not_believed() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    served.app(&ada).await;
    let claims = "amr=hwk&methods=otp&acr=urn:muster:acr:1&verified=true&need=&factors=&identity=1";
    let mut ada = served.browser();
    let form = format!("name=ada&password={}&{claims}", encoded(PASSWORD));
    assert_eq!(&*ada.post("/signin", &form).await.location, CODE);
    let page = ada.post(CODE, &format!("code=&{claims}")).await;
    assert_eq!((page.status, &ada.cookie), (StatusCode::UNAUTHORIZED, &None));
    for path in ["/signin/enrol", "/signin/password", "/signin/enrol/mail/confirm"] {
        ada.post(path, &format!("code=1&sealed=x&new=a+lamp+a+boat+and+fog&{claims}")).await;
        assert_eq!(ada.cookie, None, "{path}");
    }
}
