//! `muster orphans`.

use muster_app::{AccountQuery, list_accounts};
use muster_store::AccountStatus;

use super::accounts::{COLUMNS, document, row};
use crate::{Exit, Result, shell::Shell, ui::Report};

/// List accounts that belong to nobody, and those that wait for a decision
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Of this system only
    #[arg(long, value_name = "SYSTEM")]
    system: Option<String>,
    /// How many of each sort at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let mut items = Vec::new();
    let mut next: Option<i64> = None;
    for status in [AccountStatus::Orphan, AccountStatus::Undecided] {
        let query = AccountQuery {
            system: args.system.clone(),
            status: Some(status),
            person: None,
            as_of: None,
            after: args.after,
            limit: args.limit.max(1),
        };
        let page = list_accounts(&ctx, &opened, &query).await?;
        next = match (next, page.next) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        items.extend(page.items);
    }
    // One place for both sorts: what lies beyond it comes with the next page.
    items.retain(|account| next.is_none_or(|next| account.id.0 <= next));
    items.sort_by(|a, b| (&a.system, &a.name).cmp(&(&b.system, &b.name)));
    let rows = items.iter().map(|account| (row(account), document(account)));
    let report =
        Report::list(&COLUMNS, rows, next.map(|next| next.to_string())).empty("no orphan accounts");
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}
