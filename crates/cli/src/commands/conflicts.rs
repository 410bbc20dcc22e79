//! `muster conflicts`.

use clap::Subcommand;
use muster_app::{ConflictView, Ctx, HeldAccess, Opened, list_conflicts};
use muster_governance::{
    ExceptionView, NewException, Removal, Solution, end_exception, except_conflict, json,
    list_exceptions, solve_conflict,
};

use crate::{
    Exit, Result,
    shell::Shell,
    ui::Report,
    when::{When, parse_when, shown},
};

/// List who has duties that nobody may have together, allow one for a time, find what would end one
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Conflicts>,
}

#[derive(Subcommand, Debug)]
enum Conflicts {
    /// List who has a conflict
    List(List),
    /// Show the least that would end a conflict of a person
    Solve(Solve),
    /// List exceptions
    Exceptions(List),
    /// Allow somebody a conflict for a time
    Except(Except),
    /// End an exception before its time
    End(End),
}

#[derive(clap::Args, Debug)]
struct List {
    /// This conflict only
    #[arg(long, value_name = "CONFLICT")]
    conflict: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

#[derive(clap::Args, Debug)]
struct Solve {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
    /// The conflict
    #[arg(value_name = "CONFLICT")]
    conflict: String,
}

#[derive(clap::Args, Debug)]
struct Except {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
    /// The conflict
    #[arg(value_name = "CONFLICT")]
    conflict: String,
    /// The first day or instant [default: at once]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    from: Option<When>,
    /// The day or instant it ends, a year ahead at most
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: When,
    /// Why it has to be
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What keeps the harm small meanwhile
    #[arg(long, value_name = "TEXT")]
    mitigation: String,
    /// Who answers for it
    #[arg(long, value_name = "PERSON")]
    owner: String,
}

#[derive(clap::Args, Debug)]
struct End {
    /// The exception
    #[arg(value_name = "NUMBER")]
    exception: i64,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let list = List { conflict: None, limit: 100, after: None };
    let report = match args.command.unwrap_or(Conflicts::List(list)) {
        Conflicts::List(list) => conflicts(&ctx, &opened, list).await?,
        Conflicts::Solve(Solve { person, conflict }) => {
            solution(&solve_conflict(&ctx, &opened, &person, &conflict).await?)
        }
        Conflicts::Exceptions(List { conflict, limit, after }) => {
            let conflict = conflict.as_deref();
            let page = list_exceptions(&ctx, &opened, conflict, after, limit.max(1)).await?;
            let items = page.items.iter().map(|view| (row(view), json::exception(view)));
            let columns =
                ["exception", "person", "conflict", "until", "owner", "mitigation", "reason"];
            let next = page.next.map(|next| next.to_string());
            Report::list(&columns, items, next).empty("no conflict is allowed to anybody")
        }
        Conflicts::Except(except) => {
            let new = NewException {
                from: Shell::instant(&opened, except.from),
                until: Shell::instant(&opened, Some(except.until)).unwrap_or(ctx.now()),
                person: except.person,
                conflict: except.conflict,
                reason: except.reason,
                mitigation: except.mitigation,
                owner: except.owner,
            };
            one(&except_conflict(&ctx, &opened, &new).await?, "allowed")
        }
        Conflicts::End(End { exception, reason }) => {
            one(&end_exception(&ctx, &opened, exception, &reason).await?, "ended")
        }
    };
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

async fn conflicts(ctx: &Ctx, opened: &Opened, list: List) -> Result<Report> {
    let before = list.after.and_then(|after| usize::try_from(after).ok()).unwrap_or(0);
    let (name, limit) = (list.conflict.as_deref(), list.limit.max(1));
    let part = list_conflicts(ctx, opened, name, before, limit).await?;
    let items: Vec<_> =
        part.items.iter().map(|view| (conflict(view), json::conflict(view))).collect();
    let next = part.next.map(|next| next.to_string());
    let columns = ["person", "conflict", "what it is made of", "reaction", "at"];
    let report = Report::list(&columns, items, next);
    Ok(report.empty("nobody has duties that conflict"))
}

fn conflict(view: &ConflictView) -> Vec<String> {
    let held = view.duties.iter().map(|(duty, held)| {
        let held: Vec<String> = held.iter().map(access).collect();
        format!("{duty}: {}", held.join(" "))
    });
    let reaction = match (view.excepted, view.blocks) {
        (true, _) => "excepted",
        (false, true) => "blocks",
        (false, false) => "warns",
    };
    vec![
        view.person.key.to_string(),
        view.conflict.to_string(),
        held.collect::<Vec<_>>().join("; "),
        reaction.to_owned(),
        view.at.to_string(),
    ]
}

/// An access, with a mark where only the system holds it.
fn access(held: &HeldAccess) -> String {
    format!("{}{}", held.access, if held.is_outside { " (outside)" } else { "" })
}

fn row(view: &ExceptionView) -> Vec<String> {
    vec![
        view.id.to_string(),
        view.person.to_string(),
        view.conflict.to_string(),
        view.until.map_or_else(String::new, shown),
        view.owner.to_string(),
        view.mitigation.to_string(),
        view.reason.to_string(),
    ]
}

fn one(view: &ExceptionView, done: &str) -> Report {
    let fields = vec![
        ("exception", view.id.to_string()),
        ("person", view.person.to_string()),
        ("conflict", view.conflict.to_string()),
        ("from", shown(view.from)),
        ("until", view.until.map_or_else(String::new, shown)),
        ("owner", view.owner.to_string()),
        ("mitigation", view.mitigation.to_string()),
        ("reason", view.reason.to_string()),
    ];
    let until = view.until.map_or_else(String::new, |until| format!(" until {}", shown(until)));
    let text =
        format!("{done}: {} for {}{until} (exception {})", view.conflict, view.person, view.id);
    Report::one(fields, json::exception(view)).text(text)
}

fn solution(view: &Solution) -> Report {
    let mut text = Vec::new();
    for Removal { assignments, lost } in &view.removals {
        let roles = assignments.iter().map(|(id, role)| format!("{role} (assignment {id})"));
        let roles = roles.collect::<Vec<_>>().join(" and ");
        text.push(format!("take back {roles}: {} {} lost", lost.join(", "), are(lost.len())));
    }
    for access in &view.outside {
        text.push(format!("{access} is held and nothing gives it: muster drift, or the next plan"));
    }
    if view.removals.is_empty() && view.outside.is_empty() {
        text.push("no assignment that could be taken back ends it".to_owned());
    }
    for (role, at) in &view.by_rule {
        text.push(format!("role {role} comes by rule: change it at {at}, or what it reads"));
    }
    let fields = vec![
        ("person", view.person.to_string()),
        ("conflict", view.conflict.to_string()),
        ("excepted", if view.excepted { "yes" } else { "no" }.to_owned()),
    ];
    Report::one(fields, json::solution(view)).text(text.join("\n"))
}

fn are(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}
