//! `muster demo`.

use crate::{Exit, Result, shell::Shell};

/// Demo
#[derive(clap::Args, Debug)]
pub(crate) struct Args {}

pub(crate) async fn run(_shell: &mut Shell, _args: Args) -> Result<Exit> {
    Ok(Exit::Done)
}
