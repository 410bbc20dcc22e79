//! What only a real server can show: its own schemas, its own errors, several of our abilities together.

use muster_connector::ConnectorError;
use muster_model::{Change, Value, ValueType};
use muster_testkit::{ScimOptions, ScimServer};

use crate::support::{create, field, group, list, many, members, one, open, read, update, user};

const DEPARTMENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
const WORK_MAIL: &str = "emails[type eq \"work\"].value";

fn server() -> ScimServer {
    ScimServer::start(&ScimOptions::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nested_listed_and_extended_attributes_are_written_and_read() {
    let server = server();
    let service = open(&server.url("a"), &[]);
    let values = [
        ("name.givenName", Value::text("Ada")),
        (WORK_MAIL, Value::text("ada@x.example")),
        (DEPARTMENT, Value::text("D1")),
        ("roles", list(&["admin", "reader"])),
    ];
    one(&*service, create(user("ada"), &values)).await.unwrap();
    let changes = [
        (WORK_MAIL, Value::text("ada@y.example")),
        ("emails[type eq \"home\"].value", Value::text("ada@home.example")),
        (DEPARTMENT, Value::text("D2")),
        ("roles", list(&["reader", "writer"])),
        ("active", Value::Bool(false)),
    ];
    for _ in 0..2 {
        one(&*service, update(user("ada"), &changes)).await.unwrap();
    }
    let fields = vec![
        field("name.givenName"),
        field(WORK_MAIL),
        many("emails"),
        field(DEPARTMENT),
        many("roles"),
        field("active"),
    ];
    let (kept, end) = read(&*service, "User", fields.clone()).await.unwrap();
    assert!(end.complete, "{end:?}");
    let ada = &kept.objects[0];
    assert_eq!(ada.enabled, Some(false));
    let wanted = [
        Value::text("Ada"),
        Value::text("ada@y.example"),
        list(&["ada@home.example", "ada@y.example"]),
        Value::text("D2"),
        list(&["reader", "writer"]),
        Value::text("false"),
    ];
    assert_eq!(ada.values, wanted);
    let nothing = [(WORK_MAIL, Value::Null), (DEPARTMENT, Value::Null), ("roles", Value::Null)];
    for _ in 0..2 {
        one(&*service, update(user("ada"), &nothing)).await.unwrap();
    }
    let (kept, _) = read(&*service, "User", fields).await.unwrap();
    let values = &kept.objects[0].values;
    assert_eq!(values[1..5], [Value::Null, list(&["ada@home.example"]), Value::Null, Value::Null]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_can_name_what_discovery_shows() {
    let server = server();
    let service = open(&server.url("a"), &[]);
    let found = service.discover().await.unwrap();
    let names: Vec<&str> = found.classes.iter().map(|class| &*class.name).collect();
    assert_eq!(names, ["User", "Group"]);
    let attribute = |name: &str| {
        let found = found.classes[0].attributes.iter().find(|(known, ..)| &**known == name);
        found.map(|(_, kind, many, required)| (*kind, *many, *required))
    };
    assert_eq!(attribute("userName"), Some((ValueType::Text, false, true)));
    assert_eq!(attribute("active"), Some((ValueType::Bool, false, false)));
    assert_eq!(attribute("name.givenName"), Some((ValueType::Text, false, false)));
    assert_eq!(attribute("emails"), Some((ValueType::Text, true, false)));
    assert_eq!(attribute(WORK_MAIL), Some((ValueType::Text, false, false)));
    assert_eq!(attribute(DEPARTMENT), Some((ValueType::Text, false, false)));
    let fields = found.classes[0].attributes.iter().map(|(name, ..)| field(name)).collect();
    assert!(read(&*service, "User", fields).await.unwrap().1.complete);
    let told = service.test().await.unwrap();
    assert!(told.contains("0 Users; changes by PATCH, with filters"), "{told}");
    let error = read(&*service, "Device", vec![]).await.unwrap_err();
    assert!(error.to_string().contains("it has `User`, `Group`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_made_in_the_same_call_are_found_and_read_by_name() {
    let server = server();
    let service = open(&server.url("a"), &[]);
    let mut changes =
        vec![create(group("staff"), &[]), members(group("staff"), &["u1", "U7"], &["u3"])];
    changes.extend((0..30).map(|n| create(user(&format!("u{n}")), &[])));
    let answers = service.apply(&changes).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    // Another process, which has seen nobody yet.
    let other = open(&server.url("a"), &[]);
    let (kept, _) = read(&*other, "Group", vec![many("members")]).await.unwrap();
    assert_eq!(kept.objects[0].values, [list(&["u1", "u7"])]);
    assert_eq!(kept.objects[0].enabled, None);
    let unknown = one(&*other, members(group("staff"), &["nobody"], &[])).await.unwrap_err();
    assert!(
        matches!(&unknown, ConnectorError::Invalid(text) if text.contains("`nobody`")),
        "{unknown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_and_a_dead_server_are_told_apart() {
    let mut server = server();
    let plain = muster_model::Setting::Null;
    let stranger = open(&server.url("a"), &[("auth", plain)]);
    let error = stranger.test().await.unwrap_err();
    assert!(matches!(error, ConnectorError::Refused(_)), "{error}");
    let service = open(&server.url("a"), &[]);
    service.test().await.unwrap();
    server.kill().unwrap();
    let changes: Vec<Change> = (0..40).map(|n| create(user(&format!("u{n}")), &[])).collect();
    let answers = service.apply(&changes).await;
    assert!(
        answers.iter().all(|a| matches!(a, Err(ConnectorError::Unreachable(_)))),
        "{answers:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_never_made_twice_although_the_server_would() {
    let server = server();
    let service = open(&server.url("a"), &[]);
    one(&*service, create(group("staff"), &[])).await.unwrap();
    let again = one(&*service, create(group("STAFF"), &[])).await;
    assert!(matches!(again, Err(ConnectorError::AlreadyExists { .. })), "{again:?}");
    one(&*service, create(group("sales"), &[])).await.unwrap();
    let rename = Change::Rename { object: group("sales"), to: "staff".into() };
    let taken = one(&*service, rename).await;
    assert!(matches!(taken, Err(ConnectorError::AlreadyExists { .. })), "{taken:?}");
}
