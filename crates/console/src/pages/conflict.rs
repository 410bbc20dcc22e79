//! `/people/{person}/conflicts/{conflict}`: the least that would end a conflict of somebody, and allowing it for a time.

use askama::Template;
use axum::response::Response;
use muster_app::Ctx;
use muster_governance::{
    ExceptionView, NewException, Removal, end_exception, except_conflict, list_exceptions,
    solve_conflict,
};
use muster_policy::Right;
use muster_web::Problem;

use super::Pager;
use crate::{
    address,
    flash::Said,
    frame::{Frame, done, nothing, page},
    given::ROWS,
    moment::Moment,
    reasons::{self, Sentence},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "conflict.html")]
struct One<'v> {
    frame: Frame<'v>,
    who: String,
    person: String,
    conflict: String,
    description: String,
    excepted: bool,
    removals: Vec<Ends>,
    /// Roles that a rule gives and that take part, with their lines.
    by_rule: Vec<Sentence>,
    /// Accesses that take part and that only a system holds.
    outside: Vec<String>,
    /// Where an exception is sent to, for those who may make one.
    except: Option<String>,
}

/// Assignments that would end it together.
struct Ends {
    roles: String,
    lost: String,
}

#[derive(Template)]
#[template(path = "exceptions.html")]
struct Exceptions<'v> {
    frame: Frame<'v>,
    rows: Vec<Exception>,
    may_end: bool,
    pager: Pager,
}

struct Exception {
    id: i64,
    person: String,
    href: String,
    conflict: String,
    reason: String,
    mitigation: String,
    owner: String,
    from: Moment,
    until: Option<Moment>,
}

/// What would end it.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let (person, name) = (visit.given.text("person"), visit.given.text("conflict"));
    let found = solve_conflict(&ctx, &visit.opened, person, name).await?;
    let model = &visit.opened.model;
    let conflict = model.conflicts.iter().find(|of| of.name == found.conflict);
    let description = conflict.and_then(|of| of.description.as_deref()).unwrap_or_default();
    let ends = |one: &Removal| Ends {
        roles: one.assignments.iter().map(|(_, role)| &**role).collect::<Vec<_>>().join(", "),
        lost: one.lost.join(", "),
    };
    let rule = |(role, at): &(muster_model::Text, muster_model::Location)| {
        reasons::sentence(&visit, role.to_string(), Some(at))
    };
    let path = format!("{}/conflicts/{}", address::person(person), address::part(name));
    let may_except = !found.excepted && visit.may(Right::ConflictsWrite).is_some();
    let template = One {
        frame: Frame::of(&visit),
        who: found.person.to_string(),
        person: address::person(&found.person),
        conflict: found.conflict.to_string(),
        description: description.to_owned(),
        excepted: found.excepted,
        removals: found.removals.iter().map(ends).collect(),
        by_rule: found.by_rule.iter().map(rule).collect(),
        outside: found.outside,
        except: may_except.then_some(path),
    };
    page(&visit, &template)
}

/// Allows it for a time.
pub(crate) async fn except(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let (given, zone) = (&visit.given, &visit.opened.model.timezone);
    let missing = || Problem::invalid("the day until which it is allowed is missing");
    let new = NewException {
        person: given.text("person").to_owned(),
        conflict: given.text("conflict").to_owned(),
        from: None,
        until: given.real_day("until", zone)?.ok_or_else(missing)?,
        reason: given.text("reason").to_owned(),
        mitigation: given.text("mitigation").to_owned(),
        owner: given.text("owner").to_owned(),
    };
    except_conflict(&ctx, &visit.opened, &new).await?;
    Ok(done(Said::Decided, "/exceptions"))
}

/// The exceptions that hold or will.
pub(crate) async fn exceptions(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let after = visit.given.number("after");
    let part = list_exceptions(&ctx, &visit.opened, None, after, ROWS).await?;
    let next = part.next.map(|next| next.to_string());
    let row = |view: &ExceptionView| Exception {
        id: view.id.0,
        person: view.person.to_string(),
        href: address::person(&view.person),
        conflict: view.conflict.to_string(),
        reason: view.reason.to_string(),
        mitigation: view.mitigation.to_string(),
        owner: view.owner.to_string(),
        from: visit.moment(view.from),
        until: visit.maybe(view.until),
    };
    let template = Exceptions {
        frame: Frame::of(&visit),
        rows: part.items.iter().map(row).collect(),
        may_end: visit.may(Right::ConflictsWrite).is_some(),
        pager: Pager::new("/exceptions", &visit.given, &[], next),
    };
    page(&visit, &template)
}

/// Ends one before its time.
pub(crate) async fn end(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let id = visit.given.number("id").ok_or_else(nothing)?;
    end_exception(&ctx, &visit.opened, id, visit.given.text("reason")).await?;
    Ok(done(Said::Ended, "/exceptions"))
}
