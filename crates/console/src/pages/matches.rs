//! `/matches`: records and accounts of which no rule can say whose they are.

use askama::Template;
use axum::response::Response;
use muster_app::Ctx;
use muster_engine::{Decision, MatchView, apply_rule, cases_like, decide_match, list_matches};
use muster_policy::Right;
use muster_store::CaseStatus;
use muster_web::Problem;

use super::{Pager, part_of};
use crate::{
    address,
    flash::Said,
    frame::{Frame, done, nothing, page},
    given::ROWS,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "matches.html")]
struct Page<'v> {
    frame: Frame<'v>,
    cases: Vec<Case>,
    may_decide: bool,
    pager: Pager,
}

struct Case {
    id: i64,
    place: String,
    key: String,
    problem: String,
    /// Records may be of somebody new.
    is_record: bool,
    candidates: Vec<Candidate>,
}

struct Candidate {
    key: String,
    href: String,
    confidence: u64,
    why: String,
}

/// The list. What is nobody's yet is nobody's people: who may see some people only sees none of it.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    if !ctx.reach.is_everybody() {
        return Err(nothing());
    }
    let after = visit.given.number("after");
    let part = list_matches(&visit.opened, CaseStatus::Undecided, after, ROWS).await?;
    let next = part.next.map(|next| next.to_string());
    let template = Page {
        frame: Frame::of(&visit),
        cases: part.items.iter().map(case).collect(),
        may_decide: visit.may_for_everybody(Right::MatchesWrite).is_some(),
        pager: Pager::new("/matches", &visit.given, &[], next),
    };
    page(&visit, &template)
}

fn case(view: &MatchView) -> Case {
    let candidates = view.candidates.iter().map(|one| Candidate {
        key: one.key.to_string(),
        href: address::person(&one.key),
        confidence: one.confidence,
        why: one.why.clone(),
    });
    Case {
        id: view.id,
        place: format!("{}.{}", view.system, view.what),
        key: view.key.to_string(),
        problem: view.problem.to_string(),
        is_record: view.subject == "record",
        candidates: candidates.collect(),
    }
}

/// Says whose it is.
pub(crate) async fn decide(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let given = &visit.given;
    let id = given.number("id").ok_or_else(nothing)?;
    let missing = || Problem::invalid("the person is missing");
    let decision = match given.text("whose") {
        "person" => Decision::Link(given.filled("person").ok_or_else(missing)?),
        "new" => Decision::New,
        "nobody" => Decision::Nobody,
        _ => return Err(Problem::invalid("no decision was chosen")),
    };
    decide_match(&ctx, &visit.opened, id, &decision, given.text("comment")).await?;
    Ok(done(Said::Decided, "/matches"))
}

#[derive(Template)]
#[template(path = "matches_like.html")]
struct Like<'v> {
    frame: Frame<'v>,
    action: String,
    rows: Vec<Case>,
    /// How many there are, which confirms them.
    n: usize,
    pager: Pager,
}

/// Every case like one, each with whose it would be.
pub(crate) async fn like(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    if !ctx.reach.is_everybody() {
        return Err(nothing());
    }
    let id: i64 = visit.given.number("id").ok_or_else(nothing)?;
    let all = cases_like(&visit.opened, id).await?;
    let (n, action) = (all.len(), format!("/matches/{id}/like"));
    let part = part_of(all, &visit.given);
    let pager = Pager::new(&action, &visit.given, &[], part.next.map(|next| next.to_string()));
    let rows = part.items.iter().map(case).collect();
    page(&visit, &Like { frame: Frame::of(&visit), action, rows, n, pager })
}

/// Links all of them, if they are still as many as were seen.
pub(crate) async fn link_all(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    if !ctx.reach.is_everybody() {
        return Err(nothing());
    }
    let (given, opened) = (&visit.given, &visit.opened);
    let id = given.number("id").ok_or_else(nothing)?;
    apply_rule(&ctx, opened, id, given.number("confirm"), given.text("comment")).await?;
    Ok(done(Said::Linked, "/matches"))
}
