//! `muster assignments`.

use jiff::Timestamp;
use muster_app::{AssignmentView, Page, json, list_assignments};
use muster_engine::{Grace, list_grace};

use crate::{Exit, Result, shell::Shell, ui::Report, when::shown};

/// List the roles that a person was given directly, ended ones included
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON", required_unless_present = "grace", conflicts_with = "grace")]
    person: Option<String>,
    /// Instead, the roles that people lost by rule and keep for a grace period, for review
    #[arg(long)]
    grace: bool,
    /// How many at most, of those
    #[arg(long, value_name = "N", default_value_t = 100, requires = "grace")]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE", requires = "grace")]
    after: Option<i64>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let Some(person) = &args.person else {
        let page = list_grace(&ctx, &opened, args.after, args.limit.max(1)).await?;
        shell.ui.show(&graces(&page))?;
        return Ok(Exit::Done);
    };
    let views = list_assignments(&ctx, &opened, person).await?;
    let items = views.iter().map(|view| (row(view), json::assignment(view)));
    let columns = ["id", "role", "from", "until", "ended", "by", "reason"];
    let report =
        Report::list(&columns, items, None).empty("no role was given to this person directly");
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

fn graces(page: &Page<Grace>) -> Report {
    let items = page.items.iter().map(|grace| {
        let review = if grace.review { "yes" } else { "no" };
        let row = vec![
            grace.id.to_string(),
            grace.person.to_string(),
            grace.role.to_string(),
            shown(grace.since),
            instant(grace.until),
            review.to_owned(),
        ];
        (row, muster_engine::json::grace(grace))
    });
    let columns = ["id", "person", "role", "since", "until", "review"];
    Report::list(&columns, items, page.next.map(|next| next.to_string()))
        .empty("nobody keeps a role for a grace period")
}

/// One assignment, just made or ended.
pub(super) fn one(view: &AssignmentView, done: &str) -> Report {
    let fields = vec![
        ("id", view.id.to_string()),
        ("person", view.person.to_string()),
        ("role", view.role.to_string()),
        ("from", instant(view.from)),
        ("until", instant(view.until)),
        ("ended", instant(view.ended_at)),
        ("reason", view.reason.to_string()),
    ];
    let until =
        view.until.map_or_else(|| "no end".to_owned(), |until| format!("until {}", shown(until)));
    Report::one(fields, json::assignment(view))
        .text(format!("{done}: {} for {}, {until}", view.role, view.person))
}

fn instant(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, shown)
}

fn row(view: &AssignmentView) -> Vec<String> {
    vec![
        view.id.to_string(),
        view.role.to_string(),
        instant(view.from),
        instant(view.until),
        instant(view.ended_at),
        view.created_by.to_string(),
        view.reason.to_string(),
    ]
}
