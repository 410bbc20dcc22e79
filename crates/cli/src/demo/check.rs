//! `muster demo --check`: the first ten minutes, step by step, each result compared with what the sample company is made of.

use std::path::Path;

use jiff::civil::Date;
use serde_json::json;

use super::steps::{self, Walk};
use crate::{
    Exit, Result,
    error::CommandError,
    shell::Shell,
    ui::{Format, Report},
    when,
};

/// How a step ended: what was seen in a few words, or what is wrong.
pub(super) type Verdict = std::result::Result<String, String>;

/// Walks through all steps. One that fails does not stop the others.
pub(crate) async fn check(shell: &mut Shell, dir: &Path, today: Date) -> Result<Exit> {
    let start = shell.host.clock.now();
    let mut walk = Walk {
        host: shell.host.clone(),
        dir: dir.to_owned(),
        today,
        expected: muster_demo::expectations(today),
        plan: String::new(),
        settled: 0,
    };
    let mut done: Vec<(&'static str, Verdict)> = Vec::new();
    for step in steps::STEPS {
        let verdict = Box::pin(walk.run(step)).await;
        if shell.ui.format() == Format::Text {
            let line = line(shell, step.name(), &verdict);
            shell.ui.write(&line)?;
        }
        done.push((step.name(), verdict));
    }
    let n_failed = done.iter().filter(|(_, verdict)| verdict.is_err()).count();
    let seconds = when::seconds_since(shell.host.clock.as_ref(), start);
    let closing =
        format!("{} ok, {n_failed} failed   {}\n", done.len() - n_failed, when::took(seconds));
    let items = done.iter().map(|(name, verdict)| {
        let (word, text) = match verdict {
            Ok(text) => ("ok", text),
            Err(text) => ("FAIL", text),
        };
        let row = vec![word.to_owned(), (*name).to_owned(), text.clone()];
        (row, json!({ "step": name, "ok": verdict.is_ok(), "detail": text }))
    });
    let report = Report::list(&["result", "step", "detail"], items, None).text(closing);
    shell.ui.show(&report)?;
    if n_failed == 0 {
        return Ok(Exit::Done);
    }
    Err(CommandError::new(Exit::Failed, format!("{n_failed} of {} steps failed", done.len()))
        .hint(format!("the company is still there: {}", dir.display())))
}

fn line(shell: &Shell, name: &str, verdict: &Verdict) -> String {
    let paint = shell.ui.paint();
    match verdict {
        Ok(text) => format!("{}    {name:<44} {text}\n", paint.green("ok")),
        Err(text) => format!("{}  {name:<44} {text}\n", paint.red("FAIL")),
    }
}
