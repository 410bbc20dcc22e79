//! `muster completion`.

use clap::CommandFactory as _;
use clap_complete::Shell as Kind;

use crate::{Exit, Result, args::Cli, shell::Shell};

/// Print what a shell needs to complete commands and options
///
/// For bash: `muster completion bash > /etc/bash_completion.d/muster`
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Kind,
}

pub(crate) fn run(shell: &mut Shell, args: &Args) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "muster", &mut script);
    shell.ui.write(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
