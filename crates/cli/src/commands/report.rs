//! `muster report`.

use muster_engine::{LeaverRow, json, report_leavers};

use crate::{
    Exit, Result,
    shell::Shell,
    ui::Report,
    when::{self, When, parse_when},
};

/// Show how well it goes
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// How long it took until those who left could do nothing any more, and who still can
    Leavers {
        /// Who left at or after this time [default: 30 days ago]
        #[arg(long, value_name = "TIME", value_parser = parse_when)]
        since: Option<When>,
    },
}

const COLUMNS: [&str; 6] = ["system", "people", "verified", "p95", "longest", "still active"];
/// How far back is looked where nothing is said.
const BACK: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let Command::Leavers { since } = args.command;
    let back = ctx.now().saturating_sub(BACK).unwrap_or(jiff::Timestamp::MIN);
    let since = Shell::instant(&opened, since).unwrap_or(back);
    let report = report_leavers(&opened, since, ctx.now()).await?;
    let items = report.rows.iter().map(|row| (cells(row), json::leavers(row)));
    let shown = Report::list(&COLUMNS, items, None).empty("nobody left");
    shell.ui.show(&shown)?;
    for row in &report.rows {
        for (person, at) in row.active.iter().take(20) {
            let at = when::shown(*at);
            shell.ui.warn(&format!("{person} left at {at} and is active on {}", row.system))?;
        }
    }
    Ok(Exit::Done)
}

fn cells(row: &LeaverRow) -> Vec<String> {
    let time = |time: Option<jiff::SignedDuration>| {
        time.map_or_else(String::new, |time| when::took(time.as_secs_f64()))
    };
    vec![
        row.system.to_string(),
        row.n.to_string(),
        row.verified.to_string(),
        time(row.p95),
        time(row.max),
        row.active.len().to_string(),
    ]
}
