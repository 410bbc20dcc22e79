//! Groups and who is in them.

use muster_model::{EntityId, Row, Value, encode_row};
use muster_store::{Entity, Link, Sequence};
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

/// Puts people into a group as a long history would have left them there.
async fn fill(served: &Served, group: &str, n: usize) {
    let (model, names) = (&served.opened.model, &served.opened.names);
    let of = model.schema.type_named("person").unwrap();
    let numbers = names.type_names(of.id).unwrap();
    let slot = |name: &str| of.attribute_named(name).unwrap().slot;
    let group = EntityId(group.parse().unwrap());
    let mut tx = served.opened.store.begin().await.unwrap();
    let first = tx.take_ids(Sequence::Entity, n).await.unwrap();
    let (mut entities, mut links) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for id in (first..).take(n).map(EntityId) {
        let mut row = Row::empty(id, of.id, of.attributes.len());
        for name in ["employeeId", "userName", "givenName", "familyName"] {
            row.set(slot(name), Value::Text(format!("m{id}").into()));
        }
        row.set(slot("groups"), Value::set(vec![Value::Link(group)]));
        entities.push(Entity {
            id,
            type_no: numbers.no,
            key: format!("m{id}").into(),
            version: 1,
            facts: encode_row(&row, &numbers.numbers, |_| true),
            absent_since: None,
            effective_at: served.ctx.now(),
            recorded_at: served.ctx.now(),
        });
        let attribute_no = names.attribute_no(of.id, slot("groups")).unwrap();
        links.push(Link { source: id, attribute_no, target: group });
    }
    tx.insert_entities(&entities).await.unwrap();
    tx.insert_links(&links).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_change_of_members_writes_as_much_in_a_group_of_50_000_as_in_an_empty_one() {
    let served = Served::start().await;
    let ada = served.user("ada").await;
    let small = served.group("small", &[]).await;
    let large = served.group("large", &[]).await;
    fill(&served, &large, 50_000).await;
    let mut costs = Vec::new();
    for group in [&small, &large] {
        let mut cost = Vec::new();
        let path = format!("members[value eq \"{ada}\"]");
        for change in [
            json!([{ "op": "add", "path": "members", "value": [member(&ada)] }]),
            json!([{ "op": "remove", "path": path }]),
        ] {
            let before: u64 = served.opened.store.writes().values().sum();
            served
                .patch(&format!("/Groups/{group}?excludedAttributes=members"), change)
                .await
                .is(200);
            let after: u64 = served.opened.store.writes().values().sum();
            cost.push(after - before);
        }
        costs.push(cost);
    }
    assert_eq!(costs[0], costs[1], "rows written by adding and by removing");
    let page =
        format!("/Users?count=0&filter={}", escaped(&format!("groups.value eq \"{large}\"")));
    assert_eq!(served.get(&page).await.is(200)["totalResults"], json!(50_000));
}
