//! Who decides: stages, delegates, forwarding, merged identities, reviewers who leave, sponsors; and of how many things a
//! campaign consists.

use std::{collections::BTreeSet, fmt::Write as _};

use muster_app::{AssignRequest, Error, Kind, assign, unassign};
use muster_engine::merge_people;
use muster_governance::{NewDelegation, NewRequest, create_delegation, create_request};
use muster_model::Value;
use muster_review::{
    CampaignView, ItemAnswer, ItemQuery, ItemView, Live, NewCampaign, WhoseItems, campaign_status,
    list_items, open_campaign, see_item, work_due,
};
use muster_store::{CampaignState, ItemOutcome, ItemState, ItemVerdict};

use super::{decide, items, person};
use crate::support::Rig;

/// Mia (1) leads Ada (2), Ben (3) and Cleo (4); Dan (5) is security, Eve (6) decides where there is nobody else.
const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true }
      title: { type: string }
      manager: { type: link, to: person }
      sponsor: { type: link, to: person }
      left: { type: bool }
    lifecycle:
      leaver: { when: left }
      active: { when: "true" }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: number }
    reads:
      person:
        owns:
          number: record.number
          title: record.title
          manager: record.manager
          sponsor: record.sponsor
          left: record.left == 'yes'
  desk:
    connector: memory
    mode: enforce
    settings: { name: desk }
    guards: { disable: none, revoke: none, delete: none }
    accounts:
      user:
        object: user
        match: [{ on: uid == person.number }]
        name: person.number
        set: { uid: person.number }
    entitlements: { group: { object: group, members: member, create: true } }
roles:
  staff: { when: "true", grants: [desk.user] }
  payer: { risk: 70, grants: [{ desk.group: pay }], request: { approval: [manager] } }
  guest: { risk: 20, grants: [{ desk.group: guests }] }
  security: { when: "person.title == 'Security'" }
  chief: { when: "person.title == 'Chief'" }
reviews:
  pay:
    scope: { roles: [payer] }
    stages: [manager, { role: security }]
    fallback: chief
    set_aside: []
    due: 14d
    remind: 7d
    silence: revoke
    guard: { max: 100, percent: 100 }
  guests:
    scope: { roles: [guest] }
    stages: [sponsor]
    fallback: chief
    set_aside: []
    due: 14d
  stray:
    scope: { systems: [desk], orphans: true, people: "false" }
    stages: [owner]
    fallback: chief
    set_aside: []
    due: 14d
"#;

const HR: &str = "number,title,manager,sponsor,left
1,Head,6,,no
2,Clerk,1,,no
3,Clerk,1,,no
4,Guest,1,3,no
5,Security,6,,no
6,Chief,,,no
7,Clerk,1,,no
";

async fn company() -> Rig {
    let rig = Rig::new(&[("muster.yaml", MODEL), ("hr.csv", HR)]);
    rig.sync_all().await;
    give(&rig, "2", "payer").await.unwrap();
    settle(&rig).await;
    rig
}

async fn settle(rig: &Rig) {
    let made = rig.plan().await;
    if made.plan.to_do().count() > 0 {
        rig.apply_whole(&made).await;
    }
    rig.sync_all().await;
}

async fn give(rig: &Rig, who: &str, role: &str) -> Result<(), Error> {
    let request = AssignRequest {
        person: who.into(),
        role: role.into(),
        from: None,
        until: None,
        reason: "month end".into(),
    };
    assign(&rig.ctx(), &rig.open().await, &request).await.map(drop)
}

async fn open(rig: &Rig, review: &str) -> CampaignView {
    let new = NewCampaign { review, title: None, cause: "hand", only: None };
    open_campaign(&rig.ctx(), &rig.open().await, &new).await.unwrap()
}

async fn whole(rig: &Rig, id: i64) -> ItemView {
    see_item(&rig.ctx(), &rig.open().await, None, id).await.unwrap()
}

async fn one(rig: &Rig, who: &str) -> i64 {
    let waiting = items(rig, who).await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    waiting[0].id
}

#[tokio::test]
async fn the_last_stage_decides_and_that_they_disagree_is_seen() {
    let rig = company().await;
    open(&rig, "pay").await;
    let id = one(&rig, "1").await;
    assert_eq!((&*whole(&rig, id).await.rule, items(&rig, "5").await.len()), ("manager", 0));
    let first = decide(&rig, "1", id, ItemAnswer::Revoke).await.unwrap();
    // The word of the first stage takes nothing.
    assert_eq!((first.state, first.verdict), (ItemState::Waiting, ItemVerdict::Open));
    assert_eq!((&*first.stage, &*first.rule), ("role security", "role security"));
    assert_eq!(rig.plan().await.plan.operations, []);
    assert_eq!(decide(&rig, "1", id, ItemAnswer::Keep).await.unwrap_err().kind(), Kind::NotFound);
    let last = decide(&rig, "5", id, ItemAnswer::Keep).await.unwrap();
    assert_eq!(
        (last.state, last.verdict, last.disagree),
        (ItemState::Decided, ItemVerdict::Keep, true)
    );
    let said: Vec<String> =
        last.answers.iter().map(|of| format!("{}: {}", of.stage, of.what)).collect();
    assert_eq!(said, ["manager: revoke", "role security: keep"]);
    assert_eq!(last.decided_by.as_deref(), Some("5"));
    // A list says so too.
    let campaign = last.campaign;
    let query = ItemQuery {
        whose: WhoseItems::All(campaign),
        campaign: None,
        state: None,
        after: 0,
        limit: 9,
    };
    let listed = list_items(&rig.ctx(), &rig.open().await, &query).await.unwrap().items;
    assert!(listed[0].disagree && listed[0].answers.is_empty());
    // Nobody comes after the last one.
    assert_eq!(decide(&rig, "5", id, ItemAnswer::Revoke).await.unwrap_err().kind(), Kind::Conflict);
}

#[tokio::test]
async fn of_two_who_decide_at_once_the_second_is_told() {
    let rig = company().await;
    open(&rig, "pay").await;
    let id = one(&rig, "1").await;
    let (keep, revoke) = tokio::join!(
        decide(&rig, "1", id, ItemAnswer::Forward("3".into())),
        decide(&rig, "1", id, ItemAnswer::Forward("7".into())),
    );
    assert_eq!(usize::from(keep.is_ok()) + usize::from(revoke.is_ok()), 1);
    let refused = keep.err().or(revoke.err()).unwrap();
    assert!(matches!(refused.kind(), Kind::Conflict | Kind::NotFound), "{refused}");
}

#[tokio::test]
async fn a_delegate_decides_in_their_place_but_never_about_themselves() {
    let rig = company().await;
    open(&rig, "pay").await;
    let id = one(&rig, "1").await;
    let me = person(&rig, "1").await;
    for to in ["3", "2"] {
        let until = "2026-04-01T00:00:00Z".parse().unwrap();
        let new = NewDelegation { to: to.into(), from: None, until, reason: "away".into() };
        create_delegation(&rig.ctx(), &rig.open().await, me, &new).await.unwrap();
    }
    assert_eq!(items(&rig, "3").await.len(), 1);
    assert_eq!(items(&rig, "2").await.len(), 0, "nobody sees their own as a delegate");
    let own = decide(&rig, "2", id, ItemAnswer::Keep).await.unwrap_err();
    assert_eq!(own.kind(), Kind::Denied);
    decide(&rig, "3", id, ItemAnswer::Revoke).await.unwrap();
    let seen = whole(&rig, id).await;
    let answer = &seen.answers[0];
    assert_eq!((answer.by.as_deref(), answer.in_place_of.as_deref()), (Some("3"), Some("1")));
}

#[tokio::test]
async fn what_is_forwarded_again_and_again_has_one_reviewer_and_tells_the_way() {
    let rig = company().await;
    open(&rig, "pay").await;
    let id = one(&rig, "1").await;
    for (from, to) in [("1", "3"), ("3", "7"), ("7", "6"), ("6", "3")] {
        let passed = decide(&rig, from, id, ItemAnswer::Forward(to.into())).await.unwrap();
        assert_eq!((&*passed.reviewer, passed.state), (to, ItemState::Waiting));
        for (who, n) in [("1", 0), (to, 1)] {
            assert_eq!(items(&rig, who).await.len(), n, "{who} after {to}");
        }
    }
    assert_eq!(whole(&rig, id).await.rule, "forwarded");
    for to in ["2", "3"] {
        let refused = decide(&rig, "3", id, ItemAnswer::Forward(to.into())).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Conflict, "to {to}");
    }
    let asked = decide(&rig, "3", id, ItemAnswer::Unsure).await.unwrap();
    assert_eq!((&*asked.reviewer, &*asked.rule), ("6", "fallback"));
    assert_eq!(asked.answers.len(), 5);
}

#[tokio::test]
async fn whoever_was_merged_with_the_reviewed_does_not_decide() {
    let rig = company().await;
    open(&rig, "pay").await;
    let id = one(&rig, "1").await;
    decide(&rig, "1", id, ItemAnswer::Forward("7".into())).await.unwrap();
    assert_eq!(items(&rig, "7").await.len(), 1);
    // Ada had two numbers: 7 was her, too.
    merge_people(&rig.ctx(), &rig.open().await, "7", "2", "the same person").await.unwrap();
    let refused = decide(&rig, "2", id, ItemAnswer::Keep).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Denied);
    assert_eq!(whole(&rig, id).await.state, ItemState::Waiting);
}

#[tokio::test]
async fn what_waits_for_somebody_who_left_goes_to_the_fallback_with_time_to_answer() {
    let rig = company().await;
    let opened = open(&rig, "pay").await;
    assert_eq!(items(&rig, "1").await.len(), 1);
    rig.write("hr.csv", &HR.replace("1,Head,6,,no", "1,Head,6,,yes"));
    rig.sync_all().await;
    settle(&rig).await;
    rig.at("2026-03-09T13:00:00Z");
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    let id = one(&rig, "6").await;
    assert_eq!(whole(&rig, id).await.rule, "fallback");
    // The fallback leaves nobody either: Eve goes when it is due, and nobody is there to take it.
    let status = async || campaign_status(&rig.ctx(), &rig.open().await, "pay").await.unwrap();
    assert_eq!((status().await.state, status().await.due_at), (CampaignState::Open, opened.due_at));
    decide(&rig, "6", id, ItemAnswer::Forward("3".into())).await.unwrap();
    rig.write(
        "hr.csv",
        &HR.replace("1,Head,6,,no", "1,Head,6,,yes").replace("3,Clerk,1,,no", "3,Clerk,1,,yes"),
    );
    rig.sync_all().await;
    settle(&rig).await;
    rig.at("2026-03-17T13:00:00Z");
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    // Silence would revoke, but nobody was silent: Eve has her time first.
    let now = status().await;
    assert_eq!((now.waiting, now.removed), (1, 0));
    assert!(now.due_at > opened.due_at);
    assert_eq!(one(&rig, "6").await, id);
    rig.at("2026-04-01T13:00:00Z");
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    assert_eq!((status().await.waiting, status().await.removed), (0, 1));
}

#[tokio::test]
async fn guests_are_reviewed_by_their_sponsor_and_by_the_fallback_when_that_one_left() {
    let rig = company().await;
    give(&rig, "4", "guest").await.unwrap();
    open(&rig, "guests").await;
    let id = one(&rig, "3").await;
    assert_eq!(whole(&rig, id).await.rule, "sponsor");
    decide(&rig, "3", id, ItemAnswer::Keep).await.unwrap();
    rig.write("hr.csv", &HR.replace("3,Clerk,1,,no", "3,Clerk,1,,yes"));
    rig.sync_all().await;
    open(&rig, "guests").await;
    assert_eq!(whole(&rig, one(&rig, "6").await).await.rule, "fallback");
}

#[tokio::test]
async fn accounts_of_nobody_are_certified() {
    let rig = company().await;
    let stray = |name: &str| {
        let values = [("uid", Value::text(name))];
        rig.connectors.memory("desk").put("user", name, &values, Some(true));
    };
    stray("old");
    stray("robot");
    rig.sync_all().await;
    assert_eq!(open(&rig, "stray").await.asked, 2);
    let waiting = items(&rig, "6").await;
    let things: Vec<&str> = waiting.iter().map(|item| &*item.thing).collect();
    assert_eq!(things, ["desk.user:old", "desk.user:robot"]);
    let gone = decide(&rig, "6", waiting[0].id, ItemAnswer::Revoke).await.unwrap();
    assert_eq!(gone.outcome, ItemOutcome::Pending);
    decide(&rig, "6", waiting[1].id, ItemAnswer::Keep).await.unwrap();
    settle(&rig).await;
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    let left = rig.connectors.memory("desk").dump();
    assert!(!left.contains("old") && left.contains("robot"), "{left}");
    assert_eq!(whole(&rig, waiting[0].id).await.outcome, ItemOutcome::Gone);
}

#[tokio::test]
async fn what_is_withheld_is_neither_given_nor_asked_for_in_vain() {
    let rig = company().await;
    // The rule gives it from now on, so that a revocation withholds it.
    let model = MODEL.replace("payer: { risk", "payer: { when: \"person.number == '2'\", risk");
    rig.write("muster.yaml", &model);
    open(&rig, "pay").await;
    let id = one(&rig, "1").await;
    decide(&rig, "1", id, ItemAnswer::Revoke).await.unwrap();
    let done = decide(&rig, "5", id, ItemAnswer::Revoke).await.unwrap();
    assert_eq!((done.conflicts.len(), &done.live), (1, &Live::Gone));
    let refused = give(&rig, "2", "payer").await.unwrap_err();
    let asked = {
        let opened = rig.open().await;
        let new = NewRequest {
            roles: vec!["payer".into()],
            people: vec!["2".into()],
            reason: "I need it".into(),
            ..NewRequest::default()
        };
        let me = person(&rig, "3").await;
        create_request(&rig.ctx(), &opened, me, &new).await.unwrap_err()
    };
    for error in [refused, asked] {
        assert_eq!(error.kind(), Kind::Conflict);
        let text = error.to_string();
        let why = "role `payer` is withheld from `2` until 2027-03-02 and would have no effect: review item 1: not needed any more";
        assert_eq!(text, why);
        let hints = error.hints().join("\n");
        assert!(hints.contains("muster unassign 2 @withhold-role:payer"), "{hints}");
    }
    // The way out is one.
    let opened = rig.open().await;
    unassign(&rig.ctx(), &opened, "2", "@withhold-role:payer", "a new job").await.unwrap();
    assert!(rig.plan().await.plan.operations.is_empty());
}

#[tokio::test]
async fn a_campaign_asks_about_as_much_as_an_independent_count_says() {
    for seed in 1..=8_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut random = |n: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % n
        };
        let mut hr =
            String::from("number,title,manager,sponsor,left\n1,Chief,,,no\n2,Chief,,,no\n");
        let n = 10 + random(30);
        for number in 3..n {
            writeln!(hr, "{number},Clerk,{},,no", 1 + random(number - 1)).unwrap();
        }
        let least = random(100);
        let roles: Vec<u64> = (0..5).map(|_| random(100)).collect();
        let mut model = MODEL
            .replace("    scope: { roles: [payer] }", &format!("    scope: {{ risk: {least} }}"));
        let made = roles.iter().enumerate().map(|(at, risk)| {
            format!("  role{at}: {{ risk: {risk}, grants: [{{ desk.group: g{at} }}] }}\n")
        });
        model = model.replace("roles:\n", &format!("roles:\n{}", made.collect::<String>()));
        let rig = Rig::new(&[("muster.yaml", &model), ("hr.csv", &hr)]);
        rig.sync_all().await;
        let mut given = BTreeSet::new();
        for _ in 0..n * 2 {
            let (who, role) = (1 + random(n - 1), random(5));
            if who < n && given.insert((who, role)) {
                give(&rig, &who.to_string(), &format!("role{role}")).await.unwrap();
            }
        }
        // Counted from what was made up, without a line of the product.
        let expected = given
            .iter()
            .filter(|(_, role)| roles[usize::try_from(*role).unwrap()] >= least)
            .count();
        let new = NewCampaign { review: "pay", title: None, cause: "hand", only: None };
        let opened = open_campaign(&rig.ctx(), &rig.open().await, &new).await;
        let asked = opened.as_ref().map_or(0, |view| view.asked);
        assert_eq!(usize::try_from(asked).unwrap(), expected, "seed {seed}: {opened:?}");
    }
}
