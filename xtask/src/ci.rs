//! All checks in one fixed order, cheap ones first; stops at the first failure.

use std::process::Command;

use anyhow::Result;

use crate::{
    command, deny, fuzz, generate,
    repo::Repo,
    steps::{Steps, say},
    test, tidy,
};

const N_STEPS: usize = 8;

/// Runs all steps and ends with cargo test's own result lines.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    let mut steps = Steps::new(N_STEPS);
    steps.step("fmt", || command::run(command::cargo(repo, &["fmt", "--all", "--check"])))?;
    steps.step("tidy", || tidy::run(repo))?;
    steps.step("clippy", || command::run(clippy(repo)))?;
    steps.step("doc", || command::run(doc(repo)))?;
    let results = steps.step("test", || test::run(repo, &["--no-fail-fast"]))?;
    steps.step("fuzz", || fuzz::run(repo, fuzz::SHORT, "1"))?;
    steps.step("generate --check", || generate::check(repo))?;
    steps.step("deny", || deny::run(repo))?;
    say(&format!("all {} steps passed in {}; the test results again:", N_STEPS, steps.elapsed()));
    for line in results {
        say(&line);
    }
    Ok(())
}

fn clippy(repo: &Repo) -> Command {
    command::cargo(
        repo,
        &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
    )
}

fn doc(repo: &Repo) -> Command {
    let mut command = command::cargo(repo, &["doc", "--workspace", "--no-deps", "--locked"]);
    // Not RUSTFLAGS, which would throw the build cache away.
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}
