//! Words that do not belong in this repository.

use crate::repo::File;

use super::Finding;

/// Tools that people may use to write and that the text should not talk about.
pub(super) const WORDS: &[&str] = &["anthropic", "chatgpt", "claude", "copilot", "llm agent"];

pub(super) fn check(file: &File) -> Vec<Finding> {
    if file.path == "xtask/src/tidy/words.rs" {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let line = line.to_lowercase();
        for word in WORDS.iter().filter(|word| has_word(&line, word)) {
            findings.push(Finding::new(&file.path, number, format!("says `{word}`")));
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}
