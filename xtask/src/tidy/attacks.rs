//! The table of attacks names tests. A name that no test has any more is a case that nobody tries.

use std::collections::BTreeSet;

use crate::repo::File;

use super::{Finding, is_rust};

const TABLE: &str = "docs/dev/attacks.md";

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let Some(table) = files.iter().find(|file| file.path == TABLE) else { return Vec::new() };
    let tests: BTreeSet<&str> = files
        .iter()
        .filter(|file| is_rust(&file.path))
        .flat_map(|file| tests_of(&file.text))
        .collect();
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(table.text.lines()) {
        for name in named(line).filter(|name| !tests.contains(name)) {
            let message = format!("names the test `{name}`, which is not there");
            findings.push(Finding::new(TABLE, number, message));
        }
    }
    findings
}

/// The functions of a file that stand under a `test` attribute, or first in a block of tests that run on both databases.
fn tests_of(text: &str) -> impl Iterator<Item = &str> {
    let (mut is_test, mut on_both) = (false, false);
    text.lines().filter_map(move |line| {
        on_both = line.starts_with("on_both! {") || (on_both && line != "}");
        is_test |= on_both && line.starts_with("    async fn ");
        let line = line.trim();
        let after = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some((name, _)) = after.and_then(|rest| rest.split_once('(')) {
            return std::mem::take(&mut is_test).then_some(name);
        }
        is_test |= line.starts_with("#[") && line.contains("test");
        None
    })
}

/// The words in a row of the table that are names of tests: in backticks, with an underscore.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let is_row = line.starts_with('|');
    let is_name = |word: &&str| {
        word.contains('_')
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    line.split('`').skip(1).step_by(2).filter(move |word| is_row && is_name(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_vanished_is_noticed() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let code = "#[tokio::test]\nasync fn it_holds() {}\n#[test]\nfn it_stays() {}\nfn no_test() {}\n\
            on_both! {\n    async fn it_is_one(store) {\n        fn inner() {}\n    }\n}\nfn after() {}\n";
        let table = "| 5 | hosts | `it_holds`, `it_stays`, `it_is_one`, `Host` |\n| 6 | hops | `it_went`, `no_test` |\n`out_of_it`\n";
        let found = check(&[file("a/b.rs", code), file(TABLE, table)]);
        let lines: Vec<_> = found.iter().map(|finding| (finding.line, &*finding.message)).collect();
        assert_eq!(
            lines,
            [
                (2, "names the test `it_went`, which is not there"),
                (2, "names the test `no_test`, which is not there")
            ]
        );
    }
}
