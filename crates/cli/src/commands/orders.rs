//! `muster orders`.

use muster_app::{Ctx, Opened, resolve_person};
use muster_engine::{
    OrderQuery, OrderStep, OrderView, cancel_order, json, list_orders, order_history,
    reroute_order, retry_order,
};
use muster_store::OperationState;

use crate::{Exit, Result, error::CommandError, shell::Shell, ui::Report, when};

mod review;

/// Show the operations of plans; try one again, take one back, give one to people
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List orders, those of the newest plans first
    List(List),
    /// Show one order with its history
    Show(One),
    /// Try an order again at once, with everything that waits for it
    Retry(One),
    /// Take an order back that did not go out yet
    Cancel(One),
    /// Give an order to people: it becomes a ticket
    Reroute(One),
    /// Decide about orders that wait for a second person
    Review(review::Args),
}

#[derive(clap::Args, Debug)]
struct List {
    /// On this system only
    #[arg(long, value_name = "SYSTEM")]
    system: Option<String>,
    /// In this state only: planned, sent, executed, verified, held, failed, cancelled, skipped
    #[arg(long, value_name = "STATE", value_parser = parse_state)]
    state: Option<OperationState>,
    /// For this person only
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// Of this plan only
    #[arg(long, value_name = "NAME")]
    plan: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

#[derive(clap::Args, Debug)]
struct One {
    /// The order: a plan and a place in it, such as 7f3a2c1b/12
    #[arg(value_name = "ORDER")]
    order: String,
}

fn parse_state(word: &str) -> std::result::Result<OperationState, String> {
    OperationState::from_word(word).ok_or_else(|| {
        let words: Vec<&str> = OperationState::ALL.iter().map(|state| state.word()).collect();
        format!("write one of {}", words.join(", "))
    })
}

const COLUMNS: [&str; 8] =
    ["order", "system", "for", "what", "state", "tries", "next try", "remark"];

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    match args.command {
        Command::Review(args) => review::run(shell, &ctx, &opened, args).await?,
        Command::List(list) => {
            let person = match &list.person {
                Some(text) => {
                    let mut tx = opened.store.read().await.map_err(muster_app::Error::from)?;
                    Some(resolve_person(&ctx, &opened, &mut tx, text).await?.row.id)
                }
                None => None,
            };
            let List { system, state, person: _, plan, limit } = list;
            let query = OrderQuery { system, state, person, plan, limit: limit.max(1) };
            let orders = list_orders(&ctx, &opened, &query).await?;
            let items = orders.iter().map(|order| (row(order), json::order(order)));
            shell.ui.show(&Report::list(&COLUMNS, items, None).empty("no orders"))?;
        }
        Command::Show(One { order }) => {
            let (view, steps) = order_history(&ctx, &opened, &order).await?;
            show(shell, &view, &steps)?;
        }
        Command::Retry(One { order }) => {
            let n = retry_order(&ctx, &opened, &order).await?;
            let plan = order.split('/').next().unwrap_or_default();
            changed(shell, &ctx, &opened, &order, format!("{n} to be tried again")).await?;
            shell.ui.say(&format!("muster run does it, or now: muster apply {plan}"))?;
        }
        Command::Cancel(One { order }) => {
            cancel_order(&ctx, &opened, &order).await?;
            changed(shell, &ctx, &opened, &order, format!("order {order} is cancelled")).await?;
            shell.ui.say("the next plan asks for it again unless the reason is gone")?;
        }
        Command::Reroute(One { order }) => {
            let ticket = reroute_order(&ctx, &opened, &order).await?;
            changed(shell, &ctx, &opened, &order, format!("ticket {ticket}")).await?;
            shell.ui.say(&format!("when it is done: muster tickets close {ticket}"))?;
        }
    }
    Ok(Exit::Done)
}

/// Shows an order after it was changed: to people only `text`.
async fn changed(
    shell: &mut Shell,
    ctx: &Ctx,
    opened: &Opened,
    order: &str,
    text: String,
) -> Result<()> {
    let (view, _) = order_history(ctx, opened, order).await?;
    let fields = COLUMNS.into_iter().zip(row(&view)).collect();
    shell.ui.show(&Report::one(fields, json::order(&view)).text(text))
}

fn show(
    shell: &mut Shell,
    order: &OrderView,
    steps: &[OrderStep],
) -> std::result::Result<(), CommandError> {
    let mut text = format!(
        "Order {}  {} {}: {}\n{}\n",
        order.name, order.system, order.subject, order.what, order.state
    );
    for step in steps {
        let by = if step.actor.is_empty() { String::new() } else { format!("  by {}", step.actor) };
        let note = if step.note.is_empty() { String::new() } else { format!("  {}", step.note) };
        put!(text, "  {}  {}{by}{note}\n", when::shown(step.at), step.state);
    }
    let fields = COLUMNS.into_iter().zip(row(order)).collect();
    shell.ui.show(
        &Report::one(fields, json::order_with_history(order, steps))
            .text(crate::ui::printable(&text)),
    )
}

fn row(order: &OrderView) -> Vec<String> {
    let ticket = order.ticket.filter(|_| order.state == OperationState::Sent);
    let remark = match (ticket, &order.error) {
        (Some(ticket), _) => format!("ticket {ticket}"),
        (None, Some(error)) => error.to_string(),
        (None, None) => String::new(),
    };
    vec![
        order.name.clone(),
        order.system.to_string(),
        order.subject.to_string(),
        order.what.clone(),
        order.state.word().to_owned(),
        order.attempts.to_string(),
        order.next_try.map_or_else(String::new, when::shown),
        remark,
    ]
}
