//! Searches.

use axum::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::support::Served;

fn ids(answer: &Json) -> Vec<&str> {
    answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn who_may_is_found_page_by_page() {
    let served = Served::start().await;
    let path = "/access/v1/search/subject";
    let body = json!({
        "subject": { "type": "person" }, "action": { "name": "read" },
        "resource": { "type": "document", "id": "7", "properties": { "level": 1 } },
    });
    let (status, answer) = served.post(path, &body).await;
    assert_eq!((status, ids(&answer)), (StatusCode::OK, vec!["1", "2"]));
    assert_eq!(answer["page"]["next_token"], "");
    let mut page = body.clone();
    page["page"] = json!({ "limit": 1 });
    let mut seen = Vec::new();
    loop {
        let (_, answer) = served.post(path, &page).await;
        seen.extend(ids(&answer).into_iter().map(str::to_owned));
        let next = answer["page"]["next_token"].as_str().unwrap();
        if next.is_empty() {
            break;
        }
        page["page"] = json!({ "limit": 1, "token": next });
    }
    assert_eq!(seen, ["1", "2"]);
    page["page"] = json!({ "token": "' OR 1=1" });
    assert_eq!(served.post(path, &page).await.0, StatusCode::BAD_REQUEST);
    page["page"] = json!({ "limit": 0 });
    assert_eq!(served.post(path, &page).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn resources_are_entities_or_what_rules_name() {
    let served = Served::start().await;
    let body = |kind: &str, action: &str| {
        json!({
            "subject": { "type": "person", "id": "1" }, "action": { "name": action }, "resource": { "type": kind },
            "context": { "ip": "10.0.0.1" },
        })
    };
    let path = "/access/v1/search/resource";
    let (_, answer) = served.post(path, &body("profile", "read")).await;
    assert_eq!(ids(&answer), ["1", "2"]);
    let (_, answer) = served.post(path, &body("profile", "edit")).await;
    assert_eq!(ids(&answer), ["1"]);
    let (_, answer) = served.post(path, &body("cms.board", "read")).await;
    assert_eq!((ids(&answer), &answer["context"]), (vec!["home", "news"], &Json::Null));
    let (_, answer) = served.post(path, &body("document", "read")).await;
    assert_eq!(answer["context"]["partial"], true);
    let (status, answer) = served.post(path, &body("wiki", "read")).await;
    assert_eq!((status, ids(&answer)), (StatusCode::OK, Vec::new()));
}

#[tokio::test]
async fn what_may_be_done_is_listed_in_the_order_of_the_model() {
    let served = Served::start().await;
    let names = async |id: &str| {
        let body = json!({
            "subject": { "type": "person", "id": id },
            "resource": { "type": "document", "id": "7", "properties": { "level": 2 } },
        });
        let (_, answer) = served.post("/access/v1/search/action", &body).await;
        let results = answer["results"].as_array().unwrap().iter();
        results.map(|found| found["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("1").await, ["read", "edit"]);
    assert_eq!(names("2").await, ["read"]);
    assert!(names("3").await.is_empty());
}
