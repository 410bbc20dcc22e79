//! Plans, orders, drift and the journal, for a lead who may see her department only.

use axum::http::{Method, StatusCode};
use jiff::Timestamp;
use muster_model::{AccountId, DriftId, EntityId, PlanId};
use muster_plan::{Kind, Operation as Planned, OperationReason, Target, encode_operation};
use muster_store::{
    Drift, DriftDecision, DriftWhat, Operation, OperationState, Plan, PlanStatus, ReadRunId,
    Session, SignIn,
};
use serde_json::json;

use crate::support::{Caller, Served};

fn at() -> Timestamp {
    "2026-11-20T08:00:00Z".parse().unwrap()
}

fn order(seq: i64, person: i64, subject: &str) -> Operation {
    let target = Target {
        system: "hr".into(),
        account_type: "user".into(),
        account: None,
        native_id: "".into(),
        name: subject.into(),
    };
    let reason = OperationReason { text: "role `guest`".into(), at: None };
    let kind = Kind::Delete;
    let identity = EntityId(person);
    let planned =
        Planned { identity, subject: subject.into(), target, kind, reason, blocked: None };
    Operation {
        plan: PlanId(1),
        seq,
        system_no: 7,
        entity: Some(identity),
        account_type_no: Some(1),
        account: None,
        kind: "delete".into(),
        subject: subject.into(),
        body: encode_operation(&planned),
        after: Vec::new(),
        state: OperationState::Failed,
        attempts: 1,
        next_try: None,
        sent_at: None,
        done_at: None,
        error: None,
        verified_at: None,
        ticket: None,
    }
}

fn drift(id: i64, person: i64) -> Drift {
    Drift {
        id: DriftId(id),
        system_no: 7,
        type_no: 1,
        account: AccountId(id),
        entity: Some(EntityId(person)),
        name: "uid".into(),
        what: DriftWhat::Gone,
        kind_no: None,
        item: "".into(),
        before: Vec::new(),
        after: Vec::new(),
        cause: "night".into(),
        run: ReadRunId(1),
        first_seen: at(),
        seen_at: at(),
        decision: DriftDecision::Undecided,
        until: None,
        decided_by: None,
        decided_at: None,
        remark: "".into(),
        closed_at: None,
    }
}

/// An order and an item of drift for Bo, whom Ada leads, and for Cy, whom she does not.
async fn with_work(served: &Served) {
    let (bo, cy) = (4, 5);
    let plan = Plan {
        id: PlanId(1),
        hash: "7f3a2c1b00".into(),
        revision: 1,
        facts_version: 1,
        made_at: at(),
        made_by: "ada".into(),
        status: PlanStatus::Done,
        base: "{}".into(),
        summary: "{\"delete\":2}".into(),
        guard: "[]".into(),
    };
    let mut tx = served.opened.store.begin().await.unwrap();
    tx.insert_plan(&plan).await.unwrap();
    tx.insert_operations(&[order(1, bo, "2"), order(2, cy, "3")]).await.unwrap();
    tx.insert_drift(&[drift(1, bo), drift(2, cy)]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn column(caller: &Caller<'_>, path: &str, name: &str) -> Vec<String> {
    let reply = caller.get(path).await;
    let items = reply.body["items"].as_array().unwrap_or_else(|| panic!("{path} {reply:?}"));
    items.iter().map(|item| item[name].to_string().replace('"', "")).collect()
}

#[tokio::test]
async fn a_lead_sees_the_orders_the_drift_and_the_plans_of_her_people() {
    let served = Served::start().await;
    with_work(&served).await;
    let (ada, admin) =
        (served.acting_for("1").await, served.program(muster_app::Scope::Admin).await);
    let first = ["7f3a2c1b/1"];
    assert_eq!(column(&admin, "/orders", "order").await, ["7f3a2c1b/1", "7f3a2c1b/2"]);
    for path in ["/orders", "/orders?limit=1", "/orders?plan=7f3a", "/orders?state=failed"] {
        assert_eq!(column(&ada, path, "order").await, first, "{path}");
    }
    assert_eq!(column(&admin, "/drift", "id").await, ["1", "2"]);
    for path in ["/drift", "/drift?limit=1", "/drift?group=night", "/drift?read=1"] {
        assert_eq!(column(&ada, path, "id").await, ["1"], "{path}");
    }
    assert_eq!(ada.get("/drift-groups").await.status, StatusCode::FORBIDDEN);
    let plan = ada.get("/plans/7f3a2c1b").await;
    let operations = plan.body["operations"].as_array().unwrap();
    assert_eq!((operations.len(), &operations[0]["subject"]), (1, &json!("2")), "{plan:?}");
    assert_eq!(ada.get("/plans").await.body["items"][0]["summary"], json!(null));
}

#[tokio::test]
async fn what_is_about_others_is_not_there_in_the_same_words() {
    let served = Served::start().await;
    with_work(&served).await;
    let ada = served.acting_for("1").await;
    let calls = [
        (Method::GET, "/orders/7f3a2c1b/", "", None),
        (Method::POST, "/orders/7f3a2c1b/", "/retry", None),
        (Method::POST, "/orders/7f3a2c1b/", "/cancel", None),
        (Method::POST, "/orders/7f3a2c1b/", "/reroute", None),
        (Method::POST, "/orders/7f3a2c1b/", "/approve", Some(json!({}))),
        (Method::GET, "/drift/", "", None),
        (Method::POST, "/drift/", "/decide", Some(json!({ "verb": "revert" }))),
        (Method::POST, "/drift/", "/adopt", Some(json!({ "comment": "x" }))),
    ];
    for (method, before, after, body) in calls {
        let call = |id: &str| {
            let path = format!("{before}{id}{after}");
            let (ada, method, body) = (&ada, method.clone(), body.clone());
            async move { ada.send(method, &path, &[], body).await }
        };
        let (other, nothing) = (call("2").await, call("9").await);
        assert_eq!(other.status, StatusCode::NOT_FOUND, "{before} {after} {other:?}");
        let words =
            |reply: &crate::support::Reply, id: &str| reply.body.to_string().replace(id, "_");
        assert_eq!(words(&other, "2"), words(&nothing, "9").replace('2', "_"), "{before} {after}");
    }
    let group = json!({ "verb": "revert", "comment": "x", "confirm": 1 });
    let decided = ada.post("/drift-groups/night/decide", group).await;
    assert_eq!(decided.body["decided"], 1, "{decided:?}");
    let seen = served.program(muster_app::Scope::Admin).await.get("/drift/2").await;
    assert_eq!(seen.body["decision"], "undecided");
}

#[tokio::test]
async fn the_journal_shows_a_lead_what_was_done_to_her_people() {
    let served = Served::start().await;
    let (ada, admin) =
        (served.acting_for("1").await, served.program(muster_app::Scope::Admin).await);
    for person in ["2", "3"] {
        let give = json!({ "role": "guest", "reason": "x" });
        admin.post(&format!("/people/{person}/assignments"), give).await;
    }
    let all = column(&admin, "/journal?action=assignment.create", "subject").await;
    assert_eq!(all, ["3", "2"]);
    assert_eq!(column(&ada, "/journal?action=assignment.create", "subject").await, ["2"]);
    let subjects = column(&ada, "/journal", "subject").await;
    assert!(subjects.iter().all(|subject| subject == "1" || subject == "2"), "{subjects:?}");
}

#[tokio::test]
async fn a_lead_sees_sessions_tries_and_factors_of_her_people_only() {
    let served = Served::start().await;
    let mut tx = served.opened.store.begin().await.unwrap();
    for (id, person) in [(1, 4), (2, 5)] {
        let session = Session {
            id,
            hash: vec![u8::try_from(id).unwrap(); 32],
            entity: EntityId(person),
            opened_at: served.ctx.now(),
            proved_at: served.ctx.now(),
            seen_at: served.ctx.now(),
            ends_at: served.ctx.now() + jiff::SignedDuration::from_hours(1),
            methods: "pwd".into(),
            network: "192.0.2.1".into(),
            device: "Firefox".into(),
            ended_at: None,
        };
        tx.insert_session(&session).await.unwrap();
        let tried = SignIn {
            seq: 0,
            at: served.ctx.now(),
            entity: Some(EntityId(person)),
            door: "web".into(),
            outcome: "allowed".into(),
            reason: "right".into(),
            methods: "pwd".into(),
            network: "192.0.2.1".into(),
            device: "Firefox".into(),
            correlation: None,
            browser: None,
        };
        tx.append_sign_in(&tried).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (ada, admin) =
        (served.acting_for("1").await, served.program(muster_app::Scope::Admin).await);
    for path in ["/sessions", "/sign-ins"] {
        assert_eq!(column(&admin, path, "person").await.len(), 2, "{path}");
        assert_eq!(column(&ada, path, "person").await, ["2"], "{path}");
    }
    assert_eq!(ada.get("/people/2/factors").await.body["items"], json!([]));
    let nobody = json!({});
    for of in ["factors/app/remove", "sessions/end"] {
        let beyond = ada.post(&format!("/people/3/{of}"), nobody.clone()).await;
        assert_eq!(beyond.status, StatusCode::NOT_FOUND, "{of} {beyond:?}");
    }
    let ended = ada.post("/people/2/sessions/end", nobody).await;
    assert_eq!(ended.body["ended"], 1, "{ended:?}");
    assert_eq!(column(&admin, "/sessions", "person").await, ["3"]);
}
