//! Asking, answering and what one has: pages for everybody.

use axum::http::StatusCode;
use muster_app::{AssignRequest, PeopleQuery, assign, list_people};

use crate::support::*;

const QUESTION: &str = "answer:What are the addresses for?";

/// Maya asks for the addresses of customers for a month.
async fn ask(maya: &Browser) -> Answer {
    let form = [
        ("role", "customer-contacts"),
        ("days", "30"),
        ("reason", "fleet mailing"),
        (QUESTION, "a letter about new tours"),
    ];
    maya.post("/ask", &form).await
}

/// The number of the newest request of somebody.
async fn newest(browser: &Browser) -> String {
    let links = browser.get("/requests?ended=yes").await.links();
    let is_number = |link: &&str| link.parse::<i64>().is_ok();
    let mut numbers = links.iter().filter_map(|link| link.strip_prefix("/requests/"));
    numbers.find(is_number).unwrap().to_owned()
}

#[tokio::test]
async fn the_catalogue_finds_by_words_and_says_who_approves() {
    let served = Served::start().await;
    let maya = served.browser("maya.okafor").await;
    let page = maya.get("/catalogue?q=addresses+mailings").await;
    for text in ["customer-contacts", "60 of 100", "30 days", "manager", "head-of-sales"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(!page.body.contains("server-access"), "{}", page.body);
    let none = maya.get("/catalogue?q=no+such+thing").await;
    assert!(none.body.contains("There is no such role"), "{}", none.body);
    // What was chosen stays chosen on the next search.
    let kept = maya.get("/catalogue?q=figures&role=customer-contacts").await;
    assert!(kept.body.contains("value=\"customer-contacts\" checked"), "{}", kept.body);
}

#[tokio::test]
async fn a_request_shows_conflicts_and_approvers_before_it_is_sent() {
    let served = Served::start().await;
    let maya = served.browser("maya.okafor").await;
    let page = maya.get("/ask?role=customer-contacts").await;
    let plan = "What would be done";
    for text in [
        "customer-list",
        "It needs one more approval.",
        "Tunde Abara",
        "data-protection",
        plan,
        "grant ",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let lacking = maya.post("/ask", &[("role", "customer-contacts"), ("reason", "mailing")]).await;
    assert_eq!(lacking.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", lacking.body);
    assert!(lacking.body.contains("What are the addresses for?"), "{}", lacking.body);
    assert!(lacking.body.contains("value=\"mailing\""), "what was entered stays: {}", lacking.body);
    let wrong = maya.post("/ask", &[("role", "customer-contacts"), ("days", "soon")]).await;
    assert!(wrong.body.contains("is not a number of days"), "{}", wrong.body);
    let not_hers = maya.get("/ask?role=customer-contacts&people=lena.fuchs").await;
    assert!(not_hers.body.contains("you cannot ask for role"), "{}", not_hers.body);
    let form = [("role", "customer-contacts"), ("people", "lena.fuchs"), ("reason", "x")];
    let sent = maya.post("/ask", &form).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN, "{}", sent.body);
}

#[tokio::test]
async fn a_manager_shortens_and_the_one_who_asked_sees_where_it_is() {
    let served = Served::start().await;
    let (maya, tunde) = (served.browser("maya.okafor").await, served.browser("tunde.abara").await);
    assert_eq!(ask(&maya).await.status, StatusCode::SEE_OTHER);
    let list = maya.get("/requests").await;
    assert!(list.body.contains("waits on Tunde Abara (manager)"), "{}", list.body);
    assert!(list.body.contains("Your request was sent."), "{}", list.body);
    let inbox = tunde.get("/approvals").await;
    for text in
        ["Maya Okafor", "crm.profile", "fleet mailing", "a letter about new tours", "60 of 100"]
    {
        assert!(inbox.body.contains(text), "{text}: {}", inbox.body);
    }
    assert!(inbox.body.len() < 50_000, "{} bytes", inbox.body.len());
    let id = newest(&maya).await;
    let approved = tunde.post(&format!("/approvals/{id}/approve"), &[("days", "7")]).await;
    assert_eq!(approved.location, "/approvals", "{}", approved.body);
    assert!(tunde.get("/approvals").await.body.contains("Nothing waits for you."));
    let page = maya.get(&format!("/requests/{id}")).await;
    assert!(page.body.contains("2026-11-27"), "{}", page.body);
    assert!(page.body.contains("whoever has role data-protection"), "{}", page.body);
}

#[tokio::test]
async fn nobody_decides_about_what_they_asked_for_twice_or_too_late() {
    let served = Served::start().await;
    let (maya, tunde) = (served.browser("maya.okafor").await, served.browser("tunde.abara").await);
    ask(&maya).await;
    let id = newest(&maya).await;
    let (approve, refuse) = (format!("/approvals/{id}/approve"), format!("/approvals/{id}/refuse"));
    let own = maya.post(&approve, &[]).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "{}", own.body);
    assert!(own.body.contains("nobody decides about what they asked for"), "{}", own.body);
    let silent = tunde.post(&refuse, &[]).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", silent.body);
    let longer = tunde.post(&approve, &[("days", "300")]).await;
    assert_eq!(longer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", longer.body);
    let refused = tunde.post(&refuse, &[("comment", "ask marketing")]).await;
    assert_eq!(refused.status, StatusCode::SEE_OTHER, "{}", refused.body);
    let again = tunde.post(&approve, &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    assert!(again.body.contains("was refused already"), "{}", again.body);
    let page = maya.get(&format!("/requests/{id}")).await;
    assert!(page.body.contains("ask marketing"), "{}", page.body);
}

#[tokio::test]
async fn a_request_is_changed_and_taken_back_by_whoever_made_it_only() {
    let served = Served::start().await;
    let (maya, lena) = (served.browser("maya.okafor").await, served.browser("lena.fuchs").await);
    ask(&maya).await;
    let id = newest(&maya).await;
    let page = format!("/requests/{id}");
    assert_eq!(lena.get(&page).await.status, StatusCode::NOT_FOUND);
    let theirs = lena.post(&format!("{page}/withdraw"), &[]).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{}", theirs.body);
    let form = [("days", "10"), ("reason", "smaller mailing")];
    maya.post(&format!("{page}/change"), &form).await;
    let shown = maya.get(&page).await;
    assert!(
        shown.body.contains("smaller mailing") && shown.body.contains("2026-11-30"),
        "{}",
        shown.body
    );
    maya.post(&format!("{page}/withdraw"), &[]).await;
    assert!(maya.get(&page).await.body.contains("withdrawn"));
    assert!(!maya.get("/requests").await.body.contains("customer-contacts"));
}

#[tokio::test]
async fn a_delegate_decides_in_the_place_of_somebody_for_a_time() {
    let served = Served::start().await;
    let (maya, tunde) = (served.browser("maya.okafor").await, served.browser("tunde.abara").await);
    let jonas = served.browser("jonas.brandt").await;
    ask(&maya).await;
    let form = [("to", "jonas.brandt"), ("until", "2026-12-01"), ("reason", "holiday")];
    let made = tunde.post("/delegations", &form).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    assert!(jonas.get("/approvals").await.body.contains("Maya Okafor"));
    let id = newest(&maya).await;
    jonas.post(&format!("/approvals/{id}/approve"), &[]).await;
    let page = maya.get(&format!("/requests/{id}")).await;
    assert!(page.body.contains("In whose place: <bdi>tunde.abara</bdi>"), "{}", page.body);
    let list = tunde.get("/delegations").await;
    let end = list.body.split("action=\"/delegations/").nth(1).unwrap().split('/').next().unwrap();
    assert_eq!(
        jonas.post(&format!("/delegations/{end}/end"), &[]).await.status,
        StatusCode::NOT_FOUND
    );
    tunde.post(&format!("/delegations/{end}/end"), &[]).await;
    assert!(!tunde.get("/delegations").await.body.contains("jonas.brandt"));
}

#[tokio::test]
async fn somebody_sees_what_they_have_and_asks_for_more_time() {
    let served = Served::start().await;
    let maya = served.browser("maya.okafor").await;
    let page = maya.get("/access").await;
    for text in ["fleet-planner", "M.OKAFOR", "post-journal"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let given = maya.post("/ask", &[("role", "work-from-home"), ("days", "5")]).await;
    assert_eq!(given.status, StatusCode::SEE_OTHER, "{}", given.body);
    let page = maya.get("/access").await;
    assert!(page.body.contains("2026-11-25") && page.body.contains("More time"), "{}", page.body);
    let form = [("role", "work-from-home"), ("until", "2026-12-20")];
    let more = maya.post("/access/extend", &form).await;
    assert_eq!(more.status, StatusCode::SEE_OTHER, "{}", more.body);
    assert!(maya.get("/requests?ended=yes").await.body.contains("more time"));
}

#[tokio::test]
async fn what_was_given_shows_what_has_arrived_and_is_given_back() {
    let served = Served::start().await;
    let maya = served.browser("maya.okafor").await;
    let given = maya.post("/ask", &[("role", "work-from-home"), ("days", "5")]).await;
    assert_eq!(given.status, StatusCode::SEE_OTHER, "{}", given.body);
    let id = newest(&maya).await;
    let page = maya.get(&format!("/requests/{id}")).await;
    assert!(page.body.contains("On the systems"), "{}", page.body);
    assert!(page.body.contains("partial: "), "{}", page.body);
    // Whoever asks may not touch orders.
    assert!(!page.body.contains("/retry"), "{}", page.body);
    assert!(maya.get("/access").await.body.contains("Give it back"));
    let back = maya.post("/access/shorten", &[("role", "work-from-home")]).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    assert!(maya.get(&format!("/requests/{id}")).await.body.contains("shortened"));
    let again = maya.post("/access/shorten", &[("role", "work-from-home")]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_catalogue_begins_with_what_peers_have() {
    let served = Served::start().await;
    let maya = served.browser("maya.okafor").await;
    assert!(!maya.get("/catalogue").await.body.contains("Your peers have"));
    let opened = served.service.opened();
    let condition = Some("title == 'Fleet planner'".to_owned());
    let query = PeopleQuery { condition, limit: 50, ..PeopleQuery::default() };
    let peers = list_people(&served.ctx, &opened, &query).await.unwrap().items;
    for peer in peers.iter().filter(|peer| *peer.display != *"Maya Okafor") {
        let (person, role) = (peer.key.to_string(), "work-from-home".to_owned());
        let (from, until, reason) = (None, None, "from home".to_owned());
        let give = AssignRequest { person, role, from, until, reason };
        assign(&served.ctx, &opened, &give).await.unwrap();
    }
    let page = maya.get("/catalogue").await;
    assert!(page.body.contains("with the title Fleet planner have it"), "{}", page.body);
    assert!(page.body.contains("/ask?role=work-from-home"), "{}", page.body);
    // Whoever searches has something in mind.
    assert!(!maya.get("/catalogue?q=home").await.body.contains("Your peers have"));
}

#[tokio::test]
async fn the_first_page_says_what_waits_for_whom() {
    let served = Served::start().await;
    let page = served.operator().await.get("/").await;
    assert!(page.body.contains("2</span> requests that wait for your decision"), "{}", page.body);
    assert!(page.body.contains("1</span> request of yours that waits"), "{}", page.body);
}
