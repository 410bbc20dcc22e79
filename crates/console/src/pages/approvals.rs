//! `/approvals`: what waits for somebody's decision, each as a card that answers who, what, why, how risky, how long.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use muster_app::{Ctx, Error, Opened, role_named};
use muster_governance::{
    Answer, OwnLink, RequestQuery, RequestView, Verdict, Whose, decide_request, link_to_decide,
    list_requests,
};
use muster_model::EntityId;
use muster_signin::code_picture;
use muster_web::Problem;

use super::Pager;
use crate::{
    asked,
    flash::Said,
    frame::{Frame, done, nothing, page, with_status},
    texts::{Texts, filled},
    visit::Visit,
};

/// Cards on one page, which a telephone loads.
const CARDS: usize = 15;

#[derive(Template)]
#[template(path = "approvals.html")]
struct Page<'v> {
    frame: Frame<'v>,
    /// Why the decision before was none.
    trouble: Option<Box<str>>,
    cards: Vec<Card>,
    pager: Pager,
}

/// A link as a picture.
#[derive(Template)]
#[template(path = "telephone.html")]
struct Telephone<'v> {
    frame: Frame<'v>,
    about: String,
    picture: String,
    address: String,
    ends: String,
}

/// A request, for whoever decides about it.
#[derive(Template)]
#[template(path = "decision.html")]
pub(crate) struct Card {
    texts: &'static Texts,
    id: i64,
    /// Where its forms go, without the last word; `None` where it is shown only.
    posts_to: Option<String>,
    /// Whether they can go on with it on a telephone.
    can_move: bool,
    role: String,
    description: String,
    opens: String,
    person: String,
    /// Whoever asked, when it is somebody else.
    requester: Option<String>,
    extends: bool,
    reason: String,
    answers: Vec<(String, String)>,
    risk: String,
    span: String,
    stage: String,
}

impl Card {
    /// The card of a request.
    pub(crate) fn of(visit: &Visit, view: &RequestView) -> Self {
        let posts_to = Some(format!("/approvals/{}", view.id));
        let can_move = visit.opened.model.url.is_some();
        Self { can_move, ..Self::new(visit.texts, &visit.opened, (view, posts_to)) }
    }

    /// The same, for somebody of whom only the language is known.
    pub(crate) fn new(
        texts: &'static Texts,
        opened: &Opened,
        (view, posts_to): (&RequestView, Option<String>),
    ) -> Self {
        let (all, texts) = (texts, &texts.asking);
        let role = role_named(opened, &view.role).ok();
        let other = Some(&view.requester).filter(|requester| **requester != view.person);
        let answers = view.answers.iter();
        Self {
            texts: all,
            id: view.id,
            posts_to,
            can_move: false,
            role: view.role.to_string(),
            description: view.description.as_deref().unwrap_or_default().to_owned(),
            opens: role.map_or_else(String::new, |role| role.grants.join(", ")),
            person: view.display.to_string(),
            requester: other.map(ToString::to_string),
            extends: view.extends,
            reason: view.reason.to_string(),
            answers: answers.map(|(asked, said)| (asked.to_string(), said.to_string())).collect(),
            risk: asked::risk(texts, view.risk),
            span: asked::span_in(texts, &opened.model.timezone, (view.from, view.until)),
            stage: view.stage.as_deref().map(|at| asked::stage(texts, at)).unwrap_or_default(),
        }
    }
}

/// Whether a request waits for somebody.
pub(crate) async fn may_decide(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    id: i64,
) -> Result<bool, Error> {
    let before = Some(id.saturating_add(1));
    let query = RequestQuery { whose: Whose::ToDecide(me), ended: false, before, limit: 1 };
    let part = list_requests(ctx, opened, &query).await?;
    Ok(part.items.iter().any(|view| view.id == id))
}

/// The cards.
pub(crate) async fn list(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    shown(&visit, &ctx, me, None).await
}

async fn shown(
    visit: &Visit,
    ctx: &Ctx,
    me: EntityId,
    trouble: Option<Problem>,
) -> Result<Response, Problem> {
    let before = visit.given.number("after");
    let query = RequestQuery { whose: Whose::ToDecide(me), ended: false, before, limit: CARDS };
    let part = list_requests(ctx, &visit.opened, &query).await?;
    let next = part.next.map(|next| next.to_string());
    let status = trouble.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let template = Page {
        frame: Frame::of(visit),
        trouble: trouble.map(|problem| problem.detail),
        cards: part.items.iter().map(|view| Card::of(visit, view)).collect(),
        pager: Pager::new("/approvals", &visit.given, &[], next),
    };
    with_status(visit, status, &template)
}

/// Agrees, for as long as was asked or for less.
pub(crate) async fn approve(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    decide(visit, ctx, me, Verdict::Approve).await
}

/// Says no, and why.
pub(crate) async fn refuse(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    decide(visit, ctx, me, Verdict::Refuse).await
}

/// Decides. What could not be decided is said above what waits now.
async fn decide(
    visit: Visit,
    ctx: Ctx,
    me: EntityId,
    verdict: Verdict,
) -> Result<Response, Problem> {
    let id = visit.given.number("id").ok_or_else(nothing)?;
    let decided = match answer(&visit, &ctx, verdict) {
        Ok(answer) => {
            decide_request(&ctx, &visit.opened, me, id, &answer).await.map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    let said = if verdict == Verdict::Approve { Said::Agreed } else { Said::Declined };
    match decided {
        Ok(_) => Ok(done(said, "/approvals")),
        Err(problem) if problem.status.is_client_error() => {
            shown(&visit, &ctx, me, Some(problem)).await
        }
        Err(problem) => Err(problem),
    }
}

/// A link for this one decision, shown once, for the telephone of whoever decides.
pub(crate) async fn link(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let id = visit.given.number("id").ok_or_else(nothing)?;
    let texts = &visit.texts.asking;
    match link_to_decide(&ctx, &visit.opened, me, id).await.map_err(Problem::from) {
        Ok(OwnLink { request, address, ends_at }) => page(
            &visit,
            &Telephone {
                frame: Frame::of(&visit),
                about: format!("{}: {}", request.display, request.role),
                picture: code_picture(&address),
                address,
                ends: filled(texts.telephone_ends, &[("at", visit.moment(ends_at).shown())]),
            },
        ),
        Err(problem) if problem.status.is_client_error() => {
            shown(&visit, &ctx, me, Some(problem)).await
        }
        Err(problem) => Err(problem),
    }
}

fn answer(visit: &Visit, ctx: &Ctx, verdict: Verdict) -> Result<Answer, Problem> {
    let note = visit.given.text("comment").to_owned();
    let until = visit.given.days_after("days", ctx.now())?;
    Ok(Answer { verdict, note, until })
}
