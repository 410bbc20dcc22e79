//! `muster sessions`.

use clap::Subcommand;
use muster_auth::{Authenticator, Session, session_json};
use muster_model::Text;
use serde_json::json;

use crate::{
    Exit, Result,
    shell::Shell,
    ui::{Report, counted},
    when::shown,
};

/// List where people are signed in, or end it
///
/// Sessions of people who left hold nothing: they are refused with the fact that made them leavers, listed or not.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Sessions,
}

#[derive(Subcommand, Debug)]
enum Sessions {
    /// List sessions, the oldest first
    List {
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// Go on after this session, which the page before named
        #[arg(long, value_name = "ID")]
        after: Option<i64>,
    },
    /// End all sessions of a person
    End {
        /// The person, by key or another unique attribute
        #[arg(value_name = "PERSON")]
        person: String,
    },
}

const COLUMNS: [&str; 6] = ["id", "person", "since", "last used", "from", "on"];

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let authenticator = Authenticator::new(&opened.model.sign_in);
    match args.command {
        Sessions::List { limit, after } => {
            let page = authenticator.list_sessions(&ctx, &opened, after, limit.max(1)).await?;
            let items = page.items.iter().map(|(session, person)| {
                (row(session, person.as_ref()), session_json(session, person.as_ref()))
            });
            let next = page.next.map(|next| next.to_string());
            shell.ui.show(&Report::list(&COLUMNS, items, next).empty("nobody is signed in"))?;
        }
        Sessions::End { person } => {
            let ended = authenticator.end_sessions_of(&ctx, &opened, &person).await?;
            let text = counted(usize::try_from(ended).unwrap_or(usize::MAX), "session");
            let report = Report::one(Vec::new(), json!({ "person": person, "ended": ended }))
                .text(format!("ended: {text} of {person}"));
            shell.ui.show(&report)?;
        }
    }
    Ok(Exit::Done)
}

fn row(session: &Session, person: Option<&Text>) -> Vec<String> {
    vec![
        session.id.to_string(),
        person.map(ToString::to_string).unwrap_or_default(),
        shown(session.opened_at),
        shown(session.seen_at),
        session.network.to_string(),
        session.device.to_string(),
    ]
}
