//! What the model says of its types and attributes in SCIM, beside what follows from names.

use serde_json::json;

use crate::support::*;

const MODEL: &str = r#"
muster: 1
store: "sqlite::memory:"
types:
  worker:
    key: no
    attributes:
      no: { type: string, unique: true }
  human:
    identity: true
    key: no
    scim:
      resource: User
      extension: urn:tern:scim:schemas:human:2.0:User
      attributes:
        handle: userName
        userName: nickName
        team: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division
        box: 'emails[type eq "other"].value'
        salary: none
    attributes:
      no:       { type: string, unique: true, generate: ['"H" + string(n)'] }
      handle:   { type: string, unique: true }
      userName: { type: string }
      team:     { type: string }
      box:      { type: string }
      salary:   { type: int }
      shoe:     { type: int }
  device:
    key: tag
    scim: { resource: Device, endpoint: Things }
    attributes:
      tag:    { type: string, unique: true, required: true }
      rooms:  { type: int }
      holder: { type: link, to: human, inverse: devices }
"#;

const OWN: &str = "urn:tern:scim:schemas:human:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[tokio::test]
async fn what_the_model_says_counts_before_names() {
    let served = Served::start_with(MODEL).await;
    let body = json!({
        "userName": "ada", "nickName": "Countess", "emails": [{ "value": "a@b.example", "type": "other" }],
        ENTERPRISE: { "division": "Engines" }, OWN: { "shoe": 38, "salary": 1 },
    });
    let made = served.post("/Users", &body).await.is(201);
    assert_eq!(made[ENTERPRISE]["division"], json!("Engines"));
    assert_eq!(made[OWN], json!({ "no": "H1", "shoe": 38 }));
    assert_eq!(made["emails"], body["emails"]);

    // It is in the model, under the names of the model.
    let mut tx = served.opened.store.read().await.unwrap();
    let entity = muster_model::EntityId(id(&made).parse().unwrap());
    let entity = tx.entity(entity).await.unwrap().unwrap();
    let of = served.opened.model.schema.type_named("human").unwrap();
    let (model, names) = (&served.opened.model, &served.opened.names);
    let row = muster_app::decode_facts(model, names, entity.id, of.id, &entity.facts).unwrap();
    for (name, value) in
        [("handle", "ada"), ("userName", "Countess"), ("team", "Engines"), ("box", "a@b.example")]
    {
        let slot = of.attribute_named(name).unwrap().slot;
        assert_eq!(row.get(slot).as_text().map(|text| &**text), Some(value), "{name}");
    }
    assert!(row.get(of.attribute_named("salary").unwrap().slot).is_null());

    assert_eq!(
        served.found(&format!("filter={}", escaped("nickName eq \"countess\""))).await,
        ["ada"]
    );
    let schemas = served.get("/Schemas").await.is(200).to_string();
    assert!(schemas.contains(OWN) && !schemas.contains("salary"), "{schemas}");
}

#[tokio::test]
async fn a_type_of_the_model_can_be_a_resource_type_of_its_own() {
    let served = Served::start_with(MODEL).await;
    let types = served.get("/ResourceTypes").await.is(200);
    let names: Vec<String> =
        types["Resources"].as_array().unwrap().iter().map(|of| text(of, "/name")).collect();
    assert_eq!(names, ["User", "Device"]);

    let ada = served.user("ada").await;
    let key = served.get(&format!("/Users/{ada}?attributes={OWN}:no")).await.is(200);
    let key = key[OWN]["no"].clone();
    let body = json!({ "tag": "T1", "rooms": 3, "holder": key });
    let made = served.post("/Things", &body).await.is(201);
    for name in ["tag", "rooms", "holder"] {
        assert_eq!(made[name], body[name], "{name}");
    }
    assert_eq!(text(&made, "/meta/resourceType"), "Device");
    let path = format!("/Things/{}", id(&made));
    let change = json!([{ "op": "replace", "path": "rooms", "value": 4 }]);
    assert_eq!(served.patch(&path, change).await.is(200)["rooms"], json!(4));
    let filter = escaped("tag eq \"T1\" and rooms gt 3");
    let found = served.get(&format!("/Things?filter={filter}")).await.is(200);
    assert_eq!(found["totalResults"], json!(1));
    served.delete(&path).await.is(204);
    served.get(&path).await.fails(404, "");
}
