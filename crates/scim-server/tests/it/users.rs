//! One user from the first request to the last.

use serde_json::{Value as Json, json};

use crate::support::*;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const OWN: &str = "urn:muster:params:scim:schemas:extension:person:2.0:User";

#[tokio::test]
async fn a_user_is_made_read_changed_and_gone() {
    let served = Served::start().await;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", OWN],
        "userName": "ada",
        "externalId": "ext-1",
        "name": { "givenName": "Ada", "familyName": "Byron", "formatted": "Ada Byron" },
        "emails": [
            { "value": "ada@tern.example", "type": "work", "primary": true },
            { "value": "ada@home.example", "type": "home" },
        ],
        "nickName": "Countess",
        "password": "not kept",
        "active": true,
        OWN: { "level": 7, "skills": ["maths", "poetry"], "badge": "ignored" },
    });
    let got = served.post("/Users", &body).await;
    let made = got.clone().is(201);
    let id = id(&made);
    assert_eq!(got.header("location"), format!("http://muster.example/scim/v2/Users/{id}"));
    assert_eq!(text(&made, "/meta/location"), got.header("location"));
    assert_eq!(text(&made, "/meta/version"), got.header("etag"));
    assert_eq!(made["emails"], body["emails"]);
    assert_eq!(made["name"], body["name"]);
    assert_eq!(made["nickName"], json!("Countess"));
    assert_eq!(made["externalId"], json!("ext-1"));
    assert_eq!(made["active"], json!(true));
    assert_eq!(made.get("password"), None);
    assert_eq!(made[OWN], json!({ "level": 7, "skills": ["maths", "poetry"] }));
    let path = format!("/Users/{id}");
    assert_eq!(served.get(&path).await.is(200), made);

    let replaced = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ada",
        "name": { "givenName": "Augusta", "familyName": "King" },
        "title": "Countess of Lovelace",
    });
    let body = served.put(&path, &replaced).await.is(200);
    assert_eq!(body["name"], replaced["name"]);
    assert_eq!(body["title"], replaced["title"]);
    assert_eq!(body.get("nickName"), None);
    assert_eq!(body.get("emails"), None);
    assert_eq!(body.get("externalId"), None);
    assert_eq!(body[OWN]["level"], json!(7), "an extension of ours that is not named stays");

    assert_eq!(served.delete(&path).await.status, 204);
    served.get(&path).await.fails(404, "");
    served.delete(&path).await.fails(404, "");
    assert_eq!(served.found("").await, [""; 0]);
}

#[tokio::test]
async fn two_users_cannot_have_one_name_in_any_case() {
    let served = Served::start().await;
    served.user("ada").await;
    let again = json!({ "userName": "ADA", "name": { "givenName": "A", "familyName": "B" } });
    served.post("/Users", &again).await.fails(409, "uniqueness");
    let grace = served.user("grace").await;
    let rename = json!([{ "op": "replace", "path": "userName", "value": "ada" }]);
    served.patch(&format!("/Users/{grace}"), rename).await.fails(409, "uniqueness");
}

#[tokio::test]
async fn whoever_was_deleted_comes_back_under_the_same_name() {
    let served = Served::start().await;
    let id_before = served.user("ada").await;
    served.delete(&format!("/Users/{id_before}")).await;
    let id_after = served.user("ada").await;
    assert_eq!(id_before, id_after);
    assert_eq!(served.found("").await, ["ada"]);
}

#[tokio::test]
async fn inactive_is_suspended_and_active_lifts_only_that() {
    let served = Served::start().await;
    let id = served.user("ada").await;
    let path = format!("/Users/{id}");
    let set = |value: Json| json!([{ "op": "replace", "path": "active", "value": value }]);
    let off = served.patch(&path, set(json!(false))).await;
    let tag = off.header("etag");
    assert_eq!(off.is(200)["active"], json!(false));
    assert_eq!(served.get(&path).await.is(200)["active"], json!(false));
    let again = served.patch(&path, set(json!(false))).await;
    assert_eq!(again.header("etag"), tag, "nothing changed");
    assert_eq!(served.patch(&path, set(json!(true))).await.is(200)["active"], json!(true));
    let made = json!({
        "userName": "grace", "active": false, "name": { "givenName": "G", "familyName": "H" },
    });
    assert_eq!(served.post("/Users", &made).await.is(201)["active"], json!(false));
}

#[tokio::test]
async fn a_manager_is_a_link_and_a_department_is_found_when_it_is_there() {
    let served = Served::start().await;
    let boss = served.user("boss").await;
    let id = served.user("ada").await;
    let path = format!("/Users/{id}");
    let set = json!([{ "op": "add", "path": format!("{ENTERPRISE}:manager"), "value": boss }]);
    let body = served.patch(&path, set).await.is(200);
    assert_eq!(text(&body[ENTERPRISE], "/manager/value"), boss);
    assert_eq!(body[ENTERPRISE]["manager"].get("displayName"), None, "only when it is asked for");
    assert!(text(&body[ENTERPRISE], "/manager/$ref").ends_with(&format!("/Users/{boss}")));
    let unknown = json!([{ "op": "add", "path": format!("{ENTERPRISE}:manager"), "value": "999" }]);
    let body = served.patch(&path, unknown).await.is(200);
    assert_eq!(body[ENTERPRISE]["manager"], json!({ "value": "999" }), "it leads nowhere");
    let set = json!([{ "op": "add", "value": { format!("{ENTERPRISE}:department"): "Sales" } }]);
    let body = served.patch(&path, set).await.is(200);
    assert_eq!(text(&body[ENTERPRISE], "/department"), "Sales", "it is shown until it is there");
    let gone = json!([{ "op": "remove", "path": format!("{ENTERPRISE}:manager") }]);
    let body = served.patch(&path, gone).await.is(200);
    assert_eq!(body[ENTERPRISE].get("manager"), None);
    assert_eq!(text(&body[ENTERPRISE], "/department"), "Sales");
}

#[tokio::test]
async fn a_change_of_an_old_state_is_refused_and_a_known_state_is_not_sent_again() {
    let served = Served::start().await;
    let id = served.user("ada").await;
    let path = format!("/Users/{id}");
    let tag = served.get(&path).await.header("etag");
    let with = |method: &str, header: &'static str, tag: &str, body: Option<&Json>| {
        let mut request = served.request(method, &path, body);
        request.headers_mut().insert(header, tag.parse().unwrap());
        request
    };
    assert_eq!(served.send(with("GET", "if-none-match", &tag, None)).await.status, 304);
    let body = json!({ "Operations": [{ "op": "add", "path": "title", "value": "x" }] });
    served.send(with("PATCH", "if-match", &tag, Some(&body))).await.is(200);
    served.send(with("PATCH", "if-match", &tag, Some(&body))).await.fails(412, "");
    served.send(with("DELETE", "if-match", &tag, None)).await.fails(412, "");
    assert_ne!(served.get(&path).await.header("etag"), tag);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let served = Served::start().await;
    let id = served.user("ada").await;
    let path = format!("/Users/{id}");
    served.post("/Users", &json!({ "nickName": "x" })).await.fails(400, "invalidValue");
    served.post("/Users", &json!([1])).await.fails(400, "invalidSyntax");
    let refused = [
        (json!([{ "op": "replace", "path": "id", "value": "1" }]), "mutability"),
        (json!([{ "op": "replace", "path": "groups", "value": [] }]), "mutability"),
        (json!([{ "op": "replace", "path": format!("{OWN}:badge"), "value": "x" }]), "mutability"),
        (json!([{ "op": "replace", "path": "nothing", "value": "x" }]), "invalidPath"),
        (json!([{ "op": "replace", "path": "na me", "value": "x" }]), "invalidPath"),
        (json!([{ "op": "remove" }]), "noTarget"),
        (json!([{ "op": "remove", "path": "userName" }]), "mutability"),
        (json!([{ "op": "move", "path": "title" }]), "invalidSyntax"),
        (json!([]), "invalidSyntax"),
        (json!([{ "op": "replace", "path": "active", "value": "maybe" }]), "invalidValue"),
        (json!([{ "op": "add", "path": format!("{OWN}:level"), "value": "high" }]), "invalidValue"),
        (
            json!([{ "op": "replace", "path": "emails[value co \"x\"].value", "value": "y" }]),
            "noTarget",
        ),
    ];
    for (operations, scim_type) in refused {
        served.patch(&path, operations).await.fails(400, scim_type);
    }
    served.get("/Users/0").await.fails(404, "");
    served.get(&format!("/Users/0{id}")).await.fails(404, "");
    served.get(&format!("/Groups/{id}")).await.fails(404, "");
    let mut request = served.request("POST", "/Users", Some(&json!({ "userName": "x" })));
    request.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    served.send(request).await.fails(415, "");
    let mut request = served.request("POST", "/Users", None);
    *request.body_mut() = "[".repeat(100_000).into();
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    served.send(request).await.fails(400, "invalidSyntax");
}
