//! Every way in which a list goes on, and lists that mislead.

use super::*;

/// Users `u0` to `u4`: two of them, and whether there are more.
fn five(skip: usize) -> (Vec<Json>, bool) {
    let all: Vec<Json> = (0..5).map(|n| json!({"id": n, "login": format!("u{n}")})).collect();
    (all.iter().skip(skip).take(2).cloned().collect(), skip + 2 < 5)
}

fn parameter(received: &Received, name: &str) -> usize {
    received.parameter(name).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn reply(document: &Json) -> Reply {
    Reply::json(200, document.to_string())
}

async fn names(stub: &HttpStub, list: Json) -> String {
    let classes = json!({"user": {"id": "id", "name": "login", "list": list}});
    let connector = connect(&format!("{}/api", stub.url()), json!({"classes": classes}));
    let text = read(&*connector, &[]).await;
    text.lines().map(|line| line.split(':').next().unwrap_or(line)).collect::<Vec<_>>().join(" ")
}

const ALL: &str = "0 u0 1 u1 2 u2 3 u3 4 u4";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_go_on_by_numbers() {
    let stub = HttpStub::start(|received: &Received| {
        let page = parameter(received, "page").max(1) - 1;
        reply(&json!(five(parameter(received, "offset").max(page * 2)).0))
    })
    .unwrap();
    let page = json!({"path": "/users", "paging": {"kind": "page"}});
    assert_eq!(names(&stub, page).await, ALL);
    let paging = json!({"kind": "offset", "size": 2, "size_parameter": "limit"});
    assert_eq!(names(&stub, json!({"path": "/users", "paging": paging})).await, ALL);
    let queries: Vec<String> = stub.received().into_iter().map(|r| r.query).collect();
    assert_eq!(queries[..2], ["page=1", "page=2"]);
    assert_eq!(queries.last().unwrap(), "limit=2&offset=4");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_go_on_by_cursors_links_and_addresses() {
    let by_cursor = HttpStub::start(|received: &Received| {
        let at = parameter(received, "after");
        let (items, more) = five(at);
        reply(&json!({"data": {"users": items}, "next": more.then_some(at + 2)}))
    })
    .unwrap();
    let paging = json!({"kind": "cursor", "parameter": "after", "next": "next"});
    let cursor = json!({"path": "/users", "items": "/data/users", "paging": paging});
    assert_eq!(names(&by_cursor, cursor).await, ALL);
    let by_link = HttpStub::start(|received: &Received| {
        let at = parameter(received, "at");
        let (items, more) = five(at);
        let answer = reply(&json!(items));
        let link = format!("</api/users?at={}>; rel=\"next\"", at + 2);
        if more { answer.with("link", &link) } else { answer }
    })
    .unwrap();
    assert_eq!(names(&by_link, json!({"path": "/users", "paging": {"kind": "link"}})).await, ALL);
    let odata = HttpStub::start(|received: &Received| {
        let at = parameter(received, "$skip").max(parameter(received, "at"));
        let (items, more) = five(at);
        let host = received.header("host").unwrap_or_default();
        let next = more.then(|| format!("http://{host}/api/users?at={}", at + 2));
        reply(&json!({"value": items, "@odata.nextLink": next}))
    })
    .unwrap();
    let list = json!({"path": "/users", "paging": {"kind": "odata", "size": 2}});
    assert_eq!(names(&odata, list).await, ALL);
    assert_eq!(odata.received()[0].parameter("$top").as_deref(), Some("2"));
    let skip = json!({"path": "/users", "paging": {"kind": "odata", "size": 2, "skip": true}});
    assert_eq!(names(&odata, skip).await, ALL);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_never_leads_to_another_host() {
    let other = HttpStub::start(|_| reply(&json!([]))).unwrap();
    let evil = format!("{}/users", other.url());
    let stub =
        HttpStub::start(move |_| reply(&json!({"value": [{"id": 1, "login": "a"}], "next": evil})))
            .unwrap();
    let paging = json!({"kind": "next", "next": "next"});
    let list = json!({"path": "/users", "items": "value", "paging": paging});
    let text = names(&stub, list).await;
    assert!(text.contains("ERROR") || text.contains("INCOMPLETE"), "{text}");
    assert!(other.received().is_empty(), "nothing was sent there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_would_never_end_is_incomplete() {
    let same = HttpStub::start(|_| reply(&json!([{"id": 1, "login": "a"}]))).unwrap();
    let text = names(&same, json!({"path": "/users", "paging": {"kind": "page"}})).await;
    assert!(text.contains("INCOMPLETE"), "{text}");
    let ring = HttpStub::start(|received: &Received| {
        let n = parameter(received, "n");
        let next = format!("/api/users?n={}", 1 - n);
        reply(&json!({"items": [{"id": n, "login": "a"}], "next": next}))
    })
    .unwrap();
    let paging = json!({"kind": "next", "next": "next"});
    let list = json!({"path": "/users", "items": "items", "paging": paging});
    assert!(names(&ring, list).await.contains("INCOMPLETE"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_that_cannot_be_used_are_named() {
    let stub = HttpStub::start(|_| {
        reply(&json!([
            {"id": 1, "login": "ada", "name": {"given": "Ada"}, "age": 36, "active": true},
            {"id": 2, "login": "bob", "active": "perhaps"},
            {"id": 3},
            {"login": "cy"},
            {"id": 5, "login": "dee", "name": {"given": {"x": 1}}},
        ]))
    })
    .unwrap();
    let list = json!({"path": "/users"});
    let user = json!({"id": "id", "name": "login", "enabled": {"path": "active"}, "list": list});
    let connector = connect(&stub.url(), json!({"classes": {"user": user}}));
    insta::assert_snapshot!(read(&*connector, &["name.given", "age"]).await, @r#"
    BAD object 2: `active` holds `perhaps`, which is neither `true` nor `false` (Some("bob"))
    BAD object 3: it has no `login` (None)
    BAD object 4: it has no `id` (Some("cy"))
    BAD object 5: `name.given` holds a map where a value is wanted (Some("dee"))
    1 ada: Ada, 36
    "#);
    for body in ["", "{}", "[1", "<html>"] {
        let stub = HttpStub::start(move |_| Reply::json(200, body)).unwrap();
        let user = json!({"name": "login", "list": {"path": "/users"}});
        let text = read(&*connect(&stub.url(), json!({"classes": {"user": user}})), &[]).await;
        assert!(text.starts_with("ERROR"), "{body}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_greatest_value_of_an_attribute_can_be_the_cursor() {
    let stub = HttpStub::start(|received: &Received| {
        let since = received.parameter("since").unwrap_or_default();
        let all =
            [json!({"login": "a", "at": "2026-01-02"}), json!({"login": "b", "at": "2026-01-03"})];
        let later = all.iter().filter(|item| item["at"].as_str() > Some(&since));
        reply(&json!(later.collect::<Vec<_>>()))
    })
    .unwrap();
    let list = json!({"path": "/users", "since": {"parameter": "since", "field": "at"}});
    let user = json!({"name": "login", "list": list});
    let connector = connect(&stub.url(), json!({"classes": {"user": user}}));
    for (since, n_objects) in [(None, 2), (Some("2026-01-02"), 1)] {
        let mut notes = Notes::default();
        let end = connector.read(&request(&[], since), &mut notes).await.unwrap();
        assert_eq!((end.cursor.as_deref(), notes.0.len()), (Some("2026-01-03"), n_objects));
        assert_eq!(end.incremental, since.is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_credentials_are_traded_for_a_token() {
    let stub = HttpStub::start(|received: &Received| match received.path.as_str() {
        "/token" => reply(&json!({"access_token": "t1", "token_type": "bearer", "expires_in": 60})),
        _ if received.header("authorization") == Some("Bearer t1") => {
            reply(&json!([{"login": "ada"}]))
        }
        _ => Reply::empty(401),
    })
    .unwrap();
    let secret = json!({"env": "CLIENT_SECRET"});
    let token_url = format!("{}/token", stub.url());
    let oauth = json!({"token_url": token_url, "client_id": "muster", "client_secret": secret});
    let user = json!({"name": "login", "list": {"path": "/users"}});
    let settings = json!({"url": stub.url(), "auth": {"oauth": oauth}, "classes": {"user": user}});
    let connector = open(&settings_of(settings.as_object().unwrap()), &Vault).unwrap();
    assert_eq!(read(&*connector, &[]).await, "ada ada: ");
    assert!(!format!("{connector:?}").contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_never_leads_to_another_resource() {
    let stub = HttpStub::start(|_| Reply::empty(204)).unwrap();
    let delete = json!({"path": "/users/{name}"});
    let user = json!({"name": "login", "list": {"path": "/users"}, "delete": delete});
    let connector = connect(&stub.url(), json!({"classes": {"user": user}}));
    for (name, path) in [
        ("../admin", Some("/users/..%2Fadmin")),
        ("..", None),
        ("a?x=1#y", Some("/users/a%3Fx%3D1%23y")),
    ] {
        stub.forget();
        let object = ObjectRef { class: "user".into(), id: "".into(), name: name.into() };
        let answer = connector.apply(&[Change::Delete { object }]).await.remove(0);
        assert_eq!(answer.is_ok(), path.is_some(), "{name}: {answer:?}");
        assert_eq!(stub.received().first().map(|received| received.path.as_str()), path);
    }
}
