//! Rules for Cargo files: the shared lints, the one source of packages, and how many packages there may be.

use crate::repo::File;

use super::Finding;

/// The most packages Cargo.lock may hold. Raising it is a reviewed line; why it is more than 350 stands in decision 0011.
pub(super) const MOST_PACKAGES: usize = 565;

pub(super) fn check(file: &File) -> Vec<Finding> {
    let path = file.path.as_str();
    match path.rsplit('/').next() {
        Some("Cargo.toml") if path != "Cargo.toml" => manifest(file),
        Some("Cargo.lock") => lock(file),
        Some("config.toml") if path.starts_with(".cargo/") => config(file),
        _ => Vec::new(),
    }
}

fn manifest(file: &File) -> Vec<Finding> {
    let mut lines = file.text.lines().map(str::trim);
    let shares_lints =
        lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true");
    if shares_lints {
        return Vec::new();
    }
    vec![Finding::new(&file.path, 0, "does not share the lints: `[lints]` with `workspace = true`")]
}

fn lock(file: &File) -> Vec<Finding> {
    let packages = file.text.lines().filter(|line| *line == "[[package]]").count();
    if packages <= MOST_PACKAGES {
        return Vec::new();
    }
    vec![Finding::new(
        &file.path,
        0,
        format!(
            "holds {packages} packages, more than the {MOST_PACKAGES} in xtask/src/tidy/manifests.rs"
        ),
    )]
}

fn config(file: &File) -> Vec<Finding> {
    (1..)
        .zip(file.text.lines())
        .filter(|(_, line)| {
            let line = line.trim();
            ["[source", "[registr", "[net", "[http"].iter().any(|table| line.starts_with(table))
        })
        .map(|(number, _)| {
            Finding::new(
                &file.path,
                number,
                "where packages come from is not the repository's business",
            )
        })
        .collect()
}
