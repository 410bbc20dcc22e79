//! Forgotten passwords: steps in turn, and answers that are the same for everybody.

use axum::http::StatusCode;

use crate::support::*;

const FORGOTTEN: &str = "/signin/forgotten";
const STEP: &str = "/signin/recover";
const NEW: &str = "a mill, a creek, and fog";

#[tokio::test]
async fn somebody_gives_themselves_another_password_by_mail_and_a_recovery_code() {
    let served = Served::start().await;
    let mut other = served.browser();
    other.sign_in("ada", PASSWORD).await;
    let (_, codes) = served.app(&other).await;
    let mut ada = served.browser();
    assert!(ada.get("/signin").await.body.contains("href=\"/signin/forgotten\""));
    assert_eq!(ada.get(FORGOTTEN).await.status, StatusCode::OK);
    assert_eq!(&*ada.post(FORGOTTEN, "name=ada").await.location, STEP);
    served.send().await;
    let mailed = format!("code={}", served.mailbox.code());
    assert_eq!(served.mailbox.look(), ["ada@tern.example: Code for a new password"]);
    let proof = format!("code={}", codes[0].reveal());
    // Out of turn.
    let mut thief = served.browser();
    assert_eq!(&*thief.get(STEP).await.location, "/signin?over=1");
    for (path, form) in [("code", &*mailed), ("proof", &*proof), ("password", "new=x")] {
        let page = thief.post(&format!("{STEP}/{path}"), form).await;
        assert_eq!(&*page.location, "/signin?over=1", "{path}");
    }
    ada.site = "cross-site";
    assert_eq!(ada.post("/signin/recover/code", &mailed).await.status, StatusCode::FORBIDDEN);
    ada.site = "same-origin";
    assert!(ada.get(STEP).await.body.contains("The eight digits of the mail."));
    let wrong = ada.post("/signin/recover/code", "code=00000000").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.body.contains("This is not right"), "{}", wrong.body);
    assert_eq!(&*ada.post("/signin/recover/code", &mailed).await.location, STEP);
    assert!(ada.get(STEP).await.body.contains("Second proof"));
    assert_eq!(&*ada.post("/signin/recover/proof", &proof).await.location, STEP);
    let weak = ada.post("/signin/recover/password", "new=short").await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(weak.body.contains("action=\"/signin/recover/password\""), "{}", weak.body);
    let form = format!("new={}", encoded(NEW));
    let done = ada.post("/signin/recover/password", &form).await;
    assert_eq!(&*done.location, "/signin?recovered=1");
    assert_eq!((&ada.cookie, &ada.recovery), (&None, &None));
    assert!(ada.get("/signin?recovered=1").await.body.contains("You have a new password."));
    assert_eq!(other.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(ada.sign_in("ada", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(&*ada.sign_in("ada", NEW).await.location, "/signin/code");
    served.send().await;
    assert_eq!(served.mailbox.look(), ["ada@tern.example: Your password was changed"]);
}

#[tokio::test]
async fn whoever_asks_cannot_tell_whether_somebody_has_a_name() {
    let served = Served::start().await;
    let answers = async |name: &str| {
        let mut browser = served.browser();
        browser.language = "de";
        let begun = browser.post(FORGOTTEN, &format!("name={name}")).await;
        let step = browser.get(STEP).await;
        let wrong = browser.post("/signin/recover/code", "code=00000000").await;
        let kept = browser.recovery.map(|kept| kept.len());
        (begun.status, begun.location, step.body, wrong.status, wrong.body, kept)
    };
    let ada = answers("ada").await;
    assert!(ada.2.contains("Code aus der Mail"), "{}", ada.2);
    for name in ["nobody", "leo", "eve"] {
        assert_eq!(answers(name).await, ada, "{name}");
    }
    served.send().await;
    let mut mails = served.mailbox.look();
    mails.sort();
    let subject = "Code für ein neues Passwort";
    assert_eq!(mails, ["ada", "eve"].map(|name| format!("{name}@tern.example: {subject}")));
}

#[tokio::test]
async fn mail_cannot_be_asked_for_without_end_from_one_network() {
    let served = Served::start_with("  throttle: { tries: 2, per: 40s }\n").await;
    for name in ["ada", "bea"] {
        assert_eq!(
            &*served.browser().post(FORGOTTEN, &format!("name={name}")).await.location,
            STEP
        );
    }
    let page = served.browser().post(FORGOTTEN, "name=eve").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(page.header("retry-after"), "21");
    served.send().await;
    assert_eq!(served.mailbox.look().len(), 2);
}
