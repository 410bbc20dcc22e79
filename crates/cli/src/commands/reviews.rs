//! `muster reviews`.

use clap::Subcommand;
use muster_app::{Ctx, Opened};
use muster_governance::person_named;
use muster_review::{
    Decision, ItemAnswer, ItemQuery, NewCampaign, WhoseItems, campaign_id, campaign_status,
    decide_items, list_campaigns, list_items, open_campaign, release_silence, see_item, undo_item,
};
use muster_store::ItemState;

use super::requests::acting;
use crate::{
    Exit, Result,
    error::CommandError,
    shell::Shell,
    ui::Report,
    when::{When, parse_when},
};

mod shown;

/// Ask whether people still need what they have, and decide about it
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Who decides, by key or another unique attribute [default: the user of this machine]
    #[arg(long = "as", value_name = "PERSON", global = true)]
    who: Option<String>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// List campaigns, the newest first
    List(List),
    /// Open a campaign of an access review now
    Open(Open),
    /// Show how far a campaign is
    Status(Status),
    /// List the items about which you are asked, or all of a campaign
    Items(Items),
    /// Show an item, what a revocation does and what was said
    Show(One),
    /// Say that something stays
    Keep(Decided),
    /// Take something away
    Revoke(Decided),
    /// Let something end earlier
    Shorten(Shorten),
    /// Let somebody else decide
    Forward(Forward),
    /// Say that you do not know; whoever decides in such cases is asked
    Unsure(Decided),
    /// Take a decision back
    Undo(Undo),
    /// Say what becomes of items that nobody answered and the guard holds
    Release(Release),
}

#[derive(clap::Args, Debug)]
struct List {
    /// Also those that are over
    #[arg(long)]
    closed: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this number, which the page before named
    #[arg(long, value_name = "NUMBER")]
    after: Option<i64>,
}

#[derive(clap::Args, Debug)]
struct Open {
    /// The review, as the model calls it
    #[arg(value_name = "NAME")]
    review: String,
    /// What the campaign is called [default: the review and the day]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// About this person only
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
}

#[derive(clap::Args, Debug)]
struct Status {
    /// The campaign, by number or title; a review means its newest one
    #[arg(value_name = "NAME")]
    campaign: String,
}

#[derive(clap::Args, Debug)]
struct Items {
    /// Of this campaign only, by number or title
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// Whose: those about which you are asked, or all of the campaign
    #[arg(long, value_name = "WHOSE", default_value = "mine", value_parser = ["mine", "all"])]
    of: String,
    /// In this state only [default: yours that wait, all of a campaign]
    #[arg(long, value_name = "STATE", value_parser = ["waiting", "decided", "over"])]
    state: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this number, which the page before named
    #[arg(long, value_name = "NUMBER")]
    after: Option<i64>,
}

#[derive(clap::Args, Debug)]
struct One {
    /// The item
    #[arg(value_name = "NUMBER")]
    item: i64,
}

#[derive(clap::Args, Debug)]
struct Decided {
    /// The items; several have to be about the same
    #[arg(value_name = "NUMBER", required = true)]
    items: Vec<i64>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// The state that was seen, for what changed since the campaign opened; the refusal names it
    #[arg(long, value_name = "MARK")]
    seen: Option<String>,
    /// How many items it is; needed for several
    #[arg(long, value_name = "N")]
    confirm: Option<u64>,
}

#[derive(clap::Args, Debug)]
struct Shorten {
    #[command(flatten)]
    decided: Decided,
    /// The day or instant it ends
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: When,
}

#[derive(clap::Args, Debug)]
struct Forward {
    #[command(flatten)]
    decided: Decided,
    /// Who decides, by key or another unique attribute
    #[arg(long, value_name = "PERSON")]
    to: String,
}

#[derive(clap::Args, Debug)]
struct Undo {
    /// The item
    #[arg(value_name = "NUMBER")]
    item: i64,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

#[derive(clap::Args, Debug)]
struct Release {
    /// The campaign, by number or title
    #[arg(value_name = "NAME")]
    campaign: String,
    /// What becomes of the items
    #[arg(long, value_name = "WHAT", value_parser = ["keep", "revoke"])]
    silence: String,
    /// How many items it is
    #[arg(long, value_name = "N")]
    confirm: Option<i64>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let report = report(&ctx, &opened, args).await?;
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

async fn report(ctx: &Ctx, opened: &Opened, args: Args) -> Result<Report> {
    let who = args.who.as_deref();
    let (decided, answer) = match args.command {
        Command::List(List { closed, limit, after }) => {
            let page = list_campaigns(ctx, opened, closed, (after, limit.max(1))).await?;
            return Ok(shown::campaigns(&page));
        }
        Command::Open(open) => return self::open(ctx, opened, open).await,
        Command::Status(Status { campaign }) => {
            return Ok(shown::campaign(&campaign_status(ctx, opened, &campaign).await?));
        }
        Command::Items(items) => return self::items(ctx, opened, who, items).await,
        Command::Show(One { item }) => {
            let me = match who {
                Some(name) => Some(person_named(ctx, opened, name).await?),
                None => None,
            };
            return Ok(shown::one(&see_item(ctx, opened, me, item).await?));
        }
        Command::Undo(Undo { item, reason }) => {
            let me = acting(ctx, opened, who).await?;
            return Ok(shown::one(&undo_item(ctx, opened, me, item, &reason).await?));
        }
        Command::Release(Release { campaign, silence, confirm }) => {
            let silence = (silence == "revoke", confirm);
            let view = release_silence(ctx, opened, &campaign, silence).await?;
            return Ok(shown::campaign(&view));
        }
        Command::Keep(decided) => (decided, ItemAnswer::Keep),
        Command::Revoke(decided) => (decided, ItemAnswer::Revoke),
        Command::Unsure(decided) => (decided, ItemAnswer::Unsure),
        Command::Shorten(Shorten { decided, until }) => {
            (decided, ItemAnswer::Shorten(until.instant(&opened.model.timezone)))
        }
        Command::Forward(Forward { decided, to }) => (decided, ItemAnswer::Forward(to)),
    };
    let me = acting(ctx, opened, who).await?;
    let Decided { items, reason, seen, confirm } = decided;
    let decision = Decision { answer, reason, mark: seen, confirm };
    Ok(shown::decided(&decide_items(ctx, opened, me, &items, &decision).await?))
}

async fn open(ctx: &Ctx, opened: &Opened, open: Open) -> Result<Report> {
    let only = match &open.person {
        Some(name) => Some(person_named(ctx, opened, name).await?),
        None => None,
    };
    let (review, title) = (open.review.as_str(), open.title.as_deref());
    let new = NewCampaign { review, title, cause: "hand", only };
    Ok(shown::campaign(&open_campaign(ctx, opened, &new).await?))
}

async fn items(ctx: &Ctx, opened: &Opened, who: Option<&str>, items: Items) -> Result<Report> {
    let campaign = match &items.campaign {
        Some(name) => Some(campaign_id(opened, name).await?),
        None => None,
    };
    let whose = match (&*items.of, campaign) {
        ("all", Some(campaign)) => WhoseItems::All(campaign),
        ("all", None) => {
            return Err(CommandError::usage(
                "--campaign NAME says of which campaign all are wanted",
            ));
        }
        _ => WhoseItems::Of(acting(ctx, opened, who).await?),
    };
    let state = items.state.as_deref().and_then(ItemState::from_word);
    let (after, limit) = (items.after.unwrap_or(0), items.limit.max(1));
    let query = ItemQuery { whose, campaign, state, after, limit };
    Ok(shown::items(&list_items(ctx, opened, &query).await?))
}
