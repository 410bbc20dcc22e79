//! `muster help`.

use clap::CommandFactory as _;

use crate::{Exit, Result, args::Cli, error::CommandError, shell::Shell, topics};

/// Explain a command, a topic or an error code
///
/// Works without a network: muster help E0412 explains what `muster check` found.
#[derive(clap::Args, Debug)]
#[command(after_help = "Topics: exit-codes, environment, formats")]
pub(crate) struct Args {
    /// A command (`plan`, `audit verify`), a topic (`exit-codes`) or a code (`E0412`)
    #[arg(value_name = "TOPIC")]
    topic: Vec<String>,
}

pub(crate) fn run(shell: &mut Shell, args: &Args) -> Result<Exit> {
    let text = match args.topic.as_slice() {
        [] => command_help(shell, &[])?,
        [one] => match page(one) {
            Some(page) => page,
            None => command_help(shell, &args.topic)?,
        },
        words => command_help(shell, words)?,
    };
    shell.ui.write(&text)?;
    if !text.ends_with('\n') {
        shell.ui.write("\n")?;
    }
    Ok(Exit::Done)
}

/// The page of a topic or an error code.
fn page(topic: &str) -> Option<String> {
    topics::page(topic).or_else(|| {
        let code = topic.to_uppercase();
        let text = muster_project::explain_code(&code)?;
        Some(format!("{code}\n\n{}\n", text.trim()))
    })
}

fn command_help(shell: &Shell, words: &[String]) -> Result<String> {
    let mut root = Cli::command();
    root.build();
    let mut command =
        super::man::find(&root, words).map_err(|error| unknown(words, error))?.clone();
    let help = command.render_long_help();
    Ok(if shell.ui.paint().is_on() { help.ansi().to_string() } else { help.to_string() })
}

fn unknown(words: &[String], error: CommandError) -> CommandError {
    let word = words.join(" ");
    let is_code = word.starts_with(['E', 'W', 'e', 'w'])
        && word.chars().skip(1).all(|c| c.is_ascii_digit())
        && word.len() > 1;
    if is_code {
        return CommandError::not_found(format!("there is no error code `{word}`"))
            .hint("codes stand in brackets in what muster check prints: error[E0412]");
    }
    let topics: Vec<&str> = topics::TOPICS.iter().map(|(name, _)| *name).collect();
    match muster_connector::closest(&word, topics.iter().copied()) {
        Some(near) => CommandError::usage(error.message).hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("topics: {}", topics.join(", "))),
    }
}
