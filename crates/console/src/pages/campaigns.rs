//! `/campaigns`: how far each campaign of an access review is, and what silence may do.

use askama::Template;
use axum::{body::Body, http::header, response::Response};
use muster_app::{Ctx, Error, key_file};
use muster_policy::Right;
use muster_review::{
    CampaignView, ItemQuery, WhoseItems, campaign_status, evidence_to_send, list_campaigns,
    list_items, release_silence,
};
use muster_store::CampaignState;
use muster_web::Problem;

use super::Pager;
use crate::{
    flash::Said,
    frame::{Frame, done, page},
    given::ROWS,
    moment::Moment,
    reviewed::{Card, aside_why},
    texts::{ReviewTexts, filled},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "campaigns.html")]
struct List<'v> {
    frame: Frame<'v>,
    closed: bool,
    rows: Vec<Campaign>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "campaign.html")]
struct One<'v> {
    frame: Frame<'v>,
    campaign: Campaign,
    /// The number to type for what silence would take away, for those who may.
    held: Option<i64>,
    items: Vec<Card>,
    /// Whether there is a key to sign evidence with, and whoever looks may have it.
    has_evidence: bool,
    pager: Pager,
}

struct Campaign {
    id: i64,
    title: String,
    description: String,
    cause: String,
    state: &'static str,
    opened: Moment,
    due: Moment,
    late: bool,
    asked: i64,
    aside: Vec<(String, i64)>,
    n_aside: i64,
    waiting: i64,
    kept: i64,
    removed: i64,
    narrowed: i64,
    over: i64,
    gone: i64,
    median: Option<String>,
    glances: Option<u64>,
    reviewers: Vec<(String, i64)>,
    is_held: bool,
}

impl Campaign {
    fn of(visit: &Visit, view: &CampaignView) -> Self {
        let texts = &visit.texts.review;
        let aside = view.aside.iter().map(|(cause, n)| (aside_why(texts, cause).to_owned(), *n));
        let reviewers = view.reviewers.iter().map(|(name, n)| (name.to_string(), *n));
        let seconds = |n: i64| filled(texts.seconds, &[("n", &n.to_string())]);
        Self {
            id: view.id,
            title: view.title.to_string(),
            description: view.description.clone(),
            cause: view.cause.to_string(),
            state: state(texts, view.state),
            opened: visit.moment(view.opened_at),
            due: visit.moment(view.due_at),
            late: view.late,
            asked: view.asked,
            aside: aside.collect(),
            n_aside: view.aside.iter().map(|(_, n)| n).sum(),
            waiting: view.waiting,
            kept: view.kept,
            removed: view.removed,
            narrowed: view.narrowed,
            over: view.over,
            gone: view.gone,
            median: view.median_seconds.map(seconds),
            glances: view.glances,
            reviewers: reviewers.collect(),
            is_held: view.held.is_some(),
        }
    }
}

fn state(texts: &ReviewTexts, state: CampaignState) -> &'static str {
    match state {
        CampaignState::Open => texts.open,
        CampaignState::Held => texts.held_state,
        CampaignState::Closed => texts.closed,
    }
}

/// The list, the newest first.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let closed = visit.given.text("closed") == "yes";
    let part = (visit.given.number("after"), ROWS);
    let part = list_campaigns(&ctx, &visit.opened, closed, part).await?;
    let next = part.next.map(|next| next.to_string());
    let template = List {
        frame: Frame::of(&visit),
        closed,
        rows: part.items.iter().map(|view| Campaign::of(&visit, view)).collect(),
        pager: Pager::new("/campaigns", &visit.given, &["closed"], next),
    };
    page(&visit, &template)
}

/// One of them, with its items.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let view = campaign_status(&ctx, &visit.opened, visit.given.text("campaign")).await?;
    let query = ItemQuery {
        whose: WhoseItems::All(view.id),
        campaign: None,
        state: None,
        after: visit.given.number("after").unwrap_or(0),
        limit: ROWS,
    };
    let part = list_items(&ctx, &visit.opened, &query).await?;
    let next = part.next.map(|next| next.to_string());
    let path = format!("/campaigns/{}", view.id);
    let may_release = visit.may_for_everybody(Right::AssignmentsWrite).is_some();
    let may_see_all = visit.may_for_everybody(Right::AssignmentsRead).is_some();
    let template = One {
        frame: Frame::of(&visit),
        has_evidence: may_see_all && key_file(&visit.opened).is_some(),
        held: view.held.filter(|_| may_release),
        campaign: Campaign::of(&visit, &view),
        items: part.items.iter().map(|view| Card::of(&visit, view, ctx.now())).collect(),
        pager: Pager::new(&path, &visit.given, &[], next),
    };
    page(&visit, &template)
}

/// The signed evidence of a campaign, as a file.
pub(crate) async fn evidence(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let name = visit.given.text("campaign");
    let (name, bytes) = evidence_to_send(&ctx, &visit.opened, name).await?;
    let answer = Response::builder()
        .header(header::CONTENT_TYPE, "application/zip")
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::from(bytes));
    answer.map_err(|_| Problem::from(Error::bug("an answer cannot be made")))
}

/// Says what silence does, with the number of items.
pub(crate) async fn release(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let given = &visit.given;
    let name = given.text("campaign");
    let revoke = match given.text("silence") {
        "revoke" => true,
        "keep" => false,
        _ => return Err(Problem::invalid("no decision was chosen")),
    };
    release_silence(&ctx, &visit.opened, name, (revoke, given.number("confirm"))).await?;
    Ok(done(Said::Decided, &format!("/campaigns/{}", crate::address::part(name))))
}
