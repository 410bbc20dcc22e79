//! Browsers that are known again, and who is told of one that is not.

use axum::http::StatusCode;
use muster_store::SignInFilter;

use crate::support::*;

impl Served {
    /// Subjects and texts of the mails that came.
    async fn news(&self) -> Vec<(String, String)> {
        self.send().await;
        self.mailbox.take().into_iter().map(|mail| (mail.subject, mail.text)).collect()
    }
}

#[tokio::test]
async fn a_sign_in_in_a_new_browser_is_told_to_its_person_and_another_one_there_is_not() {
    let served = Served::start().await;
    let mut ada = served.browser();
    ada.sign_in("ada", PASSWORD).await;
    let kept = ada.known_by.clone().unwrap();
    let news = served.news().await;
    assert_eq!(news.len(), 1);
    let (subject, text) = &news[0];
    assert_eq!(subject, "Sign-in in a new browser");
    assert!(text.contains("When: 2026-11-20 12:00 UTC"), "{text}");
    assert!(text.contains("On:   unknown") && !text.contains("Testfox"), "{text}");
    assert!(
        !text.contains("http") && !text.contains(&kept),
        "nothing in it opens anything: {text}"
    );
    ada.post("/signout", "").await;
    ada.sign_in("ada", PASSWORD).await;
    assert_eq!(ada.known_by.as_ref(), Some(&kept));
    assert_eq!(served.news().await, []);
    // Elsewhere, in another language.
    let mut other = served.browser();
    other.language = "de";
    other.sign_in("ada", PASSWORD).await;
    assert_eq!(served.news().await[0].0, "Anmeldung in einem neuen Browser");
    assert_eq!(served.known().await, ["new", "known", "new"]);
    // Wrong tries tell nobody anything.
    served.browser().sign_in("ada", "wrong").await;
    assert_eq!(served.news().await, []);
}

#[tokio::test]
async fn a_browser_is_known_for_each_of_its_people_and_nothing_that_was_planted_is() {
    let served = Served::start().await;
    let mut shared = served.browser();
    for (name, news) in [("ada", 1), ("bea", 1), ("ada", 0), ("bea", 0)] {
        shared.sign_in(name, PASSWORD).await;
        assert_eq!(served.news().await.len(), news, "{name}");
        shared.post("/signout", "").await;
    }
    // Bea gives Ada's other browser what is hers, to be taken for it.
    let planted = shared.known_by.clone().unwrap();
    let beas = planted.split('.').next().unwrap().to_owned();
    let mut other = served.browser();
    other.known_by = Some(beas.clone());
    other.sign_in("ada", PASSWORD).await;
    assert_eq!(served.news().await.len(), 1);
    let mut thief = served.browser();
    thief.known_by = Some(beas);
    thief.sign_in("ada", PASSWORD).await;
    assert_eq!(served.news().await.len(), 1);
    for garbage in ["", ".", "....", "%00", &"a.".repeat(2000)] {
        let mut browser = served.browser();
        browser.known_by = Some(garbage.to_owned());
        assert_eq!(browser.sign_in("bea", PASSWORD).await.status, StatusCode::SEE_OTHER);
        assert!(browser.known_by.unwrap().split('.').count() <= 4);
    }
}

#[tokio::test]
async fn people_see_their_browsers_and_forget_them_and_news_are_few() {
    let served = Served::start().await;
    let (mut ada, mut bea) = (served.browser(), served.browser());
    ada.sign_in("ada", PASSWORD).await;
    bea.sign_in("bea", PASSWORD).await;
    served.news().await;
    let page = ada.get("/account").await;
    assert!(
        page.body.contains("Known browsers") && page.body.contains("(this one)"),
        "{}",
        page.body
    );
    let id = page.between("/account/browsers/", "/forget").to_owned();
    let forget = format!("/account/browsers/{id}/forget");
    bea.post(&forget, "").await;
    assert!(ada.get("/account").await.body.contains(&id), "somebody else's stays");
    ada.site = "cross-site";
    assert_eq!(ada.post(&forget, "").await.status, StatusCode::FORBIDDEN);
    ada.site = "same-origin";
    assert_eq!(&*ada.post(&forget, "").await.location, "/account");
    assert!(!ada.get("/account").await.body.contains(&id));
    ada.post("/signout", "").await;
    ada.sign_in("ada", PASSWORD).await;
    assert_eq!(served.news().await.len(), 1, "it is new again");
    // Somebody who knows the password cannot fill the mailbox.
    let mut n = 0;
    for _ in 0..9 {
        served.browser().sign_in("ada", PASSWORD).await;
        n += served.news().await.len();
    }
    assert_eq!(n, 3);
}

impl Served {
    /// What the log says of the browsers of those who got in, the oldest first.
    async fn known(&self) -> Vec<String> {
        let opened = self.opened();
        let mut tx = opened.store.read().await.unwrap();
        let log = tx.sign_ins(&SignInFilter::default(), None, 100).await.unwrap();
        log.into_iter().rev().filter_map(|one| one.browser).map(|word| word.to_string()).collect()
    }
}
