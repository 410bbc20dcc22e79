//! Names that are more than names: whatever somebody is called, a page shows it as text.

use std::collections::BTreeSet;

use axum::http::StatusCode;

use crate::support::*;

/// A tag, signs that HTML reads, one that turns the direction of writing, one that nobody sees and one that rings.
const EVIL: &str = "<script>x</script>'&<img src=q onerror=x>\u{202e}\u{200b}\u{7}";
/// The same for files that take no control signs.
const EVIL_TEXT: &str = "<script>x</script>&<img src=q onerror=x>\u{202e}";

/// Puts it into the names of people, places, accounts, entitlements, roles, files of systems.
fn spoil(path: &str, text: &mut String) {
    let spoilt = match path {
        "data/hr.csv" => {
            text.replace("Maya", EVIL).replace("Fleet planner", &format!("Fleet {EVIL}"))
        }
        "data/departments.csv" => text.replace("Finance", &format!("Finance {EVIL}")),
        "data/sites.csv" => text.replace("Hamburg", &format!("Hamburg {EVIL}")),
        "data/crm.csv" => text.replace("Monika Stern", EVIL).replace("monika.stern", EVIL),
        "data/directory.csv" => {
            text.replace("server-admins", EVIL).replace("Kiosk at gate 2", EVIL)
        }
        "policy/transport.yaml" => {
            text.replace("Decides which vehicle drives which tour.", &format!("\"{EVIL_TEXT}\""))
        }
        "policy/requests.yaml" => {
            text.replace("Reach office systems from home.", &format!("\"{EVIL_TEXT}\""))
        }
        _ => return,
    };
    *text = spoilt;
}

#[tokio::test]
async fn whatever_something_is_called_a_page_shows_it_as_text() {
    let served = Served::start_with(spoil).await;
    let operator = served.operator().await;
    let answer = ("answer:Which ticket is it about?", EVIL);
    let form = [("role", "server-access"), ("reason", EVIL), answer];
    assert_eq!(operator.post("/ask", &form).await.status, StatusCode::SEE_OTHER);
    let evil = encoded(EVIL);
    let mut ahead: Vec<String> =
        ["/", "/people?where=contains(display,%20'script')", "/roles/fleet-planner"]
            .map(str::to_owned)
            .to_vec();
    ahead.extend([
        format!("/search?q={evil}"),
        format!("/people/{evil}"),
        format!("/journal?actor={evil}&subject={evil}"),
    ]);
    ahead.extend([
        format!("/people?where={evil}"),
        format!("/systems/{evil}"),
        format!("/roles/{evil}"),
    ]);
    ahead.extend([
        "/model?file=policy%2Ftransport.yaml".to_owned(),
        format!("/model?file={evil}"),
        format!("/queue/{evil}/1"),
        format!("/orphans?system={evil}"),
    ]);
    let mut shown = BTreeSet::new();
    let look = |path: &str, page: &Answer| {
        assert_ne!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        if !page.is_page() {
            return;
        }
        assert!(
            !page.body.contains("<script>") && !page.body.contains("<img"),
            "{path}: {}",
            page.body
        );
        let hidden = ['\u{202e}', '\u{200b}', '\u{7}'];
        assert!(!page.body.contains(hidden), "{path} holds a sign that nobody sees");
        if page.body.contains("\\u{202e}") {
            shown.insert(place(path));
        }
    };
    operator.walk(ahead, look).await;
    for place in [
        "/people",
        "/roles",
        "/orphans",
        "/search",
        "/journal",
        "/plans",
        "/queue",
        "/systems",
        "/model",
        "/catalogue",
        "/requests",
    ] {
        assert!(shown.contains(place), "{place} shows none of it: {shown:?}");
    }
}
