//! Evaluates everybody and plans when nothing changed.
//!
//! People come through the real import. Accounts are put in as a read of the targets would find them; a first plan then
//! compares each in full and settles it. What is measured is the plan after that.

use std::time::Instant;

use anyhow::{Result, ensure};
use muster_engine::{NoProgress, PlanOptions, SyncOptions, make_plan, sync};
use serde_json::json;

use crate::{
    output::{figures, forget_peak, peak_mib, say},
    rig::{Rig, seconds},
    shape::Shape,
};

mod observed;

pub(crate) use observed::observe_everything;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// People
    #[arg(long, default_value_t = 100_000)]
    people: u64,
    /// Target systems, each with an account for everybody
    #[arg(long, default_value_t = 5)]
    targets: u64,
    /// Attributes of a person and of each account
    #[arg(long, default_value_t = 15)]
    attributes: u64,
    /// Roles with a rule
    #[arg(long, default_value_t = 2000)]
    roles: u64,
    /// The repository; a new SQLite file when nothing is said
    #[arg(long)]
    store: Option<String>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let shape = Shape {
        people: args.people,
        targets: args.targets,
        attributes: args.attributes,
        roles: args.roles,
    };
    say(&format!("plan: {}", shape.text()))?;
    let rig = Rig::new(&shape.model(), args.store.as_deref())?;
    shape.write(&rig.dir.join("data/hr.csv"))?;
    let opened = rig.open().await?;
    let start = Instant::now();
    sync(
        &rig.ctx,
        &opened,
        &SyncOptions { systems: vec!["hr".to_owned()], complete: false },
        &NoProgress,
    )
    .await?;
    say(&format!("  imported in {:.1} s", seconds(start)))?;
    let start = Instant::now();
    let grants = observe_everything(&rig, &opened).await?;
    say(&format!(
        "  {} accounts with {grants} grants observed in {:.1} s",
        args.people * args.targets,
        seconds(start)
    ))?;
    let start = Instant::now();
    let first = make_plan(&rig.ctx, &opened, &PlanOptions::default(), &NoProgress).await?;
    ensure!(
        first.plan.operations.is_empty(),
        "{} operations where none were expected",
        first.plan.operations.len()
    );
    say(&format!("  compared in full and settled in {:.1} s", seconds(start)))?;

    let writes = |opened: &muster_app::Opened| opened.store.writes().values().sum::<u64>();
    let (writes_before, calls_before) = (writes(&opened), rig.connectors.changes());
    forget_peak();
    let start = Instant::now();
    let made = make_plan(
        &rig.ctx,
        &opened,
        &PlanOptions { save: true, ..PlanOptions::default() },
        &NoProgress,
    )
    .await?;
    let taken = seconds(start);
    ensure!(
        made.evaluated == args.people,
        "{} of {} people were evaluated",
        made.evaluated,
        args.people
    );
    figures(&json!({
        "people": args.people, "targets": args.targets, "attributes": args.attributes, "roles": args.roles,
        "grants": grants, "seconds": taken, "peak_mib": peak_mib(),
        "store_writes": writes(&opened) - writes_before, "target_calls": rig.connectors.changes() - calls_before,
        "operations": made.plan.operations.len(),
    }))
}
