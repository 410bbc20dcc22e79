//! `muster approvals`.

use muster_app::{Ctx, Error, Opened};
use muster_governance::{
    Answer, NewDelegation, RequestQuery, Verdict, Whose, create_delegation, decide_request,
    end_delegation, link_to_decide, list_delegations, list_requests, see_request,
};
use muster_model::EntityId;

use super::requests::{One, acting, shown};
use crate::{
    Exit, Result,
    shell::Shell,
    when::{When, parse_when},
};

/// Decide about requests that wait for you
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Who decides, by key or another unique attribute [default: the user of this machine]
    #[arg(long = "as", value_name = "PERSON", global = true)]
    who: Option<String>,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List the requests that wait for you
    List(List),
    /// Show a request with its history
    Show(One),
    /// Approve a request
    Approve(Approve),
    /// Refuse a request
    Refuse(Refuse),
    /// Get a link for deciding about a request on a telephone; on a terminal with a code to scan
    Link(One),
    /// Let somebody else decide in your place for a time
    Delegate(Delegate),
    /// List who decides in your place, and in whose place you decide
    Delegations,
    /// Take a delegation back
    End(End),
}

#[derive(clap::Args, Debug)]
struct List {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this number, which the page before named
    #[arg(long, value_name = "NUMBER")]
    after: Option<i64>,
}

#[derive(clap::Args, Debug)]
struct Approve {
    /// The request
    #[arg(value_name = "NUMBER")]
    request: i64,
    /// A remark
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// An earlier end than was asked for
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: Option<When>,
}

#[derive(clap::Args, Debug)]
struct Refuse {
    /// The request
    #[arg(value_name = "NUMBER")]
    request: i64,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(clap::Args, Debug)]
struct Delegate {
    /// Who decides in your place, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    to: String,
    /// The first day or instant [default: at once]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    from: Option<When>,
    /// The day or instant it ends
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: When,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

#[derive(clap::Args, Debug)]
struct End {
    /// The delegation
    #[arg(value_name = "NUMBER")]
    delegation: i64,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let me = acting(&ctx, &opened, args.who.as_deref()).await?;
    let report = match args.command {
        Command::List(List { limit, after }) => {
            let whose = Whose::ToDecide(me);
            let query = RequestQuery { whose, ended: false, before: after, limit: limit.max(1) };
            let page = list_requests(&ctx, &opened, &query).await?;
            shown::list(&page, "nothing waits for you")
        }
        Command::Show(One { request }) => {
            shown::one(&see_request(&ctx, &opened, Some(me), request).await?)
        }
        Command::Approve(Approve { request, reason, until }) => {
            let until = Shell::instant(&opened, until);
            let answer = Answer { verdict: Verdict::Approve, note: reason, until };
            shown::one(&decide_request(&ctx, &opened, me, request, &answer).await?)
        }
        Command::Refuse(Refuse { request, reason }) => {
            let answer = Answer { verdict: Verdict::Refuse, note: reason, until: None };
            shown::one(&decide_request(&ctx, &opened, me, request, &answer).await?)
        }
        Command::Link(One { request }) => {
            let link = link_to_decide(&ctx, &opened, me, request).await?;
            let is_scanned = shell.ui.is_read_by_a_person() && shell.ui.paint().is_on();
            shown::link(&link, is_scanned.then(|| shell.ui.paint()))
        }
        Command::Delegate(delegate) => delegated(&ctx, &opened, me, delegate).await?,
        Command::Delegations => shown::delegations(&list_delegations(&ctx, &opened, me).await?),
        Command::End(End { delegation }) => {
            end_delegation(&ctx, &opened, me, delegation).await?;
            shown::delegations(&list_delegations(&ctx, &opened, me).await?)
        }
    };
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

async fn delegated(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    delegate: Delegate,
) -> std::result::Result<crate::ui::Report, Error> {
    let Delegate { to, from, until, reason } = delegate;
    let until = until.instant(&opened.model.timezone);
    let new = NewDelegation { to, from: Shell::instant(opened, from), until, reason };
    let view = create_delegation(ctx, opened, me, &new).await?;
    Ok(shown::delegations(std::slice::from_ref(&view)))
}
