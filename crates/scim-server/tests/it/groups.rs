//! Groups and who is in them.

use serde_json::{Value as Json, json};

use crate::support::*;

fn member(id: &str) -> Json {
    json!({ "value": id })
}

#[tokio::test]
async fn members_join_and_leave_one_by_one() {
    let served = Served::start().await;
    let (ada, bob, eve) =
        (served.user("ada").await, served.user("bob").await, served.user("eve").await);
    let group = served.group("sales", &[&ada]).await;
    let path = format!("/Groups/{group}");
    let tag = served.get(&path).await.header("etag");
    let add = json!([{ "op": "add", "path": "members", "value": [member(&bob), member(&eve)] }]);
    let got = served.patch(&path, add.clone()).await;
    assert_ne!(got.header("etag"), tag);
    assert_eq!(got.is(200)["members"].as_array().unwrap().len(), 3);
    let tag = served.get(&path).await.header("etag");
    assert_eq!(served.patch(&path, add).await.header("etag"), tag, "twice is once");

    let user = served.get(&format!("/Users/{bob}")).await.is(200);
    assert_eq!(text(&user, "/groups/0/value"), group);
    assert_eq!(text(&user, "/groups/0/display"), "sales");
    assert_eq!(
        served.found(&format!("filter={}", escaped(&format!("groups.value eq \"{group}\"")))).await,
        ["ada", "bob", "eve"]
    );
    let filter = escaped(&format!("members[value eq \"{bob}\"]"));
    let found = served.get(&format!("/Groups?filter={filter}")).await.is(200);
    assert_eq!(found["totalResults"], json!(1));

    let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{bob}\"]") }]);
    served.patch(&path, remove).await.is(200);
    assert_eq!(served.members(&group).await, [ada.clone(), eve.clone()]);
    let replace = json!([{ "op": "replace", "path": "members", "value": [member(&bob)] }]);
    served.patch(&path, replace).await.is(200);
    assert_eq!(served.members(&group).await, std::slice::from_ref(&bob));
    served.patch(&path, json!([{ "op": "remove", "path": "members" }])).await.is(200);
    assert_eq!(served.members(&group).await, [""; 0]);
    let unknown = json!([{ "op": "add", "path": "members", "value": [member("4711")] }]);
    served.patch(&path, unknown).await.is(200);
    assert_eq!(served.members(&group).await, [""; 0], "nobody is passed over");
}

#[tokio::test]
async fn groups_may_be_in_groups() {
    let served = Served::start().await;
    let ada = served.user("ada").await;
    let inner = served.group("inner", &[&ada]).await;
    let outer = served.group("outer", &[&inner, &ada]).await;
    let body = served.get(&format!("/Groups/{outer}")).await.is(200);
    let members = body["members"].as_array().unwrap();
    let of = |id: &str| members.iter().find(|member| member["value"] == json!(id)).unwrap();
    assert_eq!(of(&inner)["type"], json!("Group"));
    assert!(text(of(&inner), "/$ref").ends_with(&format!("/Groups/{inner}")));
    assert!(text(of(&ada), "/$ref").ends_with(&format!("/Users/{ada}")));
    let body = served.get(&format!("/Groups/{outer}?attributes=members.display")).await.is(200);
    let mut names: Vec<String> =
        body["members"].as_array().unwrap().iter().map(|m| text(m, "/display")).collect();
    names.sort();
    assert_eq!(names, ["ada Byron", "inner"]);
}

#[tokio::test]
async fn a_put_replaces_members_only_when_it_names_them() {
    let served = Served::start().await;
    let (ada, bob) = (served.user("ada").await, served.user("bob").await);
    let group = served.group("sales", &[&ada]).await;
    let path = format!("/Groups/{group}");
    served.put(&path, &json!({ "displayName": "selling" })).await.is(200);
    assert_eq!(served.members(&group).await, std::slice::from_ref(&ada));
    let body = json!({ "displayName": "selling", "members": [member(&bob)] });
    served.put(&path, &body).await.is(200);
    assert_eq!(served.members(&group).await, [bob]);
    served.put(&path, &json!({ "displayName": "selling", "members": [] })).await.is(200);
    assert_eq!(served.members(&group).await, [""; 0]);
}

#[tokio::test]
async fn a_group_that_goes_leaves_nobody_in_it() {
    let served = Served::start().await;
    let ada = served.user("ada").await;
    let group = served.group("sales", &[&ada]).await;
    assert_eq!(served.delete(&format!("/Groups/{group}")).await.status, 204);
    served.get(&format!("/Groups/{group}")).await.fails(404, "");
    assert_eq!(served.get(&format!("/Users/{ada}")).await.is(200).get("groups"), None);
    let again = served.group("sales", &[]).await;
    assert_eq!(served.members(&again).await, [""; 0]);
}

#[tokio::test]
async fn whoever_is_gone_is_no_member_any_more() {
    let served = Served::start().await;
    let (ada, bob) = (served.user("ada").await, served.user("bob").await);
    let group = served.group("sales", &[&ada, &bob]).await;
    served.delete(&format!("/Users/{ada}")).await;
    assert_eq!(served.members(&group).await, [bob]);
}

#[tokio::test]
async fn adding_one_member_writes_as_much_in_a_large_group_as_in_a_small_one() {
    let served = Served::start().await;
    let mut operations = Vec::new();
    for n in 0..600 {
        operations.push(json!({
            "method": "POST", "path": "/Users", "bulkId": format!("u{n}"),
            "data": { "userName": format!("u{n}"), "name": { "givenName": "U", "familyName": "N" } },
        }));
    }
    served.post("/Bulk", &json!({ "Operations": operations })).await.is(200);
    let all = served.get("/Users?count=1000&attributes=id").await.is(200);
    let ids: Vec<String> = all["Resources"].as_array().unwrap().iter().map(id).collect();
    let (one, rest) = ids.split_first().unwrap();
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let small = served.group("small", &[]).await;
    let large = served.group("large", &rest).await;
    let mut costs = Vec::new();
    for group in [small, large] {
        let before: u64 = served.opened.store.writes().values().sum();
        let add = json!([{ "op": "add", "path": "members", "value": [member(one)] }]);
        served.patch(&format!("/Groups/{group}?excludedAttributes=members"), add).await.is(200);
        let after: u64 = served.opened.store.writes().values().sum();
        costs.push(after - before);
    }
    assert!(costs[1] <= costs[0] + 1, "{costs:?}");
}
