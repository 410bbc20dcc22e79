//! Small campaigns after a move, a grant outside and dormancy: by the clock, on both databases, and across a death.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use muster_model::Value;
use muster_review::{
    CampaignView, ItemAnswer, ItemView, Live, NewCampaign, list_campaigns, open_campaign, work_due,
};
use muster_store::{CampaignState, ItemState};
use muster_testkit::SmtpServer;

use super::{decide, items};
use crate::support::Rig;

/// Mia leads Ada, Ben and Cleo; Dan decides where Mia does not work.
const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true }
      department: { type: string }
      mail: { type: string }
      manager: { type: link, to: person }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: number }
    reads:
      person:
        owns:
          number: record.number
          department: record.department
          mail: record.number + '@tern.example'
          manager: record.manager
  desk:
    connector: memory
    mode: propose
    settings: { name: desk }
    accounts:
      user:
        object: user
        match: [{ on: uid == person.number }]
        name: person.number
        set: { uid: person.number }
        last_used: datetime(seen)
    entitlements: { group: { object: group, members: member, create: true } }
roles:
  staff: { when: "true", grants: [desk.user, { desk.group: staff }] }
  press: { when: "person.department == 'Press'", grants: [{ desk.group: press }] }
  chief: { when: "person.department == 'Head'" }
reviews:
  moves:
    open: { moved: [department] }
    stages: [manager]
    fallback: chief
    set_aside: []
    due: 7d
  outside:
    open: { outside: true }
    stages: [manager]
    fallback: chief
    set_aside: [by_rule]
    due: 7d
  idle:
    scope: { unused_for: 60d }
    open: { dormant: true }
    stages: [manager]
    fallback: chief
    set_aside: []
    due: 300d
"#;

const HR: &str = "number,department,manager
1,Head,
2,Sales,1
3,Sales,1
4,Sales,1
5,Head,
";

/// Everybody has an account and uses it, and every review was looked at once.
async fn company(store: Option<String>, more: &str) -> Rig {
    let mut rig = Rig::new(&[("muster.yaml", &format!("{MODEL}{more}")), ("hr.csv", HR)]);
    rig.store = store;
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    for number in ["1", "2", "3", "4", "5"] {
        uses(&rig, number, "2026-03-01T08:00:00Z");
    }
    rig.sync_all().await;
    assert_eq!(round(&rig).await, [""; 0]);
    rig
}

fn uses(rig: &Rig, number: &str, at: &str) {
    let values = [("uid", number), ("seen", at)].map(|(name, value)| (name, Value::text(value)));
    rig.connectors.memory("desk").put("user", number, &values, Some(true));
}

/// Puts exactly these people into a group, as somebody else would.
fn group(rig: &Rig, name: &str, members: &[&str]) {
    let members = members.iter().map(|one| Value::text(*one)).collect();
    let values = [("member", Value::set(members))];
    rig.connectors.memory("desk").put("group", name, &values, None);
}

async fn campaigns(rig: &Rig) -> Vec<CampaignView> {
    let all = list_campaigns(&rig.ctx(), &rig.open().await, true, (None, 100)).await.unwrap();
    all.items.into_iter().rev().collect()
}

/// Does what is due and says which campaigns there are.
async fn round(rig: &Rig) -> Vec<String> {
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    let all = campaigns(rig).await;
    all.iter().map(|of| format!("{} {} {}", of.title, of.cause, of.asked)).collect()
}

/// What Mia is asked: whose, what and why.
async fn asked(rig: &Rig) -> Vec<String> {
    let line = |item: &ItemView| {
        format!("{} {}: {}", item.person.as_deref().unwrap(), item.thing, item.cause)
    };
    items(rig, "1").await.iter().map(line).collect()
}

fn stores() -> [Option<muster_testkit::Database>; 2] {
    [None, Some(muster_testkit::postgres().unwrap())]
}

fn address(database: Option<&muster_testkit::Database>) -> Option<String> {
    database.map(|of| of.url().to_owned())
}

fn move_ben(rig: &Rig) {
    rig.write("hr.csv", &HR.replace("3,Sales", "3,Press"));
}

#[tokio::test]
async fn whoever_moves_is_asked_about_once_and_nobody_else_is() {
    for database in stores() {
        let rig = company(address(database.as_ref()), "").await;
        move_ben(&rig);
        rig.sync_all().await;
        let opened = ["moves moved 2026-03-02 moved 2"];
        assert_eq!(round(&rig).await, opened);
        let why = "department changed on 2026-03-02";
        assert_eq!(asked(&rig).await, [format!("3 press: {why}"), format!("3 staff: {why}")]);
        // Nothing happened since, and what is asked already is not asked again.
        assert_eq!(round(&rig).await, opened);
        rig.write("hr.csv", HR);
        rig.sync_all().await;
        assert_eq!(round(&rig).await, opened);
        // Once it is decided, a further move is a further reason to ask.
        for item in items(&rig, "1").await {
            let over = item.live == Live::Gone;
            let done = decide(&rig, "1", item.id, ItemAnswer::Keep).await.unwrap();
            assert_eq!(done.state == ItemState::Over, over, "{}", done.thing);
        }
        rig.at("2026-03-09T12:00:00Z");
        move_ben(&rig);
        rig.sync_all().await;
        assert_eq!(round(&rig).await[1..], ["moves moved 2026-03-09 moved 2"]);
        assert_eq!(campaigns(&rig).await[0].state, CampaignState::Closed);
        // Somebody new has not moved.
        rig.write("hr.csv", &format!("{}6,Sales,1\n", HR.replace("3,Sales", "3,Press")));
        rig.sync_all().await;
        assert_eq!(round(&rig).await.len(), 2);
        rig.verify_journal().await;
    }
}

#[tokio::test]
async fn what_was_given_outside_is_asked_about_by_its_entitlement() {
    for database in stores() {
        let rig = company(address(database.as_ref()), "").await;
        group(&rig, "vault", &["4"]);
        rig.sync_all().await;
        let opened = ["outside outside 2026-03-02 outside 1"];
        assert_eq!(round(&rig).await, opened);
        let why = "desk.group:vault was given outside of Muster, seen on 2026-03-02";
        assert_eq!(asked(&rig).await, [format!("4 desk.group:vault: {why}")]);
        // Taken and given again while it is asked: one open item.
        group(&rig, "vault", &[]);
        rig.sync_all().await;
        group(&rig, "vault", &["4"]);
        rig.sync_all().await;
        assert_eq!(round(&rig).await, opened);
        let waiting = items(&rig, "1").await;
        decide(&rig, "1", waiting[0].id, ItemAnswer::Keep).await.unwrap();
        // What was taken again before anybody looked needs no judgement.
        group(&rig, "safe", &["2"]);
        rig.sync_all().await;
        group(&rig, "safe", &[]);
        rig.sync_all().await;
        assert_eq!(round(&rig).await, opened);
    }
}

#[tokio::test]
async fn what_nobody_uses_is_asked_about_when_its_time_has_come_and_once_for_each_use() {
    for database in stores() {
        let rig = company(address(database.as_ref()), "").await;
        rig.at("2026-04-20T12:00:00Z");
        for number in ["1", "2", "3", "5"] {
            uses(&rig, number, "2026-04-19T08:00:00Z");
        }
        rig.sync_all().await;
        assert_eq!(round(&rig).await, [""; 0]);
        rig.at("2026-04-30T08:01:00Z");
        let opened = ["idle dormant 2026-04-30 dormant 1"];
        assert_eq!(round(&rig).await, opened);
        assert_eq!(asked(&rig).await, ["4 staff: not used since 2026-03-01"]);
        rig.at("2026-05-15T12:00:00Z");
        assert_eq!(round(&rig).await, opened);
        let waiting = items(&rig, "1").await;
        decide(&rig, "1", waiting[0].id, ItemAnswer::Keep).await.unwrap();
        rig.at("2026-06-01T12:00:00Z");
        assert_eq!(round(&rig).await, opened, "the same use is asked about once");
        // A use starts its time again, and the others come to their end meanwhile.
        uses(&rig, "4", "2026-06-02T08:00:00Z");
        rig.at("2026-06-18T07:00:00Z");
        rig.sync_all().await;
        assert_eq!(round(&rig).await, opened);
        rig.at("2026-06-18T09:00:00Z");
        assert_eq!(round(&rig).await[1..], ["idle dormant 2026-06-18 dormant 4"]);
        rig.at("2026-08-02T09:00:00Z");
        assert_eq!(round(&rig).await[2..], ["idle dormant 2026-08-02 dormant 1"]);
    }
}

#[tokio::test]
async fn a_read_that_tells_of_an_old_use_for_the_first_time_is_heard() {
    let rig = company(None, "").await;
    rig.write("hr.csv", &format!("{HR}6,Sales,1\n"));
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    uses(&rig, "6", "2025-09-01T08:00:00Z");
    rig.sync_all().await;
    assert_eq!(round(&rig).await, ["idle dormant 2026-03-02 dormant 1"]);
    assert_eq!(asked(&rig).await, ["6 staff: not used since 2025-09-01"]);
}

#[tokio::test]
async fn a_death_at_any_commit_loses_and_repeats_nothing() {
    for at in 0.. {
        let rig = company(None, "").await;
        move_ben(&rig);
        group(&rig, "vault", &["4"]);
        rig.at("2026-05-10T12:00:00Z");
        rig.sync_all().await;
        let (ctx, opened, passed) = (rig.ctx(), rig.open().await, Arc::new(AtomicUsize::new(0)));
        opened.store.set_fail_point(Some(Arc::new(move |_: &str| {
            assert!(passed.fetch_add(1, Ordering::SeqCst) != at, "dies here");
        })));
        let died = tokio::spawn(async move { work_due(&ctx, &opened).await.unwrap() }).await;
        let mut all = round(&rig).await;
        all.sort();
        assert_eq!(
            all,
            [
                "idle dormant 2026-05-10 dormant 7",
                "moves moved 2026-05-10 moved 2",
                "outside outside 2026-05-10 outside 1",
            ],
            "after a death at {at}"
        );
        if died.is_ok() {
            assert!(at > 5, "{at}");
            break;
        }
    }
}

#[tokio::test]
async fn what_is_asked_in_a_campaign_for_all_is_not_asked_beside_it_and_reviewers_get_a_mail() {
    let smtp = SmtpServer::start().unwrap();
    let mail = format!(
        "mail: {{ from: muster@tern.example, host: 127.0.0.1, port: {}, tls: never, timeout: 5s }}\n",
        smtp.port()
    );
    let rig = company(None, &mail).await;
    move_ben(&rig);
    rig.sync_all().await;
    let new = NewCampaign { review: "moves", title: None, cause: "hand", only: None };
    open_campaign(&rig.ctx(), &rig.open().await, &new).await.unwrap();
    assert_eq!(round(&rig).await.len(), 1);
    group(&rig, "vault", &["4"]);
    rig.sync_all().await;
    round(&rig).await;
    let mails = smtp.received().unwrap();
    let about = |what: &str| mails.iter().filter(|mail| mail.contains(what)).count();
    assert_eq!(about("Subject: Review outside outside 2026-03-02: 1 wait for you"), 1, "{mails:?}");
}
