//! `/requests`: what somebody asked for, or what was asked for them, where it is, and what can still be done about it.

use askama::Template;
use axum::response::Response;
use muster_app::{Ctx, DeliveryItem};
use muster_governance::{
    ChangeRequest, RequestQuery, RequestView, Whose, change_request, list_requests, see_request,
    withdraw_request,
};
use muster_model::EntityId;
use muster_policy::Right;
use muster_store::RequestState;
use muster_web::Problem;

use super::{
    Pager,
    approvals::{Card, may_decide},
    queue,
};
use crate::{
    address, asked,
    flash::Said,
    frame::{Frame, done, nothing, page},
    given::ROWS,
    moment::Moment,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "requests.html")]
struct List<'v> {
    frame: Frame<'v>,
    about_me: bool,
    ended: bool,
    rows: Vec<Row>,
    pager: Pager,
}

/// A request in a list.
struct Row {
    id: i64,
    role: String,
    person: String,
    extends: bool,
    status: String,
    until: Option<Moment>,
    made: Moment,
}

#[derive(Template)]
#[template(path = "request.html")]
struct One<'v> {
    frame: Frame<'v>,
    row: Row,
    requester: String,
    description: String,
    risk: String,
    reason: String,
    answers: Vec<(String, String)>,
    span: String,
    next: Option<Moment>,
    history: Vec<Event>,
    /// What can be done by whoever looks.
    may_change: bool,
    may_withdraw: bool,
    /// For whoever decides about it now.
    card: Option<Card>,
    /// How much of it is done on the systems, and each part.
    delivery: Option<(String, Vec<Part>)>,
}

/// One account or entitlement that was given.
struct Part {
    system: String,
    what: String,
    state: &'static str,
    cause: String,
    next_try: Option<Moment>,
    /// Where its order stands, for whoever may see it.
    href: Option<String>,
    /// Where it is tried again, for whoever may.
    retry: Option<String>,
}

struct Event {
    at: Moment,
    what: String,
    by: String,
    in_place_of: Option<String>,
    note: String,
}

fn row(visit: &Visit, view: &RequestView) -> Row {
    Row {
        id: view.id,
        role: view.role.to_string(),
        person: view.display.to_string(),
        extends: view.extends,
        status: asked::status(&visit.texts.asking, view),
        until: visit.maybe(view.until),
        made: visit.moment(view.made_at),
    }
}

/// Those that somebody made, or those about them.
pub(crate) async fn list(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let about_me = visit.given.text("of") == "about_me";
    let ended = visit.given.text("ended") == "yes";
    let query = RequestQuery {
        whose: if about_me { Whose::About(me) } else { Whose::By(me) },
        ended,
        before: visit.given.number("after"),
        limit: ROWS,
    };
    let part = list_requests(&ctx, &visit.opened, &query).await?;
    let next = part.next.map(|next| next.to_string());
    let template = List {
        frame: Frame::of(&visit),
        about_me,
        ended,
        rows: part.items.iter().map(|view| row(&visit, view)).collect(),
        pager: Pager::new("/requests", &visit.given, &["of", "ended"], next),
    };
    page(&visit, &template)
}

/// One of them with its history: for those who take part in it, and for whoever may see the requests of others.
pub(crate) async fn show(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let id = number(&visit)?;
    let mut seen = see_request(&ctx, &visit.opened, Some(me), id).await;
    if seen.is_err()
        && let Some(ctx) = visit.may(Right::RequestsRead)
    {
        seen = see_request(&ctx, &visit.opened, None, id).await;
    }
    let view = seen?;
    let waits = view.state == RequestState::Waiting;
    let is_mine = view.requester == *visit.subject();
    let decides = waits && may_decide(&ctx, &visit.opened, me, id).await?;
    let texts = &visit.texts.asking;
    let told = view.history.iter().map(|event| Event {
        at: visit.moment(event.at),
        what: asked::event(texts, event),
        by: event.by.as_deref().unwrap_or_default().to_owned(),
        in_place_of: event.in_place_of.as_ref().map(ToString::to_string),
        note: event.note.to_string(),
    });
    let answers = view.answers.iter();
    let template = One {
        frame: Frame::of(&visit),
        row: row(&visit, &view),
        requester: view.requester.to_string(),
        description: view.description.as_deref().unwrap_or_default().to_owned(),
        risk: asked::risk(texts, view.risk),
        reason: view.reason.to_string(),
        answers: answers.map(|(asked, said)| (asked.to_string(), said.to_string())).collect(),
        span: asked::span(&visit, view.from, view.until),
        next: visit.maybe(view.next_at),
        history: told.collect(),
        may_change: waits && is_mine,
        may_withdraw: waits && (is_mine || view.entity == me),
        card: decides.then(|| Card::of(&visit, &view)),
        delivery: view.delivery.as_ref().map(|of| {
            let parts = of.items.iter().map(|item| part(&visit, item));
            (asked::delivery(texts, of), parts.collect())
        }),
    };
    page(&visit, &template)
}

fn part(visit: &Visit, item: &DeliveryItem) -> Part {
    let href = item.order.as_deref().map(address::order);
    let retry = href.as_ref().filter(|_| item.retry).map(|href| format!("{href}/retry"));
    Part {
        system: item.system.to_string(),
        what: item.what.clone(),
        state: queue::state(&visit.texts.work, item.state),
        cause: item.cause.as_deref().unwrap_or_default().to_owned(),
        next_try: visit.maybe(item.next_try),
        href: href.filter(|_| visit.may(Right::OrdersRead).is_some()),
        retry: retry.filter(|_| visit.may(Right::OrdersWrite).is_some()),
    }
}

fn number(visit: &Visit) -> Result<i64, Problem> {
    visit.given.number("id").ok_or_else(nothing)
}

/// Changes what is asked for.
pub(crate) async fn change(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let given = &visit.given;
    let id = number(&visit)?;
    let from = given.real_day("from", &visit.opened.model.timezone)?;
    let begins = from.filter(|from| *from > ctx.now()).unwrap_or_else(|| ctx.now());
    let until = given.days_after("days", begins)?;
    let change = ChangeRequest { from, until, reason: given.filled("reason") };
    change_request(&ctx, &visit.opened, me, id, &change).await?;
    Ok(done(Said::Changed, &format!("/requests/{id}")))
}

/// Takes it back.
pub(crate) async fn withdraw(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let id = number(&visit)?;
    withdraw_request(&ctx, &visit.opened, me, id, visit.given.text("reason")).await?;
    Ok(done(Said::Withdrawn, "/requests"))
}
