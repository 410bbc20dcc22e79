//! `muster alarms`.

use clap::Subcommand;
use muster_app::{AlarmView, acknowledge_alarm, json, list_alarms};
use muster_store::AlarmStatus;

use crate::{Exit, Result, shell::Shell, ui::Report, when::shown};

/// List what somebody has to look at, or say that you do
///
/// An alarm is raised when a system said that it did something and a later read does not show it, when a system is left
/// alone because it fails, and the like. It ends by itself when the trouble is over.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Alarms>,
}

#[derive(Subcommand, Debug)]
enum Alarms {
    /// List alarms, the oldest first
    List(List),
    /// Say that you know of an alarm and look after it
    Ack(Ack),
}

#[derive(clap::Args, Debug)]
struct List {
    /// With this status
    #[arg(long, value_enum, value_name = "STATUS", default_value = "open")]
    status: Status,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy)]
enum Status {
    /// Nobody has looked at it
    Open,
    /// Somebody knows
    Acknowledged,
    /// The trouble is over
    Cleared,
}

#[derive(clap::Args, Debug)]
struct Ack {
    /// The alarm
    #[arg(value_name = "ID")]
    id: i64,
    /// What you found or do about it
    #[arg(long, value_name = "TEXT", default_value = "")]
    comment: String,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let list = List { status: Status::Open, limit: 100, after: None };
    match args.command.unwrap_or(Alarms::List(list)) {
        Alarms::List(list) => {
            let (_, opened) = shell.open().await?;
            let status = match list.status {
                Status::Open => AlarmStatus::Open,
                Status::Acknowledged => AlarmStatus::Acknowledged,
                Status::Cleared => AlarmStatus::Cleared,
            };
            let page = list_alarms(&opened, status, list.after, list.limit.max(1)).await?;
            let items = page.items.iter().map(|alarm| (row(alarm), json::alarm(alarm)));
            let columns = ["id", "kind", "system", "subject", "times", "last", "message"];
            let next = page.next.map(|next| next.to_string());
            shell.ui.show(&Report::list(&columns, items, next).empty("no alarm"))?;
        }
        Alarms::Ack(ack) => {
            let (ctx, opened) = shell.open().await?;
            let alarm = acknowledge_alarm(&ctx, &opened, ack.id, &ack.comment).await?;
            let report = Report::one(vec![("id", alarm.id.0.to_string())], json::alarm(&alarm))
                .text(format!("acknowledged: {}", alarm.message));
            shell.ui.show(&report)?;
        }
    }
    Ok(Exit::Done)
}

fn row(alarm: &AlarmView) -> Vec<String> {
    vec![
        alarm.id.0.to_string(),
        alarm.kind.word().to_owned(),
        alarm.system.as_deref().unwrap_or_default().to_owned(),
        alarm.subject.to_string(),
        alarm.n.to_string(),
        shown(alarm.last_at),
        alarm.message.to_string(),
    ]
}
