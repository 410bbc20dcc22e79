//! `muster password`.

use std::io::{BufRead as _, Read as _};

use muster_app::{Ctx, Opened, resolve_person};
use muster_auth::{Authenticator, Secret};
use muster_model::EntityId;
use serde_json::json;

use crate::{Exit, Result, error::CommandError, shell::Shell, ui::Report};

/// Bytes of a line that is read at most.
const LONGEST: u64 = 4096;

/// Give somebody a password
///
/// The password is read from standard input, never from the command line, where others could see it. All sessions of the
/// person end.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Passwords,
}

#[derive(clap::Subcommand, Debug)]
enum Passwords {
    /// Set the password of a person to the first line of standard input
    Set {
        /// The person, by key or another unique attribute
        #[arg(value_name = "PERSON")]
        person: String,
        /// The line is a hash that another system made: argon2id, bcrypt, PBKDF2 or {SSHA}
        #[arg(long)]
        hash: bool,
    },
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let Passwords::Set { person, hash } = args.command;
    let (ctx, opened) = shell.open().await?;
    let identity = identity(&ctx, &opened, &person).await?;
    let given = line(shell)?;
    let authenticator = Authenticator::new(&opened.model.sign_in);
    if hash {
        authenticator.set_hash(&ctx, &opened, identity, given.reveal()).await?;
    } else {
        let set = authenticator.set_password(&ctx, &opened, identity, &given).await;
        set.map_err(muster_app::Error::from)?;
    }
    let text = format!("{person} has a new password; their sessions are over");
    shell.ui.show(&Report::one(Vec::new(), json!({ "person": person, "set": true })).text(text))?;
    Ok(Exit::Done)
}

async fn identity(ctx: &Ctx, opened: &Opened, person: &str) -> Result<EntityId> {
    let mut tx = opened.store.read().await.map_err(muster_app::Error::from)?;
    Ok(resolve_person(ctx, opened, &mut tx, person).await?.row.id)
}

/// The first line of standard input.
fn line(shell: &mut Shell) -> Result<Secret> {
    let mut line = String::new();
    let read = shell.ui.input().take(LONGEST).read_line(&mut line);
    let given = Secret::new(line.trim_end_matches(['\r', '\n']));
    zeroize::Zeroize::zeroize(&mut line);
    if read.is_err() || given.reveal().is_empty() {
        return Err(CommandError::usage("there is no line of text on standard input"));
    }
    Ok(given)
}
