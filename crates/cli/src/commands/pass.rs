//! `muster pass`.

use jiff::SignedDuration;
use muster_auth::Authenticator;
use serde_json::json;

use crate::{Exit, Result, shell::Shell, ui::Report, when::shown};

/// Give somebody a temporary pass
///
/// Whoever has no password yet, or not any more, signs in with it where the password is asked for, and gives themselves a password before anything
/// else. The pass is shown once and stands in no log.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Passes,
}

#[derive(clap::Subcommand, Debug)]
enum Passes {
    /// Make a pass for a person, valid from now on, or from when their lifecycle lets them in
    Create {
        /// The person, by key or another unique attribute
        #[arg(value_name = "PERSON")]
        person: String,
        /// For how long it is valid, in minutes: 10 to 43,200
        #[arg(long, value_name = "N", default_value_t = 480)]
        minutes: i64,
        /// The first sign-in uses it up
        #[arg(long)]
        once: bool,
    },
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let Passes::Create { person, minutes, once } = args.command;
    let (ctx, opened) = shell.open().await?;
    // What is too long to be counted is refused with what is too long to be allowed.
    let length = SignedDuration::from_mins(minutes.clamp(0, 1 << 30));
    let authenticator = Authenticator::new(&opened.model.sign_in);
    let (pass, kept) = authenticator.make_pass(&ctx, &opened, &person, length, once).await?;
    let (from, until) = (kept.valid_from, kept.valid_until);
    let pass = pass.reveal();
    let fields = vec![("pass", pass.to_owned()), ("from", shown(from)), ("until", shown(until))];
    let (from, until) = (from.to_string(), until.to_string());
    let done =
        json!({ "person": person, "pass": pass, "from": from, "until": until, "once": once });
    shell.ui.show(&Report::one(fields, done))?;
    Ok(Exit::Done)
}
