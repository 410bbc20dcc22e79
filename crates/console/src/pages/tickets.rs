//! `/tickets`: what people do by hand, and whether it is done.

use askama::Template;
use axum::response::Response;
use muster_app::Ctx;
use muster_engine::{attest_ticket, close_ticket, list_tickets, refuse_ticket};
use muster_policy::Right;
use muster_store::{Ticket, TicketStatus};
use muster_web::Problem;

use super::Pager;
use crate::{
    flash::Said,
    frame::{Frame, done, nothing, page},
    given::ROWS,
    moment::Moment,
    texts::filled,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "tickets.html")]
struct Page<'v> {
    frame: Frame<'v>,
    all: bool,
    rows: Vec<Row>,
    may_decide: bool,
    pager: Pager,
}

struct Row {
    id: i64,
    subject: String,
    what: String,
    reference: String,
    status: String,
    opened: Moment,
    note: String,
    is_open: bool,
    may_attest: bool,
}

/// The list, the oldest first. A ticket names whom it is about: who may see some people only sees none.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    if !ctx.reach.is_everybody() {
        return Err(nothing());
    }
    let all = visit.given.text("all") == "yes";
    let status = (!all).then_some(TicketStatus::Open);
    let after = visit.given.number("after");
    let found = list_tickets(&visit.opened, status, after, ROWS).await?;
    let next = found.last().filter(|_| found.len() == ROWS).map(|last| last.id.to_string());
    let template = Page {
        frame: Frame::of(&visit),
        all,
        rows: found.iter().map(|ticket| row(&visit, ticket)).collect(),
        may_decide: visit.may_for_everybody(Right::TicketsWrite).is_some(),
        pager: Pager::new("/tickets", &visit.given, &["all"], next),
    };
    page(&visit, &template)
}

fn row(visit: &Visit, ticket: &Ticket) -> Row {
    let texts = &visit.texts.desk;
    let status = match (ticket.status, &ticket.attested_by) {
        (TicketStatus::Open, _) => texts.open.to_owned(),
        (TicketStatus::Refused, _) => texts.refused.to_owned(),
        (TicketStatus::Closed, None) => texts.closed.to_owned(),
        (TicketStatus::Closed, Some(who)) => filled(texts.attested, &[("who", who)]),
    };
    let is_closed = ticket.status == TicketStatus::Closed;
    Row {
        id: ticket.id,
        subject: ticket.subject.to_string(),
        what: ticket.what.to_string(),
        reference: ticket.reference.to_string(),
        status,
        opened: visit.moment(ticket.opened_at),
        note: ticket.note.as_deref().unwrap_or_default().to_owned(),
        is_open: ticket.status == TicketStatus::Open,
        may_attest: is_closed && ticket.attested_at.is_none() && ticket.closed_by.is_some(),
    }
}

/// It is done.
pub(crate) async fn close(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let note = visit.given.filled("note");
    close_ticket(&ctx, &visit.opened, number(&visit)?, note.as_deref()).await?;
    Ok(done(Said::Decided, "/tickets"))
}

/// It will not be done.
pub(crate) async fn refuse(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let note = visit.given.filled("note");
    refuse_ticket(&ctx, &visit.opened, number(&visit)?, note.as_deref()).await?;
    Ok(done(Said::Decided, "/tickets"))
}

/// What somebody else closed was done.
pub(crate) async fn attest(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    attest_ticket(&ctx, &visit.opened, number(&visit)?).await?;
    Ok(done(Said::Decided, "/tickets?all=yes"))
}

fn number(visit: &Visit) -> Result<i64, Problem> {
    visit.given.number("id").ok_or_else(nothing)
}
