//! `muster factors`.

use clap::Subcommand;
use muster_auth::{Authenticator, HeldFactor, factor_json};
use serde_json::json;

use crate::{
    Exit, Result,
    shell::Shell,
    ui::{Report, counted},
    when::shown,
};

/// List the second factors of somebody, or remove one that was lost
///
/// With a factor all sessions of its owner end. Whoever lost their only way in gets a pass.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Factors,
}

#[derive(Subcommand, Debug)]
enum Factors {
    /// List the second factors of a person
    List {
        /// The person, by key or another unique attribute
        #[arg(value_name = "PERSON")]
        person: String,
    },
    /// Remove a second factor of a person, and end their sessions
    Remove {
        /// The person, by key or another unique attribute
        #[arg(value_name = "PERSON")]
        person: String,
        /// `app`, `codes`, `mail`, `passkeys`, or one of them, such as `passkey-7`
        #[arg(value_name = "FACTOR")]
        factor: String,
    },
}

const COLUMNS: [&str; 5] = ["factor", "name", "since", "last used", "left"];

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let authenticator = Authenticator::new(&opened.model.sign_in);
    match args.command {
        Factors::List { person } => {
            let held = authenticator.list_factors(&ctx, &opened, &person).await?;
            let items = held.iter().map(|held| (row(held), factor_json(held)));
            shell
                .ui
                .show(&Report::list(&COLUMNS, items, None).empty("there is no second factor"))?;
        }
        Factors::Remove { person, factor } => {
            let ended = authenticator.remove_factor(&ctx, &opened, (&person, &factor)).await?;
            let text = counted(usize::try_from(ended).unwrap_or(usize::MAX), "session");
            let done = json!({ "person": person, "factor": factor, "ended": ended });
            let report = Report::one(Vec::new(), done)
                .text(format!("removed: {factor} of {person}; ended: {text}"));
            shell.ui.show(&report)?;
        }
    }
    Ok(Exit::Done)
}

fn row(held: &HeldFactor) -> Vec<String> {
    vec![
        held.factor.clone(),
        held.name.as_deref().unwrap_or_default().to_owned(),
        held.since.map(shown).unwrap_or_default(),
        held.used_at.map(shown).unwrap_or_default(),
        held.left.map(|left| left.to_string()).unwrap_or_default(),
    ]
}
