//! `muster reviews`.

use std::{fs::File, io::Write as _};

use clap::Subcommand;
use muster_app::{Ctx, Opened};
use muster_governance::person_named;
use muster_review::{
    Decision, ItemAnswer, ItemQuery, NewCampaign, WhoseItems, campaign_evidence, campaign_id,
    campaign_status, check_evidence, decide_items, list_campaigns, list_items, open_campaign,
    release_silence, see_item, undo_item,
};
use muster_store::ItemState;

use super::requests::acting;
use crate::{
    Exit, Result,
    error::CommandError,
    shell::{Shell, read_file},
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
    /// Write the evidence of a campaign: what was asked, answered and done, signed
    Evidence(Evidence),
    /// Check evidence: needs nothing but the file, no project and no store
    Verify(Verify),
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

#[derive(clap::Args, Debug)]
struct Evidence {
    /// The campaign, by number or title; a review means its newest one
    #[arg(value_name = "NAME")]
    campaign: String,
    /// The file, a zip archive; one that is there is not written over
    #[arg(long, value_name = "FILE")]
    to: String,
}

#[derive(clap::Args, Debug)]
struct Verify {
    /// The evidence
    #[arg(value_name = "FILE")]
    file: String,
    /// The first public key of the installation, as it was noted elsewhere: then nobody who could write the file is trusted
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    // Whoever checks evidence has no project.
    if let Command::Verify(check) = &args.command {
        let report = verify(shell, check)?;
        shell.ui.show(&report)?;
        return Ok(Exit::Done);
    }
    let (ctx, opened) = shell.open().await?;
    let report = report(shell, (&ctx, &opened), args).await?;
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

fn verify(shell: &Shell, Verify { file, key }: &Verify) -> Result<Report> {
    let bytes = read_file(&shell.path(file.as_ref()))?;
    Ok(shown::checked(&check_evidence(&bytes, key.as_deref())?))
}

async fn evidence(
    shell: &Shell,
    (ctx, opened): (&Ctx, &Opened),
    Evidence { campaign, to }: &Evidence,
) -> Result<Report> {
    let path = shell.path(to.as_ref());
    let (_, bytes) = campaign_evidence(ctx, opened, campaign).await?;
    let written = File::create_new(&path).and_then(|mut file| file.write_all(&bytes));
    written.map_err(|error| CommandError::file("write", &path, &error))?;
    Ok(shown::checked(&check_evidence(&bytes, None)?))
}

async fn report(shell: &Shell, (ctx, opened): (&Ctx, &Opened), args: Args) -> Result<Report> {
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
        Command::Evidence(wanted) => return evidence(shell, (ctx, opened), &wanted).await,
        Command::Verify(check) => return verify(shell, &check),
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
