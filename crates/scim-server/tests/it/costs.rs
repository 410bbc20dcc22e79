//! What requests cost: the statements that run, however many users there are.

use serde_json::{Value as Json, json};

use crate::support::*;

/// The fewest statements that a request ran in several tries; others look into the repository, too, from time to time.
async fn runs(served: &Served, request: impl AsyncFn(usize) -> Got) -> u64 {
    let mut fewest = u64::MAX;
    for n in 0..5 {
        let before = served.opened.store.n_statement_runs();
        let got = request(n).await;
        assert!(got.status < 300, "{}", got.body);
        fewest = fewest.min(served.opened.store.n_statement_runs() - before);
    }
    fewest
}

/// What each kind of request runs, with a user whose name is told.
async fn costs(served: &Served, name: &str) -> Vec<(&'static str, u64)> {
    let body = json!({
        "userName": name, "name": { "givenName": "A", "familyName": "B" },
        "emails": [{ "value": format!("{name}@tern.example"), "type": "work" }],
    });
    let id = id(&served.post("/Users", &body).await.is(201));
    let path = format!("/Users/{id}");
    let change =
        |n: usize| json!([{ "op": "replace", "path": "title", "value": format!("T{n} {name}") }]);
    let body = |n: usize| json!({ "userName": format!("{name}.{n}"), "name": { "givenName": "A", "familyName": "B" } });
    vec![
        ("get", runs(served, async |_| served.get(&path).await).await),
        ("patch", runs(served, async |n| served.patch(&path, change(n)).await).await),
        ("create", runs(served, async |n| served.post("/Users", &body(n)).await).await),
        ("find by name", find(served, &format!("userName eq \"{name}\"")).await),
        ("find by mail", find(served, &format!("emails.value eq \"{name}@tern.example\"")).await),
        (
            "find by mail and kind",
            find(served, &format!("emails[type eq \"work\" and value eq \"{name}@tern.example\"]"))
                .await,
        ),
        (
            "in order",
            runs(served, async |_| served.get("/Users?sortBy=userName&count=5").await).await,
        ),
        (
            "in order of the key, from its end",
            runs(served, async |_| {
                let key =
                    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber";
                let query = format!("sortBy={key}&sortOrder=descending&count=5");
                served.get(&format!("/Users?{query}")).await
            })
            .await,
        ),
    ]
}

/// What it runs to find one user.
async fn find(served: &Served, filter: &str) -> u64 {
    let path = format!("/Users?filter={}", escaped(filter));
    assert_eq!(served.get(&path).await.is(200)["totalResults"], json!(1), "{filter}");
    runs(served, async |_| served.get(&path).await).await
}

/// Makes users in one request.
async fn many(served: &Served, n: usize) {
    let operations: Vec<Json> = (0..n)
        .map(|n| {
            let data = json!({
                "userName": format!("many{n}"), "name": { "givenName": "M", "familyName": "N" },
                "emails": [{ "value": format!("many{n}@tern.example"), "type": "work" }],
            });
            json!({ "method": "POST", "path": "/Users", "bulkId": format!("b{n}"), "data": data })
        })
        .collect();
    let done = served.post("/Bulk", &json!({ "Operations": operations })).await.is(200);
    let all = done["Operations"].as_array().unwrap();
    assert!(all.iter().all(|one| one["status"] == json!("201")), "{done}");
}

#[tokio::test]
async fn a_request_runs_as_many_statements_among_many_users_as_among_few() {
    // Numbers that are counted up from one for each would be asked for one by one.
    let model = MODEL.replacen(r#""P" + string(n)"#, r#""P-" + userName"#, 1);
    let mail = "email:      { type: string }";
    assert!(model.contains(mail));
    let model = model.replacen(mail, "email:      { type: string, unique: true }", 1);
    let served = Served::start_with(&model).await;
    let few = costs(&served, "ada").await;
    many(&served, 400).await;
    assert_eq!(costs(&served, "grace").await, few);
}
