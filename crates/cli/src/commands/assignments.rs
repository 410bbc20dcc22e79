//! `muster assignments`.

use jiff::Timestamp;
use muster_app::{AssignmentView, list_assignments};
use serde_json::{Value as Json, json};

use crate::{Exit, Result, shell::Shell, ui::Report, when::shown};

/// List the roles that a person was given directly, ended ones included
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let views = list_assignments(&ctx, &opened, &args.person).await?;
    let items = views.iter().map(|view| (row(view), document(view)));
    let columns = ["id", "role", "from", "until", "ended", "by", "reason"];
    let report =
        Report::list(&columns, items, None).empty("no role was given to this person directly");
    shell.ui.show(&report)?;
    Ok(Exit::Done)
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
    Report::one(fields, document(view))
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

fn document(view: &AssignmentView) -> Json {
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "id": view.id.0, "person": &*view.person, "role": &*view.role, "origin": &*view.origin, "reason": &*view.reason,
        "from": at(view.from), "until": at(view.until), "created_by": &*view.created_by,
        "created_at": view.created_at.to_string(), "ended_at": at(view.ended_at),
    })
}
