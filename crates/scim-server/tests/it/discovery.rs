//! What the service says of itself.

use muster_app::Scope;
use serde_json::{Value as Json, json};

use crate::support::*;

#[tokio::test]
async fn the_configuration_says_what_works() {
    let served = Served::start().await;
    let got = served.get("/ServiceProviderConfig").await;
    assert_eq!(got.header("content-type"), "application/scim+json");
    let body = got.is(200);
    for ability in ["patch", "bulk", "filter", "sort", "etag"] {
        assert_eq!(body.pointer(&format!("/{ability}/supported")), Some(&json!(true)), "{ability}");
    }
    assert_eq!(body.pointer("/pagination/cursor"), Some(&json!(true)));
    assert_eq!(body.pointer("/changePassword/supported"), Some(&json!(false)));
    assert_eq!(body.get("securityEvents"), None, "nobody is told of events");
}

#[tokio::test]
async fn resource_types_and_schemas_are_found_by_their_ids() {
    let served = Served::start().await;
    let types = served.get("/ResourceTypes").await.is(200);
    let names: Vec<String> =
        types["Resources"].as_array().unwrap().iter().map(|t| text(t, "/name")).collect();
    assert_eq!(names, ["User", "Group"]);
    for resource_type in types["Resources"].as_array().unwrap() {
        let mut schemas = vec![text(resource_type, "/schema")];
        let extensions = resource_type["schemaExtensions"].as_array().unwrap();
        schemas.extend(extensions.iter().map(|e| text(e, "/schema")));
        for schema in schemas {
            let body = served.get(&format!("/Schemas/{schema}")).await.is(200);
            assert_eq!(id(&body), schema);
        }
    }
    served.get("/Schemas/urn:none").await.fails(404, "");
}

#[tokio::test]
async fn no_schema_has_a_password() {
    let served = Served::start().await;
    let body = served.get("/Schemas").await.is(200);
    assert!(!body.to_string().contains("\"password\""));
    served
        .get(&format!("/Users?filter={}", escaped("password pr")))
        .await
        .fails(400, "invalidFilter");
}

#[tokio::test]
async fn the_models_own_attributes_are_an_extension() {
    let served = Served::start().await;
    let urn = "urn:muster:params:scim:schemas:extension:person:2.0:User";
    let body = served.get(&format!("/Schemas/{urn}")).await.is(200);
    let attributes = body["attributes"].as_array().unwrap();
    let of = |name: &str| attributes.iter().find(|a| a["name"] == json!(name)).cloned();
    assert_eq!(of("level").unwrap()["type"], json!("integer"));
    assert_eq!(of("skills").unwrap()["multiValued"], json!(true));
    assert_eq!(of("badge").unwrap()["mutability"], json!("readOnly"));
    assert_eq!(of("userName"), None);
}

#[tokio::test]
async fn who_has_no_token_or_too_little_of_one_is_told_in_the_form_of_scim() {
    let served = Served::start().await;
    let mut request = served.request("GET", "/Users", None);
    request.headers_mut().remove("authorization");
    served.send(request).await.fails(401, "");
    let reader = served.token("reader", Scope::ScimRead).await;
    let with = |method: &str, body: Option<&Json>| {
        let mut request = served.request(method, "/Users", body);
        let token = format!("Bearer {reader}").parse().unwrap();
        request.headers_mut().insert("authorization", token);
        request
    };
    served.send(with("GET", None)).await.is(200);
    served.send(with("POST", Some(&json!({ "userName": "eve" })))).await.fails(403, "");
    served.get("/Nothing").await.fails(404, "");
    served.get("/Me").await.fails(501, "");
}

#[tokio::test]
async fn addresses_are_those_of_the_project_whatever_a_header_says() {
    let named = MODEL.replacen("muster: 1", "muster: 1\nurl: https://muster.tern.example/id", 1);
    let spoofed = |served: &Served| {
        let mut request = served.request("GET", "/ResourceTypes/User", None);
        for (name, value) in [
            ("host", "evil.example"),
            ("forwarded", "host=worse.example;proto=https"),
            ("x-forwarded-host", "worse.example"),
            ("x-forwarded-proto", "https"),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request
    };
    let served = Served::start_with(&named).await;
    let got = served.send(spoofed(&served)).await.is(200);
    let address = "https://muster.tern.example/id/scim/v2/ResourceTypes/User";
    assert_eq!(text(&got, "/meta/location"), address);

    // A project without an address is where the client reached it, and nowhere else.
    let served = Served::start().await;
    let got = served.send(spoofed(&served)).await.is(200);
    assert_eq!(text(&got, "/meta/location"), "http://evil.example/scim/v2/ResourceTypes/User");
}
