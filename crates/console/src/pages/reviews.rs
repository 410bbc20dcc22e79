//! `/reviews`: the access of others about which somebody is asked, each as a card; decided one by one or several alike at once.

use std::collections::BTreeMap;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use muster_app::Ctx;
use muster_model::EntityId;
use muster_review::{
    Aside, Decision, ItemAnswer, ItemQuery, ItemView, WhoseItems, decide_items, list_items,
    see_item, set_aside_beside, undo_item,
};
use muster_store::ItemState;
use muster_web::Problem;

use super::Pager;
use crate::{
    flash::Said,
    frame::{Frame, done, nothing, page, with_status},
    reviewed::{Card, Told, aside_why},
    texts::filled,
    visit::Visit,
};

/// Cards on one page.
const CARDS: usize = 20;

#[derive(Template)]
#[template(path = "reviews.html")]
struct List<'v> {
    frame: Frame<'v>,
    decided: bool,
    /// Why the answer before was none.
    trouble: Option<Box<str>>,
    cards: Vec<Card>,
    alike: Vec<Alike>,
    /// What nobody is asked about.
    aside: Vec<String>,
    pager: Pager,
}

/// Items that are about the same, which can be kept at once.
struct Alike {
    thing: String,
    text: String,
    n: usize,
    ids: Vec<i64>,
}

#[derive(Template)]
#[template(path = "review.html")]
struct One<'v> {
    frame: Frame<'v>,
    title: String,
    card: Card,
    answers: Vec<Told>,
}

/// What waits for whoever looks, or what they decided.
pub(crate) async fn list(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    shown(&visit, &ctx, me, None).await
}

async fn shown(
    visit: &Visit,
    ctx: &Ctx,
    me: EntityId,
    trouble: Option<Problem>,
) -> Result<Response, Problem> {
    let given = &visit.given;
    let decided = given.text("state") == "decided";
    let query = ItemQuery {
        whose: WhoseItems::Of(me),
        campaign: given.number("campaign"),
        state: Some(if decided { ItemState::Decided } else { ItemState::Waiting }),
        after: given.number("after").unwrap_or(0),
        limit: CARDS,
    };
    let part = list_items(ctx, &visit.opened, &query).await?;
    let next = part.next.map(|next| next.to_string());
    let aside = set_aside_beside(&visit.opened, &part.items).await?;
    let status = trouble.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let template = List {
        frame: Frame::of(visit),
        decided,
        trouble: trouble.map(|problem| problem.detail),
        cards: part.items.iter().map(|view| Card::of(visit, view, ctx.now())).collect(),
        alike: if decided { Vec::new() } else { alike(visit, &part.items) },
        aside: aside.iter().map(|aside| told_aside(visit, aside)).collect(),
        pager: Pager::new("/reviews", given, &["state", "campaign"], next),
    };
    with_status(visit, status, &template)
}

fn told_aside(visit: &Visit, aside: &Aside) -> String {
    let (texts, n) = (&visit.texts.review, aside.n.to_string());
    let values = [("title", &*aside.title), ("n", &*n), ("why", aside_why(texts, &aside.cause))];
    filled(texts.set_aside, &values)
}

/// Items of one campaign that are about the same, where there are several.
fn alike(visit: &Visit, items: &[ItemView]) -> Vec<Alike> {
    let mut groups: BTreeMap<_, Vec<i64>> = BTreeMap::new();
    for view in items {
        let key = (view.campaign, view.thing.clone(), view.kind.word(), view.stage.clone());
        groups.entry(key).or_default().push(view.id);
    }
    let several = groups.into_iter().filter(|(_, ids)| ids.len() > 1);
    let group = several.map(|((_, thing, ..), ids)| Alike {
        thing: thing.to_string(),
        text: filled(visit.texts.review.alike, &[("n", &ids.len().to_string())]),
        n: ids.len(),
        ids,
    });
    group.collect()
}

/// One item, with what taking it away does and what was said.
pub(crate) async fn show(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let id = visit.given.number("id").ok_or_else(nothing)?;
    let view = see_item(&ctx, &visit.opened, Some(me), id).await?;
    let template = One {
        frame: Frame::of(&visit),
        title: view.title.to_string(),
        card: Card::of(&visit, &view, ctx.now()),
        answers: view.answers.iter().map(|answer| Told::of(&visit, answer)).collect(),
    };
    page(&visit, &template)
}

/// Decides. What could not be decided is said above what waits now.
pub(crate) async fn decide(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let sent = match decision(&visit) {
        Ok((ids, decision)) => {
            let decided = decide_items(&ctx, &visit.opened, me, &ids, &decision).await;
            decided.map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    match sent {
        Ok(_) => Ok(done(Said::Answered, "/reviews")),
        Err(problem) if problem.status.is_client_error() => {
            shown(&visit, &ctx, me, Some(problem)).await
        }
        Err(problem) => Err(problem),
    }
}

fn decision(visit: &Visit) -> Result<(Vec<i64>, Decision), Problem> {
    let given = &visit.given;
    let ids = given.texts("item").iter().filter_map(|id| id.parse().ok()).collect();
    let missing = |what: &str| Problem::invalid(format!("{what} is missing"));
    let answer = match given.text("answer") {
        "keep" => ItemAnswer::Keep,
        "revoke" => ItemAnswer::Revoke,
        "unsure" => ItemAnswer::Unsure,
        "shorten" => {
            let until = given.real_day("until", &visit.opened.model.timezone)?;
            ItemAnswer::Shorten(until.ok_or_else(|| missing("the day"))?)
        }
        "forward" => {
            let to = given.filled("to");
            ItemAnswer::Forward(to.ok_or_else(|| missing("the person who decides"))?)
        }
        _ => return Err(Problem::invalid("no answer was chosen")),
    };
    let decision = Decision {
        answer,
        reason: given.text("reason").to_owned(),
        mark: given.filled("mark"),
        confirm: given.number("confirm"),
    };
    Ok((ids, decision))
}

/// Takes an answer back.
pub(crate) async fn undo(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let id = visit.given.number("id").ok_or_else(nothing)?;
    undo_item(&ctx, &visit.opened, me, id, visit.given.text("reason")).await?;
    Ok(done(Said::TakenBack, "/reviews"))
}
