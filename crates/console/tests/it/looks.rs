//! The pages in Chromium: for people who do not see them, in light and dark, on a phone, by keyboard.

use std::path::Path;

use muster_testkit::{Browser as Chromium, npm_file};

use crate::support::*;

/// What is wrong with a page for people who do not see it, or do not use a mouse.
pub(crate) const LOOK: &str = "const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`)";

/// Every page that is looked at.
const PAGES: &[(&str, &str)] = &[
    ("home", "/"),
    ("search", "/search?q=ledger"),
    ("people", "/people"),
    ("person", "/people/maya.okafor"),
    ("why", "/people/maya.okafor/why?what=ledger%3Apost-journal"),
    ("reasons", "/people/maya.okafor/why?what=directory%3Aall-staff"),
    ("value", "/people/maya.okafor/value?name=title"),
    ("timeline", "/people/maya.okafor/timeline"),
    ("compare", "/people/maya.okafor/compare?b=2027-02-01"),
    ("ahead", "/people/sven.dahl/plan"),
    ("leavers", "/leavers"),
    ("conflicts", "/conflicts"),
    ("conflict-map", "/conflicts/map"),
    ("conflict-map-by-site", "/conflicts/map?by=site"),
    ("in-conflict", "/conflicts/people?conflict=supplier-and-pay&by=department"),
    ("conflict", "/people/lena.fuchs/conflicts/books-and-bank"),
    ("exceptions", "/exceptions"),
    ("risk", "/risk"),
    ("orphans", "/orphans"),
    ("drift", "/drift"),
    ("drift-item", "/drift/item/1"),
    ("systems", "/systems"),
    ("system", "/systems/ledger"),
    ("plans", "/plans"),
    ("held", "/held"),
    ("queue", "/queue"),
    ("roles", "/roles"),
    ("role", "/roles/fleet-planner"),
    ("model", "/model?file=policy%2Ftransport.yaml&line=27#L27"),
    ("edit", "/model/edit?file=policy%2Ftransport.yaml"),
    ("journal", "/journal"),
    ("verified", "/journal/verify"),
    ("keys", "/keys"),
    ("catalogue", "/catalogue?role=server-access"),
    ("ask", "/ask?role=customer-contacts&role=work-from-home"),
    ("ask-refused", "/ask?role=customer-contacts&people=maya.okafor"),
    ("requests", "/requests"),
    ("request", "/requests/1"),
    ("request-of-oneself", "/requests/3"),
    ("approvals", "/approvals"),
    ("delegations", "/delegations"),
    ("notices", "/notices"),
    ("access", "/access"),
    ("matches", "/matches"),
    ("tickets", "/tickets?all=yes"),
    ("alarms", "/alarms"),
    ("workflows", "/workflows"),
    ("assignments", "/people/maya.okafor/assignments"),
    ("lifecycle", "/people/maya.okafor/lifecycle?what=terminate&from=2026-12-01"),
    ("campaigns", "/campaigns"),
    ("reports", "/reports"),
    ("report-orphans", "/reports/orphans"),
    ("report-conflicts", "/reports/conflicts"),
    ("report-privileged", "/reports/privileged?risk=10"),
    ("report-access", "/reports/access"),
    ("report-subject", "/reports/subject?person=maya.okafor"),
    ("campaign", "/campaigns/1"),
    ("guests", "/guests?all=yes"),
    ("reviews", "/reviews"),
    ("nothing", "/people/nobody"),
];

/// Somebody signed in at a Chromium.
pub(crate) async fn signed_in(served: &Served, name: &str) -> (Chromium, String) {
    served.let_in(name).await;
    signed_in_again(served, name).await
}

/// As [`signed_in`], for somebody who has a password already.
pub(crate) async fn signed_in_again(served: &Served, name: &str) -> (Chromium, String) {
    let (chromium, url) = (Chromium::start().unwrap(), served.listen().await);
    chromium.open(&format!("{url}/signin?return_to=/")).unwrap();
    chromium.fill("#name", name).unwrap();
    chromium.fill("#password", PASSWORD).unwrap();
    chromium.click("form[action='/signin'] button").unwrap();
    chromium.wait_for("form[action='/signout']").unwrap();
    (chromium, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_can_be_used_by_everybody_in_light_and_dark_and_on_a_phone() {
    let served = Served::start().await;
    let (chromium, url) = signed_in(&served, &served.with_title("Head of IT").await).await;
    let plan = first_link(&chromium, &format!("{url}/plans"), "tbody a");
    let zooms = ["plan", "plan-rule", "plan-operations"];
    let of_plan =
        zooms.map(|name| (name, format!("{plan}?zoom={}", name.trim_start_matches("plan-"))));
    let group = first_link(&chromium, &format!("{url}/drift"), "main a[href^='/drift/']");
    let pages = PAGES.iter().map(|(name, path)| (*name, (*path).to_owned()));
    let pages = pages.chain(of_plan).chain([("drift-group", group)]);
    for (name, path) in pages {
        can_be_used(&chromium, name, &format!("{url}{path}"));
    }
}

/// Where the first link of a sort leads on a page.
fn first_link(chromium: &Chromium, address: &str, link: &str) -> String {
    chromium.open(address).unwrap();
    let found = format!("return document.querySelector(\"{link}\")?.getAttribute('href')");
    let found = chromium.run(&found).unwrap();
    found.as_str().unwrap_or_else(|| panic!("no {link} at {address}")).to_owned()
}

/// axe finds nothing on a page in light and in dark, and it fits on a phone; three pictures of it are kept.
pub(crate) fn can_be_used(chromium: &Chromium, name: &str, address: &str) {
    let axe = npm_file("axe-core/axe.min.js").unwrap();
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR"));
    chromium.open(address).unwrap();
    chromium.wait_for("footer").unwrap();
    for scheme in ["light", "dark"] {
        chromium.prefer(scheme).unwrap();
        chromium.picture(&pictures.join(format!("console-{name}-{scheme}.png"))).unwrap();
        let found = chromium.run(&format!("{axe};{LOOK}"));
        assert_eq!(found.unwrap(), serde_json::json!([]), "{name}, {scheme}");
    }
    chromium.be_wide(360).unwrap();
    chromium.picture(&pictures.join(format!("console-{name}-phone.png"))).unwrap();
    let overflows = chromium.run("return document.documentElement.scrollWidth > 360").unwrap();
    assert_eq!(overflows, false, "{name} is wider than a phone");
    chromium.be_wide(1280).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_lead_from_the_search_to_the_reason() {
    let served = Served::start().await;
    let (chromium, url) = signed_in(&served, &served.with_title("Head of IT").await).await;
    chromium.press("/").unwrap();
    chromium.press("maya\u{e007}").unwrap();
    // Only the page that was searched for has it; headings are on the one before, too.
    chromium.wait_for("input[name='q'][value='maya']").unwrap();
    chromium.press("j\u{e007}").unwrap();
    chromium.wait_for("#access").unwrap();
    assert_eq!(chromium.text("h1").unwrap(), "Maya Okafor");
    chromium.press("t").unwrap();
    chromium.wait_for("ol.line").unwrap();
    assert!(chromium.text("h1").unwrap().starts_with("Timeline"), "{url}");
}
