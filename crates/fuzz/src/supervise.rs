//! Runs every target in a process of its own, in turn, and keeps what ended one.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    child, say, seeds,
    targets::{self, Target},
};

/// An input that takes longer is a finding. Generous, because builds for tests are slow and machines are shared.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often the child is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Findings of one target after which it is given up.
const ENOUGH: u32 = 5;

/// Runs all targets for about `seconds` together.
pub(crate) fn run(seconds: u64, seed: u64) -> Result<()> {
    let share = Duration::from_secs(seconds) / u32::try_from(targets::ALL.len()).unwrap_or(1);
    let mut n_findings = 0;
    for target in targets::ALL {
        n_findings += try_target(*target, seed, share)?;
    }
    if n_findings > 0 {
        bail!("{n_findings} findings; mend them and keep the inputs in crates/fuzz/corpus");
    }
    Ok(())
}

fn try_target(target: Target, seed: u64, share: Duration) -> Result<u32> {
    let folder = tempfile::tempdir()?;
    let counter = folder.path().join("counter");
    let (began, mut from, mut n_findings) = (Instant::now(), 0, 0);
    while began.elapsed() < share && n_findings < ENOUGH {
        std::fs::write(&counter, u64::to_le_bytes(from))?;
        let left = share.saturating_sub(began.elapsed());
        let end = watch(start(target, seed, from, &counter)?, &counter, left)?;
        let number = count(&counter)?;
        if let Some(what) = end {
            keep(target, seed, number, &what)?;
            n_findings += 1;
        }
        from = number + 1;
    }
    say(&format!("{:<12} {from:>9} inputs, {n_findings} findings", target.name));
    Ok(n_findings)
}

fn start(target: Target, seed: u64, from: u64, counter: &Path) -> Result<Child> {
    let program = std::env::current_exe().context("this program cannot be found")?;
    let mut command = Command::new(program);
    command.args(["child", target.name, &seed.to_string(), &from.to_string()]).arg(counter);
    command.stdout(Stdio::null()).env("RUST_BACKTRACE", "0");
    command.spawn().context("cannot start a process")
}

/// Waits until the time is up (`None`) or the child ended or stands still (what happened).
#[expect(clippy::disallowed_methods, reason = "nothing tells when another process moves on")]
fn watch(mut child: Child, counter: &Path, left: Duration) -> Result<Option<String>> {
    let began = Instant::now();
    let (mut last, mut moved) = (0, Instant::now());
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.to_string()));
        }
        let number = count(counter)?;
        if number != last {
            (last, moved) = (number, Instant::now());
        }
        let is_stuck = moved.elapsed() > PATIENCE;
        // An input that was begun may take its time beyond the share.
        let is_over = began.elapsed() > left && moved.elapsed() < Duration::from_millis(200);
        if is_stuck || is_over {
            child.kill()?;
            child.wait()?;
            return Ok(is_stuck.then(|| format!("took longer than {} s", PATIENCE.as_secs())));
        }
        std::thread::sleep(LOOK);
    }
}

fn count(counter: &Path) -> Result<u64> {
    let bytes = std::fs::read(counter)?;
    Ok(bytes.try_into().map(u64::from_le_bytes).unwrap_or_default())
}

fn keep(target: Target, seed: u64, number: u64, what: &str) -> Result<()> {
    let input = child::input(target, seed, number, &seeds::corpus(target)?);
    let folder = std::env::temp_dir().join("muster-fuzz").join(target.name);
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{seed}-{number}"));
    std::fs::write(&path, &input)?;
    let shown: String = String::from_utf8_lossy(&input).chars().take(200).collect();
    say(&format!(
        "{}: {what}: {} bytes in {}: {shown:?}",
        target.name,
        input.len(),
        path.display()
    ));
    Ok(())
}
