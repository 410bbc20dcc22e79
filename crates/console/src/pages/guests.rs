//! `/guests`: the people of connected organisations for whom somebody answers, and inviting one.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use muster_app::Ctx;
use muster_engine::{GuestQuery, GuestView, NewGuest, invite_guest, list_guests};
use muster_model::EntityId;
use muster_policy::Right;
use muster_store::GuestState;
use muster_web::Problem;

use super::Pager;
use crate::{
    flash::Said,
    frame::{Frame, done, nothing, with_status},
    given::ROWS,
    moment::Moment,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "guests.html")]
struct Page<'v> {
    frame: Frame<'v>,
    /// Whether those of everybody are shown, where that can be chosen.
    all: Option<bool>,
    rows: Vec<Row>,
    organisations: Vec<Organisation<'v>>,
    trouble: Option<Box<str>>,
    given: [&'v str; 3],
    pager: Pager,
}

struct Organisation<'v> {
    title: &'v str,
    domains: String,
    roles: Vec<&'v str>,
}

struct Row {
    name: String,
    mail: String,
    title: String,
    state: &'static str,
    since: Moment,
    removed_at: Option<Moment>,
    until: String,
    roles: String,
    sponsor: String,
    /// Nobody answers for them any more.
    alone: bool,
}

/// Those for whom whoever looks answers; those of everybody for who may see everybody.
pub(crate) async fn list(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    shown(&visit, &ctx, me, None).await
}

async fn shown(
    visit: &Visit,
    ctx: &Ctx,
    me: EntityId,
    trouble: Option<Problem>,
) -> Result<Response, Problem> {
    let model = &visit.opened.model;
    let guests = model.guests.as_ref().ok_or_else(nothing)?;
    let everybody = visit.may(Right::PeopleRead);
    let all = everybody.is_some() && visit.given.text("all") == "yes";
    let query = GuestQuery {
        sponsor: (!all).then_some(me),
        removed: visit.given.text("removed") == "yes",
        after: visit.given.number("after"),
        limit: ROWS,
    };
    let reach = everybody.as_ref().filter(|_| all).unwrap_or(ctx);
    let part = list_guests(reach, &visit.opened, &query).await?;
    let next = part.next.map(|next| next.to_string());
    let role = |at: &usize| model.roles.get(*at).map(|role| &*role.name);
    let organisations = guests.organisations.iter().map(|of| Organisation {
        title: &of.title,
        domains: of.domains.iter().map(|domain| &**domain).collect::<Vec<_>>().join(", "),
        roles: of.roles.iter().filter_map(role).collect(),
    });
    let status = trouble.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let template = Page {
        frame: Frame::of(visit),
        all: everybody.is_some().then_some(all),
        rows: part.items.iter().map(|view| row(visit, view)).collect(),
        organisations: organisations.collect(),
        trouble: trouble.map(|problem| problem.detail),
        given: ["mail", "name", "reason"].map(|name| visit.given.text(name)),
        pager: Pager::new("/guests", &visit.given, &["all", "removed"], next),
    };
    with_status(visit, status, &template)
}

fn row(visit: &Visit, view: &GuestView) -> Row {
    let texts = &visit.texts.desk;
    Row {
        name: view.display.to_string(),
        mail: view.mail.as_deref().unwrap_or_default().to_owned(),
        title: view.title.to_string(),
        state: match view.state {
            GuestState::Invited => texts.invited,
            GuestState::Active => texts.let_in,
            GuestState::Blocked => texts.blocked,
            GuestState::Removed => texts.removed,
        },
        since: visit.moment(view.since),
        removed_at: visit.maybe(view.next_at),
        until: view.until.to_string(),
        roles: view.roles.iter().map(|role| &**role).collect::<Vec<_>>().join(", "),
        sponsor: view.sponsor_display.as_deref().unwrap_or_default().to_owned(),
        alone: view.without_sponsor,
    }
}

/// Invites somebody. What was entered stays when it cannot be.
pub(crate) async fn invite(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    match sent(&visit, &ctx, me).await {
        Ok(()) => Ok(done(Said::Invited, "/guests")),
        Err(problem) if problem.status.is_client_error() => {
            shown(&visit, &ctx, me, Some(problem)).await
        }
        Err(problem) => Err(problem),
    }
}

async fn sent(visit: &Visit, ctx: &Ctx, me: EntityId) -> Result<(), Problem> {
    let given = &visit.given;
    let new = NewGuest {
        mail: given.text("mail").to_owned(),
        name: given.text("name").to_owned(),
        sponsor: None,
        until: given.real_day("until", &visit.opened.model.timezone)?,
        roles: given.texts("role"),
        reason: given.text("reason").to_owned(),
        answers: std::collections::BTreeMap::new(),
        despite_look_alikes: given.text("despite") == "yes",
    };
    invite_guest(ctx, &visit.opened, Some(me), &new).await?;
    Ok(())
}
