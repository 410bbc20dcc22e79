//! `muster unassign`.

use muster_app::unassign;

use super::assignments;
use crate::{Exit, Result, shell::Shell};

/// Take a role back that was given directly
///
/// Roles that follow from a rule are changed in the project.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
    /// The role
    #[arg(value_name = "ROLE")]
    role: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let view = unassign(&ctx, &opened, &args.person, &args.role, &args.reason).await?;
    let report = assignments::one(&view, "taken back");
    shell.ui.show(&report)?;
    shell.ui.say(&format!("see what follows: muster plan --person {}", args.person))?;
    Ok(Exit::Done)
}
