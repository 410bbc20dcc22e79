//! Bulk requests that are answered later.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::body::Body;
use muster_engine::Lease;
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

/// Operations of every sort: some fail, two are a circle, some are about what others make.
fn mixed() -> Vec<Json> {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let manager =
        |id: &str| json!({ enterprise: { "manager": { "value": format!("bulkId:{id}") } } });
    let change =
        json!({ "Operations": [{ "op": "replace", "path": "title", "value": "Countess" }] });
    vec![
        record(1, &json!({})),
        record(2, &json!({ "userName": "user1" })),
        record(3, &manager("b4")),
        record(4, &manager("b3")),
        json!({ "method": "POST", "path": "/Users", "bulkId": "b5", "data": "no object" }),
        json!({ "method": "PATCH", "path": "/Users/bulkId:b1", "data": change }),
        record(6, &manager("b2")),
        json!({ "method": "DELETE", "path": "/Users/bulkId:b7" }),
        record(7, &json!({})),
        json!({ "method": "GET", "path": "/Users" }),
    ]
}

/// What came of [`mixed`]: the states, and every entity with its key and its version.
async fn came_of(served: &Served, location: &str) -> (Vec<String>, Vec<(String, i64)>) {
    let states = statuses(&result(served, location).await);
    let mut tx = served.opened.store.read().await.unwrap();
    let types = &served.opened.model.schema.types;
    let person = types.iter().find(|of| &*of.name == "person").unwrap().id;
    let type_no = served.opened.names.type_names(person).unwrap().no;
    let all = tx.scan_entities(type_no, None, 100).await.unwrap();
    (states, all.iter().map(|one| (one.key.to_string(), one.version)).collect())
}

/// A process that takes [`mixed`] and dies at a point around a commit; the first two are around the one that takes it. The
/// place of the result, and whether the process came to the end of the request first.
async fn life(stop: usize) -> (Served, String, bool) {
    let served = Served::start().await;
    let (passed, is_dead) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
    let dies = Arc::clone(&is_dead);
    served.opened.store.set_fail_point(Some(Arc::new(move |_: &str| {
        if passed.fetch_add(1, Ordering::SeqCst) >= stop {
            dies.store(true, Ordering::SeqCst);
            panic!("the process dies here");
        }
    })));
    let location = send(&served, &mixed()).await.header("location");
    let path = location.split_once("/scim/v2").unwrap().1;
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_dead.load(Ordering::SeqCst) {
        if text(&served.get(path).await.is(200), "/state") == "done" {
            return (served, location, true);
        }
        assert!(Instant::now() < deadline, "it neither ended nor died at {stop}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (served, location, false)
}

#[test]
fn whoever_dies_at_any_commit_each_operation_is_done_once() {
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let expected = runtime().block_on(async {
        let served = Served::start().await;
        let location = send(&served, &mixed()).await.header("location");
        came_of(&served, &location).await
    });
    let states = ["201", "409", "201", "201", "400", "200", "409", "204", "201", "400"];
    assert_eq!(expected.0, states);
    assert_eq!(expected.1.len(), 4);
    for stop in 2.. {
        let process = runtime();
        let (served, location, ended) = process.block_on(life(stop));
        process.shutdown_timeout(Duration::from_mins(1));
        if ended {
            assert!(stop > 10, "it ended after {stop} points");
            return;
        }
        served.opened.store.set_fail_point(None);
        let came = runtime().block_on(async {
            let again = served.started_again();
            came_of(&again, &location).await
        });
        assert_eq!(came, expected, "died at {stop}");
    }
}

#[tokio::test]
async fn a_minutes_worth_of_records_may_wait_and_then_the_client_is_told_when_to_come_again() {
    let served = Served::start().await;
    let (ctx, opened) = (&served.ctx, &served.opened);
    // Nobody works anything off.
    let lease = Lease::take_for_node(ctx, opened, "scim bulk").await.unwrap();
    let nothing: Vec<Json> = (0..5000).map(|_| json!({ "method": "GET", "path": "/x" })).collect();
    let mut locations = Vec::new();
    for _ in 0..4 {
        let taken = send(&served, &nothing).await;
        locations.push(taken.header("location"));
        taken.is(202);
    }
    let full = send(&served, &nothing).await;
    assert_eq!(full.header("retry-after"), "3", "1,000 too many at 400 a second");
    full.fails(429, "");
    send(&served, &nothing[..4000]).await.is(202);
    let other = served.clone_with_token(served.token("other", muster_app::Scope::Scim).await);
    send(&other, &nothing).await.is(202);

    lease.release(opened, Ok(())).await.unwrap();
    for location in &locations {
        assert_eq!(result(&served, location).await["totalResults"], json!(5000));
    }
    let again = send(&served, &nothing).await.header("location");
    result(&served, &again).await;
}

#[tokio::test]
async fn results_are_kept_for_a_week() {
    let served = Served::start().await;
    let location = send(&served, &[record(1, &json!({}))]).await.header("location");
    result(&served, &location).await;
    let path = location.split_once("/scim/v2").unwrap().1;
    // As if it had ended long ago.
    let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let ended = served.ctx.now() - jiff::SignedDuration::from_hours(8 * 24);
    let mut tx = served.opened.store.begin().await.unwrap();
    tx.end_job(id, ended, 200, b"{}").await.unwrap();
    tx.commit().await.unwrap();
    // Whenever something was worked off, it is looked whether something is to be forgotten.
    let next = send(&served, &[record(2, &json!({}))]).await.header("location");
    result(&served, &next).await;
    let deadline = Instant::now() + Duration::from_mins(1);
    while served.get(path).await.status != 404 {
        assert!(Instant::now() < deadline, "it is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(result(&served, &next).await["totalResults"], json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_on_one_database_do_each_record_once() {
    let database = muster_testkit::postgres().unwrap();
    let model = MODEL.replacen("sqlite::memory:", database.url(), 1);
    assert!(model.contains(database.url()));
    let one = Served::start_with(&model).await;
    let other = one.started_again();
    let mut locations = Vec::new();
    for part in 0..6 {
        let records: Vec<Json> = (0..20).map(|n| record(part * 20 + n, &json!({}))).collect();
        let node = if part % 2 == 0 { &one } else { &other };
        locations.push(send(node, &records).await.header("location"));
    }
    for (place, location) in locations.iter().enumerate() {
        let node = if place % 2 == 0 { &other } else { &one };
        let states = statuses(&result(node, location).await);
        assert_eq!(states, vec!["201"; 20], "request {place}");
    }
    let all = other.get("/Users?count=0").await.is(200);
    assert_eq!(all["totalResults"], json!(120));
}
