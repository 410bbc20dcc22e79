//! Every example of RFC 7643 and RFC 7644 against the router: accepted, or answered as the RFC shows it.
//!
//! The table says of each example what it is to us. Ids, times, versions and hosts are ours; of the rest, whatever an
//! example says has to be in our answer, except what the table names with a reason.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::support::*;

/// What is left out of a comparison, as a path with `*` for every item, and why.
type But = &'static [(&'static str, &'static str)];

enum Expected {
    /// A resource: once made, it is shown like this.
    Shown { at: &'static str, but: But },
    /// A request that makes a resource, and the example that answers it.
    Made { answered: &'static str },
    /// A request that replaces Barbara Jensen, and the example that answers it.
    Replaced { answered: &'static str },
    /// A PATCH of Barbara Jensen or of her group, and what is there afterwards.
    Patched { at: &'static str, then: fn(&World, &Json) },
    /// A bulk request, the statuses of its operations, and the example that answers it, if there is one.
    Bulk { answered: Option<&'static str>, statuses: &'static [&'static str] },
    /// A document of the service about itself.
    Found { at: &'static str, but: But },
    /// The schema of a resource.
    Schema { lacks: &'static [&'static str], why: &'static str },
    /// What this request is answered with; the `detail` has our words.
    Refused { by: fn(&World) -> Sent },
    /// Looked for under this address.
    Listed { at: &'static str },
    /// A search as a request.
    Search { answered: &'static str },
    /// The answer to the example of another line.
    Answer,
    /// What it describes is not served, for this reason.
    NotServed { at: &'static str, why: &'static str },
}

use Expected::{
    Answer, Bulk, Found, Listed, Made, NotServed, Patched, Refused, Replaced, Schema, Search, Shown,
};

const NO_PASSWORD: (&str, &str) = ("/password", "a password is never shown, and none is kept");
const NAMES_ON_REQUEST: (&str, &str) =
    ("/members/*/display", "the names of all members of a large group come only when asked for");
const BIT_BY_BIT: &str = "the service's own documents are no resources that anybody could write";

const EXAMPLES: &[(&str, Expected)] = &[
    ("rfc7643-8.1-user-minimal", Shown { at: "Users", but: &[] }),
    ("rfc7643-8.2-user-full", Shown { at: "Users", but: &[NO_PASSWORD] }),
    (
        "rfc7643-8.3-enterprise_user",
        Shown {
            at: "Users",
            but: &[
                NO_PASSWORD,
                (
                    "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/manager/displayName",
                    "the name of a manager comes only when asked for",
                ),
            ],
        },
    ),
    ("rfc7643-8.4-group", Shown { at: "Groups", but: &[NAMES_ON_REQUEST] }),
    (
        "rfc7643-8.5-service_provider_configuration",
        Found {
            at: "/ServiceProviderConfig",
            but: &[
                ("/documentationUri", "the book is not on this server"),
                ("/bulk/maxOperations", "another limit"),
                ("/bulk/maxPayloadSize", "another limit"),
                ("/filter/maxResults", "another limit"),
                ("/changePassword", "no passwords are kept"),
                ("/authenticationSchemes", "bearer tokens only"),
                ("/meta/created", "it is not kept, but made"),
                ("/meta/lastModified", "it is not kept, but made"),
                ("/meta/version", "it is not kept, but made"),
            ],
        },
    ),
    ("rfc7643-8.6-resource_type-group", Found { at: "/ResourceTypes/Group", but: &[] }),
    (
        "rfc7643-8.6-resource_type-user",
        Found {
            at: "/ResourceTypes/User",
            but: &[("/schemaExtensions/*/required", "nobody needs an employee number here")],
        },
    ),
    ("rfc7643-8.7.1-schema-enterprise_user", Schema { lacks: &[], why: "" }),
    ("rfc7643-8.7.1-schema-group", Schema { lacks: &[], why: "" }),
    ("rfc7643-8.7.1-schema-user", Schema { lacks: &["password"], why: NO_PASSWORD.1 }),
    (
        "rfc7643-8.7.2-schema-resource_type",
        NotServed {
            at: "/Schemas/urn:ietf:params:scim:schemas:core:2.0:ResourceType",
            why: BIT_BY_BIT,
        },
    ),
    (
        "rfc7643-8.7.2-schema-schema",
        NotServed { at: "/Schemas/urn:ietf:params:scim:schemas:core:2.0:Schema", why: BIT_BY_BIT },
    ),
    (
        "rfc7643-8.7.2-schema-service_provider_configuration",
        NotServed {
            at: "/Schemas/urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
            why: BIT_BY_BIT,
        },
    ),
    (
        "rfc7644-3.12-error-bad_request",
        Refused {
            by: |world| {
                let body = json!({ "userName": "bjensen", "id": "another" });
                Sent("PUT", format!("/Users/{}", world.id("2819c223")), Some(body))
            },
        },
    ),
    (
        "rfc7644-3.12-error-not_found",
        Refused { by: |_| Sent("GET", "/Users/2819c223-7f76-453a-919d-413861904646".into(), None) },
    ),
    ("rfc7644-3.14-user-post_request", Made { answered: "rfc7644-3.14-user-post_response" }),
    ("rfc7644-3.14-user-post_response", Answer),
    ("rfc7644-3.3-user-post_request", Made { answered: "rfc7644-3.3-user-post_response" }),
    ("rfc7644-3.3-user-post_response", Answer),
    ("rfc7644-3.4.1-user-known-resource", Shown { at: "Users", but: &[] }),
    (
        "rfc7644-3.4.2-list_response-partial_attributes",
        Listed {
            at: "/Users?attributes=userName&filter=userName eq \"bjensen\" or userName eq \"jsmith\"",
        },
    ),
    ("rfc7644-3.4.3-list_response-post_query", Answer),
    ("rfc7644-3.4.3-search_request", Search { answered: "rfc7644-3.4.3-list_response-post_query" }),
    ("rfc7644-3.5.1-user-put_request", Replaced { answered: "rfc7644-3.5.1-user-put_response" }),
    ("rfc7644-3.5.1-user-put_response", Answer),
    (
        "rfc7644-3.5.2.1-patch_op-add_emails",
        Patched {
            at: "Users",
            then: |_, user| {
                assert_eq!(values(user, "emails"), ["babs@jensen.org", "bjensen@example.com"]);
                assert_eq!(user["nickName"], json!("Babs"));
            },
        },
    ),
    (
        "rfc7644-3.5.2.1-patch_op-add_members",
        Patched { at: "Groups", then: |world, group| world.are(group, &["2819c223", "902c246b"]) },
    ),
    (
        "rfc7644-3.5.2.2-patch_op-remove_all_members",
        Patched { at: "Groups", then: |world, group| world.are(group, &[]) },
    ),
    (
        "rfc7644-3.5.2.2-patch_op-remove_and_add_one_member",
        Patched { at: "Groups", then: |world, group| world.are(group, &["902c246b", "08e1d05d"]) },
    ),
    (
        "rfc7644-3.5.2.2-patch_op-remove_multi_complex_value",
        Patched { at: "Users", then: |_, user| assert_eq!(values(user, "emails"), [""; 0]) },
    ),
    (
        "rfc7644-3.5.2.2-patch_op-remove_one_member",
        Patched { at: "Groups", then: |world, group| world.are(group, &["902c246b"]) },
    ),
    (
        "rfc7644-3.5.2.3-patch_op-replace_all_email_values",
        Patched {
            at: "Users",
            then: |_, user| {
                assert_eq!(values(user, "emails"), ["babs@jensen.org", "bjensen@example.com"]);
            },
        },
    ),
    (
        "rfc7644-3.5.2.3-patch_op-replace_all_members",
        Patched { at: "Groups", then: |world, group| world.are(group, &["2819c223", "08e1d05d"]) },
    ),
    (
        "rfc7644-3.5.2.3-patch_op-replace_street_address",
        Patched {
            at: "Users",
            then: |_, user| {
                let work = json!({ "type": "work", "streetAddress": "1010 Broadway Ave",
                    "locality": "Hollywood" });
                assert_eq!(user["addresses"], json!([work]));
            },
        },
    ),
    (
        "rfc7644-3.5.2.3-patch_op-replace_user_work_address",
        Patched {
            at: "Users",
            then: |_, user| {
                assert_eq!(
                    user["addresses"][0]["streetAddress"],
                    json!("911 Universal City Plaza")
                );
                assert_eq!(user["addresses"].as_array().unwrap().len(), 1);
            },
        },
    ),
    (
        "rfc7644-3.6-error-not_found",
        Refused {
            by: |_| Sent("DELETE", "/Users/2819c223-7f76-453a-919d-413861904646".into(), None),
        },
    ),
    (
        "rfc7644-3.7.1-bulk_request-circular_conflict",
        Bulk { answered: None, statuses: &["201", "201"] },
    ),
    (
        "rfc7644-3.7.1-list_response-circular_reference",
        Listed { at: "/Groups?filter=displayName sw \"Group \"" },
    ),
    (
        "rfc7644-3.7.2-bulk_request-enterprise_user",
        Bulk { answered: None, statuses: &["201", "201"] },
    ),
    (
        "rfc7644-3.7.2-bulk_request-temporary_identifier",
        Bulk {
            answered: Some("rfc7644-3.7.2-bulk_response-temporary_identifier"),
            statuses: &["201", "201"],
        },
    ),
    ("rfc7644-3.7.2-bulk_response-temporary_identifier", Answer),
    (
        "rfc7644-3.7.3-bulk_request-multiple_operations",
        Bulk {
            answered: Some("rfc7644-3.7.3-bulk_response-multiple_operations"),
            statuses: &["201", "200", "200", "204"],
        },
    ),
    ("rfc7644-3.7.3-bulk_response-error_invalid_syntax", Answer),
    ("rfc7644-3.7.3-bulk_response-multiple_errors", Answer),
    ("rfc7644-3.7.3-bulk_response-multiple_operations", Answer),
    (
        "rfc7644-3.7.3-error-invalid_syntax",
        Refused { by: |_| Sent("POST", "/Users".into(), Some(json!("not an object"))) },
    ),
    (
        "rfc7644-3.7.4-error-payload_too_large",
        Refused {
            by: |_| {
                let body = json!({ "Operations": [{ "data": "x".repeat(4_000_001) }] });
                Sent("POST", "/Bulk".into(), Some(body))
            },
        },
    ),
    (
        "rfc7644-3.9-user-partial_response",
        Found { at: "/Users/2819c223?attributes=userName", but: &[] },
    ),
    (
        "rfc7644-4-list_response-resource_types",
        Found {
            at: "/ResourceTypes",
            but: &[
                ("/itemsPerPage", "all of them come, on one page"),
                (
                    "/Resources/*/schemaExtensions/*/required",
                    "nobody needs an employee number here",
                ),
            ],
        },
    ),
];

/// A request of ours.
struct Sent(&'static str, String, Option<Json>);

/// The people and groups whom the examples name, with their ids here.
struct World {
    served: Served,
    ids: BTreeMap<&'static str, String>,
}

impl World {
    async fn start() -> Self {
        let served = Served::start().await;
        let mut ids = BTreeMap::new();
        for (rfc, name, display) in [
            ("2819c223", "bjensen", "Babs Jensen"),
            ("902c246b", "mandy", "Mandy Pepperidge"),
            ("08e1d05d", "jsmith", "Smith, James"),
            ("26118915", "john", "John Smith"),
            ("b7c14771", "bob-before", "Bob"),
            ("5d8d29d3", "dave-before", "Dave"),
            ("e9025315", "gone", "Gone"),
        ] {
            let body = json!({ "userName": name, "displayName": display, "nickName": "Nick",
                "name": { "givenName": display, "familyName": "Smith" },
                "addresses": [{ "type": "work", "streetAddress": "1", "locality": "Hollywood" }],
                "emails": [{ "value": format!("{name}@example.com"), "type": "work" }] });
            ids.insert(rfc, id(&served.post("/Users", &body).await.is(201)));
        }
        ids.insert("c75ad752", ids["08e1d05d"].clone());
        for (rfc, name) in
            [("e9e30dba", "Tour Guides"), ("fc348aa8", "Employees"), ("71ddacd2", "US Employees")]
        {
            let members = [ids["2819c223"].clone(), ids["902c246b"].clone()];
            let members: &[&str] =
                if rfc == "e9e30dba" { &[&members[0], &members[1]] } else { &[] };
            ids.insert(rfc, served.group(name, members).await);
        }
        Self { served, ids }
    }

    fn id(&self, rfc: &str) -> &str {
        &self.ids[rfc]
    }

    /// An example in which the ids, also those printed in a shortened form, are ours.
    fn example(&self, name: &str) -> Json {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../scim/tests/rfc/");
        let text = std::fs::read_to_string(format!("{folder}{name}.json")).unwrap();
        let mut example = serde_json::from_str(&text).unwrap();
        self.translate(&mut example);
        example
    }

    fn translate(&self, json: &mut Json) {
        match json {
            Json::String(text) => {
                for (rfc, id) in &self.ids {
                    while let Some((before, rest)) = text.split_once(rfc) {
                        let is_id = |c: char| c.is_ascii_hexdigit() || "-.".contains(c);
                        *text = format!("{before}{id}{}", rest.trim_start_matches(is_id));
                    }
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.translate(item)),
            Json::Object(map) => map.values_mut().for_each(|item| self.translate(item)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    #[track_caller]
    fn are(&self, group: &Json, wanted: &[&str]) {
        let mut wanted: Vec<String> = wanted.iter().map(|rfc| self.ids[rfc].clone()).collect();
        wanted.sort();
        assert_eq!(values(group, "members"), wanted, "{group}");
    }

    /// Makes what an example shows, from what a client may say of it, in place of who has its name here.
    async fn make(&self, at: &str, mut body: Json) -> String {
        if at == "Users" {
            let babs = self.id("2819c223").to_owned();
            self.served.delete(&format!("/Users/{babs}")).await.is(204);
        }
        if at == "Groups" {
            self.served.delete(&format!("/Groups/{}", self.id("e9e30dba"))).await.is(204);
        }
        body.as_object_mut().unwrap().remove("id");
        let made = id(&self.served.post(&format!("/{at}"), &body).await.is(201));
        for group in ["e9e30dba", "fc348aa8", "71ddacd2"] {
            if body.get("groups").is_some() {
                let add = json!([{ "op": "add", "path": "members", "value": [{ "value": made }] }]);
                self.served.patch(&format!("/Groups/{}", self.id(group)), add).await.is(200);
            }
        }
        made
    }
}

/// The `value`s of an attribute, sorted.
fn values(json: &Json, attribute: &str) -> Vec<String> {
    let items = json.get(attribute).and_then(Json::as_array).cloned().unwrap_or_default();
    let mut values: Vec<String> = items.iter().map(|item| text(item, "/value")).collect();
    values.sort();
    values
}

/// Takes what is not compared out of an example.
fn without(json: &mut Json, path: &str) {
    let Some((head, rest)) = path.trim_start_matches('/').split_once('/') else {
        let name = path.trim_start_matches('/');
        if let Json::Object(map) = json {
            map.remove(name);
        }
        return;
    };
    let inner = if head == "*" { json.as_array_mut() } else { None };
    match inner {
        Some(items) => items.iter_mut().for_each(|item| without(item, rest)),
        None => json.get_mut(head).into_iter().for_each(|inner| without(inner, rest)),
    }
}

/// Whether all that an example says is in an answer; where it is not, otherwise.
fn lacks(example: &Json, got: &Json, place: &str) -> Option<String> {
    match (example, got) {
        (Json::Object(example), Json::Object(_)) => example.iter().find_map(|(key, value)| {
            let place = format!("{place}/{key}");
            let found = got.get(key).unwrap_or(&Json::Null);
            match key.as_str() {
                // What is empty is not there (RFC 7643, 2.5).
                _ if found.is_null() && value.as_array().is_some_and(Vec::is_empty) => None,
                "created" | "lastModified" | "version" | "detail" | "description"
                    if found.is_string() =>
                {
                    None
                }
                // The model's own attributes are an extension of their own.
                "schemas" | "schemaExtensions" => {
                    let found = found.as_array().cloned().unwrap_or_default();
                    let lacks_one =
                        value.as_array().into_iter().flatten().any(|item| {
                            found.iter().all(|found| lacks(item, found, &place).is_some())
                        });
                    lacks_one.then(|| format!("{place}: {found:?}"))
                }
                _ => lacks(value, found, &place),
            }
        }),
        (Json::Array(example), Json::Array(got)) if example.len() == got.len() => {
            let alone = |item: &Json| got.iter().all(|got| lacks(item, got, place).is_some());
            example.iter().find(|item| alone(item)).map(|item| format!("{place}: {item}"))
        }
        (Json::String(example), Json::String(got)) => {
            let path = |text: &str| text.split_once("/v2/").map(|(_, path)| path.to_owned());
            (example != got && (path(example).is_none() || path(example) != path(got)))
                .then(|| format!("{place}: {example} is {got}"))
        }
        _ => (example != got).then(|| format!("{place}: {example} is {got}")),
    }
}

#[track_caller]
fn like(name: &str, example: &Json, got: &Json) {
    if let Some(place) = lacks(example, got, "") {
        panic!("{name}{place}\n{got}");
    }
}

#[test]
fn the_table_has_every_example() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../scim/tests/rfc");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap().replace(".json", ""))
        .collect();
    files.sort();
    let mut named: Vec<&str> = EXAMPLES.iter().map(|(name, _)| *name).collect();
    named.sort_unstable();
    assert_eq!(files, named);
}

#[tokio::test]
async fn every_example_of_the_rfcs_is_taken_or_answered_as_they_show() {
    for (name, expected) in EXAMPLES {
        let world = World::start().await;
        try_one(&world, name, expected).await;
    }
}

async fn try_one(world: &World, name: &str, expected: &Expected) {
    let mut example = world.example(name);
    match expected {
        Shown { at, but } => {
            let id = world.make(at, example.clone()).await;
            but.iter().for_each(|(path, _)| without(&mut example, path));
            example["id"] = json!(id);
            example["meta"]["location"] = json!(format!("https://example.com/v2/{at}/{id}"));
            like(name, &example, &world.served.get(&format!("/{at}/{id}")).await.is(200));
        }
        Made { answered } => {
            let babs = world.id("2819c223").to_owned();
            world.served.delete(&format!("/Users/{babs}")).await.is(204);
            let got = world.served.post("/Users", &example).await.is(201);
            like(name, &world.example(answered), &got);
        }
        Replaced { answered } => {
            let path = format!("/Users/{}", world.id("2819c223"));
            let got = world.served.put(&path, &example).await.is(200);
            let mut answer = world.example(answered);
            // Where the model keeps the address at work, an address without a type is that one.
            answer["emails"][0]["type"] = json!("work");
            like(name, &answer, &got);
        }
        Patched { at, then } => {
            let of = if *at == "Users" { "2819c223" } else { "e9e30dba" };
            let path = format!("/{at}/{}", world.id(of));
            let sent = world.served.request("PATCH", &path, Some(&example));
            world.served.send(sent).await.is(200);
            then(world, &world.served.get(&path).await.is(200));
        }
        Bulk { answered, statuses } => bulk(world, name, *answered, statuses).await,
        Found { at, but } => {
            but.iter().for_each(|(path, _)| without(&mut example, path));
            let at = at.replace("2819c223", world.id("2819c223"));
            like(name, &example, &world.served.get(&at).await.is(200));
        }
        Schema { lacks, why } => {
            assert_eq!(lacks.is_empty(), why.is_empty());
            let got = world.served.get(&format!("/Schemas/{}", id(&example))).await.is(200);
            like(name, &shapes(&example["attributes"], lacks), &shapes(&got["attributes"], &[]));
        }
        Refused { by } => {
            let Sent(method, path, body) = by(world);
            let status = text(&example, "/status").parse().unwrap();
            let request = world.served.request(method, &path, body.as_ref());
            like(name, &example, &world.served.send(request).await.is(status));
        }
        Listed { at } => listed(world, name, at).await,
        Search { answered } => searched(world, &example, answered).await,
        Answer => assert!(is_answer(name), "{name} answers nothing"),
        NotServed { at, why } => {
            assert!(!why.is_empty());
            world.served.get(at).await.fails(404, "");
        }
    }
}

async fn searched(world: &World, example: &Json, answered: &str) {
    let got = world.served.post("/.search", example).await.is(200);
    // The answer in the RFC is of another server; what it is made of is the same.
    let answer = world.example(answered);
    assert_eq!(got["schemas"], answer["schemas"]);
    assert_eq!(got["totalResults"], json!(1));
    assert_eq!(text(&got, "/Resources/0/displayName"), "Smith, James");
    assert_eq!(text(&got, "/Resources/0/userName"), "jsmith");
}

/// Whether an example is the answer to that of another line, or tried in [`bulk`].
fn is_answer(name: &str) -> bool {
    [
        "rfc7644-3.7.3-bulk_response-error_invalid_syntax",
        "rfc7644-3.7.3-bulk_response-multiple_errors",
    ]
    .contains(&name)
        || EXAMPLES.iter().any(|(_, expected)| match expected {
            Made { answered } | Replaced { answered } | Search { answered } => *answered == name,
            Bulk { answered, .. } => *answered == Some(name),
            Shown { .. }
            | Patched { .. }
            | Found { .. }
            | Schema { .. }
            | Refused { .. }
            | Listed { .. }
            | Answer
            | NotServed { .. } => false,
        })
}

/// Names, types and numbers of values of attributes, with those of their parts.
fn shapes(attributes: &Json, without: &[&str]) -> Json {
    let kept = attributes
        .as_array()
        .into_iter()
        .flatten()
        .filter(|attribute| !without.contains(&text(attribute, "/name").as_str()));
    let shape = |attribute: &Json| {
        let (name, many) = (text(attribute, "/name"), attribute["multiValued"] == json!(true));
        let parts = shapes(&attribute["subAttributes"], &[]);
        (name, json!({ "type": attribute["type"], "multiValued": many, "parts": parts }))
    };
    Json::Object(kept.map(shape).collect())
}

async fn listed(world: &World, name: &str, at: &str) {
    let circle = world.example("rfc7644-3.7.1-bulk_request-circular_conflict");
    world.served.post("/Bulk", &circle).await.is(200);
    let (path, query) = at.split_once("filter=").unwrap();
    let got = world.served.get(&format!("{path}filter={}", escaped(query))).await.is(200);
    let mut example = world.example(name);
    // The two groups have other ids here; that they are in each other is tried below.
    if path.starts_with("/Groups") {
        let ids: Vec<String> = (0..2).map(|n| text(&got, &format!("/Resources/{n}/id"))).collect();
        for n in 0..2 {
            let of = |n: usize| format!("https://example.com/v2/Groups/{}", ids[n]);
            example["Resources"][n]["id"] = json!(ids[n]);
            example["Resources"][n]["meta"]["location"] = json!(of(n));
            example["Resources"][n]["members"][0]["value"] = json!(ids[1 - n]);
            example["Resources"][n]["members"][0]["$ref"] = json!(of(1 - n));
        }
    }
    like(name, &example, &got);
}

async fn bulk(world: &World, name: &str, answered: Option<&str>, statuses: &[&str]) {
    let mut request = world.example(name);
    // Some of the examples make this group.
    world.served.delete(&format!("/Groups/{}", world.id("e9e30dba"))).await.is(204);
    for operation in request["Operations"].as_array_mut().unwrap() {
        if operation.get("version").is_some() {
            let tag = world.served.get(&text(operation, "/path")).await.header("etag");
            operation["version"] = json!(tag);
        }
    }
    let got = world.served.post("/Bulk", &request).await.is(200);
    let found: Vec<String> =
        got["Operations"].as_array().unwrap().iter().map(|done| text(done, "/status")).collect();
    assert_eq!(found, statuses, "{name}: {got}");
    for (place, operation) in got["Operations"].as_array().unwrap().iter().enumerate() {
        let Some(answer) = answered.map(|answered| world.example(answered)) else { continue };
        let mut example = answer["Operations"][place].clone();
        if request["Operations"][place]["method"] == json!("POST") {
            // The id of what is new is ours.
            let location = text(operation, "/location");
            let path = request["Operations"][place]["path"].as_str().unwrap();
            assert!(location.contains(&format!("/scim/v2{path}/")), "{location}");
            example["location"] = json!(location);
        }
        like(name, &example, operation);
    }
}

#[tokio::test]
async fn errors_of_bulk_requests_are_told_as_in_the_rfc() {
    let world = World::start().await;
    let wrong = json!({ "method": "POST", "path": "/Users", "bulkId": "qwerty", "data": "Alice" });
    let stale = |method: &str, rfc: &str| {
        json!({ "method": method, "path": format!("/Users/{}", world.id(rfc)),
            "version": "W/\"3694e05e9dff591\"", "data": { "userName": "x", "Operations": [] } })
    };
    let missing = world.id("e9025315");
    world.served.delete(&format!("/Users/{missing}")).await.is(204);
    let missing = json!({ "method": "DELETE", "path": format!("/Users/{missing}") });
    for (name, operations) in [
        ("rfc7644-3.7.3-bulk_response-error_invalid_syntax", vec![wrong.clone()]),
        (
            "rfc7644-3.7.3-bulk_response-multiple_errors",
            vec![wrong, stale("PUT", "b7c14771"), stale("PATCH", "5d8d29d3"), missing],
        ),
    ] {
        let body = json!({ "Operations": operations });
        let got = world.served.post("/Bulk", &body).await.is(200);
        like(name, &world.example(name), &got);
    }
}
