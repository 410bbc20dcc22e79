//! What is sent to servers of different kinds.

use std::sync::Arc;

use muster_connector::Connector;
use muster_model::{Change, Value};
use muster_testkit::{HttpStub, Reply};
use serde_json::{Value as Json, json};

use crate::{
    double::{Dialect, Double, refuse},
    support::{create, group, members, one, open, text, update, user},
};

fn bodies(stub: &HttpStub, method: &str) -> Vec<Json> {
    let sent = stub.received().into_iter().filter(|request| request.method == method);
    sent.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

async fn ada(service: &dyn Connector) {
    one(service, create(user("ada"), &[("title", Value::text("x"))])).await.unwrap();
}

fn disable() -> Change {
    Change::SetEnabled { object: user("ada"), enabled: false }
}

#[tokio::test]
async fn entra_gets_capitals_texts_for_booleans_and_paths_without_a_read() {
    let double = Double::new(Dialect { entra: true, ..Dialect::default() });
    let stub = HttpStub::start(move |request| double.answer(request)).unwrap();
    let service = open(&stub.url(), &[("profile", text("entra"))]);
    ada(&*service).await;
    stub.forget();
    let mut object = user("ada");
    object.id = "00000001".into();
    one(&*service, disable()).await.unwrap();
    let mail = [("emails[type eq \"work\"].value", Value::text("a@x"))];
    one(&*service, update(object, &mail)).await.unwrap();
    let sent = bodies(&stub, "PATCH");
    let wanted = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    assert_eq!(sent[0]["Operations"], wanted);
    let wanted =
        json!([{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "a@x"}]);
    assert_eq!(sent[1]["Operations"], wanted);
    // One search by name, and no read for the object whose id is known.
    assert_eq!(stub.received().iter().filter(|request| request.method == "GET").count(), 1);
}

#[tokio::test]
async fn okta_gets_put_for_users_and_patch_for_groups() {
    let double = Double::new(Dialect::default());
    let stub = HttpStub::start(move |request| double.answer(request)).unwrap();
    let service = open(&stub.url(), &[("profile", text("okta"))]);
    ada(&*service).await;
    one(&*service, disable()).await.unwrap();
    let put = &bodies(&stub, "PUT")[0];
    assert_eq!(
        (&put["active"], &put["title"], &put["meta"]),
        (&json!(false), &json!("x"), &Json::Null)
    );
    let put = stub.received().into_iter().find(|request| request.method == "PUT").unwrap();
    assert_eq!(put.header("if-match"), Some("W/\"1\""));
    one(&*service, create(group("staff"), &[])).await.unwrap();
    one(&*service, members(group("staff"), &["ada"], &[])).await.unwrap();
    assert_eq!(bodies(&stub, "PATCH").len(), 1);
}

#[tokio::test]
async fn a_server_that_turns_out_not_to_know_patch_is_asked_once() {
    let double = Double::new(Dialect { patch: false, discovery: false, ..Dialect::default() });
    let stub = HttpStub::start(move |request| double.answer(request)).unwrap();
    let service = open(&stub.url(), &[]);
    ada(&*service).await;
    for title in ["a", "b", "c"] {
        one(&*service, update(user("ada"), &[("title", Value::text(title))])).await.unwrap();
    }
    assert_eq!((bodies(&stub, "PATCH").len(), bodies(&stub, "PUT").len()), (1, 3));
}

#[tokio::test]
async fn a_resource_that_somebody_else_changed_is_read_again() {
    let double = Arc::new(Double::new(Dialect::default()));
    let refusals = std::sync::atomic::AtomicU32::new(2);
    let stub = HttpStub::start(move |request| {
        use std::sync::atomic::Ordering::SeqCst;
        let is_left = || refusals.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        if request.method == "PUT" && is_left() {
            return refuse(412, None);
        }
        double.answer(request)
    })
    .unwrap();
    let service = open(&stub.url(), &[("patch", text("none"))]);
    ada(&*service).await;
    one(&*service, disable()).await.unwrap();
    assert_eq!(bodies(&stub, "PUT").len(), 3);
    let unchanged = one(&*service, disable()).await;
    assert!(unchanged.is_ok());
    assert_eq!(bodies(&stub, "PUT").len(), 3, "nothing differs, so nothing is written");
}

#[tokio::test]
async fn many_members_go_in_few_requests_and_the_group_is_not_read() {
    let double = Arc::new(Double::new(Dialect { page: 1_000, ..Dialect::default() }));
    double.fill(1_200);
    let stub = HttpStub::start(move |request| double.answer(request)).unwrap();
    let service = open(&stub.url(), &[("members_per_request", text("500"))]);
    let staff = one(&*service, create(group("staff"), &[])).await.unwrap().id.unwrap();
    let names: Vec<String> = (1..=1_200).map(|n| format!("u{n:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut object = group("staff");
    object.id = staff.clone();
    stub.forget();
    one(&*service, members(object.clone(), &names, &[])).await.unwrap();
    one(&*service, members(object, &[], &names[..150])).await.unwrap();
    let received = stub.received();
    let count = |method: &str| received.iter().filter(|request| request.method == method).count();
    // Two pages of names, three additions, two removals.
    assert_eq!((count("GET"), count("PATCH")), (2, 5));
    assert!(received.iter().all(|request| request.method == "PATCH" || request.path == "/Users"));
}

#[tokio::test]
async fn a_filter_that_is_ignored_finds_nobody_else() {
    let double = Double::new(Dialect { filter: false, page: 10, ..Dialect::default() });
    double.fill(25);
    let stub = HttpStub::start(move |request| double.answer(request)).unwrap();
    // Told to use filters although the server ignores them.
    let service = open(&stub.url(), &[("filter", text("true"))]);
    let found = service.get(&user("U0023"), &[]).await.unwrap().unwrap();
    assert_eq!((&*found.name, &*found.id), ("u0023", "00000023"));
    assert_eq!(service.get(&user("nobody"), &[]).await.unwrap(), None);
    let gone = HttpStub::start(|request| {
        if request.path == "/Users" { refuse(404, None) } else { Reply::empty(404) }
    })
    .unwrap();
    // Some answer 404 when a filter finds nothing.
    assert_eq!(open(&gone.url(), &[]).get(&user("nobody"), &[]).await.unwrap(), None);
}
