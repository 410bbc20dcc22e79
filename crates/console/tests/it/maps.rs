//! Conflicts by place, and long files of the model.

use std::fmt::Write as _;

use axum::http::StatusCode;
use muster_model::EntityId;

use crate::support::*;

/// Notes that everybody used all of their accounts a day ago.
async fn everything_was_used(served: &Served) {
    let opened = served.service.opened();
    let mut tx = opened.store.begin().await.unwrap();
    let people: Vec<EntityId> = (1..2000).map(EntityId).collect();
    let accounts = tx.accounts_of_many(&people).await.unwrap();
    let yesterday = now() - jiff::SignedDuration::from_hours(24);
    let uses: Vec<_> = accounts.iter().map(|account| (account.id, yesterday)).collect();
    tx.note_account_uses(&uses).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn conflicts_are_counted_by_place_and_a_number_leads_to_the_people() {
    let served = Served::start().await;
    let operator = served.operator().await;
    let map = operator.get("/conflicts/map").await;
    assert!(map.body.contains("<bdi>Finance</bdi>"), "{}", map.body);
    assert!(!map.body.contains("used</span>"), "{}", map.body);
    everything_was_used(&served).await;
    let map = operator.get("/conflicts/map").await;
    assert!(map.body.contains("<strong>2</strong> <span>2 used</span>"), "{}", map.body);
    let of = |link: &String| link.starts_with("/conflicts/people") && link.contains("and-pay");
    let people = map.links().into_iter().find(of).unwrap();
    let people = operator.get(&people).await;
    for name in ["Rosa Lindgren", "Milan Petrov"] {
        assert!(people.body.contains(name), "{name}: {}", people.body);
    }
    assert!(!people.body.contains("Lena Fuchs"), "{}", people.body);
    // By another link they are apart.
    let map = operator.get("/conflicts/map?by=site").await;
    let places: Vec<String> = map.links().into_iter().filter(of).collect();
    assert_eq!(places.len(), 2, "{}", map.body);
    let one = operator.get(&places[0]).await;
    assert_ne!(one.body.contains("Rosa Lindgren"), one.body.contains("Milan Petrov"));
    assert_eq!(operator.get("/conflicts/map?by=title").await.status, StatusCode::NOT_FOUND);
    assert_eq!(operator.get("/conflicts/people?conflict=x").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_sees_some_people_counts_them_only() {
    let served = Served::start().await;
    let sales = served.browser(&served.with_title("Head of Sales").await).await;
    let map = sales.get("/conflicts/map").await;
    assert_eq!(map.status, StatusCode::OK, "{}", map.body);
    assert!(!map.body.contains("Finance") && !map.body.contains("<strong>"), "{}", map.body);
    let asked = "/conflicts/people?conflict=supplier-and-pay&by=department";
    assert!(!sales.get(asked).await.body.contains("Rosa"));
}

/// A company with a file of so many roles.
async fn with_long_file(n: usize) -> Served {
    Served::start_with(|path, text| {
        if path == "policy/transport.yaml" {
            for n in 0..n {
                writeln!(
                    text,
                    "\n  # Number {n}.\n  long-{n}:\n    for: person\n    description: \"Made to be long: {n}\""
                )
                .unwrap();
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_long_file_is_shown_in_parts_and_a_line_leads_to_its_own() {
    let served = with_long_file(2000).await;
    let operator = served.operator().await;
    let role = operator.get("/roles/long-1500").await;
    let line = role.body.split("href=\"/model?file=").nth(1).unwrap();
    let (address, anchor) = line.split('"').next().unwrap().rsplit_once('#').unwrap();
    let page = operator.get(&format!("/model?file={}", address.replace("&#38;", "&"))).await;
    assert!(page.body.len() < 100_000, "{}", page.body.len());
    let (_, shown) = page.body.split_once(&format!("id=\"{anchor}\"")).unwrap();
    assert!(shown.split("</span>").next().unwrap().contains("long-1500:"), "{anchor}");
    assert!(page.body.contains("Lines before") && page.body.contains("Lines after"));
}

#[tokio::test]
async fn one_entry_of_a_long_file_is_changed_and_the_rest_stays_as_it_is() {
    let served = with_long_file(2000).await;
    let operator = served.operator().await;
    let list = operator.get("/model/edit?file=policy%2Ftransport.yaml&q=long-1500").await;
    assert!(list.body.len() < 100_000 && !list.body.contains("<textarea"), "{}", list.body);
    let form =
        operator.get("/model/edit?file=policy%2Ftransport.yaml&block=roles%2Flong-1500").await;
    assert!(form.body.contains("# Number 1500.\n  long-1500:"), "{}", form.body);
    assert!(!form.body.contains("long-1501") && form.body.len() < 100_000, "{}", form.body);
    let path = served.folder.path().join("policy/transport.yaml");
    let before = std::fs::read_to_string(&path).unwrap();
    let base = served.service.opened().revision.to_string();
    let text = "  # Number 1500.\n  long-1500:\n    for: person\n    description: \"Another\"\n    risk: 10\n";
    let fields = [
        ("file", "policy/transport.yaml"),
        ("block", "roles/long-1500"),
        ("base", &*base),
        ("text", text),
    ];
    let draft = operator.post("/model/draft", &fields).await;
    assert!(
        draft.body.contains("+     risk: 10") && draft.body.contains(">Publish<"),
        "{}",
        draft.body
    );
    assert!(draft.body.len() < 100_000, "{}", draft.body.len());
    let published = operator.post("/model/publish", &fields).await;
    assert_eq!(published.status, StatusCode::SEE_OTHER, "{}", published.body);
    let after = std::fs::read_to_string(&path).unwrap();
    let wanted = "description: \"Made to be long: 1500\"\n";
    assert_eq!(after, before.replace(wanted, "description: \"Another\"\n    risk: 10\n"));
    let gone =
        [("file", "policy/transport.yaml"), ("block", "roles/no"), ("base", "2"), ("text", "")];
    assert_eq!(operator.post("/model/draft", &gone).await.status, StatusCode::NOT_FOUND);
}
