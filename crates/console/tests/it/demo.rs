//! What `muster demo` adds: a link that signs one in once, and seeing the pages as somebody else.

use axum::http::StatusCode;

use crate::support::*;

#[tokio::test]
async fn the_link_signs_in_once() {
    let served = Served::start().await;
    let name = served.with_title("Head of IT").await;
    let (served, link) = served.demonstrated(&name).await;
    let (first, second) = (served.stranger(), served.stranger());
    let entered = first.get(&link).await;
    assert_eq!(
        (entered.status, &*entered.location),
        (StatusCode::SEE_OTHER, "/"),
        "{}",
        entered.body
    );
    assert!(first.get("/").await.body.contains("What needs attention"));
    assert_eq!(second.get(&link).await.location, "/signin?over=1");
    assert_eq!(second.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(served.stranger().get("/d/guessed").await.location, "/signin?over=1");
}

#[tokio::test]
async fn who_sees_as_somebody_else_has_their_rights_and_stays_in_the_journal() {
    let served = Served::start().await;
    let (operator, head) =
        (served.with_title("Head of IT").await, served.with_title("Head of Finance").await);
    let (served, link) = served.demonstrated(&operator).await;
    let browser = served.stranger();
    browser.get(&link).await;
    browser.post("/view-as", &[("person", &head)]).await;
    let page = browser.get("/people").await;
    assert!(page.body.contains("You see this as") && page.body.contains(&head), "{}", page.body);
    assert!(!page.body.contains("Maya Okafor"), "{}", page.body);
    assert_eq!(browser.get("/plans").await.status, StatusCode::NOT_FOUND);
    // As somebody else who may do the same, something is done.
    browser.post("/view-as", &[("person", &operator)]).await;
    browser.post("/systems/ledger/pause", &[("reason", "demonstrated")]).await;
    browser.post("/view-as", &[("person", "")]).await;
    let entry = browser.get("/journal?action=system.pause").await;
    assert!(
        entry.body.contains(&format!(
            "<bdi>{operator}</bdi> <span class=\"help\">for <bdi>{operator}</bdi>"
        )),
        "{}",
        entry.body
    );
}

#[tokio::test]
async fn nobody_sees_as_somebody_else_where_it_is_no_demonstration() {
    let served = Served::start().await;
    let maya = served.browser("maya.okafor").await;
    let operator = served.with_title("Head of IT").await;
    assert_eq!(maya.post("/view-as", &[("person", &operator)]).await.status, StatusCode::NOT_FOUND);
    maya.keep("muster_view_as", &operator);
    assert_eq!(maya.get("/people").await.status, StatusCode::NOT_FOUND);
    assert!(!maya.get("/").await.body.contains("You see this as"));
}
