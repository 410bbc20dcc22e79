//! Imports records from a CSV file into an empty repository.

use std::time::Instant;

use anyhow::{Result, ensure};
use muster_engine::{NoProgress, SyncOptions, sync};
use serde_json::json;

use crate::{
    output::{figures, forget_peak, peak_mib, say},
    rig::{Rig, seconds},
    shape::Shape,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Records in the file
    #[arg(long, default_value_t = 1_000_000)]
    people: u64,
    /// Columns of the file
    #[arg(long, default_value_t = 15)]
    attributes: u64,
    /// The repository; a new SQLite file when nothing is said
    #[arg(long)]
    store: Option<String>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let shape = Shape { people: args.people, targets: 1, attributes: args.attributes, roles: 100 };
    say(&format!(
        "import: {} records with {} columns from a CSV file",
        args.people, args.attributes
    ))?;
    let rig = Rig::new(&shape.model(), args.store.as_deref())?;
    shape.write(&rig.dir.join("data/hr.csv"))?;
    let opened = rig.open().await?;
    forget_peak();
    let start = Instant::now();
    let options = SyncOptions { systems: vec!["hr".to_owned()], complete: false };
    let report = sync(&rig.ctx, &opened, &options, &NoProgress).await?;
    let first = seconds(start);
    let created: u64 = report.reads.iter().map(|read| read.created).sum();
    ensure!(created == args.people, "{created} of {} records were imported", args.people);
    let peak = peak_mib();
    let start = Instant::now();
    sync(&rig.ctx, &opened, &options, &NoProgress).await?;
    let again = seconds(start);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = |seconds: f64| (args.people as f64 / seconds).round();
    figures(&json!({
        "records": args.people, "seconds": first, "records_per_second": rate(first),
        "unchanged_seconds": again, "unchanged_per_second": rate(again), "peak_mib": peak,
    }))
}
