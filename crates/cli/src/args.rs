//! What stands before and around every command: the program, its global options, the list of commands.

use std::{ffi::OsString, path::PathBuf};

use clap::{
    Parser, Subcommand,
    builder::{Styles, styling::AnsiColor},
};

use crate::{
    commands,
    host::Host,
    ui::{ColourChoice, Format, UiOptions},
};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Keeps every account in every system right, and can say why
///
/// A project is a folder of model files. In it: `muster check` finds mistakes, `muster sync` reads the systems,
/// `muster plan` shows what differs, `muster apply` makes it so, `muster explain` says why.
#[derive(Parser, Debug)]
#[command(
    name = "muster", version, styles = STYLES, disable_help_subcommand = true, arg_required_else_help = true,
    subcommand_required = true, max_term_width = 100, after_help = AFTER_HELP
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Begin with: muster demo
Topics:     muster help exit-codes, muster help environment, muster help formats
Errors:     muster help E0412";

/// Options of every command.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Project folder [default: the nearest folder upwards with a muster.yaml]
    #[arg(short = 'C', long = "project", value_name = "DIR", global = true)]
    pub(crate) project: Option<PathBuf>,
    /// Where the repository is: sqlite:PATH or postgres://… [default: `store` in muster.yaml]
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) store: Option<String>,
    /// Let this server do it, such as `https://muster.example`
    #[arg(
        long,
        value_name = "URL",
        global = true,
        conflicts_with = "profile",
        requires = "token_file"
    )]
    pub(crate) server: Option<String>,
    /// The file with the token for --server
    #[arg(long, value_name = "FILE", global = true, requires = "server")]
    pub(crate) token_file: Option<PathBuf>,
    /// Let the server of this profile do it; see muster profile
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) profile: Option<String>,
    /// How results are written
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t, global = true)]
    pub(crate) output: Format,
    /// When colour is used
    #[arg(long = "color", value_enum, value_name = "WHEN", default_value_t, global = true)]
    pub(crate) colour: ColourChoice,
    /// Say nothing but results, warnings and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// No progress bars
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

impl Global {
    /// How output is wanted.
    pub(crate) fn ui_options(&self, host: &Host) -> UiOptions {
        UiOptions {
            format: self.output,
            colour: self.colour,
            no_colour_variable: host.variable("NO_COLOR").is_some(),
            columns: host.variable("COLUMNS").and_then(|columns| columns.parse().ok()),
            quiet: self.quiet,
            progress: !self.no_progress,
        }
    }

    /// How output is wanted when the arguments could not be parsed.
    pub(crate) fn options_of_raw(args: &[OsString], host: &Host) -> UiOptions {
        let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
        let value = |names: &[&str]| {
            words.iter().enumerate().find_map(|(index, word)| {
                names.iter().find_map(|name| match word.strip_prefix(name)? {
                    "" => words.get(index + 1).copied(),
                    rest => Some(rest.strip_prefix('=').unwrap_or(rest)),
                })
            })
        };
        let format = match value(&["--output", "-o"]) {
            Some("json" | "jsonl") => Format::Json,
            Some(_) | None => Format::Text,
        };
        let colour = match value(&["--color"]) {
            Some("always") => ColourChoice::Always,
            Some("never") => ColourChoice::Never,
            Some(_) | None => ColourChoice::Auto,
        };
        UiOptions {
            format,
            colour,
            no_colour_variable: host.variable("NO_COLOR").is_some(),
            columns: None,
            quiet: false,
            progress: false,
        }
    }
}

/// Every command, in the order of the help.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Demo(commands::demo::Args),
    Init(commands::init::Args),
    Check(commands::check::Args),
    Fmt(commands::fmt::Args),
    Test(commands::test::Args),
    Sync(commands::sync::Args),
    Plan(commands::plan::Args),
    Apply(commands::apply::Args),
    Provision(commands::provision::Args),
    Agent(commands::agent::Args),
    Run(commands::run::Args),
    Serve(commands::serve::Args),
    Token(commands::token::Args),
    Applications(commands::applications::Args),
    Profile(commands::profile::Args),
    Orders(commands::orders::Args),
    Systems(commands::systems::Args),
    Tickets(commands::tickets::Args),
    Report(commands::report::Args),
    Explain(commands::explain::Args),
    Decide(commands::decide::Args),
    Simulate(commands::simulate::Args),
    Plans(commands::plans::Args),
    Problems(commands::problems::Args),
    Users(commands::users::Args),
    People(commands::people::Args),
    Pass(commands::pass::Args),
    Password(commands::password::Args),
    Sessions(commands::sessions::Args),
    Factors(commands::factors::Args),
    SignIns(commands::sign_ins::Args),
    Accounts(commands::accounts::Args),
    Orphans(commands::orphans::Args),
    Matches(commands::matches::Args),
    Revisions(commands::revisions::Args),
    Takeover(commands::takeover::Args),
    #[command(visible_alias = "reconcile")]
    Drift(commands::drift::Args),
    Alarms(commands::alarms::Args),
    Events(commands::events::Args),
    Webhooks(commands::webhooks::Args),
    Roles(commands::roles::Args),
    Assign(commands::assign::Args),
    Unassign(commands::unassign::Args),
    Assignments(commands::assignments::Args),
    Conflicts(commands::conflicts::Args),
    Risk(commands::risk::Args),
    Requests(commands::requests::Args),
    Approvals(commands::approvals::Args),
    Notices(commands::notices::Args),
    Reviews(commands::reviews::Args),
    Forms(commands::forms::Args),
    Guests(commands::guests::Args),
    Workflows(commands::workflows::Args),
    Audit(commands::audit::Args),
    Keys(commands::keys::Args),
    Backup(commands::backup::Args),
    Restore(commands::restore::Args),
    Migrate(commands::migrate::Args),
    Healthcheck(commands::healthcheck::Args),
    Doctor(commands::doctor::Args),
    Schema(commands::schema::Args),
    Completion(commands::completion::Args),
    Man(commands::man::Args),
    Version(commands::version::Args),
    Help(commands::help::Args),
    #[command(hide = true)]
    Reference(commands::reference::Args),
}
