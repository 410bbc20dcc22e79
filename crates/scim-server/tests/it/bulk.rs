//! Bulk requests: references, circles, errors.

use serde_json::{Value as Json, json};

use crate::support::*;

fn user(bulk_id: &str, name: &str) -> Json {
    json!({
        "method": "POST", "path": "/Users", "bulkId": bulk_id,
        "data": { "userName": name, "name": { "givenName": name, "familyName": "B" } },
    })
}

fn group(bulk_id: &str, name: &str, members: &[&str]) -> Json {
    let members: Vec<Json> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({
        "method": "POST", "path": "/Groups", "bulkId": bulk_id,
        "data": { "displayName": name, "members": members },
    })
}

fn statuses(body: &Json) -> Vec<String> {
    body["Operations"].as_array().unwrap().iter().map(|one| text(one, "/status")).collect()
}

#[tokio::test]
async fn references_are_resolved_whatever_the_order() {
    let served = Served::start().await;
    let operations = [group("g", "sales", &["bulkId:u"]), user("u", "ada")];
    let body = served.post("/Bulk", &json!({ "Operations": operations })).await.is(200);
    assert_eq!(statuses(&body), ["201", "201"]);
    let group = text(&body, "/Operations/0/location");
    let group = group.rsplit('/').next().unwrap();
    let user = text(&body, "/Operations/1/location");
    assert_eq!(served.members(group).await, [user.rsplit('/').next().unwrap()]);
}

#[tokio::test]
async fn a_circle_of_groups_is_closed() {
    let served = Served::start().await;
    let operations = [group("a", "a", &["bulkId:b"]), group("b", "b", &["bulkId:a"])];
    let body = served.post("/Bulk", &json!({ "Operations": operations })).await.is(200);
    assert_eq!(statuses(&body), ["201", "201"]);
    let id = |place: usize| {
        let location = text(&body, &format!("/Operations/{place}/location"));
        location.rsplit('/').next().unwrap().to_owned()
    };
    assert_eq!(served.members(&id(0)).await, [id(1)]);
    assert_eq!(served.members(&id(1)).await, [id(0)]);
}

#[tokio::test]
async fn each_operation_fails_by_itself_and_the_rest_stops_after_so_many() {
    let served = Served::start().await;
    let operations = [
        user("1", "ada"),
        json!({ "method": "POST", "path": "/Users", "bulkId": "2", "data": {} }),
        user("3", "ADA"),
        json!({ "method": "DELETE", "path": "/Users/999" }),
        json!({ "method": "GET", "path": "/Users/1" }),
        user("4", "eve"),
        group("5", "g", &["bulkId:2"]),
    ];
    let body = served.post("/Bulk", &json!({ "Operations": operations })).await.is(200);
    assert_eq!(statuses(&body), ["201", "400", "409", "404", "400", "201", "409"]);
    assert_eq!(text(&body, "/Operations/2/response/scimType"), "uniqueness");
    let served = Served::start().await;
    let request = json!({ "failOnErrors": 2, "Operations": operations });
    let body = served.post("/Bulk", &request).await.is(200);
    assert_eq!(statuses(&body), ["201", "400", "409"]);
    assert_eq!(served.found("").await, ["ada"]);
}

#[tokio::test]
async fn too_many_operations_are_refused() {
    let served = Served::start().await;
    let operations: Vec<Json> = (0..5001).map(|_| json!({})).collect();
    served.post("/Bulk", &json!({ "Operations": operations })).await.fails(413, "tooMany");
    served.post("/Bulk", &json!({})).await.fails(400, "invalidSyntax");
}
