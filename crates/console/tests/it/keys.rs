//! The human steps of the stories, with keys only, in Chromium: what has the focus can be seen at each stop, and goes on.

use muster_testkit::{Browser as Chromium, ENTER, Keyboard, TAB};

use crate::support::*;

/// Somebody signed in, with a keyboard and nothing else.
async fn at_the_keyboard(served: &Served, name: &str) -> (Keyboard, String) {
    served.let_in(name).await;
    let (keyboard, url) = (Keyboard { browser: Chromium::start().unwrap() }, served.listen().await);
    keyboard.signs_in(&url, name, PASSWORD).unwrap();
    (keyboard, url)
}

/// What has the focus is a line of a list.
const LINE: &str = "at.matches('main [data-row]')";

#[tokio::test(flavor = "multi_thread")]
async fn story_1_a_starter_is_looked_up_with_what_is_prepared_for_them() {
    let served = Served::start().await;
    let head = served.with_title("Head of Finance").await;
    // The manager sees who starts; the operator what is prepared, too.
    let (keyboard, _) = at_the_keyboard(&served, &head).await;
    keyboard.tabs_to("at.name === 'q'").unwrap();
    keyboard.press(&format!("noor{ENTER}")).unwrap();
    keyboard.reads("Noor Haddou").unwrap();
    keyboard.tabs_to(LINE).unwrap();
    keyboard.press(&ENTER.to_string()).unwrap();
    keyboard.reads("planned").unwrap();
    let (keyboard, _) = at_the_keyboard(&served, &served.with_title("Head of IT").await).await;
    keyboard.press(&format!("/noor{ENTER}")).unwrap();
    keyboard.reads("Noor Haddou").unwrap();
    keyboard.press(&format!("j{ENTER}")).unwrap();
    keyboard.reads("Accounts and access").unwrap();
    keyboard.press("p").unwrap();
    keyboard.reads("create account").unwrap();
    keyboard.goes_through().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn story_3_leavers_are_ended_everywhere_and_an_account_gets_an_owner() {
    let served = Served::start().await;
    let (keyboard, _) = at_the_keyboard(&served, &served.with_title("Head of IT").await).await;
    keyboard.follows("/leavers").unwrap();
    keyboard.reads("Sven Dahl").unwrap();
    // Everything is taken, with the number of what is done.
    keyboard.follows("/plans").unwrap();
    keyboard.reads("Make a plan").unwrap();
    keyboard.tabs_to(LINE).unwrap();
    keyboard.press(&ENTER.to_string()).unwrap();
    keyboard.reads("To go on, type").unwrap();
    let number = keyboard.browser.text("form[action$='/apply'] strong").unwrap();
    keyboard.writes("confirm", &format!("{number}{ENTER}")).unwrap();
    keyboard.reads("The plan was applied.").unwrap();
    keyboard.follows("/leavers").unwrap();
    keyboard.reads("There is nothing here.").unwrap();
    // An account of nobody is given to the one who looks after it from now on.
    keyboard.follows("/orphans").unwrap();
    keyboard.reads("ERPADMIN").unwrap();
    keyboard
        .tabs_to(
            "at.matches('summary') && at.closest('section').innerText.includes('telematics-old')",
        )
        .unwrap();
    keyboard.press(" ").unwrap();
    keyboard.writes("person", "katrin.vogel").unwrap();
    keyboard.writes("comment", &format!("she looks after it{ENTER}")).unwrap();
    keyboard.reads("The account has its owner.").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn story_3_a_request_is_withdrawn() {
    let served = Served::start().await;
    let asks = served.with_title("Software developer").await;
    let (keyboard, _) = at_the_keyboard(&served, &asks).await;
    keyboard.follows("/requests").unwrap();
    keyboard.reads("server-access").unwrap();
    keyboard.tabs_to(LINE).unwrap();
    keyboard.press(&ENTER.to_string()).unwrap();
    keyboard.reads("certificate").unwrap();
    keyboard
        .tabs_to("at.name === 'reason' && at.closest('form[action$=\"/withdraw\"]') !== null")
        .unwrap();
    keyboard.press(&format!("not needed any more{ENTER}")).unwrap();
    keyboard.reads("The request was taken back.").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn story_4_access_for_a_time_is_asked_for_and_approved_for_less() {
    let served = Served::start().await;
    let (maya, _) = at_the_keyboard(&served, "maya.okafor").await;
    maya.follows("/catalogue").unwrap();
    maya.reads("What do you need to do?").unwrap();
    maya.tabs_to("at.closest('main form') !== null && at.name === 'q'").unwrap();
    maya.press(&format!("addresses{ENTER}")).unwrap();
    maya.browser.wait_for("a[href*='customer-contacts']").unwrap();
    maya.tabs_to("at.textContent === 'customer-contacts'").unwrap();
    maya.press(&ENTER.to_string()).unwrap();
    maya.reads("It needs one more approval.").unwrap();
    maya.writes("days", "30").unwrap();
    maya.writes("reason", "fleet mailing").unwrap();
    maya.press(&format!("{TAB}a letter about new tours")).unwrap();
    maya.tabs_to("at.matches('button') && at.innerText === 'Send the request'").unwrap();
    maya.press(&ENTER.to_string()).unwrap();
    maya.reads("waits on Tunde Abara (manager)").unwrap();
    let (tunde, _) = at_the_keyboard(&served, "tunde.abara").await;
    tunde.follows("/approvals").unwrap();
    tunde.reads("fleet mailing").unwrap();
    tunde.writes("days", "7").unwrap();
    tunde.tabs_to("at.matches('button[data-key=a]')").unwrap();
    tunde.press(&ENTER.to_string()).unwrap();
    tunde.reads("You approved it.").unwrap();
    maya.follows("/requests").unwrap();
    maya.reads("whoever has role data-protection").unwrap();
    maya.reads("2026-11-27").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_approved_and_refused_by_single_keys_for_the_card_that_was_chosen() {
    let served = Served::start().await;
    let (keyboard, _) = at_the_keyboard(&served, &served.with_title("Head of IT").await).await;
    keyboard.follows("/approvals").unwrap();
    keyboard.reads("certificate").unwrap();
    let cards = || keyboard.browser.run("return document.querySelectorAll('.cases > li').length");
    // No card is chosen, so nothing is decided.
    keyboard.press("a").unwrap();
    keyboard.press("j").unwrap();
    assert_eq!(cards().unwrap(), 2);
    keyboard.press("a").unwrap();
    keyboard.reads("You approved it.").unwrap();
    keyboard.press("jr").unwrap();
    keyboard.press(&format!("the logs are enough for that{ENTER}")).unwrap();
    keyboard.reads("You refused it.").unwrap();
    keyboard.reads("Nothing waits for you.").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_stories_keeps_the_focus() {
    let served = Served::start().await;
    let (keyboard, url) = at_the_keyboard(&served, &served.with_title("Head of IT").await).await;
    for path in [
        "/",
        "/people/noor.haddou",
        "/people/maya.okafor/why?what=ledger%3Apost-journal",
        "/people/sven.dahl/plan",
        "/leavers",
        "/conflicts",
        "/orphans",
        "/approvals",
        "/catalogue?q=addresses",
        "/ask?role=customer-contacts",
        "/campaigns/1",
        "/model?file=policy%2Frequests.yaml",
        "/model/edit?file=policy%2Frequests.yaml",
    ] {
        for scheme in ["light", "dark"] {
            keyboard.browser.prefer(scheme).unwrap();
            keyboard.browser.open(&format!("{url}{path}")).unwrap();
            keyboard.browser.wait_for("footer").unwrap();
            let stops = keyboard.goes_through();
            let stops = stops.unwrap_or_else(|error| panic!("{path}, {scheme}: {error:?}"));
            assert!(stops > 20, "{path} has {stops} stops");
        }
    }
}
