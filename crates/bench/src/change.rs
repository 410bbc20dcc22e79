//! One changed person at a time on an opened project: from the fact to the orders in the queue.

use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use muster_app::{AssignRequest, assign, resolve_person};
use muster_engine::{NoProgress, PlanOptions, SyncOptions, make_plan, sync};
use serde_json::json;

use crate::{
    output::{figures, say},
    plan::observe_everything,
    rig::{Rig, seconds},
    shape::Shape,
};

/// Changes that are measured.
const ROUNDS: u64 = 300;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// People
    #[arg(long, default_value_t = 100_000)]
    people: u64,
    /// The repository; a new SQLite file when nothing is said
    #[arg(long)]
    store: Option<String>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let shape = Shape { people: args.people, targets: 5, attributes: 15, roles: 2000 };
    say(&format!("change: {}; {ROUNDS} people get a role, one after the other", shape.text()))?;
    let rig = Rig::new(&shape.model(), args.store.as_deref())?;
    shape.write(&rig.dir.join("data/hr.csv"))?;
    let opened = rig.open().await?;
    sync(
        &rig.ctx,
        &opened,
        &SyncOptions { systems: vec!["hr".to_owned()], complete: false },
        &NoProgress,
    )
    .await?;
    observe_everything(&rig, &opened).await?;
    let first = make_plan(&rig.ctx, &opened, &PlanOptions::default(), &NoProgress).await?;
    ensure!(
        first.plan.operations.is_empty(),
        "{} operations where none were expected",
        first.plan.operations.len()
    );
    let mut times = Vec::new();
    let mut operations = 0;
    for round in 0..ROUNDS {
        let person = format!("E{:07}", (round * 331) % args.people);
        let start = Instant::now();
        let request = AssignRequest {
            person: person.clone(),
            role: "costCenter-0".to_owned(),
            from: None,
            until: None,
            reason: "benchmark".to_owned(),
        };
        assign(&rig.ctx, &opened, &request).await?;
        let id = resolve_person(&rig.ctx, &opened, &mut opened.store.read().await?, &person)
            .await?
            .row
            .id;
        let options = PlanOptions { people: vec![id], save: true, ..PlanOptions::default() };
        let made = make_plan(&rig.ctx, &opened, &options, &NoProgress).await?;
        times.push(seconds(start) * 1000.0);
        operations += made.plan.operations.len();
    }
    ensure!(operations > 0, "no change led to an operation");
    times.sort_by(f64::total_cmp);
    let at = |share: usize| {
        times.get(times.len() * share / 100).copied().ok_or_else(|| anyhow!("nothing was measured"))
    };
    figures(
        &json!({ "people": args.people, "changes": ROUNDS, "operations": operations, "p50_ms": at(50)?, "p99_ms": at(99)? }),
    )
}
