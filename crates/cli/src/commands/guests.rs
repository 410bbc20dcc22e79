//! `muster guests`.

use muster_engine::{GuestQuery, GuestView, NewGuest, invite_guest, json, list_guests, see_guest};

use super::requests::acting;
use crate::{
    Exit, Result,
    shell::Shell,
    ui::Report,
    when::{When, parse_when, shown},
};

/// Invite people of connected organisations, and see who is a guest
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Whose guests, by key or another unique attribute [default: everybody's]
    #[arg(long = "as", value_name = "PERSON", global = true)]
    who: Option<String>,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List guests with their sponsors
    List(List),
    /// Show a guest
    Show(One),
    /// Invite somebody: they get a link by mail
    ///
    /// Whoever was a guest before and is blocked or removed comes back as the same identity.
    Invite(Invite),
}

#[derive(clap::Args, Debug)]
struct List {
    /// Also those who are removed
    #[arg(long)]
    removed: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

#[derive(clap::Args, Debug)]
struct One {
    /// The guest, by mail address or key
    #[arg(value_name = "GUEST")]
    person: String,
}

#[derive(clap::Args, Debug)]
struct Invite {
    /// The mail address
    #[arg(value_name = "ADDRESS")]
    mail: String,
    /// The name
    #[arg(long, value_name = "NAME")]
    name: String,
    /// A role to have; may be given several times
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<String>,
    /// Who answers for the guest [default: who is named with --as]
    #[arg(long, value_name = "PERSON")]
    sponsor: Option<String>,
    /// The day or instant the stay ends [default: what is usual]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: Option<When>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Also when somebody is there with nearly the same name
    #[arg(long)]
    despite_look_alikes: bool,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let me = match args.who.as_deref() {
        Some(name) => Some(acting(&ctx, &opened, Some(name)).await?),
        None => None,
    };
    let report = match args.command {
        Command::List(List { removed, limit, after }) => {
            let query = GuestQuery { sponsor: me, removed, after, limit: limit.max(1) };
            let page = list_guests(&ctx, &opened, &query).await?;
            let items = page.items.iter().map(|guest| (row(guest), json::guest(guest)));
            let columns = ["guest", "name", "organisation", "state", "sponsor", "until", "roles"];
            let next = page.next.map(|next| next.to_string());
            Report::list(&columns, items, next).empty("there is no guest")
        }
        Command::Show(One { person }) => one(&see_guest(&ctx, &opened, me, &person).await?),
        Command::Invite(invite) => {
            let Invite { mail, name, roles, sponsor, until, reason, despite_look_alikes } = invite;
            let until = Shell::instant(&opened, until);
            let new = NewGuest {
                mail,
                name,
                sponsor,
                until,
                roles,
                reason,
                answers: std::collections::BTreeMap::new(),
                despite_look_alikes,
            };
            one(&invite_guest(&ctx, &opened, me, &new).await?)
        }
    };
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

fn row(guest: &GuestView) -> Vec<String> {
    vec![
        guest.key.to_string(),
        guest.display.to_string(),
        guest.title.to_string(),
        guest.state.word().to_owned(),
        sponsor(guest),
        guest.until.to_string(),
        guest.roles.join(", "),
    ]
}

fn sponsor(guest: &GuestView) -> String {
    let name = guest.sponsor.as_deref().unwrap_or_default();
    match (&guest.moved_from, guest.without_sponsor) {
        (_, true) => format!("{name} (has left)"),
        (Some(before), false) => format!("{name} (was {before})"),
        (None, false) => name.to_owned(),
    }
}

fn one(guest: &GuestView) -> Report {
    let instant = |at: Option<jiff::Timestamp>| at.map_or_else(String::new, shown);
    let mut fields = vec![
        ("guest", guest.key.to_string()),
        ("name", guest.display.to_string()),
        ("organisation", guest.title.to_string()),
        ("state", guest.state.word().to_owned()),
        ("since", shown(guest.since)),
        ("removed at", instant(guest.next_at)),
        ("sponsor", sponsor(guest)),
        ("until", guest.until.to_string()),
        ("roles", guest.roles.join(", ")),
        ("address shown", instant(guest.accepted_at)),
        ("invited by", guest.made_by.to_string()),
    ];
    fields.retain(|(_, value)| !value.is_empty());
    Report::one(fields, json::guest(guest))
}
