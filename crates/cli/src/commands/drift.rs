//! `muster drift`.

mod decide;
mod view;

use clap::Subcommand;
use muster_app::{DriftQuery, drift_groups, json, list_drift, show_drift};

use crate::{
    Exit, Result,
    shell::Shell,
    ui::{Report, counted},
};

/// See what was changed outside, and decide about it
///
/// A change is drift when somebody made it on a system by hand and no plan did. What is put right is in the next plan;
/// nothing is done here.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Drift>,
}

#[derive(Subcommand, Debug)]
enum Drift {
    /// List drift, put together by what probably happened at one stroke
    List(List),
    /// Show one item of drift
    Show {
        /// The item
        #[arg(value_name = "ID")]
        id: i64,
    },
    /// Put drift right with the next plan
    Revert(decide::Revert),
    /// Let drift be, for a time
    Accept(decide::Accept),
    /// Make drift what is wanted: an assignment where one role explains it, else a proposal for the model files
    Adopt(decide::Adopt),
    /// Take a decision back
    Undo(decide::Undo),
}

#[derive(clap::Args, Debug)]
struct List {
    /// Put together by what, or not at all
    #[arg(long, value_enum, value_name = "BY", default_value = "cause")]
    by: By,
    /// One by one, those of this group
    #[arg(long, value_name = "GROUP", conflicts_with = "read")]
    group: Option<String>,
    /// One by one, those that this read saw
    #[arg(long, value_name = "READ")]
    read: Option<i64>,
    /// One by one, all of it
    #[arg(long)]
    all: bool,
    /// One by one, the exceptions
    #[arg(long)]
    accepted: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<String>,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The same change of the same attribute or entitlement
    Cause,
    /// The read that saw it
    Read,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let list = List {
        by: By::Cause,
        group: None,
        read: None,
        all: false,
        accepted: false,
        limit: 100,
        after: None,
    };
    match args.command.unwrap_or(Drift::List(list)) {
        Drift::List(list) => self::list(shell, list).await,
        Drift::Show { id } => {
            let (ctx, opened) = shell.open().await?;
            let drift = show_drift(&ctx, &opened, id).await?;
            shell.ui.show(&view::one(&drift))?;
            Ok(Exit::Done)
        }
        Drift::Revert(args) => decide::revert(shell, args).await,
        Drift::Accept(args) => decide::accept(shell, args).await,
        Drift::Adopt(args) => decide::adopt(shell, args).await,
        Drift::Undo(args) => decide::undo(shell, args).await,
    }
}

async fn list(shell: &mut Shell, list: List) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let limit = list.limit.max(1);
    if list.group.is_none() && list.read.is_none() && !list.all && !list.accepted {
        let by_read = list.by == By::Read;
        let (groups, next) =
            drift_groups(&ctx, &opened, by_read, list.after.as_deref(), limit).await?;
        let n: u64 = groups.iter().map(|group| group.n).sum();
        let sum = format!(
            "{} in {}",
            counted(usize::try_from(n).unwrap_or(usize::MAX), "difference"),
            counted(groups.len(), if by_read { "read" } else { "cause" })
        );
        let is_all = next.is_none();
        let items =
            groups.iter().map(|group| (view::group_row(group, by_read), json::drift_group(group)));
        let columns = ["group", "items", "undecided", "system", "what", "first seen", "last seen"];
        let report = Report::list(&columns, items, next).empty("nothing was changed outside");
        shell.ui.show(&report)?;
        if !groups.is_empty() {
            if is_all {
                shell.ui.say(&sum)?;
            }
            shell.ui.say("one by one: muster drift list --group GROUP, or --all")?;
        }
        return Ok(Exit::Done);
    }
    let after = list.after.map(|after| after.parse());
    let after = after.transpose().map_err(|_| {
        muster_app::Error::invalid(
            "the place to go on after is a number when drift is listed one by one",
        )
    })?;
    let query =
        DriftQuery { group: list.group, read: list.read, accepted: list.accepted, after, limit };
    let page = list_drift(&ctx, &opened, &query).await?;
    let items = page.items.iter().map(|drift| (view::row(drift), json::drift(drift)));
    let columns = ["id", "person", "system", "account", "what", "seen", "decision"];
    let next = page.next.map(|next| next.to_string());
    shell.ui.show(&Report::list(&columns, items, next).empty("nothing was changed outside"))?;
    Ok(Exit::Done)
}
