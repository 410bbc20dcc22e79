//! Access reviews: the page of a reviewer, and how far a campaign is.

use axum::http::StatusCode;
use muster_review::{NewCampaign, open_campaign};
use muster_testkit::npm_file;

use crate::{
    looks::{LOOK, signed_in},
    support::*,
};

const REVIEW: &str = "
reviews:
  by-manager:
    for: person
    scope: { entitlements: [{ ledger.profile: [post-journal, invoice-entry, approve-payment] }] }
    stages: [manager]
    fallback: identity-operator
    due: 7d
";

/// The sample company with another open campaign about the ledger, which managers answer.
async fn reviewed() -> Served {
    let served = Served::start_with(|path, text| {
        if path == "policy/requests.yaml" {
            text.push_str(REVIEW);
        }
    })
    .await;
    let opened = served.service.opened();
    let new =
        NewCampaign { review: "by-manager", title: Some("By manager"), cause: "hand", only: None };
    open_campaign(&served.ctx, &opened, &new).await.unwrap();
    served
}

/// The number of the item of somebody about something.
fn item(page: &Answer, person: &str, thing: &str) -> String {
    let mut cards = page.body.split("<a href=\"/reviews/").skip(1);
    let card = cards.find(|card| {
        let heading = card.split("</h2>").next().unwrap();
        heading.contains(person) && heading.contains(thing)
    });
    let card = card.unwrap_or_else(|| panic!("{person} {thing}: {}", page.body));
    card.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_reviewer_keeps_takes_away_and_takes_an_answer_back() {
    let served = reviewed().await;
    let (tunde, maya) = (served.browser("tunde.abara").await, served.browser("maya.okafor").await);
    assert!(tunde.get("/").await.body.contains("about which you are asked"));
    let page = tunde.get("/reviews").await;
    let id = item(&page, "Maya Okafor", "post-journal");
    assert_eq!(maya.get(&format!("/reviews/{id}")).await.status, StatusCode::NOT_FOUND);
    let own = maya.post("/reviews/decide", &[("item", &id), ("answer", "keep")]).await;
    assert!(own.status.is_client_error(), "{}", own.body);
    let silent = tunde.post("/reviews/decide", &[("item", &id)]).await;
    assert_eq!(silent.status, StatusCode::BAD_REQUEST, "{}", silent.body);
    let form = [("item", &*id), ("answer", "revoke"), ("reason", "she moved to the fleet")];
    let revoked = tunde.post("/reviews/decide", &form).await;
    assert_eq!(revoked.location, "/reviews", "{}", revoked.body);
    let decided = tunde.get("/reviews?state=decided").await;
    assert!(decided.body.contains("she moved to the fleet"), "{}", decided.body);
    let again = tunde.post("/reviews/decide", &form).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    let one = tunde.get(&format!("/reviews/{id}")).await;
    assert!(one.body.contains("taken away"), "{}", one.body);
    let undone = tunde.post(&format!("/reviews/{id}/undo"), &[("reason", "a mistake")]).await;
    assert_eq!(undone.status, StatusCode::SEE_OTHER, "{}", undone.body);
    item(&tunde.get("/reviews").await, "Maya Okafor", "post-journal");
}

#[tokio::test]
async fn a_campaign_says_how_far_it_is() {
    let served = reviewed().await;
    let operator = served.operator().await;
    let list = operator.get("/campaigns").await;
    assert!(list.body.contains("Ledger Q4"), "{}", list.body);
    assert!(list.body.contains("By manager"), "{}", list.body);
    let links = list.links().into_iter().filter(|link| link.starts_with("/campaigns/"));
    let link = links.max().unwrap();
    let page = operator.get(&link).await;
    for text in ["Who still has to answer", "Tunde Abara", "post-journal"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert_eq!(served.browser("maya.okafor").await.get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_decided_by_single_keys_and_the_pages_can_be_used_by_everybody() {
    let served = reviewed().await;
    let (chromium, url) = signed_in(&served, "tunde.abara").await;
    let axe = npm_file("axe-core/axe.min.js").unwrap();
    let pictures = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    chromium.open(&format!("{url}/reviews")).unwrap();
    chromium.wait_for(".cases").unwrap();
    for scheme in ["light", "dark"] {
        chromium.prefer(scheme).unwrap();
        chromium.picture(&pictures.join(format!("console-reviews-{scheme}.png"))).unwrap();
        let found = chromium.run(&format!("{axe};{LOOK}")).unwrap();
        assert_eq!(found, serde_json::json!([]), "{scheme}");
    }
    chromium.be_wide(360).unwrap();
    chromium.picture(&pictures.join("console-reviews-phone.png")).unwrap();
    let overflows = chromium.run("return document.documentElement.scrollWidth > 360").unwrap();
    assert_eq!(overflows, false);
    chromium.press("jr").unwrap();
    chromium.press("not needed any more\u{e007}").unwrap();
    chromium.wait_for_text("Your answer was written down.").unwrap();
}
