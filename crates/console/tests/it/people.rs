//! Pages about people.

use axum::http::StatusCode;

use crate::support::*;

#[tokio::test]
async fn the_page_of_a_person_says_what_they_have_and_why() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let page = operator.get("/people/maya.okafor").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("<bdi>Maya Okafor</bdi>"), "{}", page.body);
    assert!(
        page.body.contains("post-journal") && page.body.contains("nothing grants it"),
        "{}",
        page.body
    );
    let why = page.links().into_iter().find(|link| link.ends_with("post-journal")).unwrap();
    let why = operator.get(&why).await;
    assert!(why.body.contains("has ledger:post-journal, and nothing grants it."), "{}", why.body);
    assert!(why.body.contains("What would give it"), "{}", why.body);
}

#[tokio::test]
async fn every_reason_is_a_sentence_with_its_line_and_what_remains_without_it() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let page = operator.get("/people/maya.okafor/why?what=directory%3Aall-staff").await;
    assert!(page.body.contains("Role employee gives it."), "{}", page.body);
    assert!(page.body.contains("policy/roles.yaml:8"), "{}", page.body);
    assert!(page.body.contains("If this reason goes, the access goes"), "{}", page.body);
}

#[tokio::test]
async fn a_value_says_where_it_comes_from_and_where_it_goes() {
    let served = Served::start().await;
    let page = served.operator().await.get("/people/maya.okafor/value?name=title").await;
    assert!(page.body.contains("from hr, record"), "{}", page.body);
    assert!(page.body.contains("directory.title"), "{}", page.body);
}

#[tokio::test]
async fn the_timeline_knows_what_happened_and_what_will() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let page = operator.get("/people/maya.okafor/timeline").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("first known"), "{}", page.body);
    let leaver = operator.get("/people/sven.dahl/timeline").await;
    assert!(leaver.body.contains("What will happen"), "{}", leaver.body);
}

#[tokio::test]
async fn what_would_change_now_is_a_plan_for_one_person() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let page = operator.get("/people/sven.dahl/plan").await;
    assert!(page.body.contains("disable account"), "{}", page.body);
}

#[tokio::test]
async fn leavers_and_conflicts_are_listed_with_where_they_come_from() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let leavers = operator.get("/leavers").await;
    assert!(
        leavers.body.contains("Sven Dahl") && leavers.body.contains("Ines Prieto"),
        "{}",
        leavers.body
    );
    let conflicts = operator.get("/conflicts").await;
    assert!(conflicts.body.contains("policy/duties.yaml:"), "{}", conflicts.body);
}

#[tokio::test]
async fn two_moments_of_somebody_are_compared_also_those_to_come() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let unknown = operator.get("/people/maya.okafor/compare?a=2026-11-01&b=2026-11-20").await;
    assert_eq!(unknown.status, StatusCode::OK, "{}", unknown.body);
    let path = "/people/maya.okafor/assignments";
    let form = [("role", "business-figures"), ("until", "2026-12-31"), ("reason", "a project")];
    operator.post(path, &form).await;
    let ahead = operator.get("/people/maya.okafor/compare?a=2026-12-01&b=2027-02-01").await;
    assert!(ahead.body.contains("<bdi>business-figures</bdi>"), "{}", ahead.body);
    assert!(ahead.body.contains("directory:bi-users"), "{}", ahead.body);
    let wrong = operator.get("/people/maya.okafor/compare?a=soon").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.body);
}

#[tokio::test]
async fn a_conflict_says_what_ends_it_and_is_allowed_for_a_time_by_somebody_else() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let list = operator.get("/conflicts").await;
    assert!(list.links().iter().any(|link| link.contains("/conflicts/")), "{:?}", list.links());
    let path = "/people/lena.fuchs/conflicts/books-and-bank";
    let page = operator.get(path).await;
    assert!(page.body.contains("The least that would end it"), "{}", page.body);
    let lacking = [("until", "2026-12-31"), ("owner", "jonas.brandt"), ("reason", "month end")];
    let refused = operator.post(path, &lacking).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    let form = [&lacking[..], &[("mitigation", "J. Brandt reads every payment")]].concat();
    let allowed = operator.post(path, &form).await;
    assert_eq!(allowed.location, "/exceptions", "{}", allowed.body);
    let list = operator.get("/exceptions").await;
    assert!(list.body.contains("J. Brandt reads every payment"), "{}", list.body);
    let risk = operator.get("/risk").await;
    assert!(risk.body.contains("Lena Fuchs") && risk.body.contains("Exception"), "{}", risk.body);
    let id = list.body.split("action=\"/exceptions/").nth(1).unwrap().split('/').next().unwrap();
    operator.post(&format!("/exceptions/{id}/end"), &[("reason", "hired somebody")]).await;
    assert!(!operator.get("/exceptions").await.body.contains("J. Brandt reads"));
}
