//! What somebody changes outside: seen exactly, overwritten only by decision or where the model says so.

use muster_app::{
    Adopted, AlarmView, AssignRequest, Chosen, DriftQuery, DriftVerb, adopt_drift, assign,
    decide_drift, drift_groups, list_alarms, list_drift, show_drift,
};
use muster_engine::{MadePlan, NoProgress, PlanOptions, make_plan};
use muster_model::Value;
use muster_plan::{Operation, describe};
use muster_store::AlarmStatus;

use crate::{
    nodes::{Node, until},
    support::Rig,
};

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true }
      title: { type: string }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      active: { when: "true" }
systems:
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: number }
    reads: { person: { owns: { number: record.number, title: record.title, end: record.end } } }
  directory:
    connector: memory
    mode: propose
    settings: { name: directory }
    guards: { disable: none, revoke: none }
    accounts:
      user:
        object: user
        match: [{ on: "uid == person.number" }]
        name: person.number
        set: { uid: person.number, title: person.title }
        states: { active: {}, leaver: { enabled: false, entitlements: none } }
    entitlements:
      group: { object: group, members: member, create: true }
roles:
  staff: { when: "person.lifecycle == 'active'", grants: [directory.user, { directory.group: staff }] }
  admins: { grants: [{ directory.group: admins }] }
  payers: { grants: [{ directory.group: pay }, { directory.group: audit }] }
  buyers: { grants: [{ directory.group: pay }, { directory.group: audit }] }
"#;

const HR: &str = "number,title,end\n1,Clerk,\n2,Clerk,\n3,Head,\n4,Clerk,\n";

/// Everything in place, as the model says.
async fn settled(model: &str) -> Rig {
    let rig = Rig::new(&[("muster.yaml", model), ("data/hr.csv", HR)]);
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    let read = rig.sync_all().await;
    assert_eq!(read.reads.iter().map(|read| read.drift).sum::<u64>(), 0);
    for group in ["admins", "pay", "audit"] {
        rig.connectors.memory("directory").put("group", group, &[], None);
    }
    rig.sync_all().await;
    assert_eq!(rig.plan().await.plan.operations, []);
    rig
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn user(rig: &Rig, number: &str, title: &str, enabled: bool) {
    let values = [("uid", text(number)), ("title", text(title))];
    rig.connectors.memory("directory").put("user", number, &values, Some(enabled));
}

fn group(rig: &Rig, name: &str, members: &[&str]) {
    let members = Value::set(members.iter().map(|member| text(member)).collect());
    rig.connectors.memory("directory").put("group", name, &[("member", members)], None);
}

async fn drift(rig: &Rig) -> Vec<String> {
    let query = DriftQuery { limit: 100, ..DriftQuery::default() };
    let page = list_drift(&rig.ctx(), &rig.open().await, &query).await.unwrap();
    let shown = |d: &muster_app::DriftView| {
        let person = d.person.as_deref().unwrap_or("-");
        format!("{person} {} {}: {} -> {} {}", d.what, d.item, d.before, d.after, d.decision)
    };
    let mut lines: Vec<String> = page.items.iter().map(shown).collect();
    lines.sort();
    lines
}

fn shown(operations: &[Operation]) -> Vec<String> {
    let line = |o: &Operation| format!("{} {} ({})", o.subject, describe(&o.kind), o.reason.text);
    operations.iter().map(line).collect()
}

async fn decide(rig: &Rig, id: i64, verb: DriftVerb) {
    decide_drift(&rig.ctx(), &rig.open().await, &Chosen::One(id), verb, "because", None)
        .await
        .unwrap();
}

/// The plan; making it of each identity alone gives the same.
async fn plan(rig: &Rig) -> MadePlan {
    let made = rig.plan().await;
    let opened = rig.open().await;
    let people = muster_app::PeopleQuery { limit: 100, ..Default::default() };
    let people = muster_app::list_people(&rig.ctx(), &opened, &people).await.unwrap().items;
    let mut single = (Vec::new(), Vec::new());
    for person in people {
        let options = PlanOptions { people: vec![person.id], ..PlanOptions::default() };
        let one = make_plan(&rig.ctx(), &opened, &options, &NoProgress).await.unwrap();
        single.0.extend(shown(&one.plan.operations));
        single.1.extend(shown(&one.plan.drift));
    }
    let mut whole = (shown(&made.plan.operations), shown(&made.plan.drift));
    for list in [&mut whole.0, &mut whole.1, &mut single.0, &mut single.1] {
        list.sort();
    }
    assert_eq!(whole, single);
    made
}

#[tokio::test]
async fn a_read_shows_exactly_what_was_changed_outside_and_the_plan_leaves_it_alone() {
    let rig = settled(MODEL).await;
    user(&rig, "1", "Queen", true);
    user(&rig, "2", "Clerk", false);
    rig.connectors.memory("directory").remove("user", "3");
    group(&rig, "staff", &["1", "2", "3"]);
    group(&rig, "admins", &["1"]);
    let read = rig.sync_all().await;
    assert_eq!(read.reads.iter().map(|read| read.drift).sum::<u64>(), 5);
    let expected = [
        "1 attribute title: Clerk -> Queen undecided",
        "1 entitlement admins: false -> true undecided",
        "2 enabled : true -> false undecided",
        "3 gone : 3 -> null undecided",
        "4 entitlement staff: true -> false undecided",
    ];
    assert_eq!(drift(&rig).await, expected);
    let made = plan(&rig).await;
    assert_eq!(shown(&made.plan.operations), [""; 0]);
    assert_eq!(
        shown(&made.plan.drift),
        [
            "1 revoke group admins (drift: group `admins` was given outside, nobody has decided)",
            "3 create account with 2 attributes (drift: deleted outside, nobody has decided)",
            "1 title \"Queen\" -> \"Clerk\" (drift: `title` was changed outside, nobody has decided)",
            "2 enable account (drift: disabled outside, nobody has decided)",
            "3 grant group staff (drift: deleted outside, nobody has decided)",
            "4 grant group staff (drift: group `staff` was taken outside, nobody has decided)",
        ]
    );
    // Nothing of it goes away by looking again.
    rig.sync_all().await;
    plan(&rig).await;
    assert_eq!(drift(&rig).await, expected);
    // What is as before again is no drift any more, and nobody has to say so.
    user(&rig, "1", "Clerk", true);
    group(&rig, "admins", &[]);
    group(&rig, "staff", &["1", "2", "3", "4"]);
    rig.sync_all().await;
    assert_eq!(drift(&rig).await, [expected[2], expected[3]]);
    user(&rig, "3", "Head", true);
    rig.sync_all().await;
    plan(&rig).await;
    assert_eq!(drift(&rig).await, [expected[2]]);
}

#[tokio::test]
async fn what_is_reverted_is_in_the_plan_and_what_is_accepted_ends_on_its_date() {
    let rig = settled(MODEL).await;
    user(&rig, "1", "Queen", true);
    group(&rig, "admins", &["1", "2"]);
    rig.sync_all().await;
    assert_eq!(drift(&rig).await.len(), 3);
    let query = DriftQuery { limit: 9, ..DriftQuery::default() };
    let items = list_drift(&rig.ctx(), &rig.open().await, &query).await.unwrap().items;
    let id = |person: &str, item: &str| {
        let is_it = |drift: &&muster_app::DriftView| {
            drift.person.as_deref() == Some(person) && &*drift.item == item
        };
        items.iter().find(is_it).unwrap().id.0
    };
    let ids = [id("1", "title"), id("1", "admins")];
    let until = "2026-03-20T00:00:00Z".parse().unwrap();
    decide(&rig, ids[0], DriftVerb::Accept(Some(until))).await;
    decide(&rig, ids[1], DriftVerb::Revert).await;
    let made = plan(&rig).await;
    assert_eq!(
        shown(&made.plan.operations),
        ["1 revoke group admins (drift: group `admins` was given outside, to be reverted)"]
    );
    // A mistake is taken back: the plan made before is stale, and the next one holds nothing.
    decide(&rig, ids[1], DriftVerb::Undo).await;
    assert_eq!(rig.apply(Some(1)).await.unwrap_err().kind(), muster_app::Kind::Stale);
    assert_eq!(plan(&rig).await.plan.operations, []);
    decide(&rig, ids[1], DriftVerb::Revert).await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    let over = show_drift(&rig.ctx(), &rig.open().await, ids[1]).await.unwrap();
    assert!(over.closed_at.is_some() && over.remark.ends_with("as wanted"), "{over:?}");
    for day in 3..13 {
        rig.at(&format!("2026-03-{day:02}T12:00:00Z"));
        rig.sync_all().await;
        assert_eq!(plan(&rig).await.plan.operations, []);
    }
    assert_eq!(
        drift(&rig).await,
        [
            "1 attribute title: Clerk -> Queen accept",
            "2 entitlement admins: false -> true undecided",
        ]
    );
    rig.at("2026-03-20T00:00:01Z");
    let made = plan(&rig).await;
    assert_eq!(
        shown(&made.plan.operations),
        ["1 title \"Queen\" -> \"Clerk\" (drift: `title` was changed outside, no longer accepted)"]
    );
}

#[tokio::test]
async fn what_facts_ask_for_is_planned_whoever_changed_the_account_in_between() {
    let rig = settled(MODEL).await;
    user(&rig, "1", "Queen", true);
    user(&rig, "2", "King", true);
    group(&rig, "admins", &["2"]);
    rig.sync_all().await;
    let query = DriftQuery { limit: 9, ..DriftQuery::default() };
    let page = list_drift(&rig.ctx(), &rig.open().await, &query).await.unwrap();
    let admins = page.items.iter().find(|drift| &*drift.item == "admins").unwrap();
    decide(&rig, admins.id.0, DriftVerb::Accept(None)).await;
    // One is promoted, the other leaves: an exception does not keep a leaver's access.
    rig.write(
        "data/hr.csv",
        "number,title,end\n1,Director,\n2,Clerk,2026-03-01\n3,Head,\n4,Clerk,\n",
    );
    rig.sync_all().await;
    let made = plan(&rig).await;
    assert_eq!(
        shown(&made.plan.operations),
        [
            "2 revoke group admins (lifecycle `leaver`)",
            "2 revoke group staff (lifecycle `leaver`)",
            "2 disable account (lifecycle `leaver`)",
            "1 title \"Queen\" -> \"Director\" (values follow the mapping)",
        ]
    );
    rig.apply_whole(&made).await;
    rig.sync_all().await;
    plan(&rig).await;
    assert_eq!(drift(&rig).await, [""; 0]);
    // What is done to a leaver's account afterwards is drift again.
    user(&rig, "2", "Clerk", true);
    rig.sync_all().await;
    assert_eq!(plan(&rig).await.plan.operations, []);
    assert_eq!(drift(&rig).await, ["2 enabled : false -> true undecided"]);
}

#[tokio::test]
async fn an_enforced_system_puts_drift_right_and_says_so() {
    let rig = settled(&MODEL.replace("mode: propose", "mode: enforce")).await;
    user(&rig, "1", "Queen", true);
    group(&rig, "admins", &["2"]);
    rig.connectors.memory("directory").remove("user", "3");
    rig.sync_all().await;
    let made = plan(&rig).await;
    assert_eq!(
        shown(&made.plan.operations),
        [
            "2 revoke group admins (drift: group `admins` was given outside)",
            "3 create account with 2 attributes (drift: deleted outside)",
            "1 title \"Queen\" -> \"Clerk\" (drift: `title` was changed outside)",
            "3 grant group staff (drift: deleted outside)",
        ]
    );
    rig.apply_whole(&made).await;
    rig.sync_all().await;
    assert_eq!(rig.plan().await.plan.operations, []);
    assert_eq!(drift(&rig).await, [""; 0]);
}

#[tokio::test]
async fn a_system_that_is_only_observed_has_its_drift_listed() {
    let rig = settled(MODEL).await;
    rig.write("muster.yaml", &MODEL.replace("mode: propose", "mode: observe"));
    rig.sync_all().await;
    user(&rig, "1", "Queen", true);
    rig.sync_all().await;
    let made = plan(&rig).await;
    assert_eq!((made.plan.operations.len(), made.plan.drift.len()), (0, 0));
    assert_eq!(made.plan.observed_only.len(), 1);
    assert_eq!(drift(&rig).await, ["1 attribute title: Clerk -> Queen undecided"]);
}

#[tokio::test]
async fn what_somebody_did_at_one_stroke_is_one_group_and_is_decided_with_its_number() {
    let rig = settled(MODEL).await;
    group(&rig, "admins", &["1", "2", "3"]);
    user(&rig, "4", "Queen", true);
    rig.sync_all().await;
    let opened = rig.open().await;
    let (groups, next) = drift_groups(&rig.ctx(), &opened, false, None, 9).await.unwrap();
    assert_eq!(next, None);
    let mut counts: Vec<_> = groups.iter().map(|g| (g.example.item.to_string(), g.n)).collect();
    counts.sort();
    assert_eq!(counts, [("admins".to_owned(), 3), ("title".to_owned(), 1)]);
    let (reads, _) = drift_groups(&rig.ctx(), &opened, true, None, 9).await.unwrap();
    assert_eq!(reads.iter().map(|read| read.n).collect::<Vec<_>>(), [4]);
    let admins = groups.iter().find(|group| group.n == 3).unwrap();
    let chosen = Chosen::Group(admins.group.to_string());
    let ctx = rig.ctx();
    for wrong in [None, Some(4)] {
        let refused = decide_drift(&ctx, &opened, &chosen, DriftVerb::Revert, "", wrong).await;
        assert_eq!(refused.unwrap_err().kind(), muster_app::Kind::Held);
    }
    let (_, n) =
        decide_drift(&ctx, &opened, &chosen, DriftVerb::Revert, "", Some(3)).await.unwrap();
    assert_eq!(n, 3);
    assert_eq!(plan(&rig).await.plan.operations.len(), 3);
    let (_, n) = decide_drift(&ctx, &opened, &chosen, DriftVerb::Undo, "", Some(3)).await.unwrap();
    assert_eq!((n, plan(&rig).await.plan.operations.len()), (3, 0));
}

#[tokio::test]
async fn what_nobody_decides_about_in_time_is_declined_by_rule() {
    let rig =
        settled(&MODEL.replace(
            "    mode: propose\n",
            "    mode: propose\n    drift: { decline_after: 14d }\n",
        ))
        .await;
    user(&rig, "1", "Queen", true);
    rig.sync_all().await;
    rig.at("2026-03-16T11:00:00Z");
    assert_eq!(plan(&rig).await.plan.operations, []);
    rig.at("2026-03-16T13:00:00Z");
    assert_eq!(plan(&rig).await.plan.operations.len(), 1);
    let query = DriftQuery { limit: 9, ..DriftQuery::default() };
    let page = list_drift(&rig.ctx(), &rig.open().await, &query).await.unwrap();
    let declined = &page.items[0];
    assert_eq!(declined.decided_by.as_deref(), Some("rule"));
    assert_eq!(&*declined.remark, "nobody decided within 14 days");
    let filter =
        muster_store::JournalFilter { action: Some("drift.decline".into()), ..Default::default() };
    let query = muster_app::AuditQuery { filter, before: None, limit: 9 };
    let entries =
        muster_app::search_journal(&rig.ctx(), &rig.open().await, &query).await.unwrap().items;
    assert_eq!(entries.len(), 1);
}

#[tokio::test]
async fn what_one_role_explains_is_adopted_as_an_assignment_and_the_rest_as_a_proposal() {
    let rig = settled(MODEL).await;
    group(&rig, "admins", &["1"]);
    group(&rig, "pay", &["2"]);
    user(&rig, "3", "Queen", true);
    rig.sync_all().await;
    let query = DriftQuery { limit: 9, ..DriftQuery::default() };
    let opened = rig.open().await;
    let page = list_drift(&rig.ctx(), &opened, &query).await.unwrap();
    let id = |item: &str| page.items.iter().find(|drift| &*drift.item == item).unwrap().id.0;
    let adopted = adopt_drift(&rig.ctx(), &opened, id("admins"), "on call").await.unwrap();
    let Adopted::Assigned { role, missing, .. } = adopted else { panic!("{adopted:?}") };
    assert_eq!((&*role, missing.len()), ("admins", 0));
    let adopted = adopt_drift(&rig.ctx(), &opened, id("pay"), "helps out").await.unwrap();
    let Adopted::Proposed { text, why, .. } = adopted else { panic!("{adopted:?}") };
    assert_eq!(why, "several roles grant it: buyers, payers");
    assert!(text.contains("grants: [{ directory.group: \"pay\" }]"), "{text}");
    let adopted = adopt_drift(&rig.ctx(), &opened, id("title"), "promoted").await.unwrap();
    let Adopted::Proposed { text, .. } = adopted else { panic!("{adopted:?}") };
    assert!(text.contains("values: { directory.user.title: \"'Queen'\" }"), "{text}");
    // What was adopted stays; the one that is an assignment now is over.
    assert_eq!(plan(&rig).await.plan.operations, []);
    assert_eq!(
        drift(&rig).await,
        ["2 entitlement pay: false -> true adopt", "3 attribute title: Head -> Queen adopt",]
    );
}

/// Four operations that the directory says it did and did not do; a read has shown that.
async fn lied_to() -> Rig {
    let lying = MODEL.replace(
        "    settings: { name: directory }\n",
        "    settings: { name: directory }\n    chaos: { seed: 5, lie: 100 }\n",
    );
    let rig = settled(MODEL).await;
    rig.write("muster.yaml", &lying);
    rig.write(
        "data/hr.csv",
        "number,title,end\n1,Director,\n2,Clerk,2026-03-01\n3,Head,\n4,Clerk,\n",
    );
    let request = AssignRequest {
        person: "3".into(),
        role: "admins".into(),
        from: None,
        until: None,
        reason: "on call".into(),
    };
    assign(&rig.ctx(), &rig.open().await, &request).await.unwrap();
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    let read = rig.sync_all().await;
    assert_eq!(read.reads.iter().map(|read| read.unconfirmed).sum::<u64>(), 4);
    rig.write("muster.yaml", MODEL);
    rig
}

async fn open_alarms(rig: &Rig) -> Vec<AlarmView> {
    list_alarms(&rig.open().await, AlarmStatus::Open, None, 9).await.unwrap().items
}

#[tokio::test]
async fn a_target_that_says_yes_and_does_nothing_raises_an_alarm_until_it_is_done() {
    let rig = lied_to().await;
    assert_eq!(drift(&rig).await, [""; 0]);
    let mut said: Vec<String> = open_alarms(&rig)
        .await
        .iter()
        .map(|a| {
            format!(
                "{} {}: {} != {}",
                a.subject, a.detail["what"], a.detail["expected"], a.detail["seen"]
            )
        })
        .collect();
    said.sort();
    assert_eq!(
        said,
        [
            r#"1 "title \"Clerk\" -> \"Director\"": "Director" != "Clerk""#,
            r#"2 "disable account": "disabled" != "enabled""#,
            r#"2 "revoke group staff": "not held" != "held""#,
            r#"3 "grant group admins": "held" != "not held""#,
        ]
    );
    // The same is planned again; once it is really done, the alarms are over.
    rig.sync_all().await;
    let made = rig.plan().await;
    assert_eq!(made.plan.operations.len(), 4);
    rig.apply_whole(&made).await;
    let read = rig.sync_all().await;
    assert_eq!(read.reads.iter().map(|read| read.verified).sum::<u64>(), 4);
    let open = open_alarms(&rig).await;
    assert_eq!(open.len(), 0, "{open:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_after_right_after_the_call_ends_the_alarm_and_counts_in_the_next_report() {
    let rig = lied_to().await;
    assert_eq!(open_alarms(&rig).await.len(), 4);
    rig.write("muster.yaml", &MODEL.replace("mode: propose", "mode: enforce"));
    let reads = rig.connectors.memory("directory").counters().reads;
    let node = Node::start(&rig, "one").await;
    until("the alarms are over", 60, async || open_alarms(&rig).await.is_empty()).await;
    node.stop().await;
    assert_eq!(rig.connectors.memory("directory").counters().reads, reads, "nothing was read");
    let verified =
        async || -> u64 { rig.sync_all().await.reads.iter().map(|read| read.verified).sum() };
    // The clock of the loop was the one on the wall.
    rig.at("2100-01-01T00:00:00Z");
    assert_eq!((verified().await, verified().await), (4, 0));
}
