//! `muster tickets`.

use muster_app::Opened;
use muster_engine::{attest_ticket, close_ticket, json, list_tickets, refuse_ticket, see_ticket};
use muster_store::{Ticket, TicketStatus};

use crate::{Exit, Result, shell::Shell, ui::Report, when};

/// Show what people are to do by hand, and say that it was done
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List tickets, the oldest first
    List {
        /// Also those that are decided
        #[arg(long)]
        all: bool,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// Go on after this ticket, which the page before named
        #[arg(long, value_name = "TICKET")]
        after: Option<i64>,
    },
    /// Show one ticket
    Show {
        /// The ticket
        #[arg(value_name = "TICKET")]
        ticket: i64,
    },
    /// Say that it was done
    Close {
        /// The ticket
        #[arg(value_name = "TICKET")]
        ticket: i64,
        /// What was done
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Say that it will not be done
    Refuse {
        /// The ticket
        #[arg(value_name = "TICKET")]
        ticket: i64,
        /// Why
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Confirm that what somebody else closed was really done
    Attest {
        /// The ticket
        #[arg(value_name = "TICKET")]
        ticket: i64,
    },
}

const COLUMNS: [&str; 7] = ["ticket", "for", "what", "status", "opened", "closed by", "reference"];

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    match args.command {
        Command::List { all, limit, after } => {
            let status = (!all).then_some(TicketStatus::Open);
            let limit = limit.max(1);
            let tickets = list_tickets(&opened, status, after, limit).await?;
            let next = tickets.last().filter(|_| tickets.len() == limit);
            let next = next.map(|ticket| ticket.id.to_string());
            let items = tickets.iter().map(|ticket| (row(ticket), json::ticket(ticket)));
            shell.ui.show(&Report::list(&COLUMNS, items, next).empty("nothing to do by hand"))?;
        }
        Command::Show { ticket: id } => {
            let report = one(&opened, id).await?;
            shell.ui.show(&report)?;
        }
        Command::Close { ticket, note } => {
            close_ticket(&ctx, &opened, ticket, note.as_deref()).await?;
            let report = one(&opened, ticket).await?;
            shell.ui.show(&report.text(format!("ticket {ticket} is closed")))?;
        }
        Command::Refuse { ticket, note } => {
            refuse_ticket(&ctx, &opened, ticket, note.as_deref()).await?;
            let report = one(&opened, ticket).await?;
            shell.ui.show(&report.text(format!("ticket {ticket} is refused; its order failed")))?;
        }
        Command::Attest { ticket } => {
            attest_ticket(&ctx, &opened, ticket).await?;
            let report = one(&opened, ticket).await?;
            shell.ui.show(
                &report.text(format!("ticket {ticket} is attested; its order is verified")),
            )?;
        }
    }
    Ok(Exit::Done)
}

async fn one(opened: &Opened, id: i64) -> Result<Report> {
    let ticket = &see_ticket(opened, id).await?;
    let fields = COLUMNS.into_iter().zip(row(ticket)).collect();
    Ok(Report::one(fields, json::ticket(ticket)))
}

fn row(ticket: &Ticket) -> Vec<String> {
    vec![
        ticket.id.to_string(),
        ticket.subject.to_string(),
        ticket.what.to_string(),
        ticket.status.word().to_owned(),
        when::shown(ticket.opened_at),
        ticket.closed_by.as_ref().map_or_else(String::new, ToString::to_string),
        ticket.reference.to_string(),
    ]
}
