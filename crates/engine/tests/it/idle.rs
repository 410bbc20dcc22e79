//! Accounts that nobody uses: warned of, disabled, and given back with the same rights.

use muster_app::{When, explain_access, explain_person};
use muster_engine::{
    FactRequest, MadePlan, NoProgress, PlanOptions, RunQuery, make_plan, run_due_workflows,
    set_lifecycle_fact, workflow_history,
};
use muster_model::Value;
use muster_plan::{Operation, describe};
use muster_policy::FactKind;

use crate::support::Rig;

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
    settings: { path: hr.csv, key: number }
    reads: { person: { owns: { number: record.number } } }
  directory:
    connector: memory
    mode: enforce
    settings: { name: directory }
    guards: { disable: none }
    accounts:
      user:
        object: user
        match: [{ on: uid == person.number }]
        name: person.number
        set: { uid: person.number }
        last_used: datetime(seen)
        idle: { after: 60d, warn: 7d }
    entitlements: { group: { object: group, members: member, create: true } }
roles:
  staff: { when: "true", grants: [directory.user, { directory.group: staff }] }
workflows:
  warn: { on: { idle: directory.user }, tasks: [{ note: { text: use it or lose it } }] }
"#;

/// Two people with their accounts, on 2 March.
async fn settled() -> Rig {
    let rig = Rig::new(&[("muster.yaml", MODEL), ("hr.csv", "number\n1\n2\n")]);
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    rig.sync_all().await;
    assert_eq!(plan(&rig).await, [""; 0]);
    rig
}

/// Somebody used their account, as the directory tells.
fn uses(rig: &Rig, number: &str, at: &str, is_on: bool) {
    let values = [("uid", number), ("seen", at)];
    let values = values.map(|(name, value)| (name, Value::text(value)));
    rig.connectors.memory("directory").put("user", number, &values, Some(is_on));
}

async fn made(rig: &Rig) -> MadePlan {
    let made = rig.plan().await;
    // Looking at everybody finds the same as looking at those for whom something is due.
    let opened = rig.open().await;
    let people = muster_app::PeopleQuery { limit: 9, ..Default::default() };
    let people = muster_app::list_people(&rig.ctx(), &opened, &people).await.unwrap().items;
    let people = people.iter().map(|person| person.id).collect();
    let options = PlanOptions { people, ..PlanOptions::default() };
    let full = make_plan(&rig.ctx(), &opened, &options, &NoProgress).await.unwrap();
    assert_eq!(made.plan.operations, full.plan.operations);
    made
}

async fn plan(rig: &Rig) -> Vec<String> {
    let line = |o: &Operation| format!("{} {} ({})", o.subject, describe(&o.kind), o.reason.text);
    made(rig).await.plan.operations.iter().map(line).collect()
}

/// Reads on a day and does what is planned; answers what that was.
async fn day(rig: &Rig, at: &str) -> Vec<String> {
    rig.at(at);
    let read = rig.sync_all().await;
    let unconfirmed = read.reads.iter().map(|read| read.unconfirmed + read.drift).sum::<u64>();
    assert_eq!(unconfirmed, 0, "{read:?}");
    let lines = plan(rig).await;
    if !lines.is_empty() {
        let made = made(rig).await;
        rig.apply_whole(&made).await;
        rig.sync_all().await;
        assert_eq!(plan(rig).await, [""; 0]);
    }
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    run_due_workflows(&ctx, &opened, ctx.now(), &NoProgress).await.unwrap();
    lines
}

/// Who was warned, in order.
async fn warned(rig: &Rig) -> Vec<String> {
    let query = RunQuery { limit: 9, ..RunQuery::default() };
    let runs = workflow_history(&rig.ctx(), &rig.open().await, &query).await.unwrap();
    let mut warned: Vec<String> =
        runs.iter().map(|view| format!("{} {}", view.person, view.run.state)).collect();
    warned.reverse();
    warned
}

/// What is told of the lack of use of somebody's account, about the person and about the access alike.
async fn why(rig: &Rig, number: &str) -> String {
    let (ctx, opened, when) = (rig.ctx(), rig.open().await, When::default());
    let person = explain_person(&ctx, &opened, number, when).await.unwrap();
    let idle = person.accounts.first().and_then(|account| account.idle.clone()).unwrap();
    let access = explain_access(&ctx, &opened, number, "directory:staff", when).await.unwrap();
    assert_eq!(access.idle.as_ref(), Some(&idle));
    let is_idle = if idle.is_idle { ", idle" } else { "" };
    format!("since {}, due {}{is_idle} at {}", idle.unused.since, idle.unused.due, idle.at)
}

fn rights(rig: &Rig) -> Vec<String> {
    rig.connectors.memory("directory").dump().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn an_account_that_nobody_uses_is_warned_of_disabled_and_given_back_with_the_same_rights() {
    let rig = settled().await;
    let none = [""; 0];
    uses(&rig, "1", "2026-03-10T08:00:00Z", true);
    let revision = rig.open().await.revision;
    assert_eq!(day(&rig, "2026-03-11T12:00:00Z").await, none, "that it is used changes nothing");
    // Nobody has ever used the other one: the time counts from when it became known.
    assert_eq!(day(&rig, "2026-04-23T12:00:00Z").await, none);
    assert_eq!(warned(&rig).await, none);
    assert_eq!(day(&rig, "2026-04-25T12:00:00Z").await, none);
    assert_eq!(day(&rig, "2026-04-26T12:00:00Z").await, none);
    assert_eq!(warned(&rig).await, ["2 done"], "once");
    let before = rights(&rig);
    uses(&rig, "1", "2026-04-28T08:00:00Z", true);
    let disabled = day(&rig, "2026-05-02T12:00:00Z").await;
    assert_eq!(disabled, ["2 disable account (idle since 2026-03-02)"]);
    assert!(rights(&rig).contains(&"user 2 off uid=2".to_owned()), "{:?}", rights(&rig));
    assert!(
        rights(&rig).contains(&"group staff on member=[1, 2]".to_owned()),
        "{:?}",
        rights(&rig)
    );
    assert_eq!(day(&rig, "2026-05-12T12:00:00Z").await, none, "who uses theirs keeps it");
    assert_eq!(
        why(&rig, "1").await,
        "since 2026-04-28T08:00:00Z, due 2026-06-27T08:00:00Z at muster.yaml:26"
    );
    assert_eq!(
        why(&rig, "2").await,
        "since 2026-03-02T12:00:00.031Z, due 2026-05-01T12:00:00.031Z, idle at muster.yaml:26"
    );
    // Nobody can use what is disabled: somebody says so.
    let request = FactRequest {
        person: "2".into(),
        kind: FactKind::Used,
        from: None,
        until: None,
        reason: "back from sea".into(),
    };
    let opened = rig.open().await;
    set_lifecycle_fact(&rig.ctx(), &opened, &request).await.unwrap();
    set_lifecycle_fact(&rig.ctx(), &opened, &request).await.unwrap();
    let enabled = day(&rig, "2026-05-12T13:00:00Z").await;
    assert_eq!(enabled.len(), 1, "{enabled:?}");
    assert!(enabled[0].starts_with("2 enable account"), "{enabled:?}");
    let now = rights(&rig);
    let of_2 = |lines: &[String]| {
        lines.iter().filter(|line| !line.starts_with("user 1 ")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(of_2(&now), of_2(&before), "the same rights");
    // The time counts anew, for warnings too.
    assert_eq!(day(&rig, "2026-06-22T12:00:00Z").await, none);
    assert_eq!(warned(&rig).await, ["2 done", "1 done"]);
    assert_eq!(
        day(&rig, "2026-07-12T12:00:00Z").await,
        ["1 disable account (idle since 2026-04-28)", "2 disable account (idle since 2026-05-12)"]
    );
    assert_eq!(opened.revision, revision);
    rig.verify_journal().await;
}

#[tokio::test]
async fn a_use_that_is_told_late_brings_the_account_back() {
    let rig = settled().await;
    let disabled = day(&rig, "2026-05-02T12:00:00Z").await;
    assert_eq!(disabled.len(), 2);
    uses(&rig, "1", "2026-04-30T08:00:00Z", false);
    let enabled = day(&rig, "2026-05-03T12:00:00Z").await;
    assert_eq!(enabled.len(), 1, "{enabled:?}");
    assert!(enabled[0].starts_with("1 enable account"), "{enabled:?}");
    assert_eq!(day(&rig, "2026-05-04T12:00:00Z").await, [""; 0]);
}

#[tokio::test]
async fn a_model_that_begins_to_ask_finds_who_is_idle_already() {
    let rig = settled().await;
    let without = MODEL.replace("        idle: { after: 60d, warn: 7d }\n", "");
    let without = without.split("workflows:").next().unwrap().to_owned();
    rig.write("muster.yaml", &without);
    assert_eq!(day(&rig, "2026-06-02T12:00:00Z").await, [""; 0]);
    rig.write("muster.yaml", MODEL);
    assert_eq!(day(&rig, "2026-06-03T12:00:00Z").await.len(), 2);
}
