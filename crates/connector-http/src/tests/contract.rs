//! The promises of every connector, kept by a small service in memory, and what chaos on top of it does.

use muster_connector::{
    Chaos, ChaosSettings,
    contract::{self, GroupSubject, Subject, Verdict},
};

use super::{double::Double, *};

fn class(path: &str) -> Json {
    json!({
        "id": "id",
        "name": "login",
        "list": {
            "path": format!("/{path}"),
            "items": "data",
            "paging": {"kind": "page", "size": 7, "size_parameter": "per_page"},
            "since": {"parameter": "since", "cursor": "/meta/rev"},
            "deleted": "gone",
        },
        "find": {"path": format!("/{path}"), "query": {"login": "{name}"}, "items": "data"},
        "get": {"path": format!("/{path}/{{id}}"), "item": "data"},
        "create": {"path": format!("/{path}"), "item": "data"},
        "update": {"path": format!("/{path}/{{id}}")},
        "rename": {"path": format!("/{path}/{{id}}"), "body": "{\"login\": \"{to}\"}"},
        "delete": {"path": format!("/{path}/{{id}}")},
    })
}

fn settings() -> Json {
    let mut user = class("users");
    user["enabled"] = json!({"path": "active"});
    let mut group = class("groups");
    group["members"] = json!({
        "add": {"path": "/groups/{id}/members/{member}"},
        "remove": {"path": "/groups/{id}/members/{member}"},
    });
    let errors = json!({"exists": ["409", "422 already been taken"]});
    json!({"classes": {"user": user, "group": group}, "errors": errors})
}

fn subject(settings: Json, wrap: impl Fn(Arc<dyn Connector>) -> Arc<dyn Connector>) -> Subject {
    let double = Double::default();
    let stub = double.start();
    let connector = wrap(connect(&stub.url(), settings));
    let group = GroupSubject {
        class: "group".into(),
        name: Arc::new(|word| word.into()),
        required: Arc::new(|_| Vec::new()),
        members: "members".into(),
    };
    let cut = move || *double.fails_from.lock().unwrap() = Some(3);
    Subject {
        group: Some(group),
        cut: Some(Arc::new(cut)),
        hold: Box::new(stub),
        ..Subject::new(connector, "user")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_keeps_the_contract() {
    let report = contract::run_all(async || subject(settings(), |connector| connector)).await;
    report.assert_kept();
    let unclaimed: Vec<&str> = report
        .outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == Ok(Verdict::NotClaimed))
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(unclaimed, ["what_is_not_claimed_is_refused"], "it claims everything");
}

/// The whole object in each update, members as a list of the group, states by requests of their own; wrapped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_style_of_service_keeps_the_contract() {
    let mut other = settings();
    for class in ["user", "group"] {
        let path = format!("/{class}s/{{id}}");
        other["classes"][class]["update"] = json!({"path": path, "whole": true});
    }
    other["classes"]["group"]["members"] = json!({});
    let switch = |state: bool| {
        let body = json!({"active": state}).to_string();
        json!({"method": "PATCH", "path": "/users/{id}", "body": body})
    };
    other["classes"]["user"]["enable"] = switch(true);
    other["classes"]["user"]["disable"] = switch(false);
    let wrap = |connector| {
        let quiet = ChaosSettings::read(&settings_of(&Map::new())).unwrap();
        Arc::new(Chaos::new(connector, quiet)) as Arc<dyn Connector>
    };
    contract::run_all(async || subject(other.clone(), wrap)).await.assert_kept();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_only_read_refuses_everything_else() {
    let mut only = settings();
    for class in ["user", "group"] {
        let map = only["classes"][class].as_object_mut().unwrap();
        map.retain(|key, _| ["id", "name", "list", "get"].contains(&key.as_str()));
    }
    contract::run_all(async || Subject { cut: None, ..subject(only.clone(), |c| c) })
        .await
        .assert_kept();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_chaos_every_change_is_made_once() {
    let double = Double::default();
    let stub = double.start();
    let chaos = json!({"seed": 5, "drop": 20, "fail_after": 10, "duplicate": 10, "throttle": 10});
    let chaos = ChaosSettings::read(&settings_of(chaos.as_object().unwrap())).unwrap();
    let connector = Chaos::new(connect(&stub.url(), settings()), chaos);
    let create = |n: usize| Change::Create {
        object: ObjectRef { class: "user".into(), id: "".into(), name: format!("user{n}").into() },
        values: vec![("title".into(), Value::text("x"))],
        enabled: Some(true),
    };
    let mut left: Vec<Change> = (0..40).map(create).collect();
    for _ in 0..60 {
        let answers = connector.apply(&left).await;
        let again = |answer: &Result<Applied, ConnectorError>| {
            answer.as_ref().is_err_and(ConnectorError::is_transient)
        };
        left = left.into_iter().zip(answers).filter(|(_, a)| again(a)).map(|(c, _)| c).collect();
        if left.is_empty() {
            break;
        }
    }
    assert!(left.is_empty() && connector.counts().failed_after > 0);
    let mut notes = Notes::default();
    let all = ReadRequest { class: "user".into(), ..request(&[], None) };
    connect(&stub.url(), settings()).read(&all, &mut notes).await.unwrap();
    let mut names: Vec<&str> = notes.0.iter().filter_map(|line| line.split(' ').nth(1)).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!((notes.0.len(), names.len()), (40, 40));
}
