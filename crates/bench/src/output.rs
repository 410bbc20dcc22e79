//! What a benchmark prints, and what it measures of the process.

use std::io::Write as _;

use anyhow::Result;
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
