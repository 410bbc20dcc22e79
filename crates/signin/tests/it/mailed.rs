//! Codes by mail on the pages: sent by a button, taken once, offered to whoever has nothing better.

use axum::http::StatusCode;

use crate::support::*;

const ON: &str = "  mailed_codes: true\n";
const CODE: &str = "/signin/code";

fn code(code: &str) -> String {
    format!("code={}", encoded(code))
}

impl Served {
    /// Gives whoever is signed in codes by mail.
    async fn mail_factor(&self, browser: &mut Browser) {
        assert_eq!(&*browser.post("/account/mail", "").await.location, "/account/mail");
        self.send().await;
        let first = code(&self.mailbox.code());
        assert_eq!(&*browser.post("/account/mail/confirm", &first).await.location, "/account");
        self.mailbox.look();
    }
}

#[tokio::test]
async fn somebody_takes_codes_by_mail_signs_in_with_one_and_stops_them() {
    let served = Served::start_with(ON).await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    assert!(ada.get("/account").await.body.contains("Use codes by mail"));
    let wrong = ada.post("/account/mail/confirm", "code=00000000").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("The code is not right"), "{}", wrong.body);
    served.mail_factor(&mut ada).await;
    assert!(ada.get("/account").await.body.contains("Stop codes by mail"));
    // On the way in.
    let mut ada = served.browser();
    assert_eq!(&*ada.sign_in("ada", PASSWORD).await.location, CODE);
    let before = ada.get(CODE).await;
    assert!(before.body.contains("Send a code by mail"), "{}", before.body);
    assert!(!before.body.contains("name=\"code\""), "{}", before.body);
    assert_eq!(&*ada.post("/signin/code/mail", "").await.location, CODE);
    served.send().await;
    let mailed = served.mailbox.code();
    assert_eq!(served.mailbox.look(), ["ada@tern.example: Code to sign in"]);
    ada.language = "de";
    let form = ada.get(CODE).await;
    assert!(form.body.contains("Die acht Ziffern aus der letzten Mail."), "{}", form.body);
    let wrong = ada.post(CODE, "code=00000000").await;
    assert_eq!((wrong.status, &ada.cookie), (StatusCode::UNAUTHORIZED, &None));
    assert!(wrong.body.contains("Der Code stimmt nicht"), "{}", wrong.body);
    assert_eq!(&*ada.post(CODE, &code(&mailed)).await.location, "/account");
    assert!(!served.journal().await.contains(&mailed));
    assert_eq!(&*ada.post("/account/mail/remove", "").await.location, "/signin?return_to=/account");
    assert_eq!(&*served.browser().sign_in("ada", PASSWORD).await.location, "/account");
}

#[tokio::test]
async fn whoever_has_to_have_a_factor_may_choose_the_mail() {
    let served = Served::start_with("  mailed_codes: true\n  second_factor: required\n").await;
    let mut ada = served.browser();
    assert_eq!(&*ada.sign_in("ada", PASSWORD).await.location, "/signin/enrol");
    assert!(ada.get("/signin/enrol").await.body.contains("action=\"/signin/enrol/mail\""));
    assert_eq!(&*ada.post("/signin/enrol/mail", "").await.location, "/signin/enrol/mail");
    served.send().await;
    assert!(
        ada.get("/signin/enrol/mail").await.body.contains("The eight digits of the last mail.")
    );
    let confirm = "/signin/enrol/mail/confirm";
    let wrong = ada.post(confirm, "code=00000000").await;
    assert_eq!((wrong.status, &ada.cookie), (StatusCode::UNPROCESSABLE_ENTITY, &None));
    let mailed = code(&served.mailbox.code());
    let mut thief = served.browser();
    assert_eq!(&*thief.post(confirm, &mailed).await.location, "/signin");
    assert_eq!(&*ada.post(confirm, &mailed).await.location, "/account");
    assert!(ada.cookie.is_some());
}

#[tokio::test]
async fn codes_by_mail_are_offered_where_the_model_has_them_and_a_passkey_is_not_asked_for() {
    let off = Served::start().await;
    let mut ada = off.browser();
    ada.sign_in("ada", PASSWORD).await;
    assert!(!ada.get("/account").await.body.contains("Codes by mail"));
    ada.post("/account/mail", "").await;
    off.send().await;
    assert_eq!(off.mailbox.look(), [""; 0]);
    let served = Served::start_with(ON).await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    served.mail_factor(&mut ada).await;
    let mut ada = served.browser();
    let form = format!("name=ada&password={}&acr=urn:muster:acr:3", encoded(PASSWORD));
    ada.post("/signin", &form).await;
    let page = ada.get(CODE).await;
    assert!(page.body.contains("To go on, sign in with a passkey."), "{}", page.body);
    assert!(!page.body.contains("by mail"), "{}", page.body);
    // The forms by hand do nothing either.
    ada.post("/signin/code/mail", "").await;
    served.send().await;
    assert_eq!(served.mailbox.look(), [""; 0]);
}

#[tokio::test]
async fn forms_about_codes_by_mail_come_from_pages_of_ours_and_after_a_fresh_proof() {
    let served = Served::start_with(ON).await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    ada.site = "cross-site";
    let own = ["/account/mail", "/account/mail/confirm", "/account/mail/remove"];
    let all = own.into_iter().chain([
        "/signin/code/mail",
        "/signin/enrol/mail",
        "/signin/enrol/mail/confirm",
    ]);
    for path in all {
        assert_eq!(ada.post(path, "code=1").await.status, StatusCode::FORBIDDEN, "{path}");
    }
    ada.site = "same-origin";
    served.pass(11);
    for path in own {
        let page = ada.post(path, "code=1").await;
        assert_eq!(&*page.location, "/signin?again=1&return_to=/account", "{path}");
    }
    served.send().await;
    assert_eq!(served.mailbox.look(), [""; 0]);
}
