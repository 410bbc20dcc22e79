//! Forms: begun, filled in by two, given back, confirmed with what it comes to; and running a workflow.

use std::path::Path;

use axum::http::StatusCode;
use muster_engine::{DraftDeed, DraftWork, NewDraft, start_draft, work_draft};
use muster_testkit::npm_file;

use crate::{
    looks::{LOOK, signed_in},
    support::*,
};

/// Ada leads Ben; Tom leads Ada; Hal is of HR.
const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    display: name
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      team: { type: string }
      manager: { type: link, to: person, inverse: reports }
    lifecycle: { leaver: { when: "false" }, active: { when: "true" } }
    sign_in: { name: id }
  staff:
    identity: true
    key: number
    display: name
    attributes:
      number: { type: string, unique: true, generate: ["'S' + string(n)"] }
      name: { type: string, required: true }
      kind: { type: string, choices: [intern, contractor] }
      skills: { type: string, many: true }
      remote: { type: bool }
      age: { type: int }
      badge: { type: string, unique: true }
      manager: { type: link, to: person }
      end: { type: date }
    local: { sponsor: manager, until: end }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      active: { when: "true" }
roles:
  hr: { for: person, when: "person.team == 'hr'" }
  runner: { for: person, when: "person.team == 'board'", muster: { may: [workflows.read, workflows.run, people.read] } }
  clerk: { for: staff, when: "staff.lifecycle == 'active'", grants: [out.user] }
forms:
  add-staff:
    title: Add somebody
    for: staff
    filled_by: person
    fields:
      name: { label: Full name, help: As in the passport }
      kind: {}
      skills: {}
      remote: {}
      age: {}
      manager: { default: me, among: "person.team == me.team" }
      end: {}
      badge: {}
    steps:
      draft: { who: "me.reports.exists(r, r.id != '')", fields: [name, kind, skills, remote, age, manager, end], required: [end] }
      complete: { role: hr, fields: [badge], required: [badge] }
      confirm: { by: starter.manager, other: true, fields: [remote] }
workflows:
  hello: { for: person, where: "person.team == 'sales'", tasks: [{ note: { text: was greeted } }] }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    reads:
      person:
        match: [{ on: id == record.id }]
        owns: { id: record.id, name: record.name, team: record.team, manager: "link('person', record.boss)" }
  out:
    connector: csv
    settings: { path: out.csv, key: id, writable: true }
    accounts: { user: { for: staff, object: user, name: staff.number, set: { id: staff.number } } }
"#;
const PEOPLE: &str = "id,name,team,boss\ntom,Tom Berg,board,\nada,Ada Hall,sales,tom\nben,Ben Moor,sales,ada\nhal,Hal Ost,hr,tom\n";

async fn served() -> Served {
    Served::of(&[("muster.yaml", MODEL), ("hr.csv", PEOPLE), ("out.csv", "id\n")]).await
}

/// What Ada enters.
const KIM: &[(&str, &str)] = &[
    ("f:name", "Kim <b>Lee</b>"),
    ("f:kind", "intern"),
    ("f:skills", "sap\r\nsql"),
    ("f:remote", "true"),
    ("f:manager", "ada"),
    ("f:end", "2027-03-31"),
];

fn with<'a>(form: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    form.iter().chain(more).copied().collect()
}

/// What is wrong stands beside its field in the language of the reader, and ends of links are found.
async fn a_page_says_what_is_wrong(ada: &mut Browser) {
    let page = ada.get("/forms/drafts/1").await;
    for text in [
        "Full name",
        "As in the passport",
        "<option value=\"ada\" selected>Ada Hall (ada)</option>",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(page.body.len() < 100 * 1024);
    let wrong =
        ada.post("/forms/drafts/1", &with(KIM, &[("deed", "submit"), ("f:age", "old")])).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.body);
    for text in
        ["needed is: a number", "value=\"old\"", "aria-invalid=\"true\"", "Kim &#60;b&#62;Lee"]
    {
        assert!(wrong.body.contains(text), "{text}: {}", wrong.body);
    }
    ada.language = "de";
    let wrong = ada.post("/forms/drafts/1/preview", &[("f:age", "alt")]).await;
    assert!(wrong.body.contains("nötig ist: eine Zahl"), "{}", wrong.body);
    ada.language = "en";
    let found = ada
        .post("/forms/drafts/1/find", &with(KIM, &[("find", "manager"), ("q:manager", "o")]))
        .await;
    assert!(found.body.contains("<option value=\"ben\">Ben Moor (ben)</option>"), "{}", found.body);
    assert!(!found.body.contains("Tom Berg"), "he is of another team: {}", found.body);
}

#[tokio::test]
async fn one_begins_another_completes_a_third_gives_back_and_confirms_what_is_shown() {
    let served = served().await;
    let (mut ada, hal) = (served.browser("ada").await, served.browser("hal").await);
    let (tom, ben) = (served.browser("tom").await, served.browser("ben").await);
    assert!(ada.get("/").await.links().contains(&"/forms".to_owned()));
    assert!(ada.get("/forms").await.body.contains("action=\"/forms/add-staff/begin\""));
    assert!(!ben.get("/forms").await.body.contains("/begin"), "he leads nobody");
    assert_eq!(ben.post("/forms/add-staff/begin", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ada.post("/forms/add-staff/begin", &[]).await.location, "/forms/drafts/1");
    a_page_says_what_is_wrong(&mut ada).await;
    let next = ada.post("/forms/drafts/1", &with(KIM, &[("deed", "submit")])).await;
    assert_eq!(
        (next.status, &*next.location),
        (StatusCode::SEE_OTHER, "/forms/drafts/1"),
        "{}",
        next.body
    );

    assert_eq!(
        ben.get("/forms/drafts/1").await.body,
        ben.get("/forms/drafts/7").await.body.replace("draft 7", "draft 1")
    );
    assert!(hal.get("/forms").await.links().contains(&"/forms/drafts/1".to_owned()));
    let sly = hal
        .post("/forms/drafts/1", &[("deed", "submit"), ("f:badge", "B1"), ("f:name", "Eve")])
        .await;
    assert_eq!(sly.status, StatusCode::FORBIDDEN, "{}", sly.body);
    hal.post("/forms/drafts/1", &[("deed", "submit"), ("f:badge", "B1")]).await;

    let own = ada.post("/forms/drafts/1", &[("deed", "submit")]).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "{}", own.body);
    let shown = tom.get("/forms/drafts/1").await;
    for text in ["<bdi>B1</bdi> <span", "out", "create", "clerk", "Kim &#60;b&#62;Lee"] {
        assert!(shown.body.contains(text), "{text}: {}", shown.body);
    }
    let note = [("deed", "return"), ("to", "draft"), ("note", "is the name right?")];
    assert_eq!(tom.post("/forms/drafts/1/end", &note).await.status, StatusCode::SEE_OTHER);
    assert!(ada.get("/forms/drafts/1").await.body.contains("is the name right?"));
    ada.post("/forms/drafts/1", &[("deed", "submit"), ("f:name", "Kim Lee")]).await;
    hal.post("/forms/drafts/1", &[("deed", "submit")]).await;
    let done = tom.post("/forms/drafts/1", &[("deed", "submit"), ("f:remote", "false")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let over = tom.get("/forms/drafts/1").await;
    assert!(over.body.contains("entered") && !over.body.contains("Kim Lee"), "{}", over.body);
    assert!(tom.get("/people?type=staff").await.status.is_success());
}

#[tokio::test]
async fn whoever_saves_second_is_told_and_sees_what_the_first_entered() {
    let served = served().await;
    let ada = served.browser("ada").await;
    ada.post("/forms/add-staff/begin", &[]).await;
    let page = ada.get("/forms/drafts/1").await;
    let version =
        page.body.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let save = [("deed", "save"), ("version", version)];
    let first = ada.post("/forms/drafts/1", &with(&save, &[("f:name", "Kim")])).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.body);
    let second = ada.post("/forms/drafts/1", &with(&save, &[("f:name", "Kam")])).await;
    assert_eq!(second.status, StatusCode::CONFLICT, "{}", second.body);
    for text in ["value=\"Kam\"", "Meanwhile somebody entered: <bdi>Kim</bdi>"] {
        assert!(second.body.contains(text), "{text}: {}", second.body);
    }
}

#[tokio::test]
async fn a_workflow_runs_for_exactly_those_who_were_shown() {
    let served = served().await;
    let (tom, ada) = (served.browser("tom").await, served.browser("ada").await);
    assert!(tom.get("/workflows").await.links().contains(&"/workflows/hello".to_owned()));
    let shown = tom.get("/workflows/hello").await;
    assert!(shown.body.contains(">ada<") && shown.body.contains(">ben<"), "{}", shown.body);
    assert!(!shown.body.contains(">hal<"));
    let wrong = tom.post("/workflows/hello/run", &[("confirm", "3")]).await;
    assert!(wrong.status.is_client_error(), "{}", wrong.body);
    let ran = tom.post("/workflows/hello/run", &[("confirm", "2")]).await;
    assert_eq!(ran.location, "/workflows?workflow=hello", "{}", ran.body);
    let list = tom.get("/workflows?workflow=hello").await;
    assert_eq!(list.body.matches("<bdi>note</bdi>: done").count(), 2, "{}", list.body);
    let named = tom.get("/workflows/hello?people=ben").await;
    assert!(named.body.contains(">ben<") && !named.body.contains(">ada<"), "{}", named.body);
    assert_eq!(ada.get("/workflows/hello").await.status, StatusCode::NOT_FOUND);
    assert_eq!(tom.get("/workflows/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_can_be_used_by_everybody_in_light_and_dark_and_on_a_phone() {
    let served = served().await;
    let (opened, ctx) = (served.service.opened(), &served.ctx);
    let (ada, _) = muster_app::name_person(ctx, &opened, "ada").await.unwrap();
    let (hal, _) = muster_app::name_person(ctx, &opened, "hal").await.unwrap();
    let new = NewDraft { form: "add-staff".to_owned(), about: None };
    for _ in 0..2 {
        start_draft(ctx, &opened, ada, &new).await.unwrap();
    }
    for (who, entered) in
        [(ada, &[("name", "Kim"), ("end", "2027-03-31")][..]), (hal, &[("badge", "B1")])]
    {
        let entered = entered.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let deed = DraftDeed::Submit { despite_look_alikes: false };
        let work =
            DraftWork { deed, version: None, entered: entered.collect(), note: String::new() };
        work_draft(ctx, &opened, who, 2, &work).await.unwrap();
    }
    let axe = npm_file("axe-core/axe.min.js").unwrap();
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (who, pages) in [
        ("ada", [("forms", "/forms"), ("draft", "/forms/drafts/1")]),
        ("tom", [("draft-last", "/forms/drafts/2"), ("workflow", "/workflows/hello")]),
    ] {
        let (chromium, url) = signed_in(&served, who).await;
        for (name, path) in pages {
            chromium.open(&format!("{url}{path}")).unwrap();
            chromium.wait_for("footer").unwrap();
            for scheme in ["light", "dark"] {
                chromium.prefer(scheme).unwrap();
                chromium.picture(&pictures.join(format!("console-{name}-{scheme}.png"))).unwrap();
                let found = chromium.run(&format!("{axe};{LOOK}"));
                assert_eq!(found.unwrap(), serde_json::json!([]), "{name}, {scheme}");
            }
            chromium.be_wide(360).unwrap();
            chromium.picture(&pictures.join(format!("console-{name}-phone.png"))).unwrap();
            let wide = chromium.run("return document.documentElement.scrollWidth > 360").unwrap();
            assert_eq!(wide, false, "{name} is wider than a phone");
            chromium.be_wide(1280).unwrap();
        }
    }
}
