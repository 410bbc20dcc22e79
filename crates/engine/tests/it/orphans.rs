//! Accounts of nobody, accounts of several types in one class, and owners of what is no person.

use muster_app::{
    AccountQuery, AuditQuery, Kind, OrphanChoice, assign_orphan, decide_orphans, list_accounts,
    list_ownerless, search_journal,
};
use muster_engine::{LocalChange, LocalVerb, change_one, change_owner, list_orphans};
use muster_model::Value;
use muster_plan::describe;
use muster_store::{AccountStatus, JournalFilter};

use crate::support::Rig;

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true }
      admin: { type: bool }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      active: { when: "true" }
  service:
    identity: true
    key: name
    owner: owner
    attributes:
      name: { type: string, unique: true }
      owner: { type: link, to: person, inverse: services }
systems:
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: number }
    reads:
      person: { owns: { number: record.number, admin: record.admin == 'yes', end: record.end } }
  services:
    connector: csv
    settings: { path: data/services.csv, key: name }
    reads:
      service: { owns: { name: record.name, owner: 'link("person", record.owner)' } }
  directory:
    connector: memory
    mode: enforce
    settings: { name: directory }
    guards: { disable: none, delete: { max: 1 } }
    classify:
      - { when: "uid.startsWith('adm.')", as: admin }
      - { when: "kind == 'service'", as: service }
    accounts:
      user:
        for: person
        object: user
        match: [{ on: "uid == person.number" }]
        name: person.number
        set: { uid: person.number }
        states: { active: {}, leaver: { enabled: false, entitlements: none } }
      admin:
        for: person
        object: user
        match: [{ on: "uid == 'adm.' + person.number" }]
        name: "'adm.' + person.number"
        set: { uid: "'adm.' + person.number" }
        states: { active: {}, leaver: { enabled: false, delete_after: 0d } }
      service:
        for: service
        object: user
        match: [{ on: "uid == service.name" }]
        name: service.name
        set: { uid: service.name, kind: "'service'" }
    entitlements:
      group: { object: group, members: member, account: user }
roles:
  staff: { for: person, when: "true", grants: [directory.user] }
  admins: { for: person, when: person.admin, grants: [directory.admin] }
  services: { for: service, when: "true", grants: [directory.service] }
"#;

fn rig() -> Rig {
    Rig::new(&[
        ("muster.yaml", MODEL),
        ("data/hr.csv", "number,admin,end\n1,yes,\n2,,\n"),
        ("data/services.csv", "name,owner\nbackup,1\nscan,2\nlost,\n"),
    ])
}

fn put(rig: &Rig, uid: &str, kind: Option<&str>) {
    let mut values = vec![("uid", Value::Text(uid.into()))];
    values.extend(kind.map(|kind| ("kind", Value::Text(kind.into()))));
    rig.connectors.memory("directory").put("user", uid, &values, Some(true));
}

async fn accounts(rig: &Rig) -> Vec<String> {
    let query = AccountQuery { limit: 100, ..AccountQuery::default() };
    let page = list_accounts(&rig.ctx(), &rig.open().await, &query).await.unwrap();
    let mut lines: Vec<String> =
        page.items.iter().map(|a| format!("{} {} {}", a.account_type, a.name, a.status)).collect();
    lines.sort();
    lines
}

async fn number(rig: &Rig, name: &str) -> i64 {
    let query = AccountQuery { limit: 100, ..AccountQuery::default() };
    let page = list_accounts(&rig.ctx(), &rig.open().await, &query).await.unwrap();
    page.items.iter().find(|account| &*account.name == name).unwrap().id.0
}

#[tokio::test]
async fn objects_of_one_class_fall_under_the_account_type_that_the_rules_say() {
    let rig = rig();
    for uid in ["1", "2", "adm.1", "adm.9", "stranger"] {
        put(&rig, uid, None);
    }
    put(&rig, "backup", Some("service"));
    put(&rig, "old-job", Some("service"));
    rig.sync_all().await;
    assert_eq!(
        accounts(&rig).await,
        [
            "admin adm.1 linked",
            "admin adm.9 orphan",
            "service backup linked",
            "service old-job orphan",
            "user 1 linked",
            "user 2 linked",
            "user stranger orphan",
        ]
    );
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    assert!(accounts(&rig).await.contains(&"service scan linked".to_owned()));
    let read = rig.sync_all().await;
    assert!(read.reads.iter().all(|read| read.created + read.changed + read.absent == 0));
    // The stricter type has its own rules: the administrative account of a leaver goes at once.
    rig.write("data/hr.csv", "number,admin,end\n1,yes,2026-03-01\n2,,\n");
    rig.sync_all().await;
    let made = rig.plan().await;
    let shown = |o: &muster_plan::Operation| format!("{} {}", o.target.name, describe(&o.kind));
    let operations: Vec<String> = made.plan.operations.iter().map(shown).collect();
    assert_eq!(operations, ["1 disable account", "adm.1 delete account"]);
}

#[tokio::test]
async fn an_orphan_is_given_to_somebody_or_may_stay_for_a_time_or_is_deleted_by_a_plan() {
    let rig = rig();
    for uid in ["ada", "vendor", "old1", "old2"] {
        put(&rig, uid, None);
    }
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    // Whoever has an account already gets no second one.
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    let ada = number(&rig, "ada").await;
    let refused = assign_orphan(&ctx, &opened, ada, "2", "it is hers").await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    rig.write("data/hr.csv", "number,admin,end\n1,yes,\n2,,\n3,,\n");
    rig.sync_all().await;
    let view = assign_orphan(&ctx, &rig.open().await, ada, "3", "it is hers").await.unwrap();
    assert_eq!(view.person.as_deref(), Some("3"));
    let made = rig.plan().await;
    assert!(
        made.plan.operations.iter().any(|o| describe(&o.kind) == "rename to 3"),
        "{:?}",
        made.plan.operations
    );
    // Known until a day, then an orphan again.
    let vendor = [number(&rig, "vendor").await];
    let until = "2026-04-01T00:00:00Z".parse().unwrap();
    let choice = OrphanChoice::Authorise(Some(until));
    decide_orphans(&ctx, &opened, &vendor, choice, "contract", None).await.unwrap();
    rig.sync_all().await;
    assert!(accounts(&rig).await.contains(&"user vendor ignored".to_owned()));
    // Deleted through a plan, which a guard holds; never at once.
    let old = [number(&rig, "old1").await, number(&rig, "old2").await];
    let refused = decide_orphans(&ctx, &opened, &old, OrphanChoice::Delete, "gone", None).await;
    assert_eq!(refused.unwrap_err().kind(), Kind::Held);
    decide_orphans(&ctx, &opened, &old, OrphanChoice::Delete, "gone", Some(2)).await.unwrap();
    assert_eq!(rig.connectors.memory("directory").len("user"), 10);
    let made = rig.plan().await;
    let deleted: Vec<_> =
        made.plan.operations.iter().filter(|o| o.kind.name() == "delete").collect();
    assert_eq!(deleted.len(), 2);
    assert_eq!(&*deleted[0].reason.text, "it belongs to nobody");
    assert_eq!(made.status, muster_store::PlanStatus::Held);
    rig.apply_whole(&made).await;
    let read = rig.sync_all().await;
    assert_eq!(read.reads.iter().map(|read| read.unconfirmed).sum::<u64>(), 0);
    let left = accounts(&rig).await;
    assert!(left.iter().all(|line| !line.contains("old")), "{left:?}");
    rig.at("2026-04-01T00:00:01Z");
    rig.plan().await;
    assert!(accounts(&rig).await.contains(&"user vendor orphan".to_owned()));
}

#[tokio::test]
async fn a_decision_about_an_orphan_is_taken_back() {
    let rig = rig();
    put(&rig, "old", None);
    rig.sync_all().await;
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    let old = [number(&rig, "old").await];
    decide_orphans(&ctx, &opened, &old, OrphanChoice::Delete, "gone", None).await.unwrap();
    let n = rig.plan().await.plan.operations.len();
    decide_orphans(&ctx, &opened, &old, OrphanChoice::Undo, "", None).await.unwrap();
    assert_eq!(rig.plan().await.plan.operations.len(), n - 1);
    assert_eq!(
        list_accounts(
            &ctx,
            &opened,
            &AccountQuery {
                status: Some(AccountStatus::Orphan),
                limit: 9,
                ..AccountQuery::default()
            }
        )
        .await
        .unwrap()
        .items
        .len(),
        1
    );
}

#[tokio::test]
async fn a_service_account_outlives_its_owner_and_shows_up_for_another_one() {
    let rig = rig();
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    let ownerless = async || {
        let page = list_ownerless(&rig.ctx(), &rig.open().await, None, 9).await.unwrap();
        let line = |one: &muster_app::Ownerless| {
            format!("{} {}: {}", one.subject, one.accounts.join(","), one.why)
        };
        page.items.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(ownerless().await, ["lost directory lost: it has no owner"]);
    rig.write("data/hr.csv", "number,admin,end\n1,yes,2026-03-01\n2,,\n");
    rig.sync_all().await;
    let made = rig.plan().await;
    assert!(made.plan.operations.iter().all(|o| &*o.target.account_type != "service"));
    rig.apply_whole(&made).await;
    assert_eq!(
        ownerless().await,
        ["backup directory backup: the owner is `leaver`", "lost directory lost: it has no owner",]
    );
    assert!(rig.connectors.memory("directory").dump().contains("user backup on"));
    rig.write("data/services.csv", "name,owner\nbackup,2\nscan,2\nlost,2\n");
    rig.sync_all().await;
    assert_eq!(ownerless().await, [""; 0]);
}

#[tokio::test]
async fn the_best_candidates_stand_beside_an_orphan_with_why_they_may_be_it() {
    let rig = rig();
    let model = MODEL
        .replace("end: { type: date }\n", "end: { type: date }\n      team: { type: string }\n")
        .replace("end: record.end }", "end: record.end, team: record.team }")
        .replace(
            "match: [{ on: \"uid == person.number\" }]",
            "match: [{ on: \"uid == person.number\" }, { on: \"badge == 'B' + person.number\", confidence: 80 }, \
             { on: \"team == person.team\", confidence: 20 }]",
        );
    rig.write("muster.yaml", &model);
    rig.write("data/hr.csv", "number,admin,end,team\n1,,,a\n2,,,a\n3,,,a\n4,,,a\n5,,,b\n");
    let put = |uid: &str, badge: &str, team: &str| {
        let values = [("uid", uid), ("badge", badge), ("team", team)];
        let values = values.map(|(name, value)| (name, Value::Text(value.into())));
        rig.connectors.memory("directory").put("user", uid, &values, Some(true));
    };
    for number in ["1", "2", "3", "4"] {
        put(number, "", "");
    }
    put("old", "B2", "a");
    put("stranger", "B9", "z");
    put("fifth", "B5", "");
    rig.sync_all().await;
    let query = AccountQuery { limit: 9, ..AccountQuery::default() };
    let listed = async |statuses: &[AccountStatus]| {
        let page = list_orphans(&rig.ctx(), &rig.open().await, &query, statuses).await.unwrap();
        let mut lines = Vec::new();
        for view in page.items {
            lines.push(view.account.name.to_string());
            lines.extend(view.candidates.iter().map(|one| {
                let (_, why) = one.why.split_once(": ").unwrap();
                format!("  {} {} {why}", one.key, one.confidence)
            }));
        }
        lines
    };
    assert_eq!(
        listed(&[AccountStatus::Orphan]).await,
        [
            "old",
            "  2 80 'B' + person.number = badge = B2; has `2` already",
            "  1 20 person.team = team = a; has `1` already",
            "  3 20 person.team = team = a; has `3` already",
            "stranger",
        ]
    );
    let undecided = ["fifth", "  5 80 'B' + person.number = badge = B5"];
    assert_eq!(listed(&[AccountStatus::Undecided]).await, undecided);
    let both = listed(&[AccountStatus::Orphan, AccountStatus::Undecided]).await;
    assert!(
        both.contains(&"fifth".to_owned()) && both.contains(&"stranger".to_owned()),
        "{both:?}"
    );
}

#[tokio::test]
async fn what_is_entered_by_hand_gets_another_owner_when_its_owner_leaves() {
    let rig = rig();
    rig.sync_all().await;
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    let text = |text: &str| Some(Value::Text(text.into()));
    let report = LocalChange {
        verb: LocalVerb::Create,
        type_name: "service".into(),
        entity: None,
        set: vec![("name".into(), text("report")), ("owner".into(), text("1"))],
        if_version: None,
        by: ctx.clone(),
    };
    change_one(&ctx, &opened, report).await.unwrap();
    rig.write("data/hr.csv", "number,admin,end\n1,yes,2026-03-01\n2,,\n");
    rig.sync_all().await;
    let ownerless = async || -> Vec<String> {
        let page = list_ownerless(&ctx, &opened, None, 9).await.unwrap();
        page.items.iter().map(|one| one.subject.to_string()).collect()
    };
    assert_eq!(ownerless().await, ["backup", "lost", "report"]);
    let refused = async |what: &str, owner: &str, comment: &str| {
        change_owner(&ctx, &opened, what, owner, comment).await.unwrap_err().kind()
    };
    assert_eq!(refused("report", "1", "she has left").await, Kind::Conflict);
    assert_eq!(refused("report", "2", " ").await, Kind::Invalid);
    assert_eq!(refused("2", "1", "a person has no owner").await, Kind::Invalid);
    assert_eq!(refused("backup", "2", "a source says who owns it").await, Kind::Denied);
    change_owner(&ctx, &opened, "report", "2", "takes the reports over").await.unwrap();
    assert_eq!(ownerless().await, ["backup", "lost"]);
    let filter = JournalFilter { action: Some("owner.change".into()), ..JournalFilter::default() };
    let query = AuditQuery { filter, before: None, limit: 9 };
    let entries = search_journal(&ctx, &opened, &query).await.unwrap().items;
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(&*entries[0].entry.subject, "report");
    assert!(entries[0].entry.detail.to_string().contains("takes the reports over"), "{entries:?}");
}
