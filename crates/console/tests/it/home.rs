//! The first page, the search, and who gets in.

use axum::http::StatusCode;

use crate::support::*;

#[tokio::test]
async fn whoever_is_not_signed_in_does_that_first_and_comes_back() {
    let served = Served::start().await;
    let stranger = served.stranger();
    let page = stranger.get("/people?where=grade%20%3E%203").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(page.location, "/signin?return_to=%2Fpeople%3Fwhere%3Dgrade%2520%253E%25203");
}

#[tokio::test]
async fn the_first_page_says_what_needs_attention_and_leads_there() {
    let served = Served::start().await;
    let page = served.operator().await.get("/").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for card in [
        "2</span> leavers with an active account",
        "11</span> accounts of nobody",
        "people with duties",
        "19</span> changes made outside",
    ] {
        assert!(page.body.contains(card), "{card}: {}", page.body);
    }
    assert!(page.links().contains(&"/leavers".to_owned()), "{:?}", page.links());
    assert!(page.body.len() < 100_000);
}

#[tokio::test]
async fn who_may_see_nothing_sees_their_own_account_only() {
    let served = Served::start().await;
    let maya = served.browser("maya.okafor").await;
    let page = maya.get("/").await;
    assert!(page.body.contains("Nothing needs attention."), "{}", page.body);
    for path in ["/catalogue", "/requests", "/approvals", "/delegations", "/access", "/notices"] {
        let here = page.links().iter().any(|link| link == path);
        assert!(here && maya.get(path).await.status == StatusCode::OK, "{path}");
    }
    assert!(!page.body.contains("leavers with"));
    let found = maya.get("/search?q=a").await;
    assert!(found.body.contains("Nothing was found for"), "{}", found.body);
}

#[tokio::test]
async fn the_search_finds_people_roles_entitlements_and_systems() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let found = operator.get("/search?q=okaf").await;
    assert!(found.body.contains("Maya Okafor"), "{}", found.body);
    let found = operator.get("/search?q=ledger").await;
    assert!(found.links().contains(&"/systems/ledger".to_owned()), "{:?}", found.links());
    let nothing = operator.get(&format!("/search?q={}", encoded("x' || true || '<i>"))).await;
    assert!(
        nothing.body.contains("Nothing was found") && !nothing.body.contains("<i>"),
        "{}",
        nothing.body
    );
}

#[tokio::test]
async fn the_pages_speak_german_to_those_who_read_it() {
    let served = Served::start().await;
    let mut operator = served.operator().await;
    operator.language = "de-AT,de;q=0.9";
    let page = operator.get("/").await;
    assert!(
        page.body.contains("<html lang=\"de\">")
            && page.body.contains("Was Aufmerksamkeit braucht"),
        "{}",
        page.body
    );
}
