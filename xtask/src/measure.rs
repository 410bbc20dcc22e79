//! Prints sizes and shares of the code beside the targets that the project set itself.
//!
//! Counted by lines and indentation of formatted code, not by parsing; right to a few percent.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::{
    repo::{File, Repo},
    steps::say,
    tidy::{is_explained, is_rust, production_lines},
};

/// Prints the table.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    let files: Vec<File> = repo.files()?.into_iter().filter(|file| is_rust(&file.path)).collect();
    let lock = repo.read("Cargo.lock")?;
    for (measure, value, target) in table(&files, &lock) {
        say(&format!("{measure:<48} {value:>12}   {target}"));
    }
    Ok(())
}

fn table(files: &[File], lock: &str) -> Vec<(&'static str, String, &'static str)> {
    let mut lengths: Vec<usize> =
        files.iter().map(production_lines).filter(|lines| *lines > 0).collect();
    lengths.sort_unstable();
    let mut functions: Vec<usize> = files.iter().flat_map(function_lengths).collect();
    functions.sort_unstable();
    let production: usize = lengths.iter().sum();
    let total: usize = files.iter().map(|file| file.text.lines().count()).sum();
    let long = lengths.iter().filter(|lines| **lines > 400).count();
    let panics: usize = files.iter().map(panics).sum();
    let expected: Vec<&File> =
        files.iter().filter(|file| !file.path.ends_with("tests.rs")).collect();
    let explained = expected.iter().filter(|file| is_explained(&file.text)).count();
    vec![
        ("lines of production code", production.to_string(), ""),
        ("file, median", percentile(&lengths, 50).to_string(), "<= 120"),
        ("file, 90th percentile", percentile(&lengths, 90).to_string(), "<= 350"),
        ("files above 400 lines", share(long, lengths.len()), "<= 5 %"),
        ("function, 90th percentile", percentile(&functions, 90).to_string(), "<= 25"),
        ("function, 99th percentile", percentile(&functions, 99).to_string(), "<= 60"),
        ("files with a module comment", share(explained, expected.len()), "100 %"),
        (
            "unwrap and expect per 1,000 production lines",
            ratio(panics * 1_000, production),
            "<= 0.5",
        ),
        ("test lines per production line", ratio(total - production, production), ">= 0.8"),
        ("biggest crate", biggest(files, production), "<= 15 %"),
        ("packages in Cargo.lock", lock.matches("[[package]]").count().to_string(), "<= 350"),
    ]
}

fn percentile(sorted: &[usize], percent: usize) -> usize {
    let at = sorted.len().saturating_sub(1) * percent / 100;
    sorted.get(at).copied().unwrap_or(0)
}

fn share(part: usize, whole: usize) -> String {
    let tenths = part * 1_000 / whole.max(1);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn ratio(part: usize, whole: usize) -> String {
    let hundredths = part * 100 / whole.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn biggest(files: &[File], production: usize) -> String {
    let mut crates: BTreeMap<&str, usize> = BTreeMap::new();
    for file in files {
        if let Some(name) =
            file.path.strip_prefix("crates/").and_then(|path| path.split('/').next())
        {
            *crates.entry(name).or_default() += production_lines(file);
        }
    }
    let (name, lines) = crates.into_iter().max_by_key(|(_, lines)| *lines).unwrap_or_default();
    format!("{name} {}", share(lines, production))
}

/// Lengths of whole functions: from a line with `fn` to the brace that closes at its indentation.
fn function_lengths(file: &File) -> Vec<usize> {
    let lines: Vec<&str> = file.text.lines().take(production_lines(file)).collect();
    let mut lengths = Vec::new();
    for (begin, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let is_function =
            ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "async fn ", "pub async fn "]
                .iter()
                .any(|start| code.starts_with(start));
        if !is_function {
            continue;
        }
        let indent = line.len() - code.len();
        let end = lines.iter().skip(begin).position(|line| {
            let text = line.trim_start();
            line.len() - text.len() == indent
                && (text == "}" || text.ends_with(';') || text.ends_with(" }"))
        });
        lengths.extend(end.map(|end| end + 1));
    }
    lengths
}

fn panics(file: &File) -> usize {
    let lines = file.text.lines().take(production_lines(file));
    lines
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| line.matches(".unwrap()").count() + line.matches(".expect(").count())
        .sum()
}

#[cfg(test)]
mod tests {
    use crate::repo::File;

    use super::{function_lengths, panics, percentile, table};

    fn file(text: &str) -> File {
        File { path: "crates/x/src/a.rs".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn functions_are_measured_whole() {
        let text = "//! A.\nfn a() {\n    b();\n}\nfn c() { d() }\n#[cfg(test)]\nmod tests {\n    fn e() {\n    }\n}\n";
        assert_eq!(function_lengths(&file(text)), [3, 1]);
    }

    #[test]
    fn panics_in_tests_and_comments_do_not_count() {
        let text = "// x.unwrap()\nfn a() { x.unwrap(); }\n#[cfg(test)]\nmod tests {\n    y.unwrap();\n}\n";
        assert_eq!(panics(&file(text)), 1);
    }

    #[test]
    fn percentiles_of_nothing_are_nothing() {
        assert_eq!(percentile(&[], 90), 0);
        assert_eq!(percentile(&[1, 2, 3, 4, 100], 50), 3);
    }

    #[test]
    fn an_empty_workspace_can_be_measured() {
        assert_eq!(table(&[], "").len(), 11);
    }
}
