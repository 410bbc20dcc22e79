//! The command line: arguments, output, progress.
//!
//! [`run`] is the whole program apart from the process it runs in: the composition root passes a [`Host`] and
//! [`Streams`], tests pass their own. A command is a file under `commands`: its `Args`, whose comments are the help,
//! and `run`. Commands call use cases of `app` and runs of `engine`, and decide nothing themselves.

/// Appends formatted text to a `String`.
macro_rules! put {
    ($text:expr, $($arg:tt)*) => {{
        use std::fmt::Write as _;
        // Writing into a String cannot fail.
        _ = write!($text, $($arg)*);
    }};
}

mod args;
mod commands;
mod demo;
mod error;
mod exit;
mod explained;
mod host;
mod init;
mod log;
mod model_source;
mod progress;
mod reference;
mod remote;
mod shell;
mod testing;
mod topics;
mod ui;
mod when;

use std::ffi::OsString;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};

use crate::{
    args::{Cli, Command},
    error::CommandError,
    shell::Shell,
    ui::Ui,
};
pub use crate::{
    exit::Exit,
    host::{Faces, Host, Streams, VARIABLES},
};

/// Runs one command and answers the exit code. `args` begins with the name of the program.
pub async fn run(args: Vec<OsString>, host: Host, streams: Streams) -> u8 {
    let (cli, matches) = match parse(&args) {
        Ok(parsed) => parsed,
        Err(error) => return refuse(&args, &error, &host, streams),
    };
    let options = cli.global.ui_options(&host);
    let mut shell = Shell { ui: Ui::new(streams, options), host, global: cli.global };
    let result = match remote::wanted(&shell) {
        // An agent works for a server instead of asking it.
        Ok(Some(server)) if !matches!(cli.command, Command::Agent(_)) => {
            Box::pin(remote::run(&mut shell, &matches, &server)).await
        }
        Ok(Some(_) | None) => commands::run(&mut shell, cli.command).await,
        Err(error) => Err(error),
    };
    let exit = match result {
        Ok(exit) => exit,
        Err(error) => {
            shell.ui.fail(&error);
            error.exit
        }
    };
    shell.ui.flush();
    exit.code()
}

fn parse(args: &[OsString]) -> Result<(Cli, ArgMatches), clap::Error> {
    let matches = Cli::command().try_get_matches_from(args)?;
    Ok((Cli::from_arg_matches(&matches)?, matches))
}

/// Shows help and version, which the parser treats as errors, and real errors.
fn refuse(args: &[OsString], error: &clap::Error, host: &Host, streams: Streams) -> u8 {
    let mut ui = Ui::new(streams, args::Global::options_of_raw(args, host));
    if error.use_stderr() {
        ui.refuse(error);
    } else {
        let paint = ui.paint().is_on();
        let text = error.render();
        let text = if paint { text.ansi().to_string() } else { text.to_string() };
        // A closed pipe is the reader's right.
        drop(ui.write(&text));
    }
    ui.flush();
    if error.use_stderr() { Exit::Usage.code() } else { Exit::Done.code() }
}

/// A command that failed.
type Result<T, E = CommandError> = std::result::Result<T, E>;
