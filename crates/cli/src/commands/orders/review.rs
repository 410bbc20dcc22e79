//! `muster orders review`.

use muster_app::{Ctx, Opened};
use muster_engine::{ReviewAnswer, ReviewView, decide_review, json, list_reviews};
use muster_store::ReviewVerdict;

use super::changed;
use crate::{Result, shell::Shell, ui::Report, when};

/// Operations that wait for a second person
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List what waits for a decision, the oldest first
    List(List),
    /// Let an order go out
    Approve(Answer),
    /// Keep an order back for as long as nothing about it changes
    Refuse(Answer),
}

#[derive(clap::Args, Debug)]
struct List {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

#[derive(clap::Args, Debug)]
struct Answer {
    /// The order: a plan and a place in it, such as 7f3a2c1b/12
    #[arg(value_name = "ORDER")]
    order: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

const COLUMNS: [&str; 7] = ["order", "system", "for", "what", "because", "since", "decided by"];

pub(super) async fn run(shell: &mut Shell, ctx: &Ctx, opened: &Opened, args: Args) -> Result<()> {
    let (Answer { order, reason }, verdict, said) = match args.command {
        Command::List(List { limit }) => {
            let reviews = list_reviews(ctx, opened, limit.max(1)).await?;
            let items = reviews.iter().map(|review| (row(review), json::review(review)));
            shell
                .ui
                .show(&Report::list(&COLUMNS, items, None).empty("nothing waits for review"))?;
            return Ok(());
        }
        Command::Approve(answer) => (answer, ReviewVerdict::Approved, "approved"),
        Command::Refuse(answer) => (answer, ReviewVerdict::Refused, "refused"),
    };
    let answer = ReviewAnswer { verdict, note: reason.as_str().into() };
    decide_review(ctx, opened, &order, &answer).await?;
    changed(shell, ctx, opened, &order, format!("order {order} is {said}")).await?;
    if verdict == ReviewVerdict::Approved {
        let plan = order.split('/').next().unwrap_or_default();
        shell.ui.say(&format!("muster run does it, or now: muster apply {plan}"))?;
    } else {
        shell.ui.say("the difference stays in the plan and is not asked about again")?;
    }
    Ok(())
}

/// Who may decide, in words.
fn deciders(review: &ReviewView) -> String {
    if !review.by.is_empty() {
        return review.by.join(", ");
    }
    match review.not_by.as_slice() {
        [] => "anybody".to_owned(),
        causes => format!("anybody but {}", causes.join(", ")),
    }
}

fn row(review: &ReviewView) -> Vec<String> {
    let order = &review.order;
    vec![
        order.name.clone(),
        order.system.to_string(),
        order.subject.to_string(),
        order.what.clone(),
        review.reason.to_string(),
        when::shown(review.asked_at),
        deciders(review),
    ]
}
