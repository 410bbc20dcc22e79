//! `/`: what needs attention, as far as this person may see it. Each card leads to its list.

use askama::Template;
use axum::response::Response;
use muster_app::{
    AccountQuery, Ctx, DriftQuery, Error, SurveyCounts, count_survey, drift_groups, list_alarms,
    list_drift,
};
use muster_engine::{
    OrderQuery, list_change_sets, list_matches, list_orders, list_orphans, list_plans,
    list_reviews, list_systems, list_tickets,
};
use muster_governance::{RequestQuery, Whose, list_requests};
use muster_policy::Right;
use muster_review::{ItemQuery, WhoseItems, list_items};
use muster_store::{
    AccountStatus, AlarmStatus, CaseStatus, OperationState, PlanStatus, TicketStatus,
};
use muster_web::Problem;

use crate::{
    frame::{Frame, own_places, page},
    visit::Visit,
};

/// Lists are counted up to here.
const MOST: usize = 1000;
/// What should be few is counted up to here.
const FEW: usize = 100;

#[derive(Template)]
#[template(path = "home.html")]
struct Page<'v> {
    frame: Frame<'v>,
    cards: Vec<Card>,
    /// What everybody may do: address, name, help.
    doings: Vec<(&'static str, &'static str, &'static str)>,
    own: Option<String>,
}

/// A number that leads somewhere.
struct Card {
    path: &'static str,
    n: usize,
    /// True when it was not counted to the end.
    at_least: bool,
    text: &'static str,
}

/// The texts of a card: for one, and for many.
type Words = [&'static str; 2];

impl Card {
    fn new(path: &'static str, n: usize, at_least: bool, words: Words) -> Option<Self> {
        let [one, many] = words;
        let text = if n == 1 && !at_least { one } else { many };
        (n > 0).then_some(Self { path, n, at_least, text })
    }

    /// Of a list that was asked for [`MOST`] at most.
    fn listed(path: &'static str, n: usize, words: Words) -> Option<Self> {
        Self::new(path, n, n >= MOST, words)
    }
}

/// The page.
pub(crate) async fn show(visit: Visit) -> Result<Response, Problem> {
    let mut cards = Vec::new();
    requests(&visit, &mut cards).await?;
    reviews(&visit, &mut cards).await?;
    people(&visit, &mut cards).await?;
    access(&visit, &mut cards).await?;
    work(&visit, &mut cards).await?;
    desk(&visit, &mut cards).await?;
    let doings = own_places(&visit);
    let frame = Frame::of(&visit);
    let own = visit.may(Right::PeopleRead).map(|_| crate::address::person(visit.subject()));
    page(&visit, &Page { frame, cards, doings, own })
}

/// What waits for whoever looks, and what they wait for.
async fn requests(visit: &Visit, cards: &mut Vec<Card>) -> Result<(), Error> {
    let texts = &visit.texts.asking;
    let (ctx, me) = visit.myself();
    let both = [
        (Whose::ToDecide(me), "/approvals", [texts.waiting_one, texts.waiting_many]),
        (Whose::By(me), "/requests", [texts.mine_one, texts.mine_many]),
    ];
    for (whose, path, words) in both {
        let query = RequestQuery { whose, ended: false, before: None, limit: FEW };
        let part = list_requests(&ctx, &visit.opened, &query).await?;
        cards.extend(Card::new(path, part.items.len(), part.next.is_some(), words));
    }
    Ok(())
}

/// What somebody is asked about in reviews.
async fn reviews(visit: &Visit, cards: &mut Vec<Card>) -> Result<(), Error> {
    let texts = &visit.texts.review;
    let (ctx, me) = visit.myself();
    let whose = WhoseItems::Of(me);
    let query = ItemQuery { whose, campaign: None, state: None, after: 0, limit: FEW };
    let part = list_items(&ctx, &visit.opened, &query).await?;
    let words = [texts.waiting_one, texts.waiting_many];
    cards.extend(Card::new("/reviews", part.items.len(), part.next.is_some(), words));
    Ok(())
}

/// What is wrong with people.
async fn people(visit: &Visit, cards: &mut Vec<Card>) -> Result<(), Error> {
    let home = &visit.texts.home;
    let Some(ctx) = visit.may(Right::PeopleRead) else { return Ok(()) };
    let SurveyCounts { active_leavers, in_conflict } = count_survey(&ctx, &visit.opened).await?;
    let words = [home.leavers_one, home.leavers_many];
    cards.extend(Card::new("/leavers", active_leavers, false, words));
    let words = [home.conflicts_one, home.conflicts_many];
    cards.extend(Card::new("/conflicts", in_conflict, false, words));
    Ok(())
}

/// What is wrong with accounts.
async fn access(visit: &Visit, cards: &mut Vec<Card>) -> Result<(), Error> {
    let (home, opened) = (&visit.texts.home, &visit.opened);
    if let Some(ctx) = visit.may_for_everybody(Right::AccountsRead) {
        let query = AccountQuery { limit: MOST, ..AccountQuery::default() };
        let orphans =
            list_orphans(&ctx, opened, &query, &[AccountStatus::Orphan]).await?.items.len();
        cards.extend(Card::listed("/orphans", orphans, [home.orphans_one, home.orphans_many]));
    }
    if let Some(ctx) = visit.may(Right::DriftRead) {
        let (n, at_least) = drift(&ctx, visit).await?;
        cards.extend(Card::new("/drift", n, at_least, [home.drift_one, home.drift_many]));
    }
    Ok(())
}

async fn drift(ctx: &Ctx, visit: &Visit) -> Result<(usize, bool), Error> {
    if ctx.reach.is_everybody() {
        let (groups, more) = drift_groups(ctx, &visit.opened, false, None, MOST).await?;
        let n: u64 = groups.iter().map(|group| group.n).sum();
        return Ok((usize::try_from(n).unwrap_or(usize::MAX), more.is_some()));
    }
    let query = DriftQuery { limit: MOST, ..DriftQuery::default() };
    let part = list_drift(ctx, &visit.opened, &query).await?;
    Ok((part.items.len(), part.next.is_some()))
}

/// What people have to do by hand or look at.
async fn desk(visit: &Visit, cards: &mut Vec<Card>) -> Result<(), Error> {
    let (texts, opened) = (&visit.texts.desk, &visit.opened);
    if visit.may_for_everybody(Right::AlarmsRead).is_some() {
        let part = list_alarms(opened, AlarmStatus::Open, None, FEW).await?;
        let words = [texts.alarms_one, texts.alarms_many];
        cards.extend(Card::new("/alarms", part.items.len(), part.next.is_some(), words));
    }
    if visit.may_for_everybody(Right::TicketsRead).is_some() {
        let n = list_tickets(opened, Some(TicketStatus::Open), None, FEW).await?.len();
        let words = [texts.tickets_one, texts.tickets_many];
        cards.extend(Card::new("/tickets", n, n == FEW, words));
    }
    if visit.may_for_everybody(Right::MatchesRead).is_some() {
        let part = list_matches(opened, CaseStatus::Undecided, None, FEW).await?;
        let words = [texts.matches_one, texts.matches_many];
        cards.extend(Card::new("/matches", part.items.len(), part.next.is_some(), words));
    }
    Ok(())
}

/// What does not go on by itself.
async fn work(visit: &Visit, cards: &mut Vec<Card>) -> Result<(), Error> {
    let (home, opened) = (&visit.texts.home, &visit.opened);
    let mut held = 0;
    if visit.may_for_everybody(Right::PlansRead).is_some() {
        let plans = list_plans(opened, MOST, None).await?;
        held += plans.iter().filter(|plan| plan.status == PlanStatus::Held).count();
    }
    if visit.may_for_everybody(Right::SystemsRead).is_some() {
        held += list_change_sets(opened).await?.len();
    }
    cards.extend(Card::listed("/held", held, [home.held_one, home.held_many]));
    if let Some(ctx) = visit.may(Right::OrdersRead) {
        let query = OrderQuery {
            state: Some(OperationState::Failed),
            limit: MOST,
            ..OrderQuery::default()
        };
        let failed = list_orders(&ctx, opened, &query).await?.len();
        cards.extend(Card::listed(
            "/queue?state=failed",
            failed,
            [home.failed_one, home.failed_many],
        ));
        let reviews = list_reviews(&ctx, opened, MOST).await?.len();
        cards.extend(Card::listed(
            "/queue?state=review",
            reviews,
            [home.reviews_one, home.reviews_many],
        ));
    }
    if visit.may(Right::SystemsRead).is_some() {
        let systems = list_systems(opened).await?;
        let unwell = systems.iter().filter(|system| system.state != "well").count();
        cards.extend(Card::new("/systems", unwell, false, [home.unwell_one, home.unwell_many]));
    }
    Ok(())
}
