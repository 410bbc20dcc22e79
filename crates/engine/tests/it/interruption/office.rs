//! A day with tickets, a review by a second person and a workflow, worked by the loop: what the spine's days have not.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use muster_app::{
    CommandCall, Ctx, Deliver, DeliverError, Error, Mail, Opened, WebhookCall, list_assignments,
};
use muster_engine::{
    CancelFlag, NoProgress, OrderQuery, PlanOptions, ReviewAnswer, RunEvent, RunOptions, RunQuery,
    SyncOptions, close_ticket, decide_review, list_orders, list_reviews, list_tickets, make_plan,
    run, sync, workflow_history,
};
use muster_model::Settings;
use muster_store::{OperationState, ReviewVerdict, TicketStatus, verify};

use super::{
    points::{Points, write_call},
    shelf::Shelf,
    world::{World, ctx},
};

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true, required: true }
      name: { type: string }
      job: { type: string }
    lifecycle: { active: { when: "true" } }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    every: 5m
    reads:
      person:
        match: [{ on: "id == record.id" }]
        owns: { id: record.id, name: record.name, job: record.job }
  directory:
    connector: shelf
    mode: enforce
    settings: { path: directory.log }
    every: 5m
    review: [{ accounts: [admin], by: [] }]
    accounts:
      user:
        object: user
        name: person.name
        match: [{ on: "cn == person.name" }]
        set: { cn: person.name }
      admin:
        object: admin
        name: "'adm-' + person.name"
        match: [{ on: "cn == person.name" }]
        set: { cn: person.name }
  badges:
    connector: manual
    mode: enforce
    settings: { can: [create, update, rename] }
    accounts: { card: { name: person.name, set: { cn: person.name } } }
roles:
  everyone: { when: "person.lifecycle == 'active'", grants: [directory.user, badges.card] }
  admins: { when: "person.job == 'admin'", grants: [directory.admin] }
  welcomed: {}
workflows:
  welcome:
    on: { gains: everyone }
    tasks:
      - note: { text: welcome }
      - command: { run: [greet], send: [name] }
      - assign: { role: welcomed }
"#;

const HR: &str = "id,name,job\n1,ada,admin\n2,ben,\n";

/// Writes the files of the office.
pub(super) fn write(world: &World) {
    for (path, text) in [("muster.yaml", MODEL), ("hr.csv", HR)] {
        std::fs::write(world.dir.join(path), text).unwrap();
    }
}

/// Goes round until nothing waits for anybody, whatever of it was done before.
pub(super) async fn work(world: &World, time: &str, points: &Arc<Points>) -> Result<Opened, Error> {
    let ctx = ctx(time);
    let opened = world.open(&ctx, points).await?;
    let told = Mutex::new(Vec::new());
    let listener = |event: &RunEvent| told.lock().unwrap().push(event.text.clone());
    for _ in 0..8 {
        points.step("run");
        let options = RunOptions { once: true, until: None };
        run(&ctx, &opened, options, &listener, &CancelFlag::default()).await?;
        points.step("review");
        let second = Ctx { actor: "second".into(), ..ctx.clone() };
        for review in list_reviews(&second, &opened, 100).await? {
            let answer = ReviewAnswer { verdict: ReviewVerdict::Approved, note: "seen".into() };
            decide_review(&second, &opened, &review.order.name, &answer).await?;
        }
        points.step("ticket");
        for ticket in list_tickets(&opened, Some(TicketStatus::Open), None, 100).await? {
            close_ticket(&ctx, &opened, ticket.id, Some("handed out")).await?;
        }
        points.step("verify");
        sync(&ctx, &opened, &SyncOptions::default(), &NoProgress).await?;
        if is_settled(&ctx, &opened).await? {
            return Ok(opened);
        }
    }
    panic!(
        "something is left to do: {:?}, {:?}",
        orders(&ctx, &opened).await?,
        told.lock().unwrap()
    );
}

async fn is_settled(ctx: &Ctx, opened: &Opened) -> Result<bool, Error> {
    let made = make_plan(ctx, opened, &PlanOptions::default(), &NoProgress).await?;
    let orders = orders(ctx, opened).await?;
    let runs =
        workflow_history(ctx, opened, &RunQuery { limit: 100, ..RunQuery::default() }).await?;
    let ended = |state: &OperationState| {
        matches!(state, OperationState::Verified | OperationState::Cancelled)
    };
    Ok(made.plan.operations.is_empty()
        && orders.iter().all(|(_, state)| ended(state))
        && runs.len() == 2
        && runs.iter().all(|view| view.run.state.word() == "done"))
}

/// What every order does, and how far it has come.
async fn orders(ctx: &Ctx, opened: &Opened) -> Result<Vec<(String, OperationState)>, Error> {
    let query = OrderQuery { limit: 100, ..OrderQuery::default() };
    let orders = list_orders(ctx, opened, &query).await?.into_iter();
    let order = |order: muster_engine::OrderView| {
        (format!("{} {} {}", order.system, order.subject, order.what), order.state)
    };
    Ok(orders.map(order).collect())
}

/// What is left in the end, without times, numbers and how the work was parted into plans.
pub(super) async fn picture(world: &World, opened: &Opened) -> Vec<String> {
    let ctx = ctx(world.morning());
    let mut lines = vec![Shelf::open(&world.dir.join("directory.log")).dump()];
    let mut tx = opened.store.read().await.unwrap();
    for names in opened.names.systems.iter().flat_map(|system| &system.accounts) {
        for account in tx.scan_accounts(names.no, None, 100).await.unwrap() {
            lines.push(format!(
                "account {} of {:?} {}",
                account.name, account.entity, account.origin
            ));
        }
    }
    let journal = tx.scan_journal(None, 1000).await.unwrap();
    verify(&journal).expect("the journal is whole");
    let mut entries: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &journal {
        let (action, subject) = (&entry.entry.action, &entry.entry.subject);
        let is_told = |of: &&str| action.starts_with(*of);
        if ["ticket.", "review.", "workflow.", "assignment."].iter().any(is_told) {
            *entries.entry(format!("{action} {subject}")).or_default() += 1;
        }
    }
    lines.extend(entries.into_iter().map(|(entry, n)| format!("{n} x {entry}")));
    for ticket in list_tickets(opened, None, None, 100).await.unwrap() {
        lines.push(format!("ticket {} {} {}", ticket.kind, ticket.subject, ticket.status));
    }
    let query = RunQuery { limit: 100, ..RunQuery::default() };
    for view in workflow_history(&ctx, opened, &query).await.unwrap() {
        let tasks: Vec<String> =
            view.tasks.iter().map(|task| format!("{} {}", task.kind, task.state)).collect();
        lines.push(format!("{} {}: {}", view.run.workflow, view.person, tasks.join(", ")));
    }
    for person in ["1", "2"] {
        for held in list_assignments(&ctx, opened, person).await.unwrap() {
            lines.push(format!("{person} holds {} by {}", held.role, held.origin));
        }
    }
    let orders = orders(&ctx, opened).await.unwrap().into_iter();
    lines.extend(orders.map(|(order, state)| format!("{order} {state}")));
    lines.sort();
    lines
}

/// Runs no program: writes down that it was asked to, with places before and after.
pub(super) struct Greeter {
    pub(super) points: Arc<Points>,
    pub(super) log: PathBuf,
}

#[async_trait]
impl Deliver for Greeter {
    async fn mail(&self, _server: &Settings, _mail: &Mail) -> Result<(), DeliverError> {
        Err(DeliverError::for_good("there is no mail here"))
    }

    async fn ask_webhook(&self, _call: &WebhookCall<'_>) -> Result<Vec<u8>, DeliverError> {
        Err(DeliverError::for_good("nobody is called here"))
    }

    async fn ask(&self, call: &CommandCall<'_>) -> Result<Vec<u8>, DeliverError> {
        self.points.pass("greet before");
        let document: serde_json::Value = serde_json::from_slice(&call.input).unwrap();
        write_call(&self.log, &[format!("greet {}", document["values"]["name"])]);
        self.points.pass("greet after");
        Ok(Vec::new())
    }
}
