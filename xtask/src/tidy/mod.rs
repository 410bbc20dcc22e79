//! The house rules that a program can check cheaply: text in, findings out.
//!
//! `rust` looks at one Rust file, `text` at any file, `modules` at files that nobody compiles, `layers` at who may use
//! whom, `manifests` at Cargo files, `documents` at docs and changelog fragments, `attacks` at the table of attacks, `words` at what must not be said.
//! Taste is not checked here; clippy and rustfmt have their own steps.

mod attacks;
mod documents;
mod layers;
mod manifests;
mod modules;
mod rust;
mod text;
mod words;

#[cfg(test)]
mod tests;

use std::fmt;

use anyhow::{Result, bail};

pub(crate) use rust::{is_explained, production_lines};

use crate::{
    packages::Packages,
    repo::{File, Repo},
    steps::say,
};

/// Something that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    /// From 1; 0 when it concerns the whole file.
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, message } = self;
        if *line == 0 {
            write!(f, "{path}: {message}")
        } else {
            write!(f, "{path}:{line}: {message}")
        }
    }
}

/// Checks the repository and fails with all findings.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    let files = repo.files()?;
    let mut findings = in_files(&files);
    findings.extend(layers::check(&Packages::load(repo)?));
    findings.sort();
    findings.dedup();
    for finding in &findings {
        say(&finding.to_string());
    }
    if !findings.is_empty() {
        bail!("findings: {}", findings.len());
    }
    say(&format!("{} files are tidy", files.len()));
    Ok(())
}

fn in_files(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        findings.extend(text::check(file));
        findings.extend(words::check(file));
        findings.extend(manifests::check(file));
        if is_rust(&file.path) {
            findings.extend(rust::check(file));
        }
    }
    findings.extend(rust::check_exceptions(files));
    findings.extend(modules::check(files));
    findings.extend(documents::check(files));
    findings.extend(attacks::check(files));
    findings
}

/// True for Rust code.
pub(crate) fn is_rust(path: &str) -> bool {
    path.strip_suffix(".rs").is_some()
}
