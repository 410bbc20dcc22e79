//! `/delegations`: who decides in whose place, and when.

use askama::Template;
use axum::response::Response;
use muster_app::Ctx;
use muster_governance::{
    DelegationView, NewDelegation, create_delegation, end_delegation, list_delegations,
};
use muster_model::EntityId;
use muster_web::Problem;

use crate::{
    flash::Said,
    frame::{Frame, done, nothing, page},
    moment::Moment,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "delegations.html")]
struct Page<'v> {
    frame: Frame<'v>,
    rows: Vec<Row>,
}

struct Row {
    id: i64,
    giver: String,
    delegate: String,
    from: Moment,
    until: Moment,
    reason: String,
    /// Whether whoever looks gave it, and may end it.
    is_mine: bool,
}

/// Those that concern whoever looks.
pub(crate) async fn list(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let all = list_delegations(&ctx, &visit.opened, me).await?;
    let row = |view: &DelegationView| Row {
        id: view.id,
        giver: view.giver.to_string(),
        delegate: view.delegate.to_string(),
        from: visit.moment(view.from),
        until: visit.moment(view.until),
        reason: view.reason.to_string(),
        is_mine: view.giver == *visit.subject(),
    };
    page(&visit, &Page { frame: Frame::of(&visit), rows: all.iter().map(row).collect() })
}

/// Lets somebody decide.
pub(crate) async fn create(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let (given, zone) = (&visit.given, &visit.opened.model.timezone);
    let missing = || Problem::invalid("the day until which they decide is missing");
    let new = NewDelegation {
        to: given.text("to").to_owned(),
        from: given.real_day("from", zone)?,
        until: given.real_day("until", zone)?.ok_or_else(missing)?,
        reason: given.text("reason").to_owned(),
    };
    create_delegation(&ctx, &visit.opened, me, &new).await?;
    Ok(done(Said::Delegated, "/delegations"))
}

/// Ends one that one gave.
pub(crate) async fn end(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let id = visit.given.number("id").ok_or_else(nothing)?;
    end_delegation(&ctx, &visit.opened, me, id).await?;
    Ok(done(Said::Ended, "/delegations"))
}
