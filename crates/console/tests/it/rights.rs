//! What is not for somebody is not there: every page of the table, for a stranger and for somebody with a narrow reach.

use axum::http::{Method, StatusCode};
use muster_console::pages;

use crate::support::*;

/// An address of a page, with something in the place of each value.
fn filled(path: &str, person: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{person}" => person.to_owned(),
        "{system}" => "ledger".to_owned(),
        "{role}" => "employee".to_owned(),
        "{conflict}" => "four-eyes".to_owned(),
        "{report}" => "access".to_owned(),
        "{number}" | "{id}" | "{seq}" => "1".to_owned(),
        other if other.starts_with('{') => "0".to_owned(),
        other => other.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn a_stranger_sees_no_page_and_sends_no_form() {
    let served = Served::start().await;
    let stranger = served.stranger();
    for page in pages() {
        let path = filled(page.path, "maya.okafor");
        let answer = match page.method {
            Method::POST => stranger.post(&path, &[]).await,
            _ => stranger.get(&path).await,
        };
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.location.starts_with("/signin?"), "{path} {}", answer.location);
    }
}

#[tokio::test]
async fn without_the_right_nothing_is_there_in_the_same_words() {
    let served = Served::start().await;
    let maya = served.browser("maya.okafor").await;
    let nothing = maya.get("/people/nobody.at.all").await;
    for page in pages().into_iter().filter(|page| page.right.is_some()) {
        let path = filled(page.path, "sven.dahl");
        let answer = match page.method {
            Method::POST => maya.post(&path, &[]).await,
            _ => maya.get(&path).await,
        };
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.body, nothing.body, "{path}");
    }
}

#[tokio::test]
async fn whoever_is_beyond_reach_is_on_no_page_and_at_no_address() {
    let served = Served::start().await;
    let head = served.head().await;
    for page in pages() {
        let path = filled(page.path, "sven.dahl");
        let mut answer = match page.method {
            Method::POST => head.post(&path, &[]).await,
            _ => head.get(&path).await,
        };
        if page.path.contains("{person}") {
            // Sven is in finance, Tunde in the fleet.
            let other = filled(page.path, "tunde.abara");
            let nobody = filled(page.path, "nobody.at-all");
            let (other, nobody) = match page.method {
                Method::POST => (head.post(&other, &[]).await, head.post(&nobody, &[]).await),
                _ => (head.get(&other).await, head.get(&nobody).await),
            };
            assert_eq!(other.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(
                other.body.replace("tunde.abara", "_"),
                nobody.body.replace("nobody.at-all", "_"),
                "{path}"
            );
        }
        answer.body.make_ascii_lowercase();
        for hidden in ["ines prieto", "ines.prieto", "tunde", "selin", "kamil"] {
            assert!(!answer.body.contains(hidden), "{path} shows {hidden}");
        }
    }
    let found = head.get("/search?q=prieto").await;
    assert!(found.body.contains("Nothing was found"), "{}", found.body);
    let home = head.get("/").await;
    assert!(home.body.contains("1</span> leaver with an active account"), "{}", home.body);
    assert!(!home.body.contains("accounts of nobody"), "{}", home.body);
}

#[tokio::test]
async fn no_page_runs_what_is_not_ours_or_stands_in_a_frame() {
    let served = Served::start().await;
    let operator = served.operator().await;
    for page in pages().into_iter().filter(|page| page.method == Method::GET) {
        let answer = operator.get(&filled(page.path, "maya.okafor")).await;
        let content = answer.header("content-security-policy");
        assert!(
            content.contains("default-src 'none'") && content.contains("frame-ancestors 'none'"),
            "{}",
            page.path
        );
        assert!(
            !content.contains("unsafe") && answer.header("x-frame-options") == "DENY",
            "{}",
            page.path
        );
        assert_eq!(answer.header("cache-control"), "no-store", "{}", page.path);
        assert!(
            !answer.body.contains("style=") && !answer.body.contains(" onclick"),
            "{}",
            page.path
        );
        assert_eq!(answer.body.matches("<script").count(), 1, "{}", page.path);
    }
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let served = Served::start().await;
    let mut operator = served.operator().await;
    for site in ["cross-site", "same-site", "none"] {
        operator.site = site;
        for page in pages().into_iter().filter(|page| page.method == Method::POST) {
            let answer = operator.post(&filled(page.path, "maya.okafor"), &[]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {site}", page.path);
        }
    }
}
