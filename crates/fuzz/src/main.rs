//! Feeds damaged input to everything that reads what others wrote: SCIM filters, paths and PATCH bodies, model files,
//! expressions, CSV, LDIF, distinguished names.
//!
//! `fuzz SECONDS [SEED]` runs each target in a process of its own, with little stack and memory, so that an overflow or an
//! abort ends that process and not the run. An input is worked out from its number alone; nothing has to be written down
//! before it is tried. What ends a process, or takes longer than a human waits, is a finding: it is written to a file, and
//! belongs into `corpus/TARGET/`, from where it is tried first from then on, also by `cargo test -p fuzz`.

mod child;
mod mutate;
mod seeds;
mod supervise;
mod targets;

use std::{io::Write as _, process::ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::targets::Target;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["child", target, seed, from, counter] => {
            child::run(target_named(target)?, number(seed)?, number(from)?, counter.as_ref())
        }
        [seconds] => supervise::run(number(seconds)?, 1),
        [seconds, seed] => supervise::run(number(seconds)?, number(seed)?),
        _ => bail!("usage: fuzz SECONDS [SEED]"),
    }
}

fn target_named(name: &str) -> Result<Target> {
    let found = targets::ALL.iter().find(|target| target.name == name);
    found.copied().with_context(|| format!("there is no target `{name}`"))
}

fn number(text: &str) -> Result<u64> {
    text.parse().with_context(|| format!("`{text}` is no whole number"))
}

/// Prints one line at once.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe is no reason to fail.
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap_or_default();
}
