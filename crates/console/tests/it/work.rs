//! Pages about systems, decisions, plans, orders, the journal and the model.

use axum::http::StatusCode;

use crate::{
    looks::{can_be_used, signed_in_again},
    support::*,
};

/// The addresses of a page's forms and links that hold a text.
fn leading(page: &Answer, to: &str) -> String {
    let links = page.links();
    links
        .iter()
        .find(|link| link.contains(to))
        .unwrap_or_else(|| panic!("{to} in {links:?}"))
        .clone()
}

#[tokio::test]
async fn a_plan_is_seen_in_three_zooms_and_applied_with_its_number() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let list = operator.get("/plans").await;
    let path = leading(&list, "/plans/");
    let sum = operator.get(&path).await;
    assert!(sum.body.contains(">disable</td>"), "{}", sum.body);
    let by_rule = operator.get(&format!("{path}?zoom=rule")).await;
    assert!(by_rule.body.contains("schema/person.yaml:"), "{}", by_rule.body);
    let single = operator.get(&format!("{path}?zoom=operations")).await;
    assert!(single.body.contains("disable account"), "{}", single.body);
    let n = sum
        .body
        .split("To go on, type <strong>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();
    let wrong = operator.post(&format!("{path}/apply"), &[("confirm", "1")]).await;
    assert_eq!(wrong.status, StatusCode::CONFLICT, "{}", wrong.body);
    assert!(wrong.body.contains("It is held"), "{}", wrong.body);
    let applied = operator.post(&format!("{path}/apply"), &[("confirm", &n)]).await;
    assert_eq!(
        (applied.status, &*applied.location),
        (StatusCode::SEE_OTHER, &*path),
        "{}",
        applied.body
    );
    let page = operator.get(&path).await;
    assert!(page.body.contains("The plan was applied."), "{}", page.body);
    assert!(!operator.get(&path).await.body.contains("The plan was applied."), "said twice");
    let home = operator.get("/leavers").await;
    assert!(home.body.contains("There is nothing here."), "{}", home.body);
    let journal = operator.get("/journal?action=plan.apply").await;
    assert!(journal.body.contains(&served.with_title("Head of IT").await), "{}", journal.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_have_a_state_a_cause_and_a_history() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let path = leading(&operator.get("/plans").await, "/plans/");
    let sum = operator.get(&path).await;
    let n = sum
        .body
        .split("To go on, type <strong>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();
    operator.post(&format!("{path}/apply"), &[("confirm", &n)]).await;
    let queue = operator.get("/queue").await;
    let order = leading(&queue, "/queue/");
    let page = operator.get(&order).await;
    assert!(
        page.body.contains("<h2>History</h2>") && page.body.contains("executed"),
        "{}",
        page.body
    );
    let name = served.with_title("Head of IT").await;
    let (chromium, url) = signed_in_again(&served, &name).await;
    can_be_used(&chromium, "order", &format!("{url}{order}"));
    let retried = operator.post(&format!("{order}/cancel"), &[]).await;
    assert_eq!(retried.status, StatusCode::CONFLICT, "{}", retried.body);
    assert!(retried.body.contains("It is no longer as you saw it"), "{}", retried.body);
}

#[tokio::test]
async fn an_account_of_nobody_is_given_to_a_candidate() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let page = operator.get("/orphans").await;
    let id = page.body.split("action=\"/orphans/").nth(1).unwrap().split('/').next().unwrap();
    let form = [("verb", "delete"), ("comment", "nobody knows it")];
    let decided = operator.post(&format!("/orphans/{id}/decide"), &form).await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.body);
    let page = operator.get("/orphans").await;
    assert!(page.body.contains("it is to be deleted"), "{}", page.body);
    let count = page.body.matches("<h2").count();
    let form = [("person", "maya.okafor"), ("comment", "she said so")];
    let mut other = page.body.split("action=\"/orphans/").filter_map(|rest| rest.split('/').next());
    let other = other.find(|other| other.parse::<i64>().is_ok() && *other != id).unwrap();
    let given = operator.post(&format!("/orphans/{other}/assign"), &form).await;
    // Maya may have an account of the type already; then she is told so and nothing changed.
    let after = operator.get("/orphans").await.body.matches("<h2").count();
    match given.status {
        StatusCode::SEE_OTHER => assert_eq!(after, count - 1),
        status => assert_eq!((status, after), (StatusCode::CONFLICT, count), "{}", given.body),
    }
}

#[tokio::test]
async fn many_accounts_of_nobody_are_decided_about_at_once_with_their_number() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let page = operator.get("/orphans").await;
    let ids: Vec<&str> = page.body.split("name=\"account\" value=\"").skip(1).take(3).collect();
    let ids: Vec<&str> = ids.iter().filter_map(|rest| rest.split('"').next()).collect();
    let chosen = ids.iter().map(|id| ("account", *id));
    let form: Vec<_> = chosen.chain([("verb", "delete"), ("comment", "left over")]).collect();
    let wrong = operator.post("/orphans/decide", &[&form[..], &[("confirm", "2")]].concat()).await;
    assert_eq!(wrong.status, StatusCode::CONFLICT, "{}", wrong.body);
    operator.post("/orphans/decide", &[&form[..], &[("confirm", "3")]].concat()).await;
    assert_eq!(operator.get("/orphans").await.body.matches("it is to be deleted").count(), 3);
}

#[tokio::test]
async fn a_system_is_paused_and_goes_on() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let paused = operator.post("/systems/ledger/pause", &[("reason", "month end")]).await;
    assert_eq!(paused.status, StatusCode::SEE_OTHER, "{}", paused.body);
    let page = operator.get("/systems/ledger").await;
    assert!(page.body.contains("paused") && page.body.contains("month end"), "{}", page.body);
    assert!(operator.get("/").await.body.contains("1</span> system that is not well"));
    let again = operator.post("/systems/ledger/pause", &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    operator.post("/systems/ledger/resume", &[]).await;
    assert!(!operator.get("/").await.body.contains("not well"));
}

#[tokio::test]
async fn drift_is_decided_by_cause_with_its_number() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let groups = operator.get("/drift").await;
    assert!(groups.body.contains("report-all"), "{}", groups.body);
    let group = leading(&groups, "/drift/");
    let page = operator.get(&group).await;
    assert!(page.body.contains("Customer happiness agent"), "{}", page.body);
    let n = page
        .body
        .split("To go on, type <strong>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();
    let form = |confirm: &'static str| {
        [("verb", "accept"), ("until", "2026-12-01"), ("comment", "known"), ("confirm", confirm)]
    };
    let wrong = operator.post(&format!("{group}/decide"), &form("999")).await;
    assert_eq!(wrong.status, StatusCode::CONFLICT, "{}", wrong.body);
    let form =
        [("verb", "accept"), ("until", "2026-12-01"), ("comment", "known"), ("confirm", &*n)];
    let decided = operator.post(&format!("{group}/decide"), &form).await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.body);
    assert!(operator.get(&group).await.body.contains("accepted"));
}

#[tokio::test]
async fn the_journal_is_searched_and_verified() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let page = operator.get("/journal?action=plan.make&from=2026-11-01").await;
    assert!(
        page.body.contains("plan.make") && page.body.contains("muster audit search"),
        "{}",
        page.body
    );
    assert!(!page.body.contains(">system.pause<"));
    let verified = operator.get("/journal/verify").await;
    assert!(verified.body.contains("is whole and unchanged"), "{}", verified.body);
}

#[tokio::test]
async fn whoever_takes_what_is_kept_about_somebody_stands_in_the_journal() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let file = operator.get("/reports/subject/file?person=maya.okafor&format=csv").await;
    assert!(file.body.contains("Maya"), "{}", file.body);
    let journal = operator.get("/journal?action=report.person").await;
    let name = served.with_title("Head of IT").await;
    assert!(journal.body.contains(&name) && journal.body.contains("maya"), "{}", journal.body);
}

#[tokio::test]
async fn a_role_says_who_has_it_and_leads_to_its_line() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let role = operator.get("/roles/fleet-planner").await;
    assert!(role.body.contains("Maya Okafor"), "{}", role.body);
    let line = leading(&role, "/model?file=");
    let model = operator.get(&line).await;
    assert!(
        model.body.contains("fleet-planner:") && model.body.contains("id=\"L27\""),
        "{}",
        model.body
    );
    assert_eq!(operator.get("/model?file=..%2Fmuster.db").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_link_of_every_page_leads_somewhere() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let mut places = std::collections::BTreeSet::new();
    let look = |path: &str, page: &Answer| {
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
        assert!(
            !page.is_page() || page.body.len() < 100_000,
            "{path} has {} bytes",
            page.body.len()
        );
        places.insert(place(path));
    };
    operator.walk(vec!["/".to_owned()], look).await;
    assert!(places.len() >= 14, "{places:?}");
}

#[tokio::test]
async fn a_role_is_given_directly_and_what_it_changes_is_seen_next() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let page = "/people/maya.okafor/assignments";
    let form = [("role", "business-figures"), ("until", "2026-12-31"), ("reason", "a project")];
    let given = operator.post(page, &form).await;
    assert_eq!(given.location, "/people/maya.okafor/plan", "{}", given.body);
    let plan = operator.get(&given.location).await;
    assert!(plan.body.contains("bi-users"), "{}", plan.body);
    let list = operator.get(page).await;
    assert!(list.body.contains("a project") && list.body.contains("2026-12-31"), "{}", list.body);
    let wrong = operator.post(page, &[("role", "employee"), ("until", "soon")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.body);
    // What needs an approval is not given past those who approve.
    let conflict = [("role", "customer-contacts"), ("reason", "mailing")];
    let refused = operator.post(page, &conflict).await;
    assert!(refused.body.contains("customer-list"), "{}", refused.body);
    let end = [("role", "business-figures"), ("reason", "over")];
    operator.post(&format!("{page}/end"), &end).await;
    assert!(operator.get(page).await.body.contains("over <time"));
    // Who may only look has no form.
    let own = served.head().await.get("/people/sven.dahl/assignments").await;
    assert!(own.status == StatusCode::OK && !own.body.contains("Assign a role"), "{}", own.body);
}

#[tokio::test]
async fn an_alarm_is_looked_after_by_somebody() {
    let served = Served::start().await;
    let operator = served.operator().await;
    muster_engine::watch_leavers(&served.ctx, &served.service.opened()).await.unwrap();
    assert!(operator.get("/").await.body.contains("alarms that nobody looks after"));
    let alarms = operator.get("/alarms").await;
    let id = alarms.body.split("action=\"/alarms/").nth(1).unwrap().split('/').next().unwrap();
    operator.post(&format!("/alarms/{id}/acknowledge"), &[("comment", "calling them")]).await;
    let taken = operator.get("/alarms?status=acknowledged").await;
    assert!(taken.body.contains("calling them"), "{}", taken.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_says_what_it_changed_in_the_model() {
    let served = Served::start().await;
    let opened = served.service.opened();
    let (head, mut files) = muster_app::see_revision(&opened, opened.revision).await.unwrap();
    let file = files.iter_mut().find(|file| &*file.path == "policy/requests.yaml").unwrap();
    file.text = file.text.replace("risk: 60", "risk: 70").into();
    let now =
        muster_app::publish_model(&served.ctx, &opened, files, head.number, None).await.unwrap();
    let operator = served.operator().await;
    let model = operator.get("/model").await;
    let changes = leading(&model, "/model/changes");
    let name = served.with_title("Head of IT").await;
    let (chromium, url) = signed_in_again(&served, &name).await;
    can_be_used(&chromium, "changes", &format!("{url}{changes}"));
    let page = operator.get(&changes).await;
    assert!(page.body.contains("-     risk: 60"), "{}", page.body);
    assert!(page.body.contains("+     risk: 70"), "{}", page.body);
    assert!(!page.body.contains("policy/offices.yaml"), "{}", page.body);
    let none = operator.get(&format!("/model/changes?to={}", now.revision + 9)).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_draft_says_what_is_wrong_and_whom_it_touches_before_it_is_published() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let path = "policy/transport.yaml";
    let file = std::fs::read_to_string(served.folder.path().join(path)).unwrap();
    let form = operator.get(&format!("/model/edit?file={}", encoded(path))).await;
    assert!(form.body.contains("fleet-planner:"), "{}", form.body);
    let base = served.service.opened().revision.to_string();
    let wrong = file.replace("person.title == 'Fleet planner'", "person.titel == 'Fleet planner'");
    let fields = |text: &str| {
        [("file", path), ("base", &*base), ("text", text)]
            .map(|(name, text)| (name, text.replace('\n', "\r\n")))
    };
    let sent = async |to: &str, text: &str| {
        let fields = fields(text);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, text)| (*name, &**text)).collect();
        operator.post(to, &fields).await
    };
    let page = sent("/model/draft", &wrong).await;
    assert!(
        page.body.contains("did you mean") && !page.body.contains(">Publish<"),
        "{}",
        page.body
    );
    let right = file.replace(
        "      - { crm.profile: view-orders }\n      - { ledger.profile: report-fleet }",
        "      - { ledger.profile: report-fleet }",
    );
    let page = sent("/model/draft", &right).await;
    assert!(
        page.body.contains("People it touches: ") && page.body.contains(">Publish<"),
        "{}",
        page.body
    );
    assert!(page.body.contains("view-orders"), "{}", page.body);
    assert_eq!(std::fs::read_to_string(served.folder.path().join(path)).unwrap(), file);
    let published = sent("/model/publish", &right).await;
    assert_eq!(published.status, StatusCode::SEE_OTHER, "{}", published.body);
    assert_eq!(std::fs::read_to_string(served.folder.path().join(path)).unwrap(), right);
    // Whoever began before that has to look again.
    let late = sent("/model/publish", &file).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
}
