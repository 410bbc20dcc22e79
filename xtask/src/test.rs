//! Runs the tests, all of them, once, with one feature set, with the real servers they need.

use anyhow::{Result, bail};

use crate::{command, repo::Repo, servers, steps::say};

/// Makes sure the servers are there, runs `cargo test --workspace` and returns its result lines.
pub(crate) fn run(repo: &Repo, arguments: &[&str]) -> Result<Vec<String>> {
    servers::ensure()?;
    let mut cargo = command::cargo(repo, &["test", "--workspace", "--locked"]);
    cargo.args(arguments);
    let (results, passed) = command::run_and_keep(cargo, |line| line.starts_with("test result:"))?;
    if !passed {
        bail!("tests failed, see above");
    }
    say(&summary(&results));
    Ok(results)
}

/// One line that adds up the result lines.
fn summary(results: &[String]) -> String {
    let count = |word: &str| results.iter().map(|line| counted(line, word)).sum::<u64>();
    format!(
        "{} test programs: {} passed, {} failed, {} ignored",
        results.len(),
        count("passed"),
        count("failed"),
        count("ignored")
    )
}

/// The number before `word` in a result line.
fn counted(line: &str, word: &str) -> u64 {
    line.split([';', '.'])
        .find_map(|part| part.trim().strip_suffix(word)?.trim().rsplit(' ').next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn result_lines_are_added_up() {
        let results = [
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "test result: ok. 30 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 2.00s",
        ]
        .map(str::to_owned);
        assert_eq!(super::summary(&results), "2 test programs: 42 passed, 0 failed, 1 ignored");
    }
}
