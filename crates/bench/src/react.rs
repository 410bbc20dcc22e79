//! The loop under a steady stream of changes: how long until the order is in the queue, and until a target confirmed it.
//!
//! Changes come as an operator's assignments, one after the other at a fixed rate: each person gets a role, and in the
//! next lap loses it. The targets answer at once. `soak` is the same for longer, with a line for every minute.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use muster_app::{AssignRequest, Opened, assign, resolve_person, unassign};
use muster_connector::Connector as _;
use muster_engine::{
    CancelFlag, NoProgress, PlanOptions, RunEvent, RunOptions, SyncOptions, make_plan, run, sync,
};
use muster_model::{EntityId, ObjectRef, PlanId};
use muster_store::{Operation, OperationState, PlanStatus};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use crate::{
    output::{figures, resident_mib, say, share},
    plan::observe_everything,
    rig::Rig,
    shape::Shape,
};

const ROLE: &str = "costCenter-0";
/// The groups of the role, on the first target.
const GROUPS: [&str; 4] = ["costCenter-0-0", "costCenter-0-1", "costCenter-0-2", "costCenter-0-3"];
/// Whom the changes are about, in turn; the groups stay below this size.
const CHANGING: u64 = 2000;
/// How long after the last change everything must be verified.
const SETTLE: Duration = Duration::from_mins(1);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// People
    #[arg(long, default_value_t = 100_000)]
    people: u64,
    /// Changes a second
    #[arg(long, default_value_t = 100)]
    rate: u64,
    /// For how many seconds
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// The repository; a new SQLite file when nothing is said
    #[arg(long)]
    store: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct Soak {
    /// People
    #[arg(long, default_value_t = 100_000)]
    people: u64,
    /// Changes a second
    #[arg(long, default_value_t = 100)]
    rate: u64,
    /// For how many minutes
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// The repository; a new SQLite file when nothing is said
    #[arg(long)]
    store: Option<String>,
}

pub(crate) async fn run_react(args: Args) -> Result<()> {
    let Args { people, rate, seconds, store } = args;
    let json = load("react", people, rate, seconds, store.as_deref()).await?;
    figures(&json)
}

pub(crate) async fn run_soak(args: Soak) -> Result<()> {
    let Soak { people, rate, minutes, store } = args;
    let json = load("soak", people, rate, minutes * 60, store.as_deref()).await?;
    figures(&json)
}

/// A change and what is known of it.
struct Change {
    entity: EntityId,
    at: Timestamp,
}

async fn load(
    name: &str,
    people: u64,
    rate: u64,
    seconds: u64,
    store: Option<&str>,
) -> Result<Json> {
    let shape = Shape { people, targets: 5, attributes: 15, roles: 2000 };
    say(&format!("{name}: {}; {rate} changes/s for {seconds} s", shape.text()))?;
    let rig = Rig::new(&shape.model(), store)?;
    shape.write(&rig.dir.join("data/hr.csv"))?;
    let opened = rig.open().await?;
    let options = SyncOptions { systems: vec!["hr".to_owned()], complete: false };
    sync(&rig.ctx, &opened, &options, &NoProgress).await?;
    observe_everything(&rig, &opened).await?;
    let first = make_plan(&rig.ctx, &opened, &PlanOptions::default(), &NoProgress).await?;
    ensure!(first.plan.operations.is_empty(), "operations where none were expected");
    make_groups(&rig).await?;
    let cancel = CancelFlag::default();
    let (said, mut heard) = mpsc::unbounded_channel::<RunEvent>();
    let looping = {
        let (ctx, opened, cancel) = (rig.ctx.clone(), opened.clone(), cancel.clone());
        tokio::spawn(async move {
            let listener = move |event: &RunEvent| drop(said.send(event.clone()));
            run(&ctx, &opened, RunOptions::default(), &listener, &cancel).await
        })
    };
    // The first look at everybody is not what is measured.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut minutes = Vec::new();
    let mut all = Times::default();
    let mut done = 0;
    while done < rate * seconds {
        let n = (rate * 60).min(rate * seconds - done);
        let changes = make_changes(&rig, &opened, people, rate, done..done + n).await?;
        done += n;
        wait_until_verified(&opened, &changes).await?;
        let planned = planned_at(&mut heard);
        let times = measure(&opened, &changes, &planned).await?;
        let minute = times.json();
        say(&format!("  {done} changes, {} MiB: {minute}", resident_mib()))?;
        minutes.push(minute);
        all.join(times);
    }
    let left = opened.store.read().await?.work(Timestamp::MAX).await?.len();
    cancel.0.store(true, std::sync::atomic::Ordering::Relaxed);
    looping.await??;
    let mut json = all.json();
    let shape = json!({ "people": people, "rate": rate, "seconds": seconds, "left_in_queue": left,
                        "resident_mib": resident_mib(), "minutes": minutes });
    if let (Json::Object(json), Json::Object(shape)) = (&mut json, shape) {
        json.extend(shape);
    }
    Ok(json)
}

/// The accounts are only in the repository; what is changed has to be on the target too.
async fn make_groups(rig: &Rig) -> Result<()> {
    let target = rig.connectors.memory("target0");
    for name in GROUPS {
        let object = ObjectRef { class: "group".into(), id: "".into(), name: name.into() };
        let create = muster_model::Change::Create { object, values: Vec::new(), enabled: None };
        for answer in target.apply(&[create]).await {
            answer?;
        }
    }
    Ok(())
}

async fn make_changes(
    rig: &Rig,
    opened: &Opened,
    people: u64,
    rate: u64,
    range: std::ops::Range<u64>,
) -> Result<Vec<Change>> {
    let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / rate.max(1)));
    let mut changes = Vec::new();
    for n in range {
        ticks.tick().await;
        let person = format!("E{:07}", (n % CHANGING) * 331 % people);
        let at = rig.ctx.now();
        if (n / CHANGING).is_multiple_of(2) {
            let (role, reason) = (ROLE.to_owned(), "benchmark".to_owned());
            let request =
                AssignRequest { person: person.clone(), role, from: None, until: None, reason };
            assign(&rig.ctx, opened, &request).await?;
        } else {
            unassign(&rig.ctx, opened, &person, ROLE, "benchmark").await?;
        }
        let found =
            resolve_person(&rig.ctx, opened, &mut opened.store.read().await?, &person).await?;
        changes.push(Change { entity: found.row.id, at });
    }
    Ok(changes)
}

/// Waits until nothing is left to do and the last orders are verified.
async fn wait_until_verified(opened: &Opened, changes: &[Change]) -> Result<()> {
    let begin = tokio::time::Instant::now();
    loop {
        let mut tx = opened.store.read().await?;
        let is_touched = !tx.touched(1).await?.is_empty();
        let is_left = !tx.plans(Some(PlanStatus::Applying), None, 1).await?.is_empty();
        let last = changes.iter().rev().take(20).map(|change| change.entity).collect::<Vec<_>>();
        let mut is_unverified = false;
        for entity in last {
            let operations = tx.operations_of(entity, 10).await?;
            is_unverified |= operations.iter().any(|o| o.state == OperationState::Executed);
        }
        if !is_touched && !is_left && !is_unverified {
            return Ok(());
        }
        ensure!(
            begin.elapsed() < SETTLE,
            "after {SETTLE:?}: touched {is_touched}, plans under way {is_left}, unverified {is_unverified}"
        );
        drop(tx);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// When each plan was in the queue, by its short name.
fn planned_at(heard: &mut mpsc::UnboundedReceiver<RunEvent>) -> BTreeMap<String, Timestamp> {
    let mut planned = BTreeMap::new();
    while let Ok(event) = heard.try_recv() {
        if event.what == "plan"
            && let Some(name) = event.detail.get("plan").and_then(Json::as_str)
        {
            planned.insert(name.to_owned(), event.at);
        }
    }
    planned
}

/// Milliseconds from changes to what came of them.
#[derive(Default)]
struct Times {
    queue: Vec<f64>,
    verified: Vec<f64>,
    /// Changes after which there was nothing to do.
    nothing: u64,
}

impl Times {
    fn join(&mut self, other: Self) {
        self.queue.extend(other.queue);
        self.verified.extend(other.verified);
        self.nothing += other.nothing;
    }

    fn json(&self) -> Json {
        json!({
            "changes": self.queue.len(), "nothing_to_do": self.nothing,
            "queue_p50_ms": share(&self.queue, 50), "queue_p99_ms": share(&self.queue, 99),
            "verified": self.verified.len(),
            "verified_p50_ms": share(&self.verified, 50), "verified_p99_ms": share(&self.verified, 99),
        })
    }
}

async fn measure(
    opened: &Opened,
    changes: &[Change],
    planned: &BTreeMap<String, Timestamp>,
) -> Result<Times> {
    let mut times = Times::default();
    let mut tx = opened.store.read().await?;
    let mut names: BTreeMap<PlanId, Option<Timestamp>> = BTreeMap::new();
    for change in changes {
        let operations: Vec<Operation> = tx.operations_of(change.entity, 50).await?;
        // The plan that follows this change: of those made after it the first.
        let mut own = None;
        for operation in operations {
            if let std::collections::btree_map::Entry::Vacant(place) = names.entry(operation.plan) {
                let plan = tx.plan(operation.plan).await?.context("a plan is gone")?;
                let short: String = plan.hash.chars().take(8).collect();
                place.insert(planned.get(&short).copied());
            }
            let at = names.get(&operation.plan).copied().flatten();
            if let Some(at) = at.filter(|at| *at >= change.at) {
                own = Some((at, operation.verified_at, operation.state));
            }
        }
        let Some((at, verified_at, state)) = own else {
            times.nothing += 1;
            continue;
        };
        ensure!(state != OperationState::Failed, "an operation failed");
        times.queue.push(millis(at.duration_since(change.at)));
        if let Some(verified_at) = verified_at {
            times.verified.push(millis(verified_at.duration_since(change.at)));
        }
    }
    ensure!(!times.queue.is_empty(), "no change led to an operation");
    Ok(times)
}

fn millis(length: SignedDuration) -> f64 {
    length.as_secs_f64() * 1000.0
}
