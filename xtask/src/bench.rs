//! Runs the benchmarks of the `bench` crate in release mode and repeats their last lines, which are JSON, at the end.
//!
//! It measures nothing itself. Figures go into docs/performance.md by hand, with the command and the date.

use anyhow::{Result, bail};

use crate::{
    command,
    repo::Repo,
    steps::{Steps, say},
};

/// Quick runs that show whether something became much slower.
const SMALL: &[&str] = &[
    "plan --people 10000 --targets 5 --attributes 15 --roles 200",
    "import --people 50000",
    "midpoint --label 1s-50m-5t-50m-20a-1ku",
    "change --people 10000",
];

/// The figures that the design promises.
const FULL: &[&str] = &[
    "plan --people 100000 --targets 5 --attributes 15 --roles 2000",
    "plan --people 1000000 --targets 5 --attributes 15 --roles 2000",
    "import --people 1000000",
    "midpoint --label 1s-50m-5t-50m-20a-1ku",
    "change --people 100000",
    "connector-ldap",
];

/// Runs the small set, the full set, or one benchmark with its own arguments.
pub(crate) fn run(repo: &Repo, arguments: &[&str]) -> Result<()> {
    match arguments {
        [] => all(repo, SMALL),
        ["--full"] => all(repo, FULL),
        one => one_benchmark(repo, one).map(|_| ()),
    }
}

fn all(repo: &Repo, benchmarks: &[&str]) -> Result<()> {
    let mut steps = Steps::new(benchmarks.len());
    let mut figures = Vec::new();
    for benchmark in benchmarks {
        let arguments: Vec<&str> = benchmark.split_whitespace().collect();
        figures.push(steps.step(benchmark, || one_benchmark(repo, &arguments))?);
    }
    say(&format!("{} benchmarks in {}:", benchmarks.len(), steps.elapsed()));
    for (benchmark, figures) in benchmarks.iter().zip(figures) {
        say(&format!("{benchmark}\n  {figures}"));
    }
    say("not run: `ldap`, which needs a directory: cargo xtask bench ldap --people N --url URL");
    Ok(())
}

fn one_benchmark(repo: &Repo, arguments: &[&str]) -> Result<String> {
    let mut cargo = command::cargo(repo, &["run", "--release", "--locked", "-p", "bench", "--"]);
    cargo.args(arguments);
    let (lines, passed) = command::run_and_keep(cargo, |line| line.starts_with('{'))?;
    match lines.last() {
        Some(figures) if passed => Ok(figures.clone()),
        Some(_) | None if passed => bail!("the benchmark printed no line of figures"),
        Some(_) | None => bail!("the benchmark failed, see above"),
    }
}
