//! What is said about the lifecycle by hand, grace for movers, rehire, rescinded hire, conversion, retention.

use std::fmt::Write as _;

use muster_app::{
    AssignRequest, Kind, PeopleQuery, assign, list_assignments, list_people, unassign,
};
use muster_engine::{
    FactRequest, GRACE, MadePlan, NoProgress, PlanOptions, lift_lifecycle_fact,
    list_lifecycle_facts, make_plan, restore_identity, set_lifecycle_fact,
};
use muster_plan::{Grouping, TextOptions, plan_text};
use muster_policy::FactKind;

use crate::support::{Rig, report};

const MODEL: &str = r#"
muster: 1
timezone: Europe/Berlin
types:
  person:
    identity: true
    key: id
    retention: { delete: 30d, anonymise: 3650d }
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      dept: { type: string }
      contract: { type: string }
      start: { type: date }
      end: { type: date }
      manager: { type: link, to: person, inverse: reports }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      suspended: { when: "false" }
      planned: { when: "start != null && now < start_of(start)" }
      active: { when: "true" }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    reads:
      person:
        match: [{ on: "id == record.id" }]
        owns:
          id: record.id
          name: record.name
          dept: record.dept
          contract: record.contract
          start: record.start
          end: record.end
          manager: link("person", record.boss)
        absent: { keep: 0d, state: leaver }
        guards: { absent: none, update: none }
  dir:
    connector: memory
    mode: enforce
    settings: { name: dir }
    guards: { disable: none, delete: none, revoke: none }
    accounts:
      user:
        object: user
        match: [{ on: "uid == person.name" }]
        name: person.name
        set: { uid: person.name, boss: person.manager.lifecycle }
        states:
          planned: { prepare: 3d, enabled: false }
          active: {}
          suspended: { enabled: false }
          leaver: { enabled: false, entitlements: none }
    entitlements: { group: { object: group, members: member, create: true } }
roles:
  employee: { when: "person.lifecycle == 'active' && person.contract != 'contractor'", grants: [dir.user, { dir.group: staff }] }
  contractor: { when: "person.lifecycle == 'active' && person.contract == 'contractor'", grants: [dir.user, { dir.group: external }] }
  sales: { when: "person.dept == 'sales' && person.lifecycle == 'active'", grace: 14d, review: true, grants: [{ dir.group: sales }] }
  marketing: { when: "person.dept == 'marketing' && person.lifecycle == 'active'", grants: [{ dir.group: marketing }] }
  vpn: { grants: [{ dir.group: vpn }] }
"#;

const HEAD: &str = "id,name,dept,contract,start,end,boss\n";

fn rig(hr: &str) -> Rig {
    Rig::new(&[("muster.yaml", MODEL), ("hr.csv", &format!("{HEAD}{hr}"))])
}

fn text(made: &MadePlan) -> String {
    plan_text(&made.plan, "NAME", TextOptions { grouping: Grouping::System, per_group: 100 })
}

/// What is to be done, one line for each operation: `revoke group sales`.
fn lines(made: &MadePlan) -> Vec<String> {
    let of = |operation: &muster_plan::Operation| {
        let text = format!("{} {}", operation.subject, operation.kind.name());
        let grant = text_of_grant(operation);
        format!("{text}{grant}")
    };
    let mut lines: Vec<String> = made.plan.to_do().map(of).collect();
    lines.sort();
    lines
}

fn text_of_grant(operation: &muster_plan::Operation) -> String {
    match &operation.kind {
        muster_plan::Kind::Grant { name, .. } | muster_plan::Kind::Revoke { name, .. } => {
            format!(" {name}")
        }
        muster_plan::Kind::Create { .. }
        | muster_plan::Kind::Update { .. }
        | muster_plan::Kind::Rename { .. }
        | muster_plan::Kind::Enable
        | muster_plan::Kind::Disable
        | muster_plan::Kind::Delete => String::new(),
    }
}

/// Reads everything, plans and applies; answers what was done.
async fn round(rig: &Rig) -> Vec<String> {
    rig.sync_all().await;
    settle(rig).await
}

/// Plans and applies without reading; answers what was done.
async fn settle(rig: &Rig) -> Vec<String> {
    let made = rig.plan().await;
    let done = lines(&made);
    if !done.is_empty() {
        rig.apply_whole(&made).await;
    }
    done
}

fn hr(rig: &Rig, rows: &str) {
    rig.write("hr.csv", &format!("{HEAD}{rows}"));
}

async fn say(rig: &Rig, kind: FactKind, from: Option<&str>) {
    let request = FactRequest {
        person: "1".into(),
        kind,
        from: from.map(|at| at.parse().unwrap()),
        until: None,
        reason: "as told".into(),
    };
    let opened = rig.open().await;
    set_lifecycle_fact(&rig.ctx(), &opened, &request)
        .await
        .unwrap_or_else(|error| panic!("{}", report(&error)));
}

async fn give(rig: &Rig, role: &str) {
    let request = AssignRequest {
        person: "1".into(),
        role: role.into(),
        from: None,
        until: None,
        reason: "needed".into(),
    };
    assign(&rig.ctx(), &rig.open().await, &request).await.unwrap();
}

async fn state(rig: &Rig) -> String {
    let query = PeopleQuery { limit: 1, ..PeopleQuery::default() };
    let page = list_people(&rig.ctx(), &rig.open().await, &query).await.unwrap();
    page.items[0].lifecycle.as_deref().unwrap().to_owned()
}

#[tokio::test]
async fn an_urgent_termination_needs_no_source_and_stays_until_it_is_lifted() {
    let rig = rig("1,ada,sales,,,2026-12-31,\n2,bob,,,,,1\n");
    round(&rig).await;
    say(&rig, FactKind::Terminated, None).await;
    assert_eq!(state(&rig).await, "leaver");
    // Bob's account shows the state of his boss.
    assert_eq!(
        settle(&rig).await,
        ["ada disable", "ada revoke sales", "ada revoke staff", "bob update"]
            .map(|line| line.replace("ada ", "1 ").replace("bob ", "2 "))
    );
    hr(&rig, "1,ada,sales,,,,\n2,bob,,,,,1\n");
    assert_eq!(round(&rig).await, [""; 0], "HR says otherwise, and nothing comes of it");
    let opened = rig.open().await;
    let again = set_lifecycle_fact(
        &rig.ctx(),
        &opened,
        &FactRequest {
            person: "1".into(),
            kind: FactKind::Terminated,
            from: None,
            until: None,
            reason: "again".into(),
        },
    )
    .await
    .unwrap_err();
    assert_eq!(again.kind(), Kind::Conflict, "{}", report(&again));
    lift_lifecycle_fact(&rig.ctx(), &opened, "1", FactKind::Terminated, "a mistake").await.unwrap();
    assert_eq!(settle(&rig).await, ["1 enable", "1 grant sales", "1 grant staff", "2 update"]);
    let facts = list_lifecycle_facts(&rig.ctx(), &opened, "1").await.unwrap();
    assert_eq!(facts.len(), 1);
    assert!(facts[0].ended_at.is_some());
    assert!(list_assignments(&rig.ctx(), &opened, "1").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_planned_termination_fires_at_its_minute() {
    let rig = rig("1,ada,,,,,\n");
    round(&rig).await;
    say(&rig, FactKind::Terminated, Some("2026-03-05T16:30:00Z")).await;
    rig.at("2026-03-05T16:29:00Z");
    assert_eq!(settle(&rig).await, [""; 0]);
    let opened = rig.open().await;
    let due = opened.store.read().await.unwrap().next_change().await.unwrap();
    assert_eq!(due, Some("2026-03-05T16:30:00Z".parse().unwrap()));
    rig.at("2026-03-05T16:30:00Z");
    assert_eq!(settle(&rig).await, ["1 disable", "1 revoke staff"]);
}

#[tokio::test]
async fn who_comes_back_from_a_suspension_has_the_same_rights() {
    let rig = rig("1,ada,sales,,,,\n");
    give_after_first_round(&rig).await;
    let before = rig.connectors.memory("dir").dump();
    say(&rig, FactKind::Suspended, None).await;
    // Rules that ask for the state `active` give nothing meanwhile; what was given directly stays.
    assert_eq!(settle(&rig).await, ["1 disable", "1 revoke sales", "1 revoke staff"]);
    lift_lifecycle_fact(&rig.ctx(), &rig.open().await, "1", FactKind::Suspended, "back")
        .await
        .unwrap();
    assert_eq!(settle(&rig).await, ["1 enable", "1 grant sales", "1 grant staff"]);
    assert_eq!(rig.connectors.memory("dir").dump(), before);
}

async fn give_after_first_round(rig: &Rig) {
    round(rig).await;
    give(rig, "vpn").await;
    assert_eq!(settle(rig).await, ["1 grant vpn"]);
}

#[tokio::test]
async fn a_mover_keeps_a_role_for_the_grace_period_and_not_a_minute_longer() {
    let rig = rig("1,ada,sales,,,,\n2,bob,sales,,,,\n");
    round(&rig).await;
    hr(&rig, "1,ada,marketing,,,,\n2,bob,marketing,,,,\n");
    rig.at("2026-03-03T09:00:00Z");
    assert_eq!(round(&rig).await, ["1 grant marketing", "2 grant marketing"]);
    let opened = rig.open().await;
    let grace = muster_engine::list_grace(&rig.ctx(), &opened, None, 10).await.unwrap();
    let listed: Vec<_> = grace.items.iter().map(|g| (&*g.person, &*g.role, g.review)).collect();
    assert_eq!(listed, [("1", "sales", true), ("2", "sales", true)]);
    assert_eq!(&*grace.items[0].origin, GRACE);
    // Bob's is ended early by whoever reviews it.
    unassign(&rig.ctx(), &opened, "2", "sales", "handed over").await.unwrap();
    assert_eq!(settle(&rig).await, ["2 revoke sales"]);
    rig.at("2026-03-17T08:59:00Z");
    assert_eq!(settle(&rig).await, [""; 0]);
    rig.at("2026-03-17T09:00:10Z");
    assert_eq!(settle(&rig).await, ["1 revoke sales"]);
    assert_eq!(settle(&rig).await, [""; 0], "the end of the grace period brings no other one");
    assert!(
        muster_engine::list_grace(&rig.ctx(), &opened, None, 10).await.unwrap().items.is_empty()
    );
}

#[tokio::test]
async fn who_leaves_or_is_suspended_gets_no_grace() {
    let rig = rig("1,ada,sales,,,,\n2,bob,sales,,,,\n3,cyd,sales,,,,\n");
    round(&rig).await;
    say(&rig, FactKind::Terminated, None).await;
    hr(&rig, "1,ada,marketing,,,,\n2,bob,,,,2026-03-01,\n");
    let done = round(&rig).await;
    assert!(done.contains(&"1 revoke sales".to_owned()), "{done:?}");
    assert!(done.contains(&"2 revoke sales".to_owned()), "{done:?}");
    assert!(done.contains(&"3 revoke sales".to_owned()), "{done:?}");
    let grace = muster_engine::list_grace(&rig.ctx(), &rig.open().await, None, 10).await.unwrap();
    assert!(grace.items.is_empty(), "{grace:?}");
}

#[tokio::test]
async fn grace_is_the_same_when_everybody_and_when_only_the_changed_are_evaluated() {
    let all = rig("1,ada,sales,,,,\n");
    let some = rig("1,ada,sales,,,,\n");
    for rig in [&all, &some] {
        round(rig).await;
        hr(rig, "1,ada,marketing,,,,\n");
        rig.at("2026-03-03T09:00:00Z");
        rig.sync_all().await;
    }
    let whole = lines(&all.plan().await);
    let opened = some.open().await;
    let options = PlanOptions {
        people: vec![muster_model::EntityId(1)],
        save: true,
        ..PlanOptions::default()
    };
    let part = make_plan(&some.ctx(), &opened, &options, &NoProgress).await.unwrap();
    assert_eq!(lines(&part), whole);
    assert_eq!(whole, ["1 grant marketing"]);
    let mut facts = Vec::new();
    for rig in [&all, &some] {
        let opened = rig.open().await;
        let mut tx = opened.store.read().await.unwrap();
        let held = tx.held_roles_of_many(&[muster_model::EntityId(1)]).await.unwrap();
        let held: Vec<_> = held.into_iter().map(|held| (held.role, held.how)).collect();
        let given = list_assignments(&rig.ctx(), &opened, "1").await.unwrap();
        let given: Vec<_> = given.into_iter().map(|a| (a.role, a.origin)).collect();
        facts.push((held, given));
    }
    assert_eq!(facts[0], facts[1]);
    assert_eq!(facts[0].0, [("sales".into(), "assigned".into())]);
}

#[tokio::test]
async fn a_rehire_is_the_same_identity_with_the_rights_of_the_new_position_only() {
    let rig = rig("1,ada,sales,,,,\n");
    give_after_first_round(&rig).await;
    hr(&rig, "1,ada,sales,,,2026-03-02,\n");
    rig.at("2026-03-03T12:00:00Z");
    let done = round(&rig).await;
    assert_eq!(done, ["1 disable", "1 revoke sales", "1 revoke staff", "1 revoke vpn"]);
    rig.at("2026-03-24T12:00:00Z");
    hr(&rig, "1,ada,marketing,,2026-03-20,,\n");
    assert_eq!(round(&rig).await, ["1 enable", "1 grant marketing", "1 grant staff"]);
    let opened = rig.open().await;
    let mut tx = opened.store.read().await.unwrap();
    assert_eq!(tx.entity_versions(muster_model::EntityId(1)).await.unwrap().len(), 3);
    drop(tx);
    let given = list_assignments(&rig.ctx(), &opened, "1").await.unwrap();
    assert_eq!(given.len(), 1);
    assert!(given[0].ended_at.is_some(), "the history is kept");
}

#[tokio::test]
async fn a_rehire_after_deletion_is_still_the_same_identity() {
    let rig = rig("1,ada,sales,,,2026-02-01,\n");
    rig.connectors.memory("dir").put(
        "user",
        "ada",
        &[("uid", muster_model::Value::Text("ada".into()))],
        Some(true),
    );
    round(&rig).await;
    rig.at("2026-03-10T12:00:00Z");
    assert_eq!(settle(&rig).await, ["1 delete"]);
    hr(&rig, "1,ada,marketing,,2026-03-10,,\n");
    assert_eq!(round(&rig).await, ["1 create", "1 grant marketing", "1 grant staff"]);
    let opened = rig.open().await;
    let n =
        opened.store.read().await.unwrap().count_entities(opened.names.types[0].no).await.unwrap();
    assert_eq!(n, 1);
}

#[tokio::test]
async fn who_was_deleted_by_mistake_is_restored_with_all_rights() {
    let rig = rig("1,ada,sales,,,,\n");
    give_after_first_round(&rig).await;
    let before = rig.connectors.memory("dir").dump();
    say(&rig, FactKind::Deleted, None).await;
    let deleted = settle(&rig).await;
    assert!(deleted.contains(&"1 delete".to_owned()), "{deleted:?}");
    let restored = restore_identity(&rig.ctx(), &rig.open().await, "1", "a mistake").await.unwrap();
    assert_eq!((restored.lifted, restored.roles), (vec![FactKind::Deleted], vec!["vpn".into()]));
    settle(&rig).await;
    assert_eq!(rig.connectors.memory("dir").dump(), before);
    let nothing = restore_identity(&rig.ctx(), &rig.open().await, "1", "again").await.unwrap_err();
    assert_eq!(nothing.kind(), Kind::Conflict);
}

#[tokio::test]
async fn nothing_usable_is_left_of_a_hire_that_is_rescinded() {
    for rescinded in ["", "1,ada,sales,,2026-03-05,2026-03-01,\n"] {
        let rig = rig("1,ada,sales,,2026-03-05,,\n2,bob,,,,,\n");
        rig.at("2026-03-03T12:00:00Z");
        let done = round(&rig).await;
        assert!(done.contains(&"1 create".to_owned()), "prepared three days before: {done:?}");
        hr(&rig, &format!("{rescinded}2,bob,,,,,\n"));
        rig.at("2026-03-04T12:00:00Z");
        let done = round(&rig).await;
        assert!(done.contains(&"1 revoke sales".to_owned()), "{done:?}");
        for at in ["2026-03-05T12:00:00Z", "2026-04-20T12:00:00Z"] {
            rig.at(at);
            let done = settle(&rig).await;
            assert!(!done.iter().any(|line| line.starts_with("1 enable")), "{done:?}");
        }
        let left = rig.connectors.memory("dir").dump();
        assert!(!left.contains("ada"), "deleted when retention says so: {left}");
    }
}

#[tokio::test]
async fn an_employee_becomes_a_contractor_in_one_evaluation() {
    let rig = rig("1,ada,,,,,\n");
    round(&rig).await;
    hr(&rig, "1,ada,,contractor,,,\n");
    rig.sync_all().await;
    let made = rig.plan().await;
    assert_eq!(lines(&made), ["1 grant external", "1 revoke staff"], "{}", text(&made));
}

/// Everything that the repository can tell, in one text.
async fn everything(rig: &Rig) -> String {
    let opened = rig.open().await;
    let mut journal = Vec::new();
    muster_app::export_journal(&opened, &mut journal).await.unwrap();
    let mut text = String::from_utf8(journal).unwrap();
    let mut tx = opened.store.read().await.unwrap();
    for id in 1..4 {
        let id = muster_model::EntityId(id);
        for version in tx.entity_versions(id).await.unwrap() {
            let facts = String::from_utf8_lossy(&version.entity.facts);
            write!(text, "{} {facts}", version.entity.key).unwrap();
        }
        write!(text, "{:?}", tx.assignments_of(id).await.unwrap()).unwrap();
        write!(text, "{:?}", tx.accounts_of(id).await.unwrap()).unwrap();
    }
    for plan in tx.plans(None, None, 100).await.unwrap() {
        let operations = tx
            .operations(plan.id, muster_store::OperationFilter::default(), None, 1000)
            .await
            .unwrap();
        for operation in operations {
            let body = String::from_utf8_lossy(&operation.body);
            write!(text, "{} {body}", operation.subject).unwrap();
        }
        write!(text, "{plan:?}").unwrap();
    }
    text
}

#[tokio::test]
async fn after_the_retention_nobody_can_read_who_it_was_and_the_journal_is_whole() {
    let rig = rig("e-1001,canary,sales,,,,\ne-1002,bob,sales,,,,\n");
    rig.write(
        "muster.yaml",
        &MODEL.replace("name: { type: string }", "name: { type: string, unique: true }"),
    );
    round(&rig).await;
    hr(&rig, "e-1001,canary,sales,,,2026-03-01,\ne-1002,bob,sales,,,,\n");
    rig.at("2026-03-03T12:00:00Z");
    round(&rig).await;
    rig.at("2026-04-05T12:00:00Z");
    round(&rig).await;
    let due = async |rig: &Rig| {
        let (ctx, opened) = (rig.ctx(), rig.open().await);
        muster_engine::anonymise_due(&ctx, &opened, ctx.now(), &NoProgress).await.unwrap()
    };
    assert_eq!(due(&rig).await, muster_engine::AnonymiseReport::default(), "not before its time");
    rig.at("2036-03-10T12:00:00Z");
    let report = due(&rig).await;
    assert_eq!((report.erased, report.waiting.len()), (0, 1), "HR still lists the person");
    hr(&rig, "e-1002,bob,sales,,,,\n");
    round(&rig).await;
    assert_eq!(due(&rig).await.erased, 0, "a record that vanishes begins the state anew");
    rig.at("2046-03-20T12:00:00Z");
    let before = everything(&rig).await;
    assert!(before.contains("canary") && before.contains("e-1001"));
    let report = due(&rig).await;
    assert_eq!((report.erased, report.waiting.len()), (1, 0), "{report:?}");
    assert!(report.entries > 2, "{report:?}");
    let after = everything(&rig).await;
    assert!(!after.contains("canary") && !after.contains("e-1001"), "{after}");
    assert!(after.contains("bob"), "nobody else is forgotten");
    let opened = rig.open().await;
    let mut export = Vec::new();
    muster_app::export_journal(&opened, &mut export).await.unwrap();
    muster_app::verify_export(&mut export.as_slice()).unwrap();
    assert_eq!(settle(&rig).await, [""; 0], "nothing comes of an erased identity");
    assert_eq!(due(&rig).await, muster_engine::AnonymiseReport::default(), "only once");
    // The same number again is somebody new.
    hr(&rig, "e-1001,canary,sales,,,,\ne-1002,bob,sales,,,,\n");
    assert_eq!(round(&rig).await.iter().filter(|line| line.ends_with("create")).count(), 1);
    let opened = rig.open().await;
    let n =
        opened.store.read().await.unwrap().count_entities(opened.names.types[0].no).await.unwrap();
    assert_eq!(n, 3);
}
