//! `/people/{person}/assignments`: the roles that somebody was given directly, giving one, and taking it back.

use askama::Template;
use axum::response::Response;
use muster_app::{
    AssignRequest, AssignmentView, Ctx, assign, list_assignments, list_roles, name_person, unassign,
};
use muster_policy::Right;
use muster_web::Problem;

use crate::{
    address,
    flash::Said,
    frame::{Frame, done, page},
    moment::Moment,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "assignments.html")]
struct Page<'v> {
    frame: Frame<'v>,
    who: String,
    person: String,
    rows: Vec<Row>,
    /// The roles that can be given, for those who may.
    roles: Option<Vec<String>>,
}

struct Row {
    role: String,
    href: String,
    origin: String,
    reason: String,
    from: Moment,
    until: Option<Moment>,
    ended: Option<Moment>,
}

/// The list.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let (_, who) = name_person(&ctx, &visit.opened, visit.given.text("person")).await?;
    let all = list_assignments(&ctx, &visit.opened, &who).await?;
    let row = |view: &AssignmentView| Row {
        role: view.role.to_string(),
        href: address::role(&view.role),
        origin: format!("{} ({})", view.created_by, view.origin),
        reason: view.reason.to_string(),
        from: visit.moment(view.from.unwrap_or(view.created_at)),
        until: visit.maybe(view.until),
        ended: visit.maybe(view.ended_at),
    };
    let names = || list_roles(&visit.opened).iter().map(|role| role.name.to_string()).collect();
    let template = Page {
        frame: Frame::of(&visit),
        who: who.to_string(),
        person: address::person(&who),
        rows: all.iter().rev().map(row).collect(),
        roles: visit.may(Right::AssignmentsWrite).map(|_| names()),
    };
    page(&visit, &template)
}

/// Gives a role. What that would change is seen before anything is changed, by those who may make plans.
pub(crate) async fn give(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let (given, zone) = (&visit.given, &visit.opened.model.timezone);
    let request = AssignRequest {
        person: given.text("person").to_owned(),
        role: given.text("role").to_owned(),
        from: given.real_day("from", zone)?,
        until: given.real_day("until", zone)?,
        reason: given.text("reason").to_owned(),
    };
    assign(&ctx, &visit.opened, &request).await?;
    let page = if visit.may(Right::PlansMake).is_some() { "plan" } else { "assignments" };
    Ok(done(Said::Assigned, &format!("{}/{page}", address::person(given.text("person")))))
}

/// Takes a role back.
pub(crate) async fn end(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let given = &visit.given;
    let person = given.text("person");
    unassign(&ctx, &visit.opened, person, given.text("role"), given.text("reason")).await?;
    Ok(done(Said::Ended, &format!("{}/assignments", address::person(person))))
}
