//! `muster matches`.

use muster_app::{Ctx, Opened, Page};
use muster_engine::{
    CandidateView, Decision, MatchView, apply_rule, decide_match, json, list_matches, merge_people,
    split_people, undo_match,
};
use muster_store::CaseStatus;

use crate::{Exit, Result, shell::Shell, ui::Report};

/// Decide whose records and accounts are, undo it, merge and split identities
///
/// A decision holds until another one: no later read undoes it. Every one is in the journal, with who and why.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    /// List what waits: records and accounts that no rule can place, with the best candidates and why
    List {
        /// Those that cannot be used, in place of those that wait for a person
        #[arg(long)]
        refused: bool,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// Go on after this case, which the page before named
        #[arg(long, value_name = "ID")]
        after: Option<i64>,
    },
    /// Say whose a record or an account is
    #[command(group = clap::ArgGroup::new("whose").required(true))]
    Decide {
        /// The case
        #[arg(value_name = "ID")]
        id: i64,
        /// It belongs to this person
        #[arg(long, value_name = "PERSON", group = "whose")]
        link: Option<String>,
        /// It stands for somebody new
        #[arg(long, group = "whose")]
        new: bool,
        /// It does not count
        #[arg(long, group = "whose")]
        nobody: bool,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Link every case like this one, found by the same rule, to its only candidate
    ApplyRule {
        /// One of the cases
        #[arg(value_name = "ID")]
        id: i64,
        /// The number of cases; without it only the number is told
        #[arg(long, value_name = "N")]
        confirm: Option<u64>,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take a record or an account away from whom it belongs to; no rule gives it back
    Undo {
        /// The record or account
        #[arg(value_name = "SYSTEM:KEY")]
        subject: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Merge a person into another one, who gets records, accounts, roles and links
    Merge {
        /// Who turned out to be somebody else
        #[arg(value_name = "PERSON")]
        person: String,
        /// Who stays
        #[arg(long, value_name = "PERSON")]
        into: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Bring back a person who was merged, with what moved
    Split {
        /// The key that the merged person had
        #[arg(value_name = "KEY")]
        person: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    if let Verb::List { refused, limit, after } = args.verb {
        let status = if refused { CaseStatus::Refused } else { CaseStatus::Undecided };
        let page = list_matches(&opened, status, after, limit.max(1)).await?;
        shell.ui.show(&listed(&page))?;
        return Ok(Exit::Done);
    }
    let said = act(&ctx, &opened, args.verb).await?;
    let report =
        Report::one(vec![("done", said.clone())], serde_json::json!({ "done": said })).text(said);
    shell.ui.show(&report)?;
    shell.ui.say("see what follows: muster plan")?;
    Ok(Exit::Done)
}

async fn act(ctx: &Ctx, opened: &Opened, verb: Verb) -> Result<String> {
    Ok(match verb {
        Verb::List { .. } => String::new(),
        Verb::Decide { id, link, new, nobody: _, reason } => {
            let decision = match link {
                Some(person) => Decision::Link(person),
                None if new => Decision::New,
                None => Decision::Nobody,
            };
            decide_match(ctx, opened, id, &decision, &reason).await?;
            format!("case {id} is decided")
        }
        Verb::ApplyRule { id, confirm, reason } => {
            let n = apply_rule(ctx, opened, id, confirm, &reason).await?;
            format!("{n} cases are decided")
        }
        Verb::Undo { subject, reason } => {
            let of = undo_match(ctx, opened, &subject, &reason).await?;
            format!("{subject} no longer belongs to {of}")
        }
        Verb::Merge { person, into, reason } => {
            merge_people(ctx, opened, &person, &into, &reason).await?;
            format!("{person} is merged into {into}")
        }
        Verb::Split { person, reason } => {
            split_people(ctx, opened, &person, &reason).await?;
            format!("{person} is back")
        }
    })
}

fn listed(page: &Page<MatchView>) -> Report {
    let items = page.items.iter().map(|view| (row(view), json::match_case(view)));
    let columns = ["id", "system", "what", "key", "problem", "candidates"];
    Report::list(&columns, items, page.next.map(|next| next.to_string())).empty("nothing waits")
}

fn row(view: &MatchView) -> Vec<String> {
    vec![
        view.id.to_string(),
        view.system.to_string(),
        format!("{} {}", view.subject, view.what),
        view.key.to_string(),
        view.problem.to_string(),
        shown(&view.candidates),
    ]
}

/// Candidates in a cell of a table.
pub(super) fn shown(candidates: &[CandidateView]) -> String {
    let one = |one: &CandidateView| format!("{} {} %", one.key, one.confidence);
    candidates.iter().map(one).collect::<Vec<String>>().join(", ")
}
