//! `muster accounts`.

use muster_app::{AccountQuery, AccountView, json, list_accounts};
use muster_store::AccountStatus;

use crate::{
    Exit, Result,
    shell::Shell,
    ui::Report,
    when::{When, parse_when},
};

/// List accounts as they were last read
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Of this system only
    #[arg(long, value_name = "SYSTEM")]
    system: Option<String>,
    /// Of this person only
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// With this status only
    #[arg(long, value_enum, value_name = "STATUS")]
    status: Option<Status>,
    /// As they were recorded on this day or at this instant
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    as_of: Option<When>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy)]
enum Status {
    /// Belongs to an identity
    Linked,
    /// Belongs to nobody
    Orphan,
    /// Probably belongs to somebody; a person decides
    Undecided,
    /// Left alone on purpose
    Ignored,
}

impl Status {
    fn of_store(self) -> AccountStatus {
        match self {
            Self::Linked => AccountStatus::Linked,
            Self::Orphan => AccountStatus::Orphan,
            Self::Undecided => AccountStatus::Undecided,
            Self::Ignored => AccountStatus::Ignored,
        }
    }
}

/// The columns of a list of accounts.
pub(super) const COLUMNS: [&str; 7] =
    ["system", "account", "status", "enabled", "person", "confidence", "entitlements"];

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened, as_of) = shell.open_as_of(args.as_of).await?;
    let query = AccountQuery {
        system: args.system,
        status: args.status.map(Status::of_store),
        person: args.person,
        as_of,
        after: args.after,
        limit: args.limit.max(1),
    };
    let page = list_accounts(&ctx, &opened, &query).await?;
    let items = page.items.iter().map(|account| (row(account), json::account(account)));
    let report = Report::list(&COLUMNS, items, page.next.map(|next| next.to_string()));
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

/// An account as a row of [`COLUMNS`].
pub(super) fn row(account: &AccountView) -> Vec<String> {
    let names: Vec<&str> = account.entitlements.iter().map(|(_, name)| &**name).collect();
    vec![
        account.system.to_string(),
        account.name.to_string(),
        account.status.word().to_owned(),
        account
            .enabled
            .map_or_else(String::new, |enabled| if enabled { "yes" } else { "no" }.to_owned()),
        account.person.as_ref().map_or_else(String::new, ToString::to_string),
        if account.person.is_some() { account.confidence.to_string() } else { String::new() },
        names.join(", "),
    ]
}
