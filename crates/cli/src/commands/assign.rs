//! `muster assign`.

use muster_app::{AssignRequest, assign};

use super::assignments;
use crate::{
    Exit, Result,
    shell::Shell,
    when::{When, parse_when},
};

/// Give a role to a person directly, with a reason and an end
///
/// What follows from it is in the next plan.
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
    /// The first day or instant [default: at once]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    from: Option<When>,
    /// The day or instant it ends [default: no end]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: Option<When>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let request = AssignRequest {
        person: args.person,
        role: args.role,
        from: Shell::instant(&opened, args.from),
        until: Shell::instant(&opened, args.until),
        reason: args.reason,
    };
    let view = assign(&ctx, &opened, &request).await?;
    let report = assignments::one(&view, "assigned");
    shell.ui.show(&report)?;
    shell.ui.say(&format!("see what follows: muster plan --person {}", request.person))?;
    Ok(Exit::Done)
}
