//! `muster drift revert`, `accept`, `adopt` and `undo`.

use std::path::PathBuf;

use muster_app::{Adopted, Chosen, DriftVerb, adopt_drift, decide_drift, json};

use super::view;
use crate::{
    Exit, Result,
    shell::{Shell, write_file},
    ui::Report,
    when::{When, parse_when},
};

/// Which drift.
#[derive(clap::Args, Debug)]
struct Which {
    /// The item
    #[arg(value_name = "ID", required_unless_present = "group", conflicts_with = "group")]
    id: Option<i64>,
    /// A whole group, but for what was decided one by one
    #[arg(long, value_name = "GROUP", requires = "confirm")]
    group: Option<String>,
    /// The number of items in the group
    #[arg(long, value_name = "N")]
    confirm: Option<u64>,
}

impl Which {
    fn chosen(&self) -> Chosen {
        match (&self.group, self.id) {
            (Some(group), _) => Chosen::Group(group.clone()),
            (None, id) => Chosen::One(id.unwrap_or_default()),
        }
    }
}

#[derive(clap::Args, Debug)]
pub(super) struct Revert {
    #[command(flatten)]
    which: Which,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    comment: String,
}

#[derive(clap::Args, Debug)]
pub(super) struct Accept {
    #[command(flatten)]
    which: Which,
    /// The day or instant the exception ends [default: no end]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: Option<When>,
    /// Why it may stay
    #[arg(long, value_name = "TEXT")]
    comment: String,
}

#[derive(clap::Args, Debug)]
pub(super) struct Undo {
    #[command(flatten)]
    which: Which,
}

#[derive(clap::Args, Debug)]
pub(super) struct Adopt {
    /// The item
    #[arg(value_name = "ID")]
    id: i64,
    /// Why; the reason of the assignment
    #[arg(long, value_name = "TEXT")]
    comment: String,
    /// Write a proposal to this file instead of showing it
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

pub(super) async fn revert(shell: &mut Shell, args: Revert) -> Result<Exit> {
    decide(shell, &args.which, DriftVerb::Revert, &args.comment, "to be put right").await
}

pub(super) async fn undo(shell: &mut Shell, args: Undo) -> Result<Exit> {
    decide(shell, &args.which, DriftVerb::Undo, "", "undecided again").await
}

pub(super) async fn accept(shell: &mut Shell, args: Accept) -> Result<Exit> {
    let (_, opened) = shell.open().await?;
    let until = Shell::instant(&opened, args.until);
    drop(opened);
    decide(shell, &args.which, DriftVerb::Accept(until), &args.comment, "accepted").await
}

async fn decide(
    shell: &mut Shell,
    which: &Which,
    verb: DriftVerb,
    comment: &str,
    done: &str,
) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let (drift, n) =
        decide_drift(&ctx, &opened, &which.chosen(), verb, comment, which.confirm).await?;
    let items = drift.iter().map(|drift| (view::row(drift), json::drift(drift)));
    let columns = ["id", "person", "system", "account", "what", "seen", "decision"];
    let text = match drift.as_slice() {
        [one] => format!("{done}: {}, {}", view::what(one), one.account),
        _ => format!("{done}: {n} items of drift"),
    };
    shell.ui.show(&Report::list(&columns, items, None).text(text))?;
    if verb == DriftVerb::Revert {
        shell.ui.say("see what follows: muster plan")?;
    }
    Ok(Exit::Done)
}

pub(super) async fn adopt(shell: &mut Shell, args: Adopt) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let adopted = adopt_drift(&ctx, &opened, args.id, &args.comment).await?;
    let json = json::adopted(&adopted);
    match adopted {
        Adopted::Assigned { drift, role, assignment: _, missing } => {
            let mut text =
                format!("assigned: {role} to {}", drift.person.as_deref().unwrap_or("?"));
            if !missing.is_empty() {
                put!(text, "\nit brings as well: {}", missing.join(", "));
            }
            shell.ui.show(&Report::one(Vec::new(), json).text(text))?;
        }
        Adopted::Proposed { drift: _, text, why } => {
            shell.ui.say(&format!("it takes a change of the model: {why}"))?;
            match args.write {
                Some(file) => {
                    let path = shell.path(&file);
                    write_file(&path, text.as_bytes())?;
                    let said = format!("the proposal is in {}", shell.shown_path(&path));
                    shell.ui.show(&Report::one(Vec::new(), json).text(said))?;
                }
                None => shell.ui.show(&Report::one(Vec::new(), json).text(text))?,
            }
        }
    }
    Ok(Exit::Done)
}
