//! Which code of others may come in: licences, sources, banned crates, and crates that one of ours keeps to itself.
//!
//! Checked from `cargo metadata` alone, so that it needs no tool and no network. `deny.toml` is generated from the same
//! tables for those who have cargo-deny, which then runs as well. Advisories need a network and are not checked here.

mod licences;
mod rules;
#[cfg(test)]
mod tests;

use anyhow::{Result, bail};

pub(crate) use rules::deny_toml;

use crate::{
    command,
    packages::{Package, Packages},
    repo::Repo,
    steps::say,
};

/// Checks the workspace and fails with all findings.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    let packages = Packages::load(repo)?;
    let findings = findings(&packages);
    for finding in &findings {
        say(finding);
    }
    if !findings.is_empty() {
        bail!("findings in the packages we use: {}", findings.len());
    }
    say(&format!("{} packages: licences, sources and bans are right", packages.packages.len()));
    if command::find_program("cargo-deny", &[]).is_some() {
        let checks = ["deny", "--offline", "check", "bans", "licenses", "sources"];
        return command::run(command::cargo(repo, &checks));
    }
    say("cargo-deny is not installed, which is fine: these checks are the same");
    Ok(())
}

fn findings(packages: &Packages) -> Vec<String> {
    let mut findings: Vec<String> = packages.packages.iter().filter_map(licence).collect();
    findings.extend(packages.packages.iter().filter_map(source));
    findings.extend(packages.packages.iter().filter_map(ban));
    findings.extend(kept(packages));
    findings
}

fn licence(package: &Package) -> Option<String> {
    let problem = match &package.licence {
        None => "says nothing about its licence".to_owned(),
        Some(text) => match licences::is_allowed(text, rules::LICENCES) {
            Ok(true) => return None,
            Ok(false) => format!("has the licence `{text}`, which is not on our list"),
            Err(problem) => format!("has a licence that cannot be read: {problem}"),
        },
    };
    Some(format!("{} {} {problem}", package.name, package.version))
}

fn source(package: &Package) -> Option<String> {
    let source = package.source.as_deref()?;
    (source != rules::SOURCE)
        .then(|| format!("{} {} comes from `{source}`", package.name, package.version))
}

fn ban(package: &Package) -> Option<String> {
    let (name, why) = rules::BANNED.iter().find(|(name, _)| *name == package.name)?;
    Some(format!("{name} {} is banned: {why}", package.version))
}

/// Direct uses of crates that belong to one place.
fn kept(packages: &Packages) -> Vec<String> {
    let mut findings = Vec::new();
    for (from, edges) in &packages.edges {
        for to in edges.normal.union(&edges.dev) {
            if let Some((name, users)) = rules::KEPT.iter().find(|(name, _)| name == to)
                && !users.contains(&from.as_str())
            {
                findings.push(format!("{from} uses {name}, which only {} may", users.join(", ")));
            }
        }
    }
    findings
}
