//! `muster doctor`.

use muster_app::{Finding, FindingStatus, doctor, json};

use crate::{
    Exit, Result,
    shell::Shell,
    ui::{Paint, Report, counted, printable},
};

/// Look at the store, at every system and at what waits for a decision
///
/// It connects and signs in everywhere, and changes nothing. Exit code 1 when something does not work.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let Args {} = args;
    let (ctx, opened) = shell.open().await?;
    let findings = doctor(&ctx, &opened).await?;
    let report = report(&findings, shell.ui.paint());
    shell.ui.show(&report)?;
    let fails = findings.iter().any(|finding| finding.status == FindingStatus::Fail);
    Ok(if fails { Exit::Failed } else { Exit::Done })
}

fn report(findings: &[Finding], paint: Paint) -> Report {
    let items = findings.iter().map(|finding| {
        let row = vec![
            finding.status.word().to_owned(),
            finding.what.clone(),
            finding.detail.clone(),
            finding.fix.clone().unwrap_or_default(),
        ];
        (row, json::finding(finding))
    });
    let report = Report::list(&["status", "what", "detail", "fix"], items, None);
    let text = text(findings, paint);
    report.text(text)
}

fn text(findings: &[Finding], paint: Paint) -> String {
    let width = findings.iter().map(|finding| finding.what.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        let status = format!("{:<4}", finding.status.word());
        let status = match finding.status {
            FindingStatus::Ok => paint.green(&status),
            FindingStatus::Warn => paint.yellow(&status),
            FindingStatus::Fail => paint.red(&status),
        };
        let fix = finding.fix.as_ref().map_or_else(String::new, |fix| format!("   fix: {fix}"));
        let what = format!("{:<width$}", finding.what);
        put!(text, "{status}  {}\n", printable(&format!("{what}  {}{fix}", finding.detail)));
    }
    let count = |status| findings.iter().filter(|finding| finding.status == status).count();
    let fails = count(FindingStatus::Fail);
    put!(
        text,
        "{}, {}\n",
        counted(fails, "failure"),
        counted(count(FindingStatus::Warn), "warning")
    );
    text
}
