//! Conflicts of duties that exist only because systems hold what nothing gives.

use muster_app::{Opened, When, explain_person, list_conflicts};
use muster_governance::solve_conflict;
use muster_model::Value;

use crate::support::Rig;

mod refused;

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes: { number: { type: string, unique: true } }
    lifecycle: { active: { when: "true" } }
systems:
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: number }
    reads: { person: { owns: { number: record.number } } }
  directory:
    connector: memory
    mode: propose
    settings: { name: directory }
    guards: { disable: none, revoke: none }
    accounts:
      user: { object: user, match: [{ on: "uid == person.number" }], name: person.number, set: { uid: person.number } }
    entitlements:
      group: { object: group, members: member, create: true }
duties:
  enter: [{ directory.group: entry }]
  release: [{ directory.group: release }]
conflicts: { four-eyes: { between: [enter, release] } }
roles:
  enters: { when: "person.number != '3'", grants: [directory.user, { directory.group: entry }] }
  user: { when: "true", grants: [directory.user] }
"#;

fn group(rig: &Rig, name: &str, members: &[&str]) {
    let members = Value::set(members.iter().map(|member| Value::Text((*member).into())).collect());
    rig.connectors.memory("directory").put("group", name, &[("member", members)], None);
}

/// Who has which conflict by which access, each in a line.
async fn conflicts(rig: &Rig, opened: &Opened) -> Vec<String> {
    let page = list_conflicts(&rig.ctx(), opened, None, 0, 100).await.unwrap();
    let line = |view: &muster_app::ConflictView| {
        let held = view.duties.iter().flat_map(|(_, held)| held).map(|held| {
            let mark = if held.is_outside { " outside" } else { "" };
            format!("{}{mark}", held.access)
        });
        let held = held.collect::<Vec<_>>().join(", ");
        format!("{} {}: {held}", view.person.key, view.conflict)
    };
    page.items.iter().map(line).collect()
}

#[tokio::test]
async fn an_access_given_by_hand_completes_a_conflict_until_it_is_gone() {
    let rig = Rig::new(&[("muster.yaml", MODEL), ("data/hr.csv", "number\n1\n2\n3\n")]);
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    // Kept open, so that what is known of everybody has to follow what is read.
    let opened = rig.open().await;
    group(&rig, "release", &["3"]);
    rig.sync_all().await;
    assert_eq!(conflicts(&rig, &opened).await, [""; 0], "one duty alone is none");

    group(&rig, "release", &["2", "3"]);
    rig.sync_all().await;
    let found = "2 four-eyes: directory:entry, directory:release outside";
    assert_eq!(conflicts(&rig, &opened).await, [found]);
    let solved = solve_conflict(&rig.ctx(), &opened, "2", "four-eyes").await.unwrap();
    assert_eq!(solved.outside, ["directory:release"]);
    assert!(solved.removals.is_empty());
    let why = explain_person(&rig.ctx(), &opened, "2", When::default()).await.unwrap();
    assert_eq!(why.conflicts.iter().map(|name| &**name).collect::<Vec<_>>(), ["four-eyes"]);

    // Through a group that stands in it.
    group(&rig, "release", &["inner"]);
    group(&rig, "inner", &["1"]);
    rig.sync_all().await;
    let nested = "1 four-eyes: directory:entry, directory:inner outside";
    assert_eq!(conflicts(&rig, &opened).await, [nested]);

    group(&rig, "inner", &[]);
    rig.sync_all().await;
    assert_eq!(conflicts(&rig, &opened).await, [""; 0]);
}

#[tokio::test]
async fn an_account_out_of_use_holds_nothing() {
    let rig = Rig::new(&[("muster.yaml", MODEL), ("data/hr.csv", "number\n1\n")]);
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    group(&rig, "release", &["1"]);
    rig.sync_all().await;
    let opened = rig.open().await;
    assert_eq!(conflicts(&rig, &opened).await.len(), 1);
    let values = [("uid", Value::Text("1".into()))];
    rig.connectors.memory("directory").put("user", "1", &values, Some(false));
    rig.sync_all().await;
    assert_eq!(conflicts(&rig, &opened).await, [""; 0]);
    assert_eq!(conflicts(&rig, &rig.open().await).await, [""; 0]);
}
