//! Runs the `fuzz` crate: damaged input for everything that parses what others wrote.

use anyhow::Result;

use crate::{command, repo::Repo};

/// Seconds of the run that belongs to all checks.
pub(crate) const SHORT: &str = "16";

/// Tries inputs for so many seconds; the same seed tries the same ones.
pub(crate) fn run(repo: &Repo, seconds: &str, seed: &str) -> Result<()> {
    command::run(command::cargo(repo, &["run", "--locked", "-p", "fuzz", "--", seconds, seed]))
}
