//! Events reach webhooks: in order, signed, each until it was accepted, from a cursor.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use muster_app::{AssignRequest, EventFilter, assign, list_alarms, list_events, replay_webhook};
use muster_engine::{list_webhooks, test_webhook};
use muster_store::AlarmStatus;
use muster_testkit::{HttpStub, Reply};
use serde_json::Value as Json;

use crate::{
    nodes::{Node, ctx, until},
    support::Rig,
};

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes: { id: { type: string, unique: true, required: true } }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    reads:
      person: { match: [{ on: "id == record.id" }], owns: { id: record.id } }
roles: { guest: {} }
webhooks:
  chat:
    url: "URL"
    events: [assignment.*, webhook.*]
    secret: { env: HOOK_SECRET }
    MORE
"#;

async fn rig(url: &str, more: &str) -> Rig {
    let model = MODEL.replace("URL", url).replace("MORE", more);
    let people: Vec<String> = (1..=9).map(|n| n.to_string()).collect();
    let people = people.join("\n");
    let rig = Rig::new(&[("muster.yaml", &model), ("hr.csv", &format!("id\n{people}\n"))]);
    rig.release().await;
    rig
}

async fn give(rig: &Rig, person: u32) {
    let request = AssignRequest {
        person: person.to_string(),
        role: "guest".to_owned(),
        from: None,
        until: None,
        reason: "test".to_owned(),
    };
    assign(&ctx("person"), &rig.open().await, &request).await.unwrap();
}

fn subjects(stub: &HttpStub) -> Vec<String> {
    let bodies = stub.received().into_iter().map(|request| request.body);
    let events = bodies.map(|body| serde_json::from_slice::<Json>(&body).unwrap());
    events.map(|event| event["subject"].as_str().unwrap().to_owned()).collect()
}

async fn is_known(rig: &Rig) -> bool {
    list_webhooks(&rig.open().await).await.unwrap().iter().all(|view| view.state != "new")
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_posted_in_order_and_again_until_they_are_accepted() {
    let is_broken = Arc::new(AtomicBool::new(false));
    let broken = Arc::clone(&is_broken);
    let stub = HttpStub::start(move |_| {
        Reply::empty(if broken.load(Ordering::Relaxed) { 503 } else { 204 })
    })
    .unwrap();
    let rig = rig(&stub.url(), "allow_private: true").await;
    give(&rig, 9).await;
    let node = Node::start(&rig, "one").await;
    until("the webhook is known", 20, async || is_known(&rig).await).await;
    give(&rig, 1).await;
    give(&rig, 2).await;
    until("two events", 10, async || subjects(&stub).len() == 2).await;
    assert_eq!(subjects(&stub), ["1", "2"], "what was before the webhook is not told");
    let first = &stub.received()[0];
    let event: Json = serde_json::from_slice(&first.body).unwrap();
    assert_eq!(event["type"], "muster.assignment.create");
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(first.header("webhook-id"), event["id"].as_str());
    assert!(first.header("webhook-signature").unwrap().starts_with("v1,"));
    assert!(first.header("webhook-timestamp").is_some());
    is_broken.store(true, Ordering::Relaxed);
    give(&rig, 3).await;
    give(&rig, 4).await;
    until("a failure", 10, async || subjects(&stub).len() == 3).await;
    is_broken.store(false, Ordering::Relaxed);
    until("all of them", 120, async || subjects(&stub).len() == 5).await;
    assert_eq!(subjects(&stub), ["1", "2", "3", "3", "4"], "nothing overtakes what failed");
    let opened = rig.open().await;
    replay_webhook(&ctx("person"), &opened, "chat", Some(0)).await.unwrap();
    until("everything again", 120, async || subjects(&stub).len() >= 11).await;
    let again = subjects(&stub).split_off(5);
    assert_eq!(again[..6], ["9", "1", "2", "3", "4", "webhook chat"]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_fails_for_too_long_is_disabled_with_an_alarm() {
    let stub = HttpStub::start(|_| Reply::empty(410)).unwrap();
    let rig = rig(&stub.url(), "allow_private: true\n    give_up: 1s").await;
    let node = Node::start(&rig, "one").await;
    until("the webhook is known", 20, async || is_known(&rig).await).await;
    give(&rig, 1).await;
    let opened = rig.open().await;
    until("it is disabled", 120, async || {
        list_webhooks(&opened).await.unwrap()[0].state == "disabled"
    })
    .await;
    let alarms = list_alarms(&opened, AlarmStatus::Open, None, 9).await.unwrap().items;
    assert_eq!(alarms.len(), 1);
    assert_eq!(&*alarms[0].subject, "webhook chat");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_this_machine_is_refused_unless_the_model_allows_it() {
    let stub = HttpStub::start(|_| Reply::empty(204)).unwrap();
    for url in [stub.url(), stub.url().replace("127.0.0.1", "localhost")] {
        let rig = rig(&url, "").await;
        let refused = test_webhook(&ctx("person"), &rig.open().await, "chat").await.unwrap_err();
        assert!(refused.to_string().contains("not delivered"), "{refused}");
    }
    assert_eq!(stub.received().len(), 0);
    let rig = rig(&stub.url(), "allow_private: true").await;
    test_webhook(&ctx("person"), &rig.open().await, "chat").await.unwrap();
    assert_eq!(subjects(&stub), ["webhook chat"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_listed_from_a_place_and_by_type() {
    let rig = rig("https://hooks.example/", "").await;
    for person in 1..=3 {
        give(&rig, person).await;
    }
    let opened = rig.open().await;
    let all = list_events(&opened, &EventFilter::default(), 0, 1000).await.unwrap();
    assert!(all.is_end && all.events.len() > 3);
    let filter = EventFilter { actions: vec!["assignment.*".into()], subjects: Vec::new() };
    let first = list_events(&opened, &filter, 0, 2).await.unwrap();
    assert_eq!((first.events.len(), first.is_end), (2, false));
    let rest = list_events(&opened, &filter, first.next, 9).await.unwrap();
    assert_eq!(rest.events.iter().map(|event| &*event.subject).collect::<Vec<_>>(), ["3"]);
    assert!(rest.is_end);
}
