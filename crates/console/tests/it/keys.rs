//! The human steps of the stories, by keyboard only, in Chromium.

use muster_testkit::Browser as Chromium;

use crate::{looks::signed_in, support::*};

const ENTER: char = '\u{e007}';
const TAB: char = '\u{e004}';

/// Presses Tab until the field of this name has the focus.
fn tab_to(chromium: &Chromium, name: &str) {
    for _ in 0..60 {
        if chromium.run("return document.activeElement.name ?? ''").unwrap() == name {
            return;
        }
        chromium.press(&TAB.to_string()).unwrap();
    }
    panic!("Tab does not lead to `{name}`");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_found_and_asked_for_by_keyboard() {
    let served = Served::start().await;
    let (chromium, url) = signed_in(&served, "maya.okafor").await;
    chromium.open(&format!("{url}/catalogue?q=addresses")).unwrap();
    chromium.wait_for(".cases").unwrap();
    chromium.press(&format!("j{ENTER}")).unwrap();
    chromium.wait_for_text("It needs one more approval.").unwrap();
    tab_to(&chromium, "reason");
    chromium.press(&format!("fleet mailing{TAB}a letter about new tours{ENTER}")).unwrap();
    chromium.wait_for_text("waits on Tunde Abara (manager)").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_approved_and_refused_by_single_keys_for_the_card_that_was_chosen() {
    let served = Served::start().await;
    let (chromium, url) = signed_in(&served, &served.with_title("Head of IT").await).await;
    chromium.open(&format!("{url}/approvals")).unwrap();
    chromium.wait_for(".cases").unwrap();
    // No card is chosen, so nothing is decided.
    chromium.press("a").unwrap();
    chromium.press("j").unwrap();
    assert_eq!(chromium.run("return document.querySelectorAll('.cases > li').length").unwrap(), 2);
    chromium.press("a").unwrap();
    chromium.wait_for_text("You approved it.").unwrap();
    chromium.press("jr").unwrap();
    chromium.press(&format!("the logs are enough for that{ENTER}")).unwrap();
    chromium.wait_for_text("You refused it.").unwrap();
    chromium.wait_for_text("Nothing waits for you.").unwrap();
}
