//! Operations that wait for a second person: who decides, what goes on, and what is not asked again.

use std::sync::Mutex;

use muster_app::{AssignRequest, Ctx, Error, Kind, assign, unassign};
use muster_engine::{
    CancelFlag, NoProgress, OrderQuery, PlanOptions, ReviewAnswer, ReviewView, RunEvent,
    RunOptions, decide_review, list_orders, list_plans, list_reviews, make_plan, retry_order, run,
};
use muster_store::{OperationState, PlanStatus, ReviewVerdict};

use crate::support::{Rig, report};

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true, required: true }
      name: { type: string }
    lifecycle: { active: { when: "true" } }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    every: 5m
    reads:
      person:
        match: [{ on: "id == record.id" }]
        owns: { id: record.id, name: record.name }
        guards: { update: none }
  directory:
    connector: memory
    mode: enforce
    settings: { name: directory }
    every: 5m
    guards: { delete: none, disable: none, revoke: none }
    review: [{ accounts: [admin], by: BY }]
    accounts:
      user:
        object: user
        name: person.name
        match: [{ on: "cn == person.name" }]
        set: { cn: person.name }
        states: { active: {} }
      admin:
        object: admin
        name: "'adm-' + person.name"
        match: [{ on: "cn == person.name" }]
        set: { cn: person.name }
        states: { active: {} }
roles:
  everyone: { when: "person.lifecycle == 'active'", grants: [directory.user] }
  admins: { grants: [directory.admin] }
"#;

fn rig(by: &str) -> Rig {
    let model = MODEL.replace("BY", by);
    Rig::new(&[("muster.yaml", &model), ("hr.csv", "id,name\n1,ada\n2,bob\n")])
}

fn as_somebody(rig: &Rig, actor: &str) -> Ctx {
    Ctx { actor: actor.into(), ..rig.ctx() }
}

/// Makes the person with `id` an administrator, in the name of `actor`.
async fn make_admin(rig: &Rig, id: &str, actor: &str) {
    let opened = rig.open().await;
    let request = AssignRequest {
        person: id.into(),
        role: "admins".into(),
        reason: "she looks after it".into(),
        from: None,
        until: None,
    };
    assign(&as_somebody(rig, actor), &opened, &request).await.unwrap();
}

async fn once(rig: &Rig) -> Vec<RunEvent> {
    let opened = rig.open().await;
    let events = Mutex::new(Vec::new());
    let listener = |event: &RunEvent| events.lock().unwrap().push(event.clone());
    let options = RunOptions { once: true, until: None };
    let ctx = as_somebody(rig, "loop");
    run(&ctx, &opened, options, &listener, &CancelFlag::default())
        .await
        .unwrap_or_else(|error| panic!("{}", report(&error)));
    events.into_inner().unwrap()
}

async fn waiting(rig: &Rig) -> Vec<ReviewView> {
    list_reviews(&rig.ctx(), &rig.open().await, 100).await.unwrap()
}

async fn decide(rig: &Rig, actor: &str, verdict: ReviewVerdict, note: &str) -> Result<(), Error> {
    let name = waiting(rig).await[0].order.name.clone();
    let answer = ReviewAnswer { verdict, note: note.into() };
    decide_review(&as_somebody(rig, actor), &rig.open().await, &name, &answer).await
}

async fn approve(rig: &Rig, actor: &str) -> Result<(), Error> {
    decide(rig, actor, ReviewVerdict::Approved, "").await
}

fn accounts(rig: &Rig) -> Vec<String> {
    let dump = rig.connectors.memory("directory").dump();
    let mut names: Vec<String> =
        dump.lines().filter_map(|line| line.split(' ').nth(1)).map(Into::into).collect();
    names.sort();
    names
}

async fn states(rig: &Rig) -> Vec<OperationState> {
    let query = OrderQuery { limit: 100, ..OrderQuery::default() };
    let orders = list_orders(&rig.ctx(), &rig.open().await, &query).await.unwrap();
    let states = orders.into_iter().map(|order| order.state);
    states.filter(|state| *state != OperationState::Verified).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_administrators_waits_for_somebody_who_did_not_cause_it() {
    let rig = rig("[]");
    rig.sync_all().await;
    make_admin(&rig, "1", "dana").await;
    let made = rig.plan().await;
    assert_eq!(made.reviews.len(), 1);
    // Who asks again for a plan that is there caused it, too.
    let (opened, options) =
        (rig.open().await, PlanOptions { save: true, ..PlanOptions::default() });
    let again = make_plan(&as_somebody(&rig, "max"), &opened, &options, &NoProgress).await.unwrap();
    assert_eq!((&again.name, &again.reviews), (&made.name, &made.reviews));
    let applied = rig.apply(Some(3)).await.unwrap();
    assert_eq!((applied.executed, applied.reviews, applied.left), (2, 1, 0));
    assert_eq!(accounts(&rig), ["ada", "bob"], "the others do not wait");

    let review = &waiting(&rig).await[0];
    assert_eq!(review.not_by.join(" "), "dana max tester", "who gave the role, who made the plan");
    let retried = retry_order(&rig.ctx(), &rig.open().await, &review.order.name).await;
    assert_eq!(retried.unwrap_err().kind(), Kind::Held, "trying again is no way round");
    for actor in ["dana", "max", "Tester", "1"] {
        assert_eq!(approve(&rig, actor).await.unwrap_err().kind(), Kind::Denied, "{actor}");
    }
    approve(&rig, "jo").await.unwrap();
    assert!(waiting(&rig).await.is_empty());
    let applied = rig.apply(None).await.unwrap();
    assert_eq!((applied.executed, applied.reviews, applied.left), (1, 0, 0));
    assert_eq!(accounts(&rig), ["ada", "adm-ada", "bob"]);
    let plans = list_plans(&rig.open().await, 9, None).await.unwrap();
    assert!(plans.iter().all(|plan| plan.status == PlanStatus::Done));
    rig.sync_all().await;
    assert_eq!(rig.plan().await.plan.operations, []);
    rig.verify_journal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_whom_the_rule_names_decide() {
    let rig = rig("[jo]");
    rig.sync_all().await;
    make_admin(&rig, "1", "dana").await;
    once(&rig).await;
    assert_eq!(approve(&rig, "eve").await.unwrap_err().kind(), Kind::Denied);
    approve(&rig, "jo").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loop_asks_once_and_goes_on_when_somebody_said_yes() {
    let rig = rig("[]");
    make_admin_after_sync(&rig).await;
    once(&rig).await;
    let first = waiting(&rig).await;
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].not_by.join(" "), "dana", "the loop caused nothing");
    rig.at("2026-03-02T13:00:00Z");
    let events = once(&rig).await;
    assert!(!events.iter().any(|event| event.what == "plan"), "nothing new: {events:?}");
    assert_eq!(waiting(&rig).await[0].order.name, first[0].order.name);
    approve(&rig, "jo").await.unwrap();
    once(&rig).await;
    assert_eq!(accounts(&rig), ["ada", "adm-ada", "bob"]);
    rig.sync_all().await;
    assert_eq!(states(&rig).await, [], "all of it was done and seen");
}

async fn make_admin_after_sync(rig: &Rig) {
    rig.sync_all().await;
    make_admin(rig, "1", "dana").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_shown_and_asked_again_only_after_a_change() {
    let rig = rig("[]");
    make_admin_after_sync(&rig).await;
    once(&rig).await;
    decide(&rig, "jo", ReviewVerdict::Refused, "not her task").await.unwrap();
    once(&rig).await;
    rig.sync_all().await;
    assert_eq!(states(&rig).await, [OperationState::Cancelled]);
    assert!(waiting(&rig).await.is_empty(), "not asked again");
    let made = rig.plan().await;
    let blocked: Vec<_> = made.plan.operations.iter().map(|o| o.blocked.as_deref()).collect();
    assert_eq!(blocked, [Some("refused by jo: not her task")], "still shown");

    // Another name makes it another operation.
    rig.write("hr.csv", "id,name\n1,eda\n2,bob\n");
    rig.sync_all().await;
    once(&rig).await;
    assert_eq!(waiting(&rig).await.len(), 1);
    decide(&rig, "jo", ReviewVerdict::Refused, "").await.unwrap();

    // And so does a difference that went away and came back.
    let opened = rig.open().await;
    unassign(&as_somebody(&rig, "dana"), &opened, "1", "admins", "no more").await.unwrap();
    once(&rig).await;
    make_admin(&rig, "1", "dana").await;
    once(&rig).await;
    assert_eq!(waiting(&rig).await.len(), 1, "asked again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_holds_in_the_plan_that_overtakes_and_not_after_the_difference_is_gone() {
    let rig = rig("[]");
    make_admin_after_sync(&rig).await;
    rig.plan().await;
    approve(&rig, "jo").await.unwrap();
    // The plan is not applied; the next one asks for the same and more.
    rig.write("hr.csv", "id,name\n1,ada\n2,bob\n3,eve\n");
    rig.sync_all().await;
    let made = rig.plan().await;
    assert_eq!((made.plan.to_do().count(), made.reviews.len()), (4, 0));
    rig.apply_whole(&made).await;
    rig.sync_all().await;
    rig.plan().await;
    let decisions = rig.open().await.store.read().await.unwrap().review_decisions(&[], 9).await;
    assert_eq!(decisions.unwrap(), [], "a yes is for one difference");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_to_what_nobody_wants_any_more_is_refused() {
    let rig = rig("[]");
    make_admin_after_sync(&rig).await;
    once(&rig).await;
    let opened = rig.open().await;
    unassign(&as_somebody(&rig, "dana"), &opened, "1", "admins", "a mistake").await.unwrap();
    assert_eq!(approve(&rig, "jo").await.unwrap_err().kind(), Kind::Stale);
    once(&rig).await;
    assert!(waiting(&rig).await.is_empty(), "overtaken");
    assert_eq!(accounts(&rig), ["ada", "bob"]);
}
