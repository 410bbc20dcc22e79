//! What a client pushes to a source of its own: records with authority, correlation and guards.

use muster_app::Scope;
use muster_engine::{NoProgress, list_change_sets, reject_change_set, release_change_set};
use serde_json::{Value as Json, json};

use crate::support::*;

/// The model of the other tests, with a source that the client `tester` pushes to. It owns the names, not the title.
pub(crate) fn model(limits: &str) -> String {
    let source = format!(
        r#"
systems:
  hr:
    connector: scim-inbound
    settings: {{ client: tester }}
    reads:
      person:
        match: [{{ on: "userName == record.userName" }}]
        owns:
          userName: record.userName
          givenName: record.givenName
          familyName: record.familyName
          email: record.email
          manager: link("person", record.manager)
        absent: {{ state: leaver }}
        guards: {limits}
"#
    );
    let leaver = r#"leaver:    { when: "false" }"#;
    assert!(MODEL.contains(leaver));
    format!("{MODEL}{source}")
}

fn ada(extra: &Json) -> Json {
    let mut body = json!({
        "externalId": "e1", "userName": "ada", "name": { "givenName": "Ada", "familyName": "Byron" },
    });
    for (key, value) in extra.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

/// As another client, which pushes to no source.
async fn other(served: &Served) -> Served {
    served.clone_with_token(served.token("other", Scope::Scim).await)
}

#[tokio::test]
async fn a_push_is_a_record_of_the_source_and_only_what_it_owns_counts() {
    let served = Served::start_with(&model("{}")).await;
    let extra =
        json!({ "title": "Countess", "emails": [{ "value": "a@b.example", "type": "work" }] });
    let made = served.post("/Users", &ada(&extra)).await.is(201);
    assert_eq!(made["userName"], json!("ada"));
    assert_eq!(made["emails"][0]["value"], json!("a@b.example"));
    assert_eq!(made.get("title"), None, "the source is no authority for the title");
    let mut tx = served.opened.store.read().await.unwrap();
    let entity = muster_model::EntityId(id(&made).parse().unwrap());
    let records = tx.records_of(entity).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(&*records[0].key, "e1");

    // The same id of the client again, or the same name: it is there already.
    served.post("/Users", &ada(&json!({ "userName": "grace" }))).await.fails(409, "uniqueness");
    served.post("/Users", &ada(&json!({ "externalId": "e2" }))).await.fails(409, "uniqueness");

    // Whoever has no source cannot change what comes from this one.
    let path = format!("/Users/{}", id(&made));
    let other = other(&served).await;
    let rename = json!([{ "op": "replace", "path": "name.givenName", "value": "Augusta" }]);
    other.patch(&path, rename.clone()).await.fails(400, "mutability");
    let changed = served.patch(&path, rename).await.is(200);
    assert_eq!(changed["name"]["givenName"], json!("Augusta"));
    assert_eq!(changed["emails"][0]["value"], json!("a@b.example"), "what is not said stays");
    assert_eq!(changed["id"], made["id"]);

    served.delete(&path).await.is(204);
    served.get(&path).await.fails(404, "");
    let again = served.post("/Users", &ada(&json!({}))).await.is(201);
    assert_eq!(again["id"], made["id"], "the record is back, and whoever it was about");
    assert_eq!(again.get("emails"), None);
}

#[tokio::test]
async fn a_push_finds_whom_it_is_about() {
    let served = Served::start_with(&model("{}")).await;
    let other = other(&served).await;
    let known = other.user("ada").await;
    let made = served.post("/Users", &ada(&json!({}))).await.is(201);
    assert_eq!(id(&made), known, "the record is correlated");
    assert_eq!(made["name"]["givenName"], json!("Ada"), "and its source is the authority");
    let boss = served.post("/Users", &json!({ "userName": "boss" })).await.is(201);
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let link =
        json!([{ "op": "add", "path": format!("{enterprise}:manager.value"), "value": id(&boss) }]);
    // The record holds the key of the other end.
    served.patch(&format!("/Users/{known}"), link).await.is(200);
}

#[tokio::test]
async fn what_a_guard_holds_is_answered_so_and_released_whole() {
    let served = Served::start_with(&model("{ absent: { max: 1 }, update: none }")).await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        let body = json!({ "externalId": name, "userName": name });
        ids.push(id(&served.post("/Users", &body).await.is(201)));
    }
    served.delete(&format!("/Users/{}", ids[0])).await.is(204);
    let held = served.delete(&format!("/Users/{}", ids[1])).await.is(202);
    assert_eq!(held["result"], json!("held"));
    assert!(text(&held, "/detail").contains("2 of 3 records are gone within a day"), "{held}");
    served.get(&format!("/Users/{}", ids[1])).await.is(200);
    // Nothing overtakes what waits, and the last word about a record counts.
    for given in ["Cleo", "Clara"] {
        let name = json!([{ "op": "replace", "path": "name.givenName", "value": given }]);
        let waits = served.patch(&format!("/Users/{}", ids[2]), name).await.is(202);
        assert_eq!(waits["changeSet"], held["changeSet"]);
    }
    let family = json!([{ "op": "replace", "path": "name.familyName", "value": "Patra" }]);
    served.patch(&format!("/Users/{}", ids[2]), family).await.is(202);

    let sets = list_change_sets(&served.opened).await.unwrap();
    let [set] = sets.as_slice() else { panic!("{sets:?}") };
    assert_eq!((set.counts.n_update, set.counts.n_absent), (1, 1));
    let (ctx, opened) = (&served.ctx, &served.opened);
    release_change_set(ctx, opened, set.id, Some(2), &NoProgress).await.unwrap();
    served.get(&format!("/Users/{}", ids[1])).await.fails(404, "");
    let changed = served.get(&format!("/Users/{}", ids[2])).await.is(200);
    assert_eq!(changed["name"], json!({ "givenName": "Clara", "familyName": "Patra" }));

    let held = served.delete(&format!("/Users/{}", ids[3])).await.is(202);
    let set = muster_store::ChangeSetId(text(&held, "/changeSet").parse().unwrap());
    reject_change_set(ctx, opened, set).await.unwrap();
    served.get(&format!("/Users/{}", ids[3])).await.is(200);
}

#[tokio::test]
async fn one_bulk_request_is_one_thing_to_a_guard_and_each_record_has_its_answer() {
    let served = Served::start_with(&model("{}")).await;
    let operations: Vec<Json> = (0..20)
        .map(|n| {
            let name = if n == 7 { "u6".to_owned() } else { format!("u{n}") };
            json!({ "method": "POST", "path": "/Users", "bulkId": format!("b{n}"),
                "data": { "externalId": format!("x{n}"), "userName": name } })
        })
        .collect();
    let got = served.post("/Bulk", &json!({ "Operations": operations })).await.is(200);
    let statuses: Vec<String> =
        got["Operations"].as_array().unwrap().iter().map(|one| text(one, "/status")).collect();
    assert_eq!(statuses.iter().filter(|status| *status == "201").count(), 19, "{got}");
    assert_eq!(statuses[7], "409", "{got}");
}
