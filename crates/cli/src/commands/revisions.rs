//! `muster revisions`.

use muster_app::{json, list_revisions};
use muster_store::RevisionHead;

use crate::{Exit, Result, shell::Shell, ui::Report, when};

/// List the revisions of the model, the newest first
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (_, opened) = shell.open().await?;
    let limit = args.limit.max(1);
    let mut revisions = list_revisions(&opened, args.after, limit + 1).await?;
    let more = revisions.len() > limit;
    revisions.truncate(limit);
    let next = revisions.last().filter(|_| more).map(|last| last.number.to_string());
    let items = revisions.iter().map(|revision| (row(revision), json::revision(revision)));
    shell.ui.show(&Report::list(&["revision", "made", "by", "hash"], items, next))?;
    Ok(Exit::Done)
}

fn row(revision: &RevisionHead) -> Vec<String> {
    vec![
        revision.number.to_string(),
        when::shown(revision.made_at),
        revision.author.to_string(),
        revision.hash.chars().take(8).collect(),
    ]
}
