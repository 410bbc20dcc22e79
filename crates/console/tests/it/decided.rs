//! What is decided one by one, or all at once, with what it would come to before: the end of somebody, drift, cases.

use axum::http::StatusCode;
use muster_app::Ctx;
use muster_engine::{NoProgress, SyncOptions, sync};
use muster_testkit::{Browser as Chromium, ENTER, Keyboard};

use crate::{
    looks::{can_be_used, signed_in},
    support::*,
};

/// What stands between two texts, the first time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{before} in {text}"));
    rest.split_once(after).unwrap().0
}

/// What would be done on the systems, as a page lists it.
fn coming(page: &str) -> Vec<String> {
    let list = between(page, "What it would come to</h2>", "<form");
    let lines = list.split("<li>").skip(1);
    let what = |line: &str| {
        let line = line.split("</li>").next().unwrap();
        between(line, ": <bdi>", "</bdi>").to_owned()
    };
    lines.map(what).collect()
}

#[tokio::test]
async fn somebody_is_ended_with_what_it_would_come_to_before() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let page = "/people/maya.okafor/lifecycle";
    let person = operator.get("/people/maya.okafor").await;
    assert!(person.links().iter().any(|link| link.ends_with("/lifecycle")), "{}", person.body);
    let seen = operator.get(&format!("{page}?what=terminate")).await;
    let plan = coming(&seen.body);
    assert!(plan.iter().any(|what| what.starts_with("disable")), "{plan:?} {}", seen.body);
    // Looking said nothing.
    assert!(operator.get(page).await.body.contains("There is nothing here."));
    let form = [("what", "terminate"), ("reason", "")];
    assert_eq!(operator.post(page, &form).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = [("what", "terminate"), ("reason", "left in anger")];
    let said = operator.post(page, &form).await;
    assert_eq!((said.status, &*said.location), (StatusCode::SEE_OTHER, "/people/maya.okafor/plan"));
    let now = operator.get(&said.location).await;
    assert!(now.body.contains("Nothing was changed in a system yet."), "{}", now.body);
    for what in &plan {
        assert!(now.body.contains(what.as_str()), "{what} in {}", now.body);
    }
    let journal = operator.get("/journal?action=lifecycle.terminated").await;
    assert!(journal.body.contains("left in anger"), "{}", journal.body);
    let again = operator.get(&format!("{page}?what=terminate")).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    // Taking it back brings back what rules give.
    let back = operator.get(&format!("{page}?what=reinstate")).await;
    assert!(back.body.contains("Take the end back: <bdi>active</bdi>"), "{}", back.body);
    operator.post(page, &[("what", "reinstate"), ("reason", "a mistake")]).await;
    assert!(operator.get(page).await.body.contains("over"));
}

#[tokio::test]
async fn a_suspension_has_its_days_and_a_day_that_is_none_is_refused() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let page = "/people/maya.okafor/lifecycle";
    let days = "what=suspend&from=2026-12-01&until=2026-12-24";
    let seen = operator.get(&format!("{page}?{days}")).await;
    assert!(seen.body.contains("Suspend: <bdi>suspended</bdi>"), "{}", seen.body);
    assert!(seen.body.contains("2026-12-01"), "{}", seen.body);
    let form = [
        ("what", "suspend"),
        ("from", "2026-12-01"),
        ("until", "2026-12-24"),
        ("reason", "away at sea"),
    ];
    assert_eq!(operator.post(page, &form).await.status, StatusCode::SEE_OTHER);
    let facts = operator.get(page).await;
    assert!(facts.body.contains("away at sea") && facts.body.contains("2026-12-24"));
    let wrong = operator.get(&format!("{page}?what=suspend&from=soon")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.body);
    let reversed = format!("{page}?what=suspend&from=2026-12-24&until=2026-12-01");
    assert_eq!(operator.get(&reversed).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let resumed = [("what", "resume"), ("reason", "back already")];
    assert_eq!(operator.post(page, &resumed).await.status, StatusCode::SEE_OTHER);
    let ended = [("what", "terminate"), ("from", "2027-01-01"), ("reason", "the contract ends")];
    assert_eq!(operator.post(page, &ended).await.status, StatusCode::SEE_OTHER);
    // The head of a department who may not end people finds nothing there.
    let head = served.head().await;
    assert_eq!(head.get("/people/sven.dahl/lifecycle").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn story_3_somebody_is_ended_at_once_by_keyboard() {
    let served = Served::start().await;
    let name = served.with_title("Head of IT").await;
    served.let_in(&name).await;
    let (keyboard, url) = (Keyboard { browser: Chromium::start().unwrap() }, served.listen().await);
    keyboard.signs_in(&url, &name, PASSWORD).unwrap();
    keyboard.press(&format!("/maya{ENTER}")).unwrap();
    keyboard.reads("Maya Okafor").unwrap();
    keyboard.press(&format!("j{ENTER}")).unwrap();
    keyboard.reads("Accounts and access").unwrap();
    keyboard.tabs_to("at.matches('a[href$=\"/lifecycle\"]')").unwrap();
    keyboard.press(&ENTER.to_string()).unwrap();
    keyboard.reads("See what it would come to").unwrap();
    keyboard.tabs_to("at.matches('main form button.quiet')").unwrap();
    keyboard.press(&ENTER.to_string()).unwrap();
    keyboard.reads("disable account").unwrap();
    keyboard.writes("reason", &format!("left in anger{ENTER}")).unwrap();
    keyboard.reads("It was said.").unwrap();
}

#[tokio::test]
async fn one_item_of_drift_is_decided_and_the_others_are_not() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let groups = operator.get("/drift").await;
    let group = groups.links().into_iter().find(|link| link.starts_with("/drift/")).unwrap();
    let list = operator.get(&group).await;
    let items: Vec<String> =
        list.links().into_iter().filter(|link| link.starts_with("/drift/item/")).collect();
    assert!(items.len() > 1, "{}", list.body);
    let page = operator.get(&items[0]).await;
    assert!(
        page.body.contains("If it is put right") && page.body.contains("Service agent"),
        "{}",
        page.body
    );
    let form = [("verb", "accept"), ("comment", "known"), ("until", "2026-12-01")];
    let decided = operator.post(&format!("{}/decide", items[0]), &form).await;
    assert_eq!((decided.status, &decided.location), (StatusCode::SEE_OTHER, &items[0]));
    let list = operator.get(&group).await;
    assert_eq!(list.body.matches("<td>accepted</td>").count(), 1, "{}", list.body);
    assert!(operator.get(&items[0]).await.body.contains("accepted: <bdi>known</bdi>"));
    let undone = [("verb", "undo"), ("comment", "not so")];
    operator.post(&format!("{}/decide", items[0]), &undone).await;
    assert!(!operator.get(&group).await.body.contains("<td>accepted</td>"));
    let nothing = operator.post(&format!("{}/decide", items[0]), &[("verb", "accept")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", nothing.body);
    assert_eq!(operator.get("/drift/item/99999").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn drift_is_adopted_as_was_shown() {
    let served = Served::start().await;
    let operator = served.operator().await;
    // Somebody puts Maya into a group that exactly one role grants that can be assigned.
    let path = served.folder.path().join("data/ledger.csv");
    let (mut proposed, mut assigned) = (0, 0);
    let groups = operator.get("/drift").await;
    let all = groups.links().into_iter().filter(|link| link.starts_with("/drift/"));
    for group in all.collect::<Vec<_>>() {
        let list = operator.get(&group).await;
        let item = list.links().into_iter().find(|link| link.starts_with("/drift/item/")).unwrap();
        let page = operator.get(&item).await;
        assert!(page.body.contains("If it becomes what is wanted"), "{}", page.body);
        let can = page.body.contains(&format!("action=\"{item}/adopt\""));
        let adopted = operator.post(&format!("{item}/adopt"), &[("comment", "it is right")]).await;
        let after = operator.get(&item).await;
        if !can {
            assert_eq!(adopted.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", adopted.body);
            continue;
        }
        assert_eq!((adopted.status, &adopted.location), (StatusCode::SEE_OTHER, &item));
        assert!(after.body.contains("part of what is wanted"), "{}", after.body);
        if page.body.contains("is assigned.") {
            assigned += 1;
            let role = between(&page.body, "The role ", " is assigned").to_owned();
            let journal = operator.get("/journal?action=assignment.create").await;
            assert!(journal.body.contains(&role), "{}", journal.body);
        } else {
            proposed += 1;
            assert!(page.body.contains("from-drift-"), "{}", page.body);
        }
    }
    assert!(path.exists() && assigned + proposed > 0, "{assigned} {proposed}");
}

/// Accounts of two people get other names and numbers, so that only the mail address says whose they are.
async fn rename(ctx: &Ctx, served: &Served) -> Vec<String> {
    let path = served.folder.path().join("data/directory.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let columns: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let place = |name: &str| columns.iter().position(|column| *column == name).unwrap();
    let mut renamed = Vec::new();
    let lines = text.lines().map(|line| {
        let mut fields: Vec<&str> = line.split(',').collect();
        let is_plain = !line.contains('"') && fields.len() == columns.len();
        let login = fields[place("login")].to_owned();
        if renamed.len() == 2 || !is_plain || !["maya.okafor", "lena.fuchs"].contains(&&*login) {
            return line.to_owned();
        }
        let (old, number) = (format!("old.{login}"), format!("OLD{}", renamed.len()));
        fields[place("login")] = &old;
        fields[place("employee_no")] = &number;
        renamed.push(login);
        fields.join(",")
    });
    let lines: Vec<String> = lines.collect();
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    let systems = vec!["directory".to_owned()];
    let options = SyncOptions { systems, complete: false };
    sync(ctx, &served.service.opened(), &options, &NoProgress).await.unwrap();
    renamed
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_cases_like_one_can_be_used_by_everybody() {
    let served = Served::start().await;
    rename(&served.ctx, &served).await;
    let (chromium, url) = signed_in(&served, &served.with_title("Head of IT").await).await;
    chromium.open(&format!("{url}/matches")).unwrap();
    let link = "return document.querySelector(\"a[href$='/like']\").getAttribute('href')";
    let like = chromium.run(link).unwrap();
    can_be_used(&chromium, "matches-like", &format!("{url}{}", like.as_str().unwrap()));
}

#[tokio::test]
async fn all_cases_like_one_are_linked_with_their_number() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let renamed = rename(&served.ctx, &served).await;
    assert_eq!(renamed.len(), 2);
    let list = operator.get("/matches").await;
    let like = list.links().into_iter().find(|link| link.ends_with("/like"));
    let like = like.unwrap_or_else(|| panic!("{}", list.body));
    let page = operator.get(&like).await;
    for (name, number) in [("maya.okafor", "11060"), ("lena.fuchs", "11095")] {
        assert!(page.body.contains(&format!("old.{name}")), "{}", page.body);
        assert!(page.body.contains(&format!("href=\"/people/{number}\"")), "{}", page.body);
    }
    assert_eq!(between(&page.body, "To go on, type <strong>", "<"), "2");
    let wrong = operator.post(&like, &[("comment", "the same mail"), ("confirm", "1")]).await;
    assert_eq!(wrong.status, StatusCode::CONFLICT, "{}", wrong.body);
    let linked = operator.post(&like, &[("comment", "the same mail"), ("confirm", "2")]).await;
    assert_eq!((linked.status, &*linked.location), (StatusCode::SEE_OTHER, "/matches"));
    let after = operator.get("/matches").await;
    assert!(after.body.contains("They were linked."), "{}", after.body);
    assert!(!after.body.contains("old."), "{}", after.body);
    assert_eq!(operator.get(&like).await.status, StatusCode::NOT_FOUND);
    let journal = operator.get("/journal?action=match.decide").await;
    assert!(journal.body.contains("the same mail"), "{}", journal.body);
}
