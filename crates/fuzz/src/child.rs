//! One target in a process with limits: tries input after input until it is ended.

use std::{
    fs::OpenOptions,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::{
    mutate::{Dice, mutate},
    seeds,
    targets::Target,
};

/// As much stack as a worker of the server has.
const STACK: usize = 2 << 20;
/// Bytes of memory, program and all.
const MEMORY: u64 = 2 << 30;

/// Tries inputs from the number `from` on. `counter` is a file that holds the number of the input that is being tried.
pub(crate) fn run(target: Target, seed: u64, from: u64, counter: &Path) -> Result<()> {
    setrlimit(Resource::As, Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) })?;
    let corpus = seeds::corpus(target)?;
    let counter = OpenOptions::new().write(true).open(counter).context("cannot count")?;
    let work = move || -> Result<()> {
        let mut counter = counter;
        for number in from.. {
            counter.seek(SeekFrom::Start(0))?;
            counter.write_all(&number.to_le_bytes())?;
            (target.run)(&input(target, seed, number, &corpus));
        }
        Ok(())
    };
    match std::thread::Builder::new().stack_size(STACK).spawn(work)?.join() {
        Ok(ended) => ended,
        Err(_) => bail!("the target panicked"),
    }
}

/// The input with this number: first the corpus as it is, then damaged.
pub(crate) fn input(target: Target, seed: u64, number: u64, corpus: &[Vec<u8>]) -> Vec<u8> {
    match usize::try_from(number).ok().and_then(|number| corpus.get(number)) {
        Some(input) => input.clone(),
        None => mutate(&mut Dice::new(seed, number), corpus, target.words),
    }
}
