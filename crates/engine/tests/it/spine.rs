//! The main job: from an HR file to right accounts.

use muster_model::Value;
use muster_plan::{Grouping, TextOptions, plan_text};

use crate::support::Rig;

const MODEL: &str = r#"
muster: 1
timezone: Europe/Berlin
types:
  department: { key: code, attributes: { code: { type: string, unique: true }, name: { type: string } } }
  person:
    identity: true
    key: employeeId
    display: givenName + ' ' + familyName
    attributes:
      employeeId: { type: string, unique: true, required: true }
      givenName: { type: string, required: true }
      familyName: { type: string, required: true }
      userName:
        type: string
        unique: true
        generate: ["ascii(lower(givenName + '.' + familyName))", "ascii(lower(givenName + '.' + familyName)) + string(n + 1)"]
      department: { type: link, to: department, inverse: members }
      manager: { type: link, to: person, inverse: reports }
      endDate: { type: date }
    lifecycle:
      leaver: { when: "endDate != null && now >= end_of(endDate)" }
      active: { when: "true" }
systems:
  departments:
    connector: csv
    settings: { path: data/departments.csv, key: code }
    reads: { department: { owns: { code: record.code, name: record.name } } }
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: id }
    reads:
      person:
        match: [{ on: "employeeId == record.id" }]
        owns:
          employeeId: record.id
          givenName: record.first
          familyName: record.last
          department: link("department", record.dept)
          manager: link("person", record.boss)
          endDate: record.end
        absent: { keep: 0d, state: leaver }
  directory:
    connector: memory
    mode: enforce
    settings: { name: directory }
    accounts:
      user:
        object: user
        match: [{ on: "uid == person.userName" }]
        name: person.userName
        set:
          uid: person.userName
          cn: person.display
          ou: person.department.name
          manager: person.manager.userName
        states: { active: {}, leaver: { enabled: false, entitlements: none, delete_after: 30d } }
    entitlements:
      group: { object: group, members: member, create: true }
roles:
  employee: { when: "person.lifecycle == 'active'", grants: [directory.user, { directory.group: all-staff }] }
  sales: { when: "person.department.code == 'D1'", includes: [employee], grants: [{ directory.group: sales }] }
"#;

const DEPARTMENTS: &str = "code,name\nD1,Sales\nD2,Finance\n";
const HR: &str = "id,first,last,dept,boss,end\n1,Ada,Lovelace,D1,3,\n2,Ada,Lovelace,D2,1,\n3,Grace,Höpper,D2,,\n";

fn rig() -> Rig {
    Rig::new(&[("muster.yaml", MODEL), ("data/departments.csv", DEPARTMENTS), ("data/hr.csv", HR)])
}

fn text(made: &muster_engine::MadePlan) -> String {
    plan_text(&made.plan, "NAME", TextOptions { grouping: Grouping::System, per_group: 100 })
}

#[tokio::test]
async fn people_of_a_file_get_exactly_the_accounts_that_the_model_says() {
    let rig = rig();
    let report = rig.sync().await;
    for read in &report.reads {
        assert!(read.complete && read.n_bad == 0, "{read:?}");
    }
    let made = rig.plan().await;
    insta::assert_snapshot!(text(&made));
    let report = rig.apply(None).await.unwrap();
    assert_eq!((report.executed, report.failed.len(), report.left), (7, 0, 0));
    insta::assert_snapshot!(rig.connectors.memory("directory").dump());
}

#[tokio::test]
async fn a_second_round_does_nothing_and_writes_nothing() {
    let rig = rig();
    rig.sync().await;
    rig.plan().await;
    rig.apply(None).await.unwrap();
    rig.sync().await;
    let before = rig.connectors.memory("directory").counters().changes();
    let opened = rig.open().await;
    let ctx = rig.ctx();
    muster_engine::sync(
        &ctx,
        &opened,
        &muster_engine::SyncOptions::default(),
        &muster_engine::NoProgress,
    )
    .await
    .unwrap();
    let made = rig.plan().await;
    assert_eq!(made.plan.operations, []);
    assert_eq!(rig.connectors.memory("directory").counters().changes(), before);
    let writes = opened.store.writes();
    let big: Vec<_> = writes
        .iter()
        .filter(|(table, n)| {
            **n > 0 && !matches!(table.as_str(), "read_run" | "sequence" | "lease")
        })
        .collect();
    assert!(big.is_empty(), "{big:?}");
}

#[tokio::test]
async fn a_leaver_is_disabled_and_deleted_when_the_time_is_up() {
    let rig = rig();
    rig.sync().await;
    rig.plan().await;
    rig.apply(None).await.unwrap();
    rig.write("data/hr.csv", &HR.replace("2,Ada,Lovelace,D2,1,", "2,Ada,Lovelace,D2,1,2026-03-05"));
    rig.at("2026-03-06T12:00:00Z");
    rig.sync().await;
    let made = rig.plan().await;
    insta::assert_snapshot!(text(&made));
    rig.apply(None).await.unwrap();
    rig.at("2026-04-04T12:00:00Z");
    assert_eq!(rig.plan().await.plan.operations, []);
    rig.at("2026-04-06T12:00:00Z");
    let made = rig.plan().await;
    insta::assert_snapshot!(text(&made));
    rig.apply(None).await.unwrap();
    insta::assert_snapshot!(rig.connectors.memory("directory").dump());
}

#[tokio::test]
async fn what_else_changes_on_a_disabled_account_does_not_postpone_its_deletion() {
    let unassigned = "unassigned: { enabled: false, delete_after: 30d }\n        states: {";
    let model = MODEL
        .replace("states: {", unassigned)
        .replace("person.lifecycle == 'active'", "person.department != null");
    let files = [("muster.yaml", &*model), ("data/departments.csv", DEPARTMENTS)];
    let rig = Rig::new(&files);
    rig.write("data/hr.csv", HR);
    rig.sync().await;
    rig.plan().await;
    rig.apply(None).await.unwrap();
    // Without a department nothing grants her the account any more.
    rig.write("data/hr.csv", &HR.replace("2,Ada,Lovelace,D2,1,", "2,Ada,Lovelace,,1,"));
    rig.at("2026-03-06T12:00:00Z");
    rig.sync().await;
    rig.plan().await;
    rig.apply(None).await.unwrap();
    // Three weeks later somebody writes on the account, and it stays disabled.
    rig.at("2026-03-27T12:00:00Z");
    let directory = rig.connectors.memory("directory");
    directory.put(
        "user",
        "ada.lovelace2",
        &[("cn", Value::Text("Ada the Second".into()))],
        Some(false),
    );
    let synced = rig.sync().await;
    let accounts = synced.reads.iter().find(|read| &*read.what == "account user").unwrap();
    assert_eq!(accounts.changed, 1);
    // Or puts her into a group, and she is taken out of it.
    let members = ["ada.lovelace", "ada.lovelace2"].map(|name| Value::Text(name.into()));
    directory.put("group", "sales", &[("member", Value::set(members.to_vec()))], None);
    rig.sync().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    assert!(text(&made).contains("revoke group sales"), "{}", text(&made));
    rig.at("2026-04-04T12:00:00Z");
    assert!(!text(&rig.plan().await).contains("delete account"));
    rig.at("2026-04-06T12:00:00Z");
    let made = text(&rig.plan().await);
    assert!(made.contains("delete account"), "{made}");
    // Who is enabled and disabled again begins anew.
    directory.put("user", "ada.lovelace2", &[], Some(true));
    rig.sync().await;
    directory.put("user", "ada.lovelace2", &[], Some(false));
    rig.sync().await;
    let made = text(&rig.plan().await);
    assert!(!made.contains("delete account"), "{made}");
}
