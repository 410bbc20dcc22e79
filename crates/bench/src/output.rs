//! What a benchmark prints, and what it measures of the process.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value as Json;

/// Prints a line for people.
pub(crate) fn say(text: &str) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Prints the figures, one a line, and then all of them as one JSON object.
pub(crate) fn figures(json: &Json) -> Result<()> {
    if let Json::Object(map) = json {
        for (key, value) in map {
            say(&format!("  {key:<24} {value}"))?;
        }
    }
    say(&json.to_string())
}

/// Forgets the peak so far, so that [`peak_mib`] measures from here.
pub(crate) fn forget_peak() {
    // Not every kernel lets a process do this; the peak then covers the whole run.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

/// The largest resident size in MiB.
pub(crate) fn peak_mib() -> u64 {
    status_mib("self", "VmHWM:")
}

/// The resident size in MiB.
pub(crate) fn resident_mib() -> u64 {
    status_mib("self", "VmRSS:")
}

/// A line of the status of a process, given by its number or as `self`, in MiB.
pub(crate) fn status_mib(process: &str, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Ticks of processor time in a second, as Linux counts them.
const TICKS: f64 = 100.0;

/// The processor time that a process has used, all its threads together.
pub(crate) fn processor_seconds(process: u32) -> Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program stands in brackets and may hold blanks.
    let (_, rest) = text.rsplit_once(") ").context("no status of the process")?;
    let ticks = rest.split(' ').skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS)
}

/// What so many percent of the times do not exceed.
pub(crate) fn share(times: &[f64], percent: usize) -> Option<f64> {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len().saturating_sub(1) * percent / 100).copied().map(rounded)
}

/// With three places.
pub(crate) fn rounded(figure: f64) -> f64 {
    (figure * 1_000.0).round() / 1_000.0
}
