//! `muster man`.

use clap::{Command, CommandFactory as _};

use crate::{Exit, Result, args::Cli, error::CommandError, reference, shell::Shell};

/// Print the manual page of muster or of one command
///
/// As roff, for man: muster man plan | man -l -
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The command; muster itself when nothing is said
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Every command on one page, as Markdown
    #[arg(long, conflicts_with = "command")]
    markdown: bool,
}

pub(crate) fn run(shell: &mut Shell, args: &Args) -> Result<Exit> {
    if args.markdown {
        shell.ui.write(&reference::cli_page())?;
        return Ok(Exit::Done);
    }
    let mut root = Cli::command();
    root.build();
    let command = find(&root, &args.command)?;
    let name = command.get_display_name().unwrap_or("muster").replace(' ', "-");
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name).render(&mut page)?;
    shell.ui.write(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}

/// The command behind words such as `audit verify`.
pub(super) fn find<'a>(root: &'a Command, words: &[String]) -> Result<&'a Command> {
    let mut command = root;
    for word in words {
        command = command.find_subcommand(word).ok_or_else(|| {
            let known =
                command.get_subcommands().filter(|c| !c.is_hide_set()).map(Command::get_name);
            let error = CommandError::usage(format!("there is no command `{}`", words.join(" ")));
            match muster_connector::closest(word, known) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("muster help shows every command"),
            }
        })?;
    }
    Ok(command)
}
