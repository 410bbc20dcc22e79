//! `muster systems`.

use muster_app::Opened;
use muster_engine::{SystemView, json, list_systems, pause_system, resume_system, see_system};

use crate::{Exit, Result, shell::Shell, ui::Report, when};

/// Show how each system is and what waits for it; pause one, let it go on
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List every system: health, last read, queue
    List,
    /// Show one system
    Show {
        /// The system
        #[arg(value_name = "SYSTEM")]
        system: String,
    },
    /// Keep a system from being read and changed until it is resumed
    Pause {
        /// The system
        #[arg(value_name = "SYSTEM")]
        system: String,
        /// Why, for whoever looks next
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Let a system be worked with again, and try what waits for it at once
    Resume {
        /// The system
        #[arg(value_name = "SYSTEM")]
        system: String,
    },
}

const COLUMNS: [&str; 9] =
    ["system", "connector", "mode", "state", "reason", "last read", "planned", "held", "tickets"];

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    match args.command.unwrap_or(Command::List) {
        Command::List => {
            let systems = list_systems(&opened).await?;
            let items = systems.iter().map(|system| (row(system), json::system(system)));
            shell
                .ui
                .show(&Report::list(&COLUMNS, items, None).empty("the model has no systems"))?;
        }
        Command::Show { system } => {
            let report = one(&opened, &system).await?;
            shell.ui.show(&report)?;
        }
        Command::Pause { system, reason } => {
            pause_system(&ctx, &opened, &system, &reason).await?;
            let report = one(&opened, &system).await?;
            shell.ui.show(&report.text(format!("{system} is paused")))?;
            shell.ui.say(&format!("go on: muster systems resume {system}"))?;
        }
        Command::Resume { system } => {
            resume_system(&ctx, &opened, &system).await?;
            let report = one(&opened, &system).await?;
            shell.ui.show(&report.text(format!("{system} is worked with again")))?;
        }
    }
    Ok(Exit::Done)
}

async fn one(opened: &Opened, system: &str) -> Result<Report> {
    let view = &see_system(opened, system).await?;
    let fields = COLUMNS.into_iter().zip(row(view)).chain([
        ("since", view.since.map_or_else(String::new, when::shown)),
        ("failures", view.failures.to_string()),
        ("next try", view.next_probe.map_or_else(String::new, when::shown)),
        ("sent", view.sent.to_string()),
    ]);
    Ok(Report::one(fields.collect(), json::system(view)))
}

fn row(system: &SystemView) -> Vec<String> {
    vec![
        system.name.to_string(),
        system.connector.to_string(),
        system.mode.to_owned(),
        system.state.to_owned(),
        system.reason.as_ref().map_or_else(String::new, ToString::to_string),
        system.read_at.map_or_else(|| "never".to_owned(), when::shown),
        system.planned.to_string(),
        system.held.to_string(),
        system.tickets.to_string(),
    ]
}
