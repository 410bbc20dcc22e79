//! Numbered, timed steps, and the one way this program talks.

use std::{
    io::{self, Write as _},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

/// Prints one line, at once, so that it stands before what child processes print.
pub(crate) fn say(line: &str) {
    let mut out = io::stdout().lock();
    // A closed pipe is no reason to fail: there is nobody left to tell.
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap_or_default();
}

/// Counts and times the steps of one command.
#[derive(Debug)]
pub(crate) struct Steps {
    total: usize,
    done: usize,
    begun: Instant,
}

impl Steps {
    /// A command of `total` steps.
    pub(crate) fn new(total: usize) -> Self {
        Self { total, done: 0, begun: Instant::now() }
    }

    /// Runs one step and tells how long it took; an error names the step.
    pub(crate) fn step<T>(&mut self, name: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
        self.done += 1;
        let label = format!("[{}/{}] {name}", self.done, self.total);
        say(&label);
        let begun = Instant::now();
        let outcome = run();
        let took = seconds(begun.elapsed());
        match &outcome {
            Ok(_) => say(&format!("{label}: ok ({took})")),
            Err(_) => say(&format!("{label}: FAILED ({took})")),
        }
        outcome.with_context(|| format!("step `{name}` failed"))
    }

    /// How long all steps took together.
    pub(crate) fn elapsed(&self) -> String {
        seconds(self.begun.elapsed())
    }
}

/// A duration for people.
pub(crate) fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole >= 60 {
        format!("{} min {:02} s", whole / 60, whole % 60)
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Steps, seconds};

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 05 s");
    }

    #[test]
    fn a_failed_step_is_named() {
        let failed: anyhow::Result<()> =
            Steps::new(1).step("fmt", || anyhow::bail!("`a.rs` differs"));
        assert_eq!(format!("{:#}", failed.unwrap_err()), "step `fmt` failed: `a.rs` differs");
    }
}
