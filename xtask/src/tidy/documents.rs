//! Rules for what is written about the code: links lead somewhere, records are numbered, fragments are named by kind.

use std::collections::BTreeSet;

use crate::repo::File;

use super::Finding;

const KINDS: &[&str] = &["added", "changed", "fixed", "removed", "security"];
const SUMMARY: &str = "docs/book/src/SUMMARY.md";

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut findings: Vec<Finding> = files.iter().filter_map(fragment).collect();
    findings.extend(decisions(files));
    for file in files.iter().filter(|file| is_markdown(&file.path)) {
        findings.extend(links(file, &paths));
    }
    if let Some(summary) = files.iter().find(|file| file.path == SUMMARY) {
        findings.extend(pages(summary, &paths));
    }
    findings
}

/// `changes/<slug>.<kind>.md`, with something in it.
fn fragment(file: &File) -> Option<Finding> {
    let name = file.path.strip_prefix("changes/")?;
    if name == "README.md" {
        return None;
    }
    let parts: Vec<&str> = name.split('.').collect();
    let well_named = match parts.as_slice() {
        [slug, kind, "md"] => is_slug(slug) && KINDS.contains(kind),
        _ => false,
    };
    if !well_named {
        let kinds = KINDS.join("|");
        return Some(Finding::new(&file.path, 0, format!("should be named `<slug>.<{kinds}>.md`")));
    }
    file.text.trim().is_empty().then(|| Finding::new(&file.path, 0, "says nothing"))
}

/// `docs/decisions/NNNN-title.md`, numbered without gaps, each with its number in the heading.
fn decisions(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut expected = 0;
    for file in files {
        let Some(name) = file.path.strip_prefix("docs/decisions/") else { continue };
        if name == "README.md" {
            continue;
        }
        let number = name
            .strip_suffix(".md")
            .and_then(|name| name.split_once('-'))
            .filter(|(digits, slug)| digits.len() == 4 && is_slug(slug))
            .and_then(|(digits, _)| digits.parse::<usize>().ok());
        let Some(number) = number else {
            findings.push(Finding::new(&file.path, 0, "should be named `NNNN-title.md`"));
            continue;
        };
        if number != expected {
            let message = format!("has the number {number}, but {expected} is the next one");
            findings.push(Finding::new(&file.path, 0, message));
        }
        if !file.text.starts_with(&format!("# {number:04} ")) {
            let message = format!("should begin with `# {number:04} ` and the title");
            findings.push(Finding::new(&file.path, 1, message));
        }
        expected = number + 1;
    }
    findings
}

/// Relative links of a Markdown file lead to files or folders that are there.
fn links(file: &File, paths: &BTreeSet<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(file.text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for target in targets(line) {
            let full = resolve(&file.path, target);
            let folder = format!("{full}/");
            let there = paths.contains(full.as_str())
                || paths.iter().any(|path| path.starts_with(&folder) || full.is_empty());
            if !there {
                findings.push(Finding::new(
                    &file.path,
                    number,
                    format!("links to `{target}`, which is not there"),
                ));
            }
        }
    }
    findings
}

/// Every page of the book stands in its summary.
fn pages(summary: &File, paths: &BTreeSet<&str>) -> Vec<Finding> {
    let listed: BTreeSet<String> = summary
        .text
        .lines()
        .flat_map(targets)
        .map(|target| resolve(&summary.path, target))
        .collect();
    paths
        .iter()
        .filter(|path| path.starts_with("docs/book/src/") && is_markdown(path) && **path != SUMMARY)
        .filter(|path| !listed.contains(**path))
        .map(|path| Finding::new(path, 0, "is missing in SUMMARY.md, so nobody finds it"))
        .collect()
}

/// The targets of relative Markdown links in a line, without fragments.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .map(|target| target.split_once('#').map_or(target, |(path, _)| path))
        .filter(|target| {
            !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:")
        })
}

/// The path that `target` means in the file `from`.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn is_slug(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_markdown(path: &str) -> bool {
    path.strip_suffix(".md").is_some()
}
