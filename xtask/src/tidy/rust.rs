//! Rules for one Rust file: it says what it is for, it is short, nothing in it is left undone.

use crate::repo::File;

use super::Finding;

/// The most lines a file may have before its tests.
const LONGEST: usize = 600;

/// Longer files that were there when the rule came, with their length. The list may only shrink.
const EXCEPTIONS: &[(&str, usize)] = &[];

/// What must not stand in code, split so that this file does not contain it.
const UNDONE: &[(&str, &str)] = &[
    (concat!("todo", "!("), "is not finished"),
    (concat!("unimplemented", "!("), "is not finished"),
    (concat!("#[", "ignore"), "switches a test off; assert what happens today instead"),
    (concat!("#[", "should_panic"), "hides which line panics; assert the error"),
];

pub(super) fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let path = file.path.as_str();
    if !path.ends_with("tests.rs") && !is_explained(&file.text) {
        findings.push(Finding::new(path, 1, "opens without `//!`, which says what it is for"));
    }
    for (number, line) in (1..).zip(file.text.lines()) {
        for (word, why) in UNDONE {
            if line.contains(word) {
                findings.push(Finding::new(path, number, format!("`{word}` {why}")));
            }
        }
    }
    if let Some(problem) = too_long(path, production_lines(file), EXCEPTIONS) {
        findings.push(Finding::new(path, 0, problem));
    }
    findings
}

/// True when the text opens with a module comment; a crate may take its README for that.
pub(crate) fn is_explained(text: &str) -> bool {
    text.starts_with("//!") || text.starts_with("#![doc = include_str!(\"../README.md\")]")
}

/// Exceptions for files that are gone.
pub(super) fn check_exceptions(files: &[File]) -> Vec<Finding> {
    EXCEPTIONS
        .iter()
        .filter(|(path, _)| !files.iter().any(|file| file.path == *path))
        .map(|(path, _)| Finding::new(path, 0, "is gone; take it off the list of long files"))
        .collect()
}

pub(super) fn too_long(path: &str, lines: usize, exceptions: &[(&str, usize)]) -> Option<String> {
    let listed = exceptions.iter().find(|(exception, _)| *exception == path);
    let Some((_, allowed)) = listed else {
        return (lines > LONGEST)
            .then(|| format!("has {lines} lines before its tests, more than {LONGEST}; split it"));
    };
    if lines > *allowed {
        Some(format!("has {lines} lines before its tests; it may only shrink from {allowed}"))
    } else if lines <= LONGEST {
        Some("is short enough now; take it off the list of long files".to_owned())
    } else if lines + 20 < *allowed {
        Some(format!("has {lines} lines now; lower its number in the list from {allowed}"))
    } else {
        None
    }
}

/// The number of lines before the tests; 0 for files that are tests.
pub(crate) fn production_lines(file: &File) -> usize {
    if is_test(&file.path) {
        return 0;
    }
    let lines: Vec<&str> = file.text.lines().collect();
    let tests = lines.windows(2).position(|pair| {
        matches!(pair, [attribute, module] if attribute.trim() == "#[cfg(test)]"
            && module.trim_start().starts_with("mod ") && module.trim_end().ends_with('{'))
    });
    tests.unwrap_or(lines.len())
}

/// True for files that are compiled for tests, examples or benchmarks only.
fn is_test(path: &str) -> bool {
    path.ends_with("tests.rs")
        || path.split('/').any(|part| matches!(part, "tests" | "examples" | "benches"))
}
