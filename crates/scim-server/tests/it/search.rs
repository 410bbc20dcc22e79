//! Filters, order, pages, and which attributes come back.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::support::*;

async fn people() -> Served {
    let served = Served::start().await;
    let people = [
        ("ada", "Ada", 3, "a@x.example"),
        ("Bob", "Robert", 5, "b@x.example"),
        ("carl", "Carl", 5, "c@y.example"),
        ("dora", "Dora", 1, "d@y.example"),
        ("Eve", "Eve", 9, ""),
    ];
    for (n, (name, given, level, mail)) in people.into_iter().enumerate() {
        let mut body = json!({
            "userName": name, "externalId": format!("x{}", n % 2),
            "name": { "givenName": given, "familyName": "Byron" },
            "urn:muster:params:scim:schemas:extension:person:2.0:User": { "level": level },
            "active": n != 3,
        });
        if !mail.is_empty() {
            body["emails"] = json!([{ "type": "work", "value": mail }]);
        }
        served.post("/Users", &body).await.is(201);
    }
    served
}

async fn filtered(served: &Served, filter: &str) -> Vec<String> {
    served.found(&format!("filter={}", escaped(filter))).await
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let served = people().await;
    let cases: [(&str, &[&str]); 15] = [
        ("userName eq \"ADA\"", &["ada"]),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"bob\"", &["Bob"]),
        ("externalId eq \"x1\"", &["Bob", "dora"]),
        ("externalId eq \"X1\"", &[]),
        ("name.givenName sw \"r\"", &["Bob"]),
        ("emails[type eq \"work\" and value ew \"y.example\"]", &["carl", "dora"]),
        ("emails co \"x.example\"", &["ada", "Bob"]),
        ("not (emails pr)", &["Eve"]),
        ("active eq false", &["dora"]),
        (
            "urn:muster:params:scim:schemas:extension:person:2.0:User:level ge 5",
            &["Bob", "carl", "Eve"],
        ),
        ("userName eq \"ada\" or userName eq \"eve\"", &["ada", "Eve"]),
        ("userName eq \"ada\" and active eq false", &[]),
        (
            "meta.lastModified gt \"2001-01-01T00:00:00Z\" and userName ne \"ada\"",
            &["Bob", "carl", "dora", "Eve"],
        ),
        ("id eq \"1\"", &["ada"]),
        ("userName eq \"x' OR 1=1 --\"", &[]),
    ];
    for (filter, expected) in cases {
        assert_eq!(filtered(&served, filter).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn a_wrong_filter_is_refused() {
    let served = people().await;
    let deep = format!("{}userName pr{}", "(".repeat(100), ")".repeat(100));
    let many = vec!["userName pr"; 300].join(" or ");
    for filter in
        ["userName eq", "userName == \"a\"", "nothing eq \"a\"", "emails[nothing pr]", &deep, &many]
    {
        served.get(&format!("/Users?filter={}", escaped(filter))).await.fails(400, "invalidFilter");
    }
    served.get("/Users?sortBy=nothing").await.fails(400, "invalidPath");
    served.get("/Users?count=many").await.fails(400, "invalidValue");
}

#[tokio::test]
async fn a_search_that_asks_for_something_unknown_is_refused() {
    let served = people().await;
    for path in ["/.search", "/Users/.search"] {
        for (search, kind) in [
            (json!({ "filtre": "userName eq \"ada\"" }), "invalidSyntax"),
            (json!({ "schemas": [], "where": {} }), "invalidSyntax"),
            (json!(["filter"]), "invalidSyntax"),
            (json!({ "filter": ["userName eq \"ada\""] }), "invalidValue"),
            (json!({ "count": "ten" }), "invalidValue"),
            (json!({ "attributes": [7] }), "invalidValue"),
        ] {
            served.post(path, &search).await.fails(400, kind);
        }
        let search =
            json!({ "Filter": "userName eq \"ada\"", "attributes": "userName", "note": 1 });
        assert_eq!(served.post(path, &search).await.is(200)["totalResults"], json!(1));
    }
    let all = served.post("/Users/.search", &json!({ "schemas": [] })).await.is(200);
    assert_eq!(all["totalResults"], json!(5));
}

#[tokio::test]
async fn a_mail_address_is_found_wherever_it_is_kept() {
    let mail = "email:      { type: string }";
    let model = MODEL.replacen(mail, "email:      { type: string, unique: true }", 1);
    let served = Served::start_with(&model).await;
    let mails = |work: &str, home: &str| json!([{ "value": work, "type": "work" }, { "value": home, "type": "home" }]);
    for (name, work, home) in
        [("ada", "a@tern.example", "Ada@home.example"), ("bob", "b@tern.example", "b@home.example")]
    {
        let user = json!({ "userName": name, "emails": mails(work, home) });
        served.post("/Users", &user).await.is(201);
    }
    let found = async |filter: &str| served.found(&format!("filter={}", escaped(filter))).await;
    assert_eq!(found("emails.value eq \"A@tern.example\"").await, ["ada"]);
    assert_eq!(found("emails eq \"ada@home.example\"").await, ["ada"]);
    assert_eq!(found("emails[value eq \"b@home.example\" and type eq \"home\"]").await, ["bob"]);
    assert_eq!(found("emails[value eq \"b@home.example\" and type eq \"work\"]").await, [""; 0]);
    let moved = json!([{ "op": "replace", "path": "emails", "value": mails("b@tern.example", "new@home.example") }]);
    let bob = served.get("/Users?filter=userName%20eq%20%22bob%22").await.is(200);
    served.patch(&format!("/Users/{}", text(&bob, "/Resources/0/id")), moved).await.is(200);
    assert_eq!(found("emails.value eq \"b@home.example\"").await, [""; 0]);
    assert_eq!(found("emails.value eq \"new@home.example\"").await, ["bob"]);
}

#[tokio::test]
async fn an_external_id_is_the_clients_own() {
    let served = people().await;
    let other = served.token("other", muster_app::Scope::Scim).await;
    let mut request =
        served.request("GET", &format!("/Users?filter={}", escaped("externalId eq \"x1\"")), None);
    request.headers_mut().insert("authorization", format!("Bearer {other}").parse().unwrap());
    assert_eq!(served.send(request).await.is(200)["totalResults"], json!(0));
}

#[tokio::test]
async fn results_are_sorted_and_paged_by_index() {
    let served = people().await;
    assert_eq!(served.found("sortBy=userName").await, ["ada", "Bob", "carl", "dora", "Eve"]);
    assert_eq!(
        served.found("sortBy=userName&sortOrder=descending").await,
        ["Eve", "dora", "carl", "Bob", "ada"]
    );
    assert_eq!(served.found("sortBy=name.givenName&startIndex=4&count=9").await, ["Eve", "Bob"]);
    for (query, total, start, n) in [
        ("startIndex=2&count=2", 5, 2, 2),
        ("startIndex=-3&count=2", 5, 1, 2),
        ("startIndex=99", 5, 99, 0),
        ("count=0", 5, 1, 0),
        ("count=-1", 5, 1, 0),
        ("count=999999", 5, 1, 5),
        ("filter=active%20eq%20true&startIndex=2&count=2", 4, 2, 2),
    ] {
        let body = served.get(&format!("/Users?{query}")).await.is(200);
        assert_eq!(body["totalResults"], json!(total), "{query}");
        assert_eq!(body["startIndex"], json!(start), "{query}");
        assert_eq!(body["itemsPerPage"], json!(n), "{query}");
        assert_eq!(body["Resources"].as_array().unwrap().len(), n, "{query}");
    }
}

#[tokio::test]
async fn cursors_lead_through_everything_once() {
    let served = people().await;
    for more in ["", "&sortBy=userName", "&filter=userName%20pr"] {
        let (mut cursor, mut names) = (String::new(), Vec::new());
        loop {
            let body = served.get(&format!("/Users?count=2&cursor={cursor}{more}")).await.is(200);
            assert_eq!(body["totalResults"], json!(5));
            names
                .extend(body["Resources"].as_array().unwrap().iter().map(|u| text(u, "/userName")));
            match body.get("nextCursor").and_then(Json::as_str) {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(names, ["ada", "Bob", "carl", "dora", "Eve"], "{more}");
    }
    served.get("/Users?cursor=nonsense").await.fails(400, "invalidCursor");
}

#[tokio::test]
async fn only_what_is_asked_for_comes_back() {
    let served = people().await;
    let keys = |body: &Json| body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let body = served.get("/Users/1?attributes=userName,name.givenName").await.is(200);
    assert_eq!(keys(&body), ["id", "name", "schemas", "userName"]);
    assert_eq!(body["name"], json!({ "givenName": "Ada" }));
    let body =
        served.get("/Users/1?excludedAttributes=id,emails,meta,name.givenName").await.is(200);
    assert_eq!(body["name"], json!({ "familyName": "Byron" }));
    assert!(body.get("id").is_some() && body.get("emails").is_none() && body.get("meta").is_none());
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "attributes": ["displayName", "userName"], "filter": "userName sw \"a\"", "startIndex": 1, "count": 10,
    });
    for path in ["/.search", "/Users/.search"] {
        let body = served.post(path, &search).await.is(200);
        assert_eq!(body["totalResults"], json!(1), "{path}");
        assert_eq!(keys(&body["Resources"][0]), ["displayName", "id", "schemas", "userName"]);
    }
}

#[test]
fn an_index_never_changes_what_a_filter_finds() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let served = runtime.block_on(people());
    let all: Vec<Json> = {
        let body = runtime.block_on(served.get("/Users")).is(200);
        body["Resources"].as_array().unwrap().clone()
    };
    let attribute = prop::sample::select(vec![
        "userName",
        "externalId",
        "id",
        "title",
        "name.givenName",
        "emails.value",
        "active",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
    ]);
    let operator = prop::sample::select(vec!["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]);
    let literal = prop::sample::select(vec![
        "\"ada\"", "\"ADA\"", "\"x1\"", "\"1\"", "\"P2\"", "\"p2\"", "\"Carl\"", "true", "5",
        "null", "\"\"",
    ]);
    let term = prop_oneof![
        (attribute.clone(), operator, literal).prop_map(|(a, o, l)| format!("{a} {o} {l}")),
        attribute.prop_map(|a| format!("{a} pr")),
    ];
    let filter = term.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or ({b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    });
    let exact = |path: &muster_scim::AttributePath| {
        matches!(path.name.as_str(), "id" | "externalId" | "employeeNumber")
    };
    let config =
        ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(filter in filter)| {
        let parsed = muster_scim::parse_filter(&filter).unwrap();
        let expected: Vec<String> = all
            .iter()
            .filter(|user| parsed.matches(user, &exact))
            .map(|user| text(user, "/userName"))
            .collect();
        let found = runtime.block_on(filtered(&served, &filter));
        prop_assert_eq!(found, expected, "{}", filter);
    });
}
