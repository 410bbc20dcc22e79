//! `muster takeover`.

use muster_app::{AcceptDeduced, OpenAccess, Takeover, accept_deduced, json, take_over};

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
        let report =
            Report::one(vec![("assigned", n.to_string())], serde_json::json!({ "assigned": n }));
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
    let whole = taken.n_whole();
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
    let most = taken.most_unexplained();
    if !most.is_empty() {
        text.push_str("\nWhat no role grants, the most frequent first:\n");
    }
    for (name, n) in most.iter().take(20) {
        put!(text, "{n:>8}  {name}\n");
    }
    if whole > 0 {
        put!(text, "\nto accept: muster takeover --accept --confirm {whole}\n");
    }
    Report::one(Vec::new(), json::takeover_sums(taken)).text(text)
}

fn deduced(taken: &Takeover) -> Report {
    let items = taken.deduced.iter().map(|one| {
        let row = vec![
            one.person.to_string(),
            one.role.to_string(),
            one.explains.join(", "),
            one.missing.join(", "),
        ];
        (row, json::deduced(one))
    });
    Report::list(&["person", "role", "explains", "missing"], items, None).empty("nothing to deduce")
}

fn access(open: &[OpenAccess]) -> Report {
    let items = open.iter().map(|one| {
        let roles: Vec<&str> = one.roles.iter().map(|role| &**role).collect();
        let row =
            vec![one.person.to_string(), one.access.clone(), one.why.to_owned(), roles.join(", ")];
        (row, json::open_access(one))
    });
    Report::list(&["person", "access", "why", "roles"], items, None)
        .empty("everything is explained")
}

fn redundant(taken: &Takeover) -> Report {
    let items = taken.redundant.iter().map(|one| {
        let row = vec![one.id.to_string(), one.person.to_string(), one.role.to_string()];
        (row, json::redundant(one))
    });
    Report::list(&["assignment", "person", "role"], items, None)
        .empty("no assignment could be left out")
}

fn indirect(taken: &Takeover) -> Report {
    let items = taken.indirect.iter().map(|one| {
        let row = vec![one.person.to_string(), one.access.clone(), one.through.clone()];
        (row, json::indirect(one))
    });
    Report::list(&["person", "access", "through"], items, None).empty("nothing is held indirectly")
}
