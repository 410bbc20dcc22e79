//! `muster test`.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::{
    Exit, Result,
    error::CommandError,
    shell::Shell,
    testing::{self, Coverage, Outcome, Outcomes},
    ui::{Paint, Report, counted},
    when,
};

/// Run the policy tests of the project
///
/// Needs no network, no store and no connected system. Exit code 3 when a test fails.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Only tests whose name contains this
    #[arg(value_name = "TEXT")]
    filter: Option<String>,
    /// List the rules that no test reaches
    #[arg(long)]
    coverage: bool,
}

pub(crate) fn run(shell: &mut Shell, args: &Args) -> Result<Exit> {
    let start = shell.host.clock.now();
    let dir = shell.project_dir();
    let loaded = muster_app::load_project(&dir, shell.host.connectors.as_ref())?;
    let colour = shell.ui.paint_talk().is_on();
    let Some(mut model) = loaded.model else {
        shell
            .ui
            .say(muster_project::render(&loaded.diagnostics, &loaded.sources, colour).trim_end())?;
        return Err(CommandError::new(Exit::Invalid, "the project has errors")
            .hint("muster check shows them all"));
    };
    if let Some(filter) = &args.filter {
        model.tests.retain(|test| test.name.contains(filter.as_str()));
    }
    if model.tests.is_empty() {
        let error = CommandError::new(Exit::Invalid, "there are no tests");
        return Err(match &args.filter {
            Some(filter) => {
                CommandError { message: format!("no test has `{filter}` in its name"), ..error }
            }
            None => error.hint("write some under `tests:`, see muster help test"),
        });
    }
    let outcomes = testing::run(&Arc::new(model), start);
    let seconds = when::seconds_since(shell.host.clock.as_ref(), start);
    let report = report(&outcomes, args.coverage, seconds, shell.ui.paint());
    shell.ui.show(&report)?;
    let failed = outcomes.outcomes.iter().any(|outcome| !outcome.differences.is_empty());
    Ok(if failed { Exit::Invalid } else { Exit::Done })
}

fn report(outcomes: &Outcomes, missed: bool, seconds: f64, paint: Paint) -> Report {
    let items = outcomes.outcomes.iter().map(|outcome| (row(outcome), document(outcome)));
    let mut report = Report::list(&["file", "line", "result", "test", "differences"], items, None);
    let n_failed =
        outcomes.outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).count();
    let coverage = &outcomes.coverage;
    report.json = json!({
        "ok": n_failed == 0, "passed": outcomes.outcomes.len() - n_failed, "failed": n_failed, "tests": report.lines,
        "coverage": {
            "percent": coverage.percent(), "rules": coverage.n_rules(),
            "missed": coverage.missed().map(|(rule, at)| json!({ "rule": rule, "at": at.to_string() })).collect::<Vec<_>>(),
        },
    });
    let mut text = String::new();
    for outcome in &outcomes.outcomes {
        lines(outcome, outcomes, paint, &mut text);
    }
    if missed {
        missed_lines(coverage, &mut text);
    }
    put!(
        text,
        "{} passed, {n_failed} failed, {} % of {} exercised   {}\n",
        outcomes.outcomes.len() - n_failed,
        coverage.percent(),
        counted(coverage.n_rules(), "rule"),
        when::took(seconds)
    );
    report.text(text)
}

fn lines(outcome: &Outcome, all: &Outcomes, paint: Paint, text: &mut String) {
    let width =
        all.outcomes.iter().map(|outcome| outcome.at.file.chars().count()).max().unwrap_or(0);
    let word = if outcome.differences.is_empty() { paint.green("ok  ") } else { paint.red("FAIL") };
    put!(text, "{:<width$}  {word} {}\n", outcome.at.file, outcome.name);
    for difference in &outcome.differences {
        let what = &difference.what;
        put!(
            text,
            "    expected  {what} {}\n    got       {what} {}\n",
            difference.expected,
            difference.got
        );
    }
    if !outcome.differences.is_empty() {
        put!(text, "    case      {}   ({})\n", outcome.case, outcome.at);
    }
}

fn missed_lines(coverage: &Coverage, text: &mut String) {
    for (rule, at) in coverage.missed() {
        put!(text, "not exercised  {rule}  ({at})\n");
    }
}

fn row(outcome: &Outcome) -> Vec<String> {
    let differences = outcome
        .differences
        .iter()
        .map(|d| format!("{}: expected {}, got {}", d.what, d.expected, d.got));
    vec![
        outcome.at.file.to_string(),
        outcome.at.line.to_string(),
        if outcome.differences.is_empty() { "ok" } else { "FAIL" }.to_owned(),
        outcome.name.to_string(),
        differences.collect::<Vec<_>>().join("; "),
    ]
}

fn document(outcome: &Outcome) -> Json {
    let differences: Vec<Json> = outcome
        .differences
        .iter()
        .map(|d| json!({ "what": d.what, "expected": d.expected, "got": d.got }))
        .collect();
    json!({
        "name": &*outcome.name, "at": outcome.at.to_string(), "ok": outcome.differences.is_empty(),
        "differences": differences, "case": outcome.case,
    })
}
