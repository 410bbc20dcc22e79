//! Bulk requests that are answered later.

use std::time::{Duration, Instant};

use axum::body::Body;
use serde_json::{Value as Json, json};

use crate::{pushed::model, support::*};

/// A bulk request whose answer is wanted later.
async fn send(served: &Served, operations: &[Json]) -> Got {
    let body = json!({ "Operations": operations });
    let mut request: axum::http::Request<Body> = served.request("POST", "/Bulk", Some(&body));
    request.headers_mut().insert("prefer", "handling=lenient, respond-async".parse().unwrap());
    served.send(request).await
}

fn record(n: usize, extra: &Json) -> Json {
    let mut data = json!({ "externalId": format!("x{n}"), "userName": format!("user{n}") });
    for (key, value) in extra.as_object().unwrap() {
        data[key] = value.clone();
    }
    json!({ "method": "POST", "path": "/Users", "bulkId": format!("b{n}"), "data": data })
}

/// The result, once it is there.
async fn result(served: &Served, location: &str) -> Json {
    let path = location.split_once("/scim/v2").unwrap().1;
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let body = served.get(path).await.is(200);
        if text(&body, "/state") == "done" {
            return body;
        }
        assert!(Instant::now() < deadline, "{body}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn statuses(result: &Json) -> Vec<String> {
    result["Operations"].as_array().unwrap().iter().map(|one| text(one, "/status")).collect()
}

#[tokio::test]
async fn a_burst_of_records_is_taken_at_once_and_each_one_ends_in_a_result() {
    let served = Served::start_with(&model("{}")).await;
    let mut locations = Vec::new();
    for part in 0..20 {
        let mut records: Vec<Json> = (0..50).map(|n| record(part * 50 + n, &json!({}))).collect();
        if part == 3 {
            records[7]["data"]["userName"] = json!("user0");
            records[8]["data"] = json!("no object");
        }
        let got = send(&served, &records).await;
        locations.push(got.header("location"));
        assert_eq!(text(&got.is(202), "/state"), "running");
    }
    let mut all: Vec<String> = Vec::new();
    for location in &locations {
        all.extend(statuses(&result(&served, location).await));
    }
    let n = |status: &str| all.iter().filter(|one| *one == status).count();
    assert_eq!((all.len(), n("201"), n("409"), n("400")), (1000, 998, 1, 1));

    // Page by page.
    let path = locations[3].split_once("/scim/v2").unwrap().1;
    let page = served.get(&format!("{path}?startIndex=8&count=2")).await.is(200);
    assert_eq!(statuses(&page), ["409", "400"]);
    assert_eq!((&page["totalResults"], &page["itemsPerPage"]), (&json!(50), &json!(2)));

    // It is the client's own.
    let other = served.clone_with_token(served.token("other", muster_app::Scope::Scim).await);
    other.get(path).await.fails(404, "");
    served.get("/BulkResults/999999").await.fails(404, "");
}

#[tokio::test]
async fn a_record_that_comes_again_changes_what_it_says_and_nothing_else() {
    let served = Served::start_with(&model("{}")).await;
    let mail = json!({ "emails": [{ "value": "a@b.example", "type": "work" }], "nickName": "Nick",
        "name": { "givenName": "Ada", "familyName": "Byron" } });
    let first = send(&served, &[record(1, &mail)]).await.header("location");
    assert_eq!(statuses(&result(&served, &first).await), ["201"]);
    let again = json!({ "name": { "givenName": "Augusta" } });
    let second = send(&served, &[record(1, &again)]).await.header("location");
    let done = result(&served, &second).await;
    assert_eq!(statuses(&done), ["200"]);
    let location = text(&done, "/Operations/0/location");
    let user = served.get(location.split_once("/scim/v2").unwrap().1).await.is(200);
    assert_eq!(user["name"], json!({ "givenName": "Augusta", "familyName": "Byron" }));
    assert_eq!(user["emails"], mail["emails"]);
    assert_eq!(user["nickName"], json!("Nick"));

    // A plain bulk request makes no difference between a record and a resource: what is there already is.
    let plain = json!({ "Operations": [record(1, &again)] });
    assert_eq!(statuses(&served.post("/Bulk", &plain).await.is(200)), ["409"]);
}
