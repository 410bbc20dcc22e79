//! `muster problems`.

use muster_engine::{ProblemView, json, list_problems};

use crate::{Exit, Result, shell::Shell, ui::Report, when::shown};

/// List what could not be used: records and rows of the last reads, accounts without a name
///
/// Records are tried again by every read. What waits for a person is in `muster matches list`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<String>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let page = list_problems(&ctx, &opened, args.after.as_deref(), args.limit.max(1)).await?;
    let items = page.items.iter().map(|view| (row(view), json::problem(view)));
    let columns = ["kind", "system", "what", "subject", "line", "problem", "since"];
    let next = page.next.as_ref().map(ToString::to_string);
    shell.ui.show(&Report::list(&columns, items, next).empty("everything could be used"))?;
    Ok(Exit::Done)
}

fn row(view: &ProblemView) -> Vec<String> {
    let ProblemView { kind, system, what, subject, line, problem, since } = view;
    vec![
        (*kind).to_owned(),
        system.to_string(),
        what.to_string(),
        subject.to_string(),
        line.map_or_else(String::new, |line| line.to_string()),
        problem.to_string(),
        since.map_or_else(String::new, shown),
    ]
}
