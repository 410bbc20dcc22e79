//! What was given outside and is adopted while a reviewer is asked about it is asked about as the role that it became.

use muster_app::{Adopted, DriftQuery, adopt_drift, list_drift};
use muster_model::Value;
use muster_review::{ItemAnswer, ItemView, NewCampaign, open_campaign, work_due};
use muster_store::ItemState;

use super::{decide, items};
use crate::support::Rig;

/// Mia (1) leads Ada (2).
const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true }
      manager: { type: link, to: person }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: number }
    reads: { person: { owns: { number: record.number, manager: record.manager } } }
  desk:
    connector: memory
    mode: propose
    settings: { name: desk }
    guards: { disable: none, revoke: none, delete: none }
    accounts: { user: { object: user, match: [{ on: uid == person.number }], name: person.number, set: { uid: person.number } } }
    entitlements: { group: { object: group, members: member, create: true } }
roles:
  staff: { when: "true", grants: [desk.user] }
  keeper: { grants: [{ desk.group: vault }] }
reviews:
  all: { scope: { systems: [desk] }, stages: [manager], fallback: "1", set_aside: [by_rule] }
"#;

async fn asked(rig: &Rig) -> Vec<ItemView> {
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    items(rig, "1").await
}

#[tokio::test]
async fn what_is_adopted_while_it_is_asked_about_is_asked_about_as_a_role() {
    let rig = Rig::new(&[("muster.yaml", MODEL), ("hr.csv", "number,manager\n1,\n2,1\n")]);
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    rig.sync_all().await;
    let member = Value::set(vec![Value::Text("2".into())]);
    rig.connectors.memory("desk").put("group", "vault", &[("member", member)], None);
    rig.sync_all().await;
    let new = NewCampaign { review: "all", title: None, cause: "hand", only: None };
    open_campaign(&rig.ctx(), &rig.open().await, &new).await.unwrap();
    let first = asked(&rig).await;
    assert_eq!((first.len(), &*first[0].thing), (1, "desk.group:vault"));

    let opened = rig.open().await;
    let query = DriftQuery { limit: 10, ..DriftQuery::default() };
    let drift = list_drift(&rig.ctx(), &opened, &query).await.unwrap();
    let adopted = adopt_drift(&rig.ctx(), &opened, drift.items[0].id.0, "she keeps it").await;
    assert!(matches!(adopted.unwrap(), Adopted::Assigned { role, .. } if &*role == "keeper"));
    // The plan sees that nothing is different any more.
    assert_eq!(rig.plan().await.plan.operations, []);
    let now = asked(&rig).await;
    let shown: Vec<_> = now.iter().map(|item| (&*item.thing, &*item.cause)).collect();
    let why = "desk.group:vault was given outside of Muster, and became role keeper on 2026-03-02";
    assert_eq!(shown, [("desk.group:vault", ""), ("keeper", why)]);
    let over = decide(&rig, "1", now[0].id, ItemAnswer::Revoke).await.unwrap();
    assert_eq!(over.state, ItemState::Over);
    let taken = decide(&rig, "1", now[1].id, ItemAnswer::Revoke).await.unwrap();
    assert_eq!(taken.state, ItemState::Decided);
    assert!(asked(&rig).await.is_empty());
    let made = rig.plan().await;
    assert!(
        made.plan
            .operations
            .iter()
            .any(|of| muster_plan::describe(&of.kind) == "revoke group vault")
    );
}
