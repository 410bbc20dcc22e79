//! The card of a link: for whoever was mailed it, and nobody else.

use axum::http::StatusCode;
use muster_governance::{NewRequest, create_request};
use muster_store::DecisionLink;
use muster_testkit::{Browser as Chromium, npm_file};
use sha2::{Digest as _, Sha256};

use crate::{looks::LOOK, support::*};

/// Mia leads Ada and Ben. Below 20, a link is enough.
const MODEL: &str = r#"
muster: 1
url: https://muster.tern.example
types:
  person:
    identity: true
    key: id
    display: name
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      manager: { type: link, to: person }
    lifecycle: { active: { when: "true" } }
    sign_in: { name: id }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    reads: { person: { owns: { id: record.id, name: record.name, manager: record.manager } } }
roles:
  news: { description: "What <b>goes on</b>", risk: 10, request: { approval: [manager], usual: 30d } }
  vault: { description: Keys, risk: 80, request: { approval: [manager], usual: 30d } }
notices: { links_decide_below: 20 }
"#;
const PEOPLE: &str = "id,name,manager\nmia,Mia Berg,\nada,Ada Hall,mia\nben,Ben Moor,mia\n";

async fn company() -> Served {
    let served = Served::of(&[("muster.yaml", MODEL), ("hr.csv", PEOPLE)]).await;
    for name in ["mia", "ben"] {
        served.let_in(name).await;
    }
    served
}

/// Ada asks for a role; the path of the link that Mia is mailed.
async fn link(served: &Served, role: &str) -> String {
    let opened = served.service.opened();
    let mut tx = opened.store.read().await.unwrap();
    let mut ids = Vec::new();
    for name in ["ada", "mia"] {
        let found = muster_app::resolve_person(&served.ctx, &opened, &mut tx, name).await;
        ids.push(found.unwrap().row.id);
    }
    drop(tx);
    let new = NewRequest {
        roles: vec![role.to_owned()],
        reason: "a <script>long</script> walk".to_owned(),
        ..NewRequest::default()
    };
    let made = create_request(&served.ctx, &opened, ids[0], &new).await.unwrap();
    let (secret, request) = (format!("{role}-{}", made[0].id), made[0].id);
    let mut tx = opened.store.begin().await.unwrap();
    let version = tx.request(request).await.unwrap().unwrap().version;
    let link = DecisionLink {
        hash: Sha256::digest(&secret).to_vec(),
        request,
        entity: ids[1],
        version,
        ends_at: now() + jiff::SignedDuration::from_hours(1),
    };
    tx.insert_decision_link(&link).await.unwrap();
    tx.commit().await.unwrap();
    format!("/decide/{secret}")
}

async fn state(served: &Served) -> String {
    let mut tx = served.service.opened().store.read().await.unwrap();
    tx.requests(true, None, 1).await.unwrap()[0].state.word().to_owned()
}

#[tokio::test]
async fn a_link_shows_one_card_and_decides_by_its_form_only() {
    let served = company().await;
    let (path, phone) = (link(&served, "news").await, served.stranger());
    for _ in 0..3 {
        let page = phone.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        for text in ["Ada Hall: news", "What &", "10 of 100", "walk", "2026-12-20"] {
            assert!(page.body.contains(text), "{text}: {}", page.body);
        }
        assert!(!page.body.contains("<script>") && !page.body.contains("<b>"), "{}", page.body);
        // Nobody is signed in by it, and it leads nowhere else.
        assert_eq!(page.header("set-cookie"), "");
        assert_eq!(page.links(), ["/signin/style.css", "/console/style.css"]);
        let styles = phone.get("/signin/style.css").await.body.len()
            + phone.get("/console/style.css").await.body.len();
        assert!(page.body.len() + styles < 50_000, "{}", page.body.len() + styles);
    }
    for way in ["approve", "refuse"] {
        let looked = phone.get(&format!("{path}/{way}")).await;
        assert_eq!(looked.status, StatusCode::METHOD_NOT_ALLOWED, "a program that follows links");
    }
    assert_eq!(state(&served).await, "waiting");
    assert!(phone.get("/approvals").await.location.starts_with("/signin"));
    let mut elsewhere = served.stranger();
    elsewhere.site = "cross-site";
    let forged = elsewhere.post(&format!("{path}/approve"), &[]).await;
    assert_eq!((forged.status, &*state(&served).await), (StatusCode::FORBIDDEN, "waiting"));
    let silent = phone.post(&format!("{path}/refuse"), &[("comment", "")]).await;
    assert!(silent.body.contains("a refusal needs a reason"), "{}", silent.body);
    let wrong = phone.post(&format!("{path}/approve"), &[("days", "many")]).await;
    assert!(
        wrong.body.contains("`many` is not a number") || wrong.body.contains("many"),
        "{}",
        wrong.body
    );
    assert_eq!(state(&served).await, "waiting");
    let done = phone.post(&format!("{path}/approve"), &[("days", "7")]).await;
    assert!(done.body.contains("You have approved this."), "{}", done.body);
    assert!(done.body.contains("class=\"message good\" role=\"status\""), "{}", done.body);
    assert_eq!(state(&served).await, "approved");
    // A second time, it opens nothing, as no other does.
    let again = phone.post(&format!("{path}/approve"), &[]).await;
    let other = phone.get("/decide/other").await;
    assert_eq!((again.status, other.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert_eq!(again.body, other.body);
    assert!(again.body.contains("class=\"message\" role=\"alert\""), "{}", again.body);
    assert!(!again.body.contains("Ada"));
    let mut german = served.stranger();
    german.language = "de";
    assert!(german.get("/decide/other").await.body.contains("Dieser Link öffnet nichts"));
}

#[tokio::test]
async fn about_what_is_risky_its_person_proves_who_they_are_and_nobody_else() {
    let served = company().await;
    let (path, phone) = (link(&served, "vault").await, served.stranger());
    let page = phone.get(&path).await;
    assert!(page.body.contains("80 of 100") && !page.body.contains("<form"), "{}", page.body);
    let tried = phone.post(&format!("{path}/approve"), &[]).await;
    assert_eq!((tried.status, &*state(&served).await), (StatusCode::FORBIDDEN, "waiting"));
    let ben = served.stranger();
    ben.post("/signin", &[("name", "ben"), ("password", PASSWORD), ("return_to", &path)]).await;
    let page = ben.get(&path).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(!page.body.contains("Ada"), "{}", page.body);
    let tried = ben.post(&format!("{path}/approve"), &[]).await;
    assert_eq!((tried.status, &*state(&served).await), (StatusCode::NOT_FOUND, "waiting"));
    // As somebody else, not even about what is harmless.
    let harmless = link(&served, "news").await;
    assert_eq!(ben.get(&harmless).await.status, StatusCode::NOT_FOUND);
    let sign_in = page_link(&phone.get(&path).await);
    assert_eq!(phone.get(&sign_in).await.status, StatusCode::OK);
    let form = [("name", "mia"), ("password", PASSWORD), ("return_to", &*path)];
    let signed = phone.post("/signin", &form).await;
    assert_eq!(signed.location, path);
    let done = phone.post(&format!("{path}/refuse"), &[("comment", "not now")]).await;
    assert!(done.body.contains("You have refused this."), "{}", done.body);
}

#[tokio::test]
async fn whoever_decides_gets_a_link_for_their_telephone_and_nobody_else_does() {
    let served = company().await;
    link(&served, "news").await;
    let (mia, ben) = (served.stranger(), served.stranger());
    for (browser, name) in [(&mia, "mia"), (&ben, "ben")] {
        let form = [("name", name), ("password", PASSWORD), ("return_to", "/")];
        browser.post("/signin", &form).await;
    }
    assert!(mia.get("/approvals").await.body.contains("/approvals/1/link"));
    let denied = ben.post("/approvals/1/link", &[]).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN, "{}", denied.body);
    assert!(!denied.body.contains("/decide/"), "{}", denied.body);
    assert_eq!(ben.post("/approvals/9/link", &[]).await.status, StatusCode::NOT_FOUND);
    let shown = mia.post("/approvals/1/link", &[]).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    let (_, rest) = shown.body.split_once("href=\"https://muster.tern.example/decide/").unwrap();
    let secret = rest.split('"').next().unwrap();
    let drawn =
        muster_signin::code_picture(&format!("https://muster.tern.example/decide/{secret}"));
    assert!(shown.body.contains(&drawn) && drawn.contains("<path"), "{}", shown.body);
    // It is not kept where it could be read again, and the journal says only that it was made.
    let mut tx = served.service.opened().store.read().await.unwrap();
    let journal = format!("{:?}", tx.scan_journal(None, 1000).await.unwrap());
    drop(tx);
    assert!(journal.contains("request.link") && !journal.contains(secret));
    let phone = served.stranger();
    let path = format!("/decide/{secret}");
    assert_eq!(ben.get(&path).await.status, StatusCode::NOT_FOUND);
    let done = phone.post(&format!("{path}/approve"), &[("days", "7")]).await;
    assert!(done.body.contains("You have approved this."), "{}", done.body);
    let late = mia.post("/approvals/1/link", &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_can_be_used_by_everybody_in_light_and_dark_and_on_a_phone() {
    let served = company().await;
    link(&served, "news").await;
    let (chromium, url) = (Chromium::start().unwrap(), served.listen().await);
    chromium.open(&format!("{url}/signin?return_to=/approvals")).unwrap();
    chromium.fill("#name", "mia").unwrap();
    chromium.fill("#password", PASSWORD).unwrap();
    chromium.click("form[action='/signin'] button").unwrap();
    chromium.wait_for("form[action$='/link']").unwrap();
    chromium.click("form[action$='/link'] button").unwrap();
    chromium.wait_for("figure svg").unwrap();
    let axe = npm_file("axe-core/axe.min.js").unwrap();
    chromium.be_wide(360).unwrap();
    for scheme in ["light", "dark"] {
        chromium.prefer(scheme).unwrap();
        let found = chromium.run(&format!("{axe};{LOOK}")).unwrap();
        assert_eq!(found, serde_json::json!([]), "{scheme}");
    }
    let overflows = chromium.run("return document.documentElement.scrollWidth > 360").unwrap();
    assert_eq!(overflows, false, "it is wider than a phone");
    let drawn = chromium
        .run("return document.querySelector('figure svg').getBoundingClientRect().width > 200");
    assert_eq!(drawn.unwrap(), true, "a camera has too little to see");
}

/// Where a page sends those who have to prove who they are.
fn page_link(page: &Answer) -> String {
    page.links().into_iter().find(|link| link.starts_with("/signin?")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_card_can_be_used_by_everybody_on_a_phone() {
    let served = company().await;
    let (low, high) = (link(&served, "news").await, link(&served, "vault").await);
    let (chromium, url) = (Chromium::start().unwrap(), served.listen().await);
    let axe = npm_file("axe-core/axe.min.js").unwrap();
    for path in [&*low, &*high, "/decide/other"] {
        chromium.open(&format!("{url}{path}")).unwrap();
        chromium.wait_for("h1").unwrap();
        chromium.be_wide(360).unwrap();
        for scheme in ["light", "dark"] {
            chromium.prefer(scheme).unwrap();
            let found = chromium.run(&format!("{axe};{LOOK}")).unwrap();
            assert_eq!(found, serde_json::json!([]), "{path}, {scheme}");
        }
        let overflows = chromium.run("return document.documentElement.scrollWidth > 360").unwrap();
        assert_eq!(overflows, false, "{path} is wider than a phone");
    }
    chromium.open(&format!("{url}{low}")).unwrap();
    chromium.click("form[action$='/approve'] button").unwrap();
    chromium.wait_for_text("You have approved this.").unwrap();
}
