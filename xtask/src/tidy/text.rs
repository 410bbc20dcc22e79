//! Rules for any file of text: how it ends, no tabs, no paths and hosts of one machine.

use crate::repo::File;

use super::Finding;

/// Folders of one machine, split so that this file does not contain them.
const FOLDERS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Home folders; `/home/ada` alone is an attribute value that people have.
const HOMES: &str = concat!("/ho", "me/");

/// Hosts that packages come from. The build takes them from cargo's own configuration, whatever that is.
const HOSTS: &[&str] = &[
    concat!("index.cra", "tes.io"),
    concat!("static.cra", "tes.io"),
    concat!("artifac", "tory"),
    concat!("registry.np", "mjs"),
    concat!("proxy.go", "lang"),
];

pub(super) fn check(file: &File) -> Vec<Finding> {
    let path = file.path.as_str();
    let mut findings = Vec::new();
    if path.ends_with(".snap.new") || path.ends_with(".pending-snap") {
        findings.push(Finding::new(path, 0, "is a snapshot that nobody has accepted"));
    }
    if !is_sample(path) {
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            findings.push(Finding::new(path, 0, "does not end with a newline"));
        }
        if file.text.ends_with("\n\n") {
            findings.push(Finding::new(path, 0, "ends with an empty line"));
        }
    }
    for (number, line) in (1..).zip(file.text.lines()) {
        if line.contains('\t') && !is_sample(path) {
            findings.push(Finding::new(path, number, "has a tab; indent with spaces"));
        }
        if let Some(folder) = machine_folder(line) {
            findings.push(Finding::new(
                path,
                number,
                format!("names `{folder}`, a folder of one machine"),
            ));
        }
        if let Some(host) = HOSTS.iter().find(|host| line.contains(*host)) {
            findings.push(Finding::new(path, number, format!("names the host `{host}`")));
        }
    }
    findings
}

/// The folder of one machine that a line names, if any.
fn machine_folder(line: &str) -> Option<&'static str> {
    let starts_path = |at: usize| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        before
            .is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '/' | '.' | '-' | '_' | '}' | '>'))
    };
    let named = |folder: &str| line.match_indices(folder).any(|(at, _)| starts_path(at));
    if let Some(folder) = FOLDERS.iter().find(|folder| named(folder)) {
        return Some(folder);
    }
    line.match_indices(HOMES)
        .any(|(at, _)| {
            let inside = line.get(at + HOMES.len()..).unwrap_or_default();
            let name = inside.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            starts_path(at) && inside.get(name.len()..).is_some_and(|rest| rest.starts_with('/'))
        })
        .then_some(HOMES)
}

/// Files whose bytes are the point: samples that tests read, snapshots, tables.
fn is_sample(path: &str) -> bool {
    let ends = [".snap", ".csv", ".tsv", ".ldif", ".txt", ".lock"];
    ends.iter().any(|end| path.ends_with(end))
        || path.split('/').any(|part| matches!(part, "samples" | "fixtures"))
}
