//! `muster explain`.

use muster_app::{When as Instants, explain_access, explain_attribute, explain_person};

use crate::{
    Exit, Result, explained,
    shell::Shell,
    when::{When, parse_when},
};

/// Say why: a person's roles and accounts, one access, or one attribute
///
/// Every answer ends at a rule with its file and line, an assignment with its reason, or the conditions that failed.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  muster explain maya.okafor                       state, roles, accounts
  muster explain maya.okafor ledger                why she has the account, or not
  muster explain maya.okafor ledger:post-journal   why she has the entitlement, or not
  muster explain maya.okafor .title                where the value comes from and where it goes")]
pub(crate) struct Args {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
    /// A system, SYSTEM:ENTITLEMENT, or .ATTRIBUTE [default: everything in short]
    #[arg(value_name = "WHAT")]
    what: Option<String>,
    /// As if it were this day or instant
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    at: Option<When>,
    /// With the facts, the accounts and the model of that day or instant
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    as_of: Option<When>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened, as_of) = shell.open_as_of(args.as_of).await?;
    let instants = Instants { at: Shell::instant(&opened, args.at), as_of };
    let paint = shell.ui.paint();
    let report = match args.what.as_deref() {
        None => {
            explained::person(&explain_person(&ctx, &opened, &args.person, instants).await?, paint)
        }
        Some(what) => match what.strip_prefix('.') {
            Some(attribute) => explained::attribute(
                &explain_attribute(&ctx, &opened, &args.person, attribute, instants).await?,
                paint,
            ),
            None => explained::access(
                &explain_access(&ctx, &opened, &args.person, what, instants).await?,
                paint,
            ),
        },
    };
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}
