//! The CSV connector beside the `csv` crate, on the same file.

use std::{fmt::Write as _, time::Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use super::{Args, compared, person, read, settings};
use crate::output::{figures, say};

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "connector-file: {} rows of 5 cells read, by the csv crate and by the connector",
        args.rows
    ))?;
    let folder = tempfile::tempdir()?;
    let mut text = String::from("login,first,last,title,phone\n");
    for i in 0..args.rows {
        // Writing into a String cannot fail.
        _ = writeln!(text, "{}", person(i).join(","));
    }
    let path = folder.path().join("people.csv");
    std::fs::write(&path, text)?;
    let options = json!({"path": "people.csv", "key": "login"});
    let connector = muster_connector_file::open("csv", &settings(&options), folder.path())?;
    let mut best = [f64::INFINITY; 2];
    for _ in 0..args.times.max(1) {
        let start = Instant::now();
        let mut reader = csv::Reader::from_path(&path)?;
        // As the connector does: every cell becomes a text of its own, and a thousand rows are kept at a time.
        let mut batch: Vec<Vec<std::sync::Arc<str>>> = Vec::with_capacity(1_000);
        let mut n_rows = 0;
        for record in reader.records() {
            batch.push(record?.iter().map(Into::into).collect());
            n_rows += 1;
            if batch.len() == 1_000 {
                std::hint::black_box(&batch);
                batch.clear();
            }
        }
        best[0] = best[0].min(start.elapsed().as_secs_f64());
        ensure!(n_rows == args.rows, "the csv crate read too little");
        let start = Instant::now();
        ensure!(read(&connector, "").await? == args.rows, "the connector read too little");
        best[1] = best[1].min(start.elapsed().as_secs_f64());
    }
    let [bare, ours] = best;
    figures(&json!({ "read": compared(args.rows, bare, ours) }))
}
