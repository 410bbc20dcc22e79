//! `muster check`.

use muster_app::json;
use muster_model::Severity;
use muster_project::Loaded;

use crate::{Exit, Result, shell::Shell, ui::Report, when};

/// Check the project: every mistake in every file, at once
///
/// Needs no network, no store and no connected system. Exit code 3 when there are errors; warnings do not count.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
}

pub(crate) fn run(shell: &mut Shell, args: &Args) -> Result<Exit> {
    let start = shell.host.clock.now();
    let dir = shell.project_dir();
    let loaded = muster_app::load_project(&dir, shell.host.connectors.as_ref())?;
    let seconds = when::seconds_since(shell.host.clock.as_ref(), start);
    let report = report(&loaded, shell, seconds);
    shell.ui.show(&report)?;
    let counted =
        |severity| loaded.diagnostics.iter().any(|diagnostic| diagnostic.severity == severity);
    let fails = counted(Severity::Error)
        || loaded.model.is_none()
        || (args.strict && counted(Severity::Warning));
    Ok(if fails { Exit::Invalid } else { Exit::Done })
}

fn report(loaded: &Loaded, shell: &Shell, seconds: f64) -> Report {
    let items = loaded.diagnostics.iter().map(|diagnostic| {
        let json = json::diagnostic(diagnostic, &loaded.sources);
        let at = diagnostic.span.map(|span| loaded.sources.location(span));
        let cell = |at: Option<String>| at.unwrap_or_default();
        let row = vec![
            diagnostic.severity.word().to_owned(),
            diagnostic.code.to_owned(),
            cell(at.as_ref().map(|at| at.file.to_string())),
            cell(at.as_ref().map(|at| at.line.to_string())),
            cell(at.as_ref().map(|at| at.column.to_string())),
            diagnostic.message.clone(),
        ];
        (row, json)
    });
    let mut report =
        Report::list(&["severity", "code", "file", "line", "column", "message"], items, None);
    report.json = json::checked(loaded);
    let colour = shell.ui.paint().is_on();
    let text = muster_project::render(&loaded.diagnostics, &loaded.sources, colour);
    report.text(timed(&text, seconds))
}

/// The closing line with the time: `1 error, 1 warning in 23 files (38 ms)   more: muster help E0412`.
fn timed(text: &str, seconds: f64) -> String {
    let took = when::took(seconds);
    match text.trim_end().rsplit_once("   more: ") {
        Some((before, more)) => format!("{before} ({took})   more: {more}\n"),
        None => format!("{} ({took})\n", text.trim_end()),
    }
}
