//! The manual's examples are run, so it cannot be wrong: lines `expression  =>  result` in fenced `cel` blocks.

use std::collections::BTreeSet;

use super::support::{env, now, print, show, with_frame};
use crate::{Clock, compile, functions};

const EXPRESSIONS: &str = include_str!("../../../../docs/book/src/lang/expressions.md");
const TIME: &str = include_str!("../../../../docs/book/src/lang/time.md");

/// The examples of a chapter: expression and result, with the line they stand on.
fn examples(chapter: &'static str) -> Vec<(usize, &'static str, &'static str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in chapter.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```cel";
        } else if inside && !line.trim().is_empty() && !line.starts_with("//") {
            let (source, result) = line
                .split_once("  =>  ")
                .unwrap_or_else(|| panic!("line {}: no `  =>  ` in {line}", number + 1));
            found.push((number + 1, source.trim(), result.trim()));
        }
    }
    found
}

/// The value, or the code of the first problem; after `next`, the next change.
fn outcome(source: &str) -> String {
    match compile(source, &env(), None) {
        Ok(program) => {
            let clock = Clock::new(now());
            let value = with_frame(&clock, |frame| show(&program.eval(frame)));
            match clock.next_change() {
                Some(at) if program.reads_now() => format!("{value}, until {at}"),
                _ => value,
            }
        }
        Err(problems) => {
            assert!(!print(source, &problems).is_empty());
            problems[0].code.to_owned()
        }
    }
}

fn check_chapter(chapter: &'static str, at_least: usize) {
    let examples = examples(chapter);
    assert!(examples.len() >= at_least, "only {} examples", examples.len());
    let wrong: Vec<String> = examples
        .into_iter()
        .filter_map(|(line, source, result)| {
            let found = outcome(source);
            (found != result)
                .then(|| format!("line {line}: {source}  =>  {found}   (manual: {result})"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_examples_of_the_expressions_chapter_are_true() {
    check_chapter(EXPRESSIONS, 100);
}

#[test]
fn the_examples_of_the_time_chapter_are_true() {
    check_chapter(TIME, 10);
}

#[test]
fn every_function_has_an_example() {
    let sources: Vec<&str> = examples(EXPRESSIONS)
        .into_iter()
        .chain(examples(TIME))
        .map(|(_, source, _)| source)
        .collect();
    let missing: BTreeSet<&str> = functions::names()
        .filter(|name| !sources.iter().any(|source| source.contains(&format!("{name}("))))
        .collect();
    assert!(missing.is_empty(), "without an example: {missing:?}");
    for name in functions::names() {
        let described = [format!("`{name}("), format!("`list.{name}(")];
        let found = described.iter().any(|text| EXPRESSIONS.contains(text) || TIME.contains(text));
        assert!(found, "`{name}` is not described");
    }
}
