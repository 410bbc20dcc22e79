//! `muster reference`, for `cargo xtask generate`.

use crate::{Exit, Result, reference, shell::Shell};

/// Print a reference page of the book
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Which page
    #[arg(value_enum, value_name = "PAGE")]
    page: Page,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy)]
enum Page {
    /// The `OpenAPI` document
    Api,
    /// Commands
    Cli,
    /// Errors and warnings of `check`
    Errors,
    /// Exit codes
    ExitCodes,
    /// Model files
    Model,
    /// Rights
    Rights,
}

pub(crate) fn run(shell: &mut Shell, args: &Args) -> Result<Exit> {
    let page = match args.page {
        Page::Api => format!("{:#}\n", muster_api::document()),
        Page::Cli => reference::cli_page(),
        Page::Errors => muster_project::error_reference(),
        Page::ExitCodes => reference::exit_codes_page(),
        Page::Model => muster_project::model_reference(),
        Page::Rights => muster_api::rights_matrix(),
    };
    shell.ui.write(&page)?;
    Ok(Exit::Done)
}
