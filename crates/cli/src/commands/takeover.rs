//! `muster takeover`.

use std::collections::BTreeMap;

use muster_app::{AcceptDeduced, OpenAccess, Takeover, accept_deduced, take_over};
use serde_json::{Value as Json, json};

use crate::{
    Exit, Result,
    shell::Shell,
    ui::{Report, counted},
};

/// See which roles explain what people hold already, and take an existing estate over
///
/// Read the systems first, best in `mode: observe`. One explanation becomes an assignment when you accept it; where
/// several roles explain the same thing, none is chosen. Nothing is changed on any system here.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// What is held on this system only
    #[arg(long, value_name = "SYSTEM")]
    system: Option<String>,
    /// The whole list instead of the sums
    #[arg(long, value_enum, value_name = "LIST")]
    show: Option<Show>,
    /// Write the deduced assignments that give nobody more than they have
    #[arg(long, conflicts_with = "show")]
    accept: bool,
    /// Accept those that give people more as well
    #[arg(long, requires = "accept")]
    with_missing: bool,
    /// Accept those of this role only
    #[arg(long, value_name = "ROLE", requires = "accept")]
    role: Option<String>,
    /// The number of assignments to accept
    #[arg(long, value_name = "N", requires = "accept")]
    confirm: Option<u64>,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy)]
enum Show {
    /// Assignments that explain what people hold
    Deduced,
    /// What several roles explain, or only roles by rule
    Open,
    /// What no role grants
    Unexplained,
    /// Assignments without which nobody would have less
    Redundant,
    /// What is held through something else, such as a group in a group
    Indirect,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    if args.accept {
        let accept = AcceptDeduced {
            system: args.system.as_deref(),
            role: args.role.as_deref(),
            with_missing: args.with_missing,
            confirm: args.confirm,
        };
        let n = accept_deduced(&ctx, &opened, accept).await?;
        let report = Report::one(vec![("assigned", n.to_string())], json!({ "assigned": n }));
        shell.ui.show(&report.text(format!("{n} assignments written")))?;
        shell.ui.say("see what is left: muster takeover; what would change: muster plan")?;
        return Ok(Exit::Done);
    }
    let taken = take_over(&ctx, &opened, args.system.as_deref()).await?;
    let report = match args.show {
        None => sums(&taken),
        Some(Show::Deduced) => deduced(&taken),
        Some(Show::Open) => access(&taken.open),
        Some(Show::Unexplained) => access(&taken.unexplained),
        Some(Show::Redundant) => redundant(&taken),
        Some(Show::Indirect) => indirect(&taken),
    };
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

fn sums(taken: &Takeover) -> Report {
    let mut text = String::new();
    for system in &taken.systems {
        put!(
            text,
            "{:<16} {} linked, {} to decide, {} of nobody, {} authorised\n",
            system.system,
            system.linked,
            system.undecided,
            system.orphans,
            system.authorised
        );
    }
    let whole = taken.deduced.iter().filter(|one| one.missing.is_empty()).count();
    let part = taken.deduced.len() - whole;
    put!(text, "\nlooked at {}\n", counted(usize::try_from(taken.people).unwrap_or(0), "identity"));
    put!(text, "{:>8}  deduced assignments that give nobody more   --show deduced\n", whole);
    put!(text, "{part:>8}  deduced assignments that give people more    --show deduced\n");
    put!(
        text,
        "{:>8}  explained by several roles or only by rule   --show open\n",
        taken.open.len()
    );
    put!(
        text,
        "{:>8}  that no role grants                          --show unexplained\n",
        taken.unexplained.len()
    );
    put!(
        text,
        "{:>8}  assignments that nothing depends on          --show redundant\n",
        taken.redundant.len()
    );
    put!(
        text,
        "{:>8}  held through something else                  --show indirect\n",
        taken.indirect.len()
    );
    let mut by_access: BTreeMap<&str, u64> = BTreeMap::new();
    for one in &taken.unexplained {
        *by_access.entry(&one.access).or_default() += 1;
    }
    let mut most: Vec<(&str, u64)> = by_access.into_iter().collect();
    most.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
    if !most.is_empty() {
        text.push_str("\nWhat no role grants, the most frequent first:\n");
    }
    for (name, n) in most.iter().take(20) {
        put!(text, "{n:>8}  {name}\n");
    }
    if whole > 0 {
        put!(text, "\nto accept: muster takeover --accept --confirm {whole}\n");
    }
    Report::one(Vec::new(), sums_document(taken, whole, &most)).text(text)
}

fn sums_document(taken: &Takeover, whole: usize, most: &[(&str, u64)]) -> Json {
    let part = taken.deduced.len() - whole;
    let systems: Vec<_> = taken
        .systems
        .iter()
        .map(|system| {
            json!({ "system": &*system.system, "linked": system.linked, "undecided": system.undecided,
                    "orphans": system.orphans, "authorised": system.authorised })
        })
        .collect();
    let unexplained: Vec<_> =
        most.iter().map(|(access, n)| json!({ "access": access, "people": n })).collect();
    json!({
        "systems": systems, "people": taken.people, "deduced": whole, "deduced_with_missing": part,
        "open": taken.open.len(), "unexplained": taken.unexplained.len(), "by_access": unexplained,
        "redundant": taken.redundant.len(), "indirect": taken.indirect.len(),
    })
}

fn deduced(taken: &Takeover) -> Report {
    let items = taken.deduced.iter().map(|one| {
        let row = vec![
            one.person.to_string(),
            one.role.to_string(),
            one.explains.join(", "),
            one.missing.join(", "),
        ];
        let json = json!({ "person": &*one.person, "role": &*one.role, "explains": one.explains, "missing": one.missing });
        (row, json)
    });
    Report::list(&["person", "role", "explains", "missing"], items, None).empty("nothing to deduce")
}

fn access(open: &[OpenAccess]) -> Report {
    let items = open.iter().map(|one| {
        let roles: Vec<&str> = one.roles.iter().map(|role| &**role).collect();
        let row =
            vec![one.person.to_string(), one.access.clone(), one.why.to_owned(), roles.join(", ")];
        let json =
            json!({ "person": &*one.person, "access": one.access, "why": one.why, "roles": roles });
        (row, json)
    });
    Report::list(&["person", "access", "why", "roles"], items, None)
        .empty("everything is explained")
}

fn redundant(taken: &Takeover) -> Report {
    let items = taken.redundant.iter().map(|one| {
        let row = vec![one.id.to_string(), one.person.to_string(), one.role.to_string()];
        (row, json!({ "assignment": one.id.0, "person": &*one.person, "role": &*one.role }))
    });
    Report::list(&["assignment", "person", "role"], items, None)
        .empty("no assignment could be left out")
}

fn indirect(taken: &Takeover) -> Report {
    let items = taken.indirect.iter().map(|one| {
        let row = vec![one.person.to_string(), one.access.clone(), one.through.clone()];
        (row, json!({ "person": &*one.person, "access": one.access, "through": one.through }))
    });
    Report::list(&["person", "access", "through"], items, None).empty("nothing is held indirectly")
}
