//! What the damage begins with: the examples of each target, and the findings of former runs.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::targets::Target;

/// The folder of the findings of a target.
pub(crate) fn folder(target: Target) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "corpus", target.name].iter().collect()
}

/// The findings of former runs in order of their names, then the examples.
pub(crate) fn corpus(target: Target) -> Result<Vec<Vec<u8>>> {
    let mut corpus = findings(target)?;
    corpus.extend(target.examples.iter().map(|example| example.as_bytes().to_vec()));
    Ok(corpus)
}

/// The findings of former runs.
pub(crate) fn findings(target: Target) -> Result<Vec<Vec<u8>>> {
    let folder = folder(target);
    let Ok(entries) = std::fs::read_dir(&folder) else { return Ok(Vec::new()) };
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|it| it.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let read = |path: PathBuf| {
        std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))
    };
    paths.into_iter().map(read).collect()
}
