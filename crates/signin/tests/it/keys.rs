//! The human steps of a first day, with keys only, in Chromium: a pass, a password, a second factor, and out again.

use muster_testkit::{Browser as Chromium, ENTER, Keyboard};

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn story_1_a_joiner_comes_in_with_a_pass_and_enrols_a_second_factor() {
    let served = Listening::start_with("  second_factor: required\n").await;
    let pass = served.pass_for("eve").await;
    let keyboard = Keyboard { browser: Chromium::start().unwrap() };
    keyboard.browser.open(&format!("{}/signin", served.url)).unwrap();
    keyboard.types_into("name", "eve").unwrap();
    keyboard.types_into("password", &format!("{pass}{ENTER}")).unwrap();
    keyboard.browser.wait_for("#new").unwrap();
    keyboard.types_into("new", &format!("{PASSWORD}{ENTER}")).unwrap();
    keyboard.browser.wait_for("#code").unwrap();
    let seed = keyboard.browser.text("p.help code").unwrap();
    let code = App::from_uri(&seed).code(now());
    keyboard.types_into("code", &format!("{code}{ENTER}")).unwrap();
    // The codes for the day on which the telephone is lost are shown once.
    keyboard.reads("Recovery codes").unwrap();
    keyboard.tabs_to("at.matches('a.deed')").unwrap();
    keyboard.press(&ENTER.to_string()).unwrap();
    keyboard.browser.wait_for("form[action='/signout']").unwrap();
    keyboard.goes_through().unwrap();
    keyboard.browser.open(&format!("{}/account", served.url)).unwrap();
    keyboard.tabs_to("at.closest('form[action=\"/signout\"]') !== null").unwrap();
    keyboard.press(&ENTER.to_string()).unwrap();
    keyboard.browser.wait_for("#password").unwrap();
}
