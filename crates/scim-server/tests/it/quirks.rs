//! What Entra and Okta document that they send, and what it must come to. Each accepted deviation is counted.

use muster_scim_server::{Quirk, quirk_counts};
use serde_json::{Value as Json, json};

use crate::support::*;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Sends operations and sees that the deviation was counted.
async fn counted(served: &Served, path: &str, operations: Json, quirk: Quirk) -> Json {
    let before = quirk_counts()[quirk.word()];
    let body = served.patch(path, operations).await.is(200);
    assert!(quirk_counts()[quirk.word()] > before, "{}", quirk.word());
    body
}

#[tokio::test]
async fn entra_disables_with_a_text_and_a_capital() {
    let served = Served::start().await;
    let path = format!("/Users/{}", served.user("ada").await);
    let off = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    let body = counted(&served, &path, off.clone(), Quirk::CapitalOperation).await;
    assert_eq!(body["active"], json!(false));
    counted(&served, &path, off, Quirk::TextForValue).await;
    let on = json!([{ "op": "Add", "path": "active", "value": "True" }]);
    assert_eq!(served.patch(&path, on).await.is(200)["active"], json!(true));
}

#[tokio::test]
async fn entra_writes_many_attributes_without_a_path() {
    let served = Served::start().await;
    let path = format!("/Users/{}", served.user("ada").await);
    let operations = json!([{ "op": "replace", "value": {
        "displayName": "Ada K",
        "name.givenName": "Augusta",
        "name.familyName": "King",
        "emails[type eq \"work\"].value": "ada@tern.example",
        "addresses[type eq \"work\"].locality": "London",
        format!("{ENTERPRISE}:division"): "Engines",
        "unknownAttribute": "x",
        "active": "False",
    }}]);
    let body = counted(&served, &path, operations, Quirk::PathAsName).await;
    assert_eq!(body["displayName"], json!("Ada K"));
    assert_eq!(body["name"], json!({ "givenName": "Augusta", "familyName": "King" }));
    assert_eq!(body["emails"], json!([{ "type": "work", "value": "ada@tern.example" }]));
    assert_eq!(text(&body, "/addresses/0/locality"), "London");
    assert_eq!(text(&body[ENTERPRISE], "/division"), "Engines");
    assert_eq!(body["active"], json!(false));
    assert_eq!(body.get("unknownAttribute"), None);
}

#[tokio::test]
async fn entra_replaces_a_value_that_is_not_there_yet() {
    let served = Served::start().await;
    let path = format!("/Users/{}", served.user("ada").await);
    let value = |mail: &str| json!([{ "op": "Replace", "path": "emails[type eq \"work\"].value", "value": mail }]);
    let body = counted(&served, &path, value("a@x.example"), Quirk::MadeForFilter).await;
    assert_eq!(body["emails"], json!([{ "type": "work", "value": "a@x.example" }]));
    let body = served.patch(&path, value("b@x.example")).await.is(200);
    assert_eq!(body["emails"], json!([{ "type": "work", "value": "b@x.example" }]));
    let phones =
        json!([{ "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1" }]);
    let body = served.patch(&path, phones).await.is(200);
    assert_eq!(body["phoneNumbers"], json!([{ "type": "mobile", "value": "1" }]));
}

#[tokio::test]
async fn entra_sets_the_manager_as_a_bare_text_and_takes_it_away() {
    let served = Served::start().await;
    let boss = served.user("boss").await;
    let path = format!("/Users/{}", served.user("ada").await);
    let set = json!([{ "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": boss }]);
    let body = counted(&served, &path, set, Quirk::BareComplex).await;
    assert_eq!(text(&body[ENTERPRISE], "/manager/value"), boss);
    let gone = json!([{ "op": "Remove", "path": format!("{ENTERPRISE}:manager") }]);
    let body = served.patch(&path, gone).await.is(200);
    assert_eq!(body[ENTERPRISE].get("manager"), None);
}

#[tokio::test]
async fn entra_removes_members_by_value_and_only_those() {
    let served = Served::start().await;
    let (ada, bob) = (served.user("ada").await, served.user("bob").await);
    let group = served.group("sales", &[&ada, &bob]).await;
    let path = format!("/Groups/{group}");
    let remove = |value: Json| json!([{ "op": "Remove", "path": "members", "value": value }]);
    counted(&served, &path, remove(json!([{ "value": ada }])), Quirk::RemoveByValue).await;
    assert_eq!(served.members(&group).await, std::slice::from_ref(&bob));
    for nothing in [json!([]), json!(""), json!({}), json!([{ "value": "4711" }])] {
        served.patch(&path, remove(nothing)).await.is(200);
    }
    counted(&served, &path, remove(json!([])), Quirk::UnclearRemove).await;
    let none = json!([{ "op": "remove", "path": "members[value eq \"4711\"]" }]);
    served.patch(&path, none).await.is(200);
    assert_eq!(served.members(&group).await, [bob], "an unclear remove empties nothing");
}

#[tokio::test]
async fn an_unclear_remove_of_an_attribute_removes_nothing() {
    let served = Served::start().await;
    let path = format!("/Users/{}", served.user("ada").await);
    let add = json!([{ "op": "add", "path": "emails", "value": [{ "value": "a@x.example" }] }]);
    let body = counted(&served, &path, add, Quirk::UntypedValue).await;
    let emails = body["emails"].clone();
    for operations in [
        json!([{ "op": "remove", "path": "emails", "value": [] }]),
        json!([{ "op": "remove", "path": "emails[type eq \"other\"]" }]),
    ] {
        let body = counted(&served, &path, operations, Quirk::UnclearRemove).await;
        assert_eq!(body["emails"], emails);
    }
}

#[tokio::test]
async fn okta_finds_creates_replaces_and_deactivates() {
    let served = Served::start().await;
    let filter =
        format!("filter={}&startIndex=1&count=100", escaped("userName eq \"ada@x.example\""));
    assert_eq!(served.found(&filter).await, [""; 0]);
    let mut user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ada@x.example",
        "name": { "givenName": "Ada", "familyName": "Byron" },
        "emails": [{ "primary": true, "value": "ada@x.example", "type": "work" }],
        "displayName": "Ada Byron",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    });
    let made = served.post("/Users", &user).await.is(201);
    assert_eq!(served.found(&filter).await, ["ada@x.example"]);
    user["id"] = json!(id(&made));
    user["name"]["givenName"] = json!("Augusta");
    let path = format!("/Users/{}", id(&made));
    let body = served.put(&path, &user).await.is(200);
    assert_eq!(text(&body, "/name/givenName"), "Augusta");
    assert_eq!(body["emails"], user["emails"]);
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    assert_eq!(served.patch(&path, off).await.is(200)["active"], json!(false));
}

#[tokio::test]
async fn okta_pushes_groups_with_and_without_an_id_in_the_value() {
    let served = Served::start().await;
    let (ada, bob) = (served.user("ada").await, served.user("bob").await);
    let group = served.group("sales", &[]).await;
    let path = format!("/Groups/{group}");
    let rename = json!([{ "op": "replace", "value": { "id": group, "displayName": "selling" } }]);
    assert_eq!(served.patch(&path, rename).await.is(200)["displayName"], json!("selling"));
    let both = json!([
        { "op": "add", "path": "members", "value": [{ "value": ada, "display": "ada" }] },
        { "op": "add", "path": "members", "value": [{ "value": bob, "display": "bob" }] },
        { "op": "remove", "path": format!("members[value eq \"{ada}\"]") },
    ]);
    served.patch(&path, both).await.is(200);
    assert_eq!(served.members(&group).await, [bob]);
}

#[tokio::test]
async fn a_name_that_the_model_requires_is_taken_from_another_one() {
    let served = Served::start().await;
    let minimal = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "barbara.jensen@x.example",
    });
    let before = quirk_counts()[Quirk::NameFromOther.word()];
    let body = served.post("/Users", &minimal).await.is(201);
    assert_eq!(body["name"], json!({ "givenName": "barbara", "familyName": "jensen" }));
    assert!(quirk_counts()[Quirk::NameFromOther.word()] > before);
}
