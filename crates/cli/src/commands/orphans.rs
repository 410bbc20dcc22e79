//! `muster orphans`.

use clap::Subcommand;
use muster_app::{
    AccountQuery, AccountView, Ctx, Opened, OrphanChoice, assign_orphan, decide_orphans, json,
    list_ownerless,
};
use muster_engine::{CandidateView, OrphanView, change_owner, list_orphans};
use muster_store::{AccountStatus, OrphanDecision, OrphanVerb};

use crate::{
    Exit, Result,
    shell::Shell,
    ui::Report,
    when::{When, parse_when, shown},
};

/// List accounts that belong to nobody, and say what is to become of them
///
/// Without a word of what to do they are listed, with those that wait for a decision about their candidates.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Orphans>,
    #[command(flatten)]
    list: List,
}

#[derive(clap::Args, Debug)]
struct List {
    /// Of this system only
    #[arg(long, value_name = "SYSTEM")]
    system: Option<String>,
    /// Those that may stay
    #[arg(long, conflicts_with = "owners")]
    authorised: bool,
    /// Service accounts and the like that nobody answers for any more
    #[arg(long)]
    owners: bool,
    /// How many of each sort at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

#[derive(Subcommand, Debug)]
enum Orphans {
    /// Give an account to a person
    Assign {
        /// The account, by the number that the list shows
        #[arg(value_name = "ACCOUNT")]
        account: i64,
        /// The person, by key or another unique attribute
        #[arg(value_name = "PERSON")]
        person: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        comment: String,
    },
    /// Give what somebody answers for, such as a service account, another owner
    Owner {
        /// What it is, by key or another unique attribute
        #[arg(value_name = "NAME")]
        name: String,
        /// The new owner, by key or another unique attribute
        #[arg(value_name = "PERSON")]
        owner: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        comment: String,
    },
    /// Say that accounts are known and may stay
    Authorise {
        #[command(flatten)]
        which: Which,
        /// The day or instant that ends [default: no end]
        #[arg(long, value_name = "TIME", value_parser = parse_when)]
        until: Option<When>,
        /// Why
        #[arg(long, value_name = "TEXT")]
        comment: String,
    },
    /// Delete accounts with the next plan
    Delete {
        #[command(flatten)]
        which: Which,
        /// Why
        #[arg(long, value_name = "TEXT")]
        comment: String,
    },
    /// Take decisions back
    Undo {
        #[command(flatten)]
        which: Which,
    },
}

#[derive(clap::Args, Debug)]
struct Which {
    /// The accounts, by the numbers that the list shows
    #[arg(value_name = "ACCOUNT", required = true)]
    accounts: Vec<i64>,
    /// Their number, when they are several
    #[arg(long, value_name = "N")]
    confirm: Option<u64>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let (which, choice, comment, done) = match args.command {
        None if args.list.owners => return owners(shell, &ctx, &opened, &args.list).await,
        None => return list(shell, &ctx, &opened, args.list).await,
        Some(Orphans::Assign { account, person, comment }) => {
            let view = assign_orphan(&ctx, &opened, account, &person, &comment).await?;
            let text = format!("{} belongs to {person}", view.name);
            let document = json::account(&view);
            shell.ui.show(&Report::one(Vec::new(), document).text(text))?;
            shell.ui.say(&format!("see what follows: muster plan --person {person}"))?;
            return Ok(Exit::Done);
        }
        Some(Orphans::Owner { name, owner, comment }) => {
            let done = change_owner(&ctx, &opened, &name, &owner, &comment).await?;
            let document = muster_engine::json::entered(&done);
            let text = format!("{owner} answers for {name}");
            shell.ui.show(&Report::one(Vec::new(), document).text(text))?;
            return Ok(Exit::Done);
        }
        Some(Orphans::Authorise { which, until, comment }) => {
            let until = Shell::instant(&opened, until);
            (which, OrphanChoice::Authorise(until), comment, "may stay")
        }
        Some(Orphans::Delete { which, comment }) => {
            (which, OrphanChoice::Delete, comment, "deleted with the next plan")
        }
        Some(Orphans::Undo { which }) => {
            (which, OrphanChoice::Undo, String::new(), "undecided again")
        }
    };
    let decided =
        decide_orphans(&ctx, &opened, &which.accounts, choice, &comment, which.confirm).await?;
    let text: Vec<String> =
        decided.iter().map(|account| format!("{done}: {}", account.name)).collect();
    let items = decided.iter().map(|account| (row(account, None, &[]), json::account(account)));
    shell.ui.show(&Report::list(&COLUMNS, items, None).text(text.join("\n")))?;
    Ok(Exit::Done)
}

const COLUMNS: [&str; 8] =
    ["number", "system", "account", "status", "probably", "candidates", "entitlements", "decision"];

async fn list(shell: &mut Shell, ctx: &Ctx, opened: &Opened, list: List) -> Result<Exit> {
    let statuses: &[AccountStatus] = if list.authorised {
        &[AccountStatus::Ignored]
    } else {
        &[AccountStatus::Orphan, AccountStatus::Undecided]
    };
    let query = AccountQuery {
        system: list.system,
        after: list.after,
        limit: list.limit.max(1),
        ..AccountQuery::default()
    };
    let mut page = list_orphans(ctx, opened, &query, statuses).await?;
    page.items.sort_by(|a, b| {
        (&a.account.system, &a.account.name).cmp(&(&b.account.system, &b.account.name))
    });
    let items = page.items.iter().map(|view| {
        let OrphanView { account, decision, candidates } = view;
        (row(account, decision.as_ref(), candidates), muster_engine::json::orphan(view))
    });
    let report = Report::list(&COLUMNS, items, page.next.map(|next| next.to_string()))
        .empty("no orphan accounts");
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

fn row(
    account: &AccountView,
    decision: Option<&OrphanDecision>,
    candidates: &[CandidateView],
) -> Vec<String> {
    let names: Vec<&str> = account.entitlements.iter().map(|(_, name)| &**name).collect();
    let decision = decision.map_or_else(String::new, |decision| {
        let until =
            decision.until.map_or_else(String::new, |until| format!(" until {}", shown(until)));
        match decision.verb {
            OrphanVerb::Authorise => format!("may stay{until}: {}", decision.remark),
            OrphanVerb::Delete => format!("to be deleted: {}", decision.remark),
        }
    });
    vec![
        account.id.0.to_string(),
        account.system.to_string(),
        account.name.to_string(),
        account.status.word().to_owned(),
        account.person.as_deref().unwrap_or_default().to_owned(),
        super::matches::shown(candidates),
        names.join(", "),
        decision,
    ]
}

async fn owners(shell: &mut Shell, ctx: &Ctx, opened: &Opened, list: &List) -> Result<Exit> {
    let page = list_ownerless(ctx, opened, list.after, list.limit.max(1)).await?;
    let items = page.items.iter().map(|one| {
        let row = vec![
            one.type_name.to_string(),
            one.subject.to_string(),
            one.owner.as_deref().unwrap_or_default().to_owned(),
            one.why.clone(),
            one.accounts.join(", "),
        ];
        (row, json::ownerless(one))
    });
    let columns = ["type", "name", "owner", "why", "accounts"];
    let next = page.next.map(|next| next.to_string());
    let report = Report::list(&columns, items, next).empty("somebody answers for everything");
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}
