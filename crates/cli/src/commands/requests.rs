//! `muster requests`.

use std::collections::BTreeMap;

use muster_app::{Ctx, Opened};
use muster_governance::{
    CatalogueQuery, ChangeRequest, ExtendRequest, NewRequest, RequestQuery, ShortenRequest, Whose,
    change_request, check_request, create_request, extend_assignment, list_requests, person_named,
    search_catalogue, see_request, shorten_assignment, suggest_roles, withdraw_request,
};
use muster_model::EntityId;

use crate::{
    Exit, Result,
    shell::Shell,
    when::{When, parse_when},
};

pub(crate) mod shown;

/// Ask for roles, for yourself and for others, and see what becomes of it
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Who asks, by key or another unique attribute [default: the user of this machine]
    #[arg(long = "as", value_name = "PERSON", global = true)]
    who: Option<String>,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List the roles that can be asked for
    Catalogue(Catalogue),
    /// List roles that your peers have and you can ask for
    Suggestions,
    /// Show what a request would come to: who decides, until when, which conflicts it would complete
    Preview(Wanted),
    /// Ask for roles
    Create(Wanted),
    /// Ask for more time with a role
    Extend(Extend),
    /// Let a role that a request gave end earlier, or at once
    Shorten(Shorten),
    /// List requests, the newest first
    List(List),
    /// Show a request with its history
    Show(One),
    /// Change a request that waits; whoever approved it is asked again
    Change(Change),
    /// Take a request back
    Withdraw(Withdraw),
}

#[derive(clap::Args, Debug)]
struct Catalogue {
    /// Words that stand in the name, the description or what is granted
    #[arg(value_name = "WORDS", default_value = "")]
    search: String,
    /// For this person [default: oneself]
    #[arg(long = "for", value_name = "PERSON")]
    person: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

#[derive(clap::Args, Debug)]
struct Wanted {
    /// The roles
    #[arg(value_name = "ROLE", required = true)]
    roles: Vec<String>,
    /// For this person; may be given several times [default: oneself]
    #[arg(long = "for", value_name = "PERSON")]
    people: Vec<String>,
    /// The first day or instant [default: at once]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    from: Option<When>,
    /// The day or instant it ends [default: what is usual]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: Option<When>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// The answer to a question that the role asks
    #[arg(long, value_name = "QUESTION=ANSWER", value_parser = parse_answer)]
    answer: Vec<(String, String)>,
}

#[derive(clap::Args, Debug)]
struct Extend {
    /// The role
    #[arg(value_name = "ROLE")]
    role: String,
    /// For this person [default: oneself]
    #[arg(long = "for", value_name = "PERSON")]
    person: Option<String>,
    /// The day or instant it ends then [default: what is usual]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: Option<When>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// The answer to a question that the role asks
    #[arg(long, value_name = "QUESTION=ANSWER", value_parser = parse_answer)]
    answer: Vec<(String, String)>,
}

#[derive(clap::Args, Debug)]
struct Shorten {
    /// The role
    #[arg(value_name = "ROLE")]
    role: String,
    /// Of this person [default: oneself]
    #[arg(long = "for", value_name = "PERSON")]
    person: Option<String>,
    /// The day or instant it ends then [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: Option<When>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

#[derive(clap::Args, Debug)]
struct List {
    /// Whose: those you made, those about you, or everybody's
    #[arg(long, value_name = "WHOSE", default_value = "mine", value_parser = ["mine", "about_me", "all"])]
    of: String,
    /// Also those that are over
    #[arg(long)]
    ended: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this number, which the page before named
    #[arg(long, value_name = "NUMBER")]
    after: Option<i64>,
}

#[derive(clap::Args, Debug)]
pub(super) struct One {
    /// The request
    #[arg(value_name = "NUMBER")]
    pub(super) request: i64,
}

#[derive(clap::Args, Debug)]
struct Change {
    /// The request
    #[arg(value_name = "NUMBER")]
    request: i64,
    /// The first day or instant [default: as it is]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    from: Option<When>,
    /// The day or instant it ends [default: as it is]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: Option<When>,
    /// Why [default: as it is]
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(clap::Args, Debug)]
struct Withdraw {
    /// The request
    #[arg(value_name = "NUMBER")]
    request: i64,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

fn parse_answer(text: &str) -> std::result::Result<(String, String), String> {
    let (question, answer) = text.split_once('=').ok_or("write QUESTION=ANSWER")?;
    Ok((question.trim().to_owned(), answer.trim().to_owned()))
}

/// Who acts: whoever is named, else the user of this machine.
pub(super) async fn acting(ctx: &Ctx, opened: &Opened, who: Option<&str>) -> Result<EntityId> {
    let name = who.unwrap_or(&ctx.actor);
    Ok(person_named(ctx, opened, name).await.map_err(|error| match who {
        Some(_) => error,
        None => error.hint("--as PERSON says who you are"),
    })?)
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let who = args.who.as_deref();
    match args.command {
        Command::List(list) => {
            let whose = match &*list.of {
                "all" => Whose::All,
                "about_me" => Whose::About(acting(&ctx, &opened, who).await?),
                _ => Whose::By(acting(&ctx, &opened, who).await?),
            };
            let List { ended, limit, after, of: _ } = list;
            let query = RequestQuery { whose, ended, before: after, limit: limit.max(1) };
            let page = list_requests(&ctx, &opened, &query).await?;
            shell.ui.show(&shown::list(&page, "there is no request"))?;
        }
        Command::Show(One { request }) => {
            let me = match who {
                Some(name) => Some(person_named(&ctx, &opened, name).await?),
                None => None,
            };
            shell.ui.show(&shown::one(&see_request(&ctx, &opened, me, request).await?))?;
        }
        command @ (Command::Catalogue(_)
        | Command::Suggestions
        | Command::Shorten(_)
        | Command::Preview(_)
        | Command::Create(_)
        | Command::Extend(_)
        | Command::Change(_)
        | Command::Withdraw(_)) => {
            let me = acting(&ctx, &opened, who).await?;
            ask(shell, (&ctx, &opened, me), command).await?;
        }
    }
    Ok(Exit::Done)
}

async fn ask(
    shell: &mut Shell,
    (ctx, opened, me): (&Ctx, &Opened, EntityId),
    command: Command,
) -> Result<()> {
    let report = match command {
        Command::Catalogue(Catalogue { search, person, limit, after }) => {
            let query = CatalogueQuery { search, person, after, limit: limit.max(1) };
            shown::catalogue(&search_catalogue(ctx, opened, me, &query).await?)
        }
        Command::Suggestions => shown::suggestions(&suggest_roles(ctx, opened, me).await?),
        Command::Shorten(Shorten { role, person, until, reason }) => {
            let less =
                ShortenRequest { role, person, until: Shell::instant(opened, until), reason };
            shown::one(&shorten_assignment(ctx, opened, me, &less).await?)
        }
        Command::Preview(wanted) => {
            shown::checked(&check_request(ctx, opened, me, &new(opened, wanted)).await?)
        }
        Command::Create(wanted) => {
            let made = create_request(ctx, opened, me, &new(opened, wanted)).await?;
            let page = muster_app::Page { items: made, next: None };
            shown::list(&page, "nothing was asked for")
        }
        Command::Extend(Extend { role, person, until, reason, answer }) => {
            let until = Shell::instant(opened, until);
            let answers = answer.into_iter().collect();
            let more = ExtendRequest { role, person, until, reason, answers };
            shown::one(&extend_assignment(ctx, opened, me, &more).await?)
        }
        Command::Change(Change { request, from, until, reason }) => {
            let (from, until) = (Shell::instant(opened, from), Shell::instant(opened, until));
            let change = ChangeRequest { from, until, reason };
            shown::one(&change_request(ctx, opened, me, request, &change).await?)
        }
        Command::Withdraw(Withdraw { request, reason }) => {
            shown::one(&withdraw_request(ctx, opened, me, request, &reason).await?)
        }
        Command::List(_) | Command::Show(_) => return Ok(()),
    };
    shell.ui.show(&report)
}

fn new(opened: &Opened, wanted: Wanted) -> NewRequest {
    let Wanted { roles, people, from, until, reason, answer } = wanted;
    let answers: BTreeMap<String, String> = answer.into_iter().collect();
    let (from, until) = (Shell::instant(opened, from), Shell::instant(opened, until));
    NewRequest { roles, people, from, until, reason, answers }
}
