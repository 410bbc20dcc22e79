//! `/people/{person}/lifecycle`: ending somebody, suspending them, and taking it back, with what it would come to before.

use askama::Template;
use axum::response::Response;
use muster_app::{Ctx, name_person};
use muster_engine::{
    FactRequest, FactView, Saying, lift_lifecycle_fact, list_lifecycle_facts, preview_lifecycle,
    set_lifecycle_fact,
};
use muster_policy::{FactKind, Right};
use muster_web::Problem;

use super::{Coming, coming};
use crate::{
    address,
    flash::Said,
    frame::{Frame, done, page},
    moment::Moment,
    visit::Visit,
};

/// What can be said here, in the order of the form.
const CHOICES: [&str; 4] = ["terminate", "suspend", "reinstate", "resume"];
/// The reason while nothing is said yet.
const TRIED: &str = "tried";

#[derive(Template)]
#[template(path = "lifecycle.html")]
struct Page<'v> {
    frame: Frame<'v>,
    who: String,
    person: String,
    rows: Vec<Row>,
    /// What can be said: word, text, whether it is chosen.
    choices: Vec<(&'static str, &'static str, bool)>,
    from: &'v str,
    until: &'v str,
    ahead: Option<Ahead>,
}

/// Something that was said.
struct Row {
    what: &'static str,
    by: String,
    reason: String,
    from: Moment,
    until: Option<Moment>,
    ended: Option<Moment>,
}

/// What it would come to.
struct Ahead {
    what: &'static str,
    text: &'static str,
    at: Moment,
    state: String,
    coming: Vec<Coming>,
}

/// The page, with what the choice would come to when one was made.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let (_, who) = name_person(&ctx, &visit.opened, visit.given.text("person")).await?;
    let facts = list_lifecycle_facts(&ctx, &visit.opened, &who).await?;
    let chosen = chosen(&visit);
    let ahead = match chosen {
        Some(what) => Some(look(&visit, &ctx, what).await?),
        None => None,
    };
    let choices = CHOICES.map(|what| (what, text(&visit, what), chosen == Some(what)));
    let template = Page {
        frame: Frame::of(&visit),
        who: who.to_string(),
        person: address::person(&who),
        rows: facts.iter().rev().map(|fact| row(&visit, fact)).collect(),
        choices: choices.into(),
        from: visit.given.text("from"),
        until: visit.given.text("until"),
        ahead,
    };
    page(&visit, &template)
}

async fn look(visit: &Visit, ctx: &Ctx, what: &'static str) -> Result<Ahead, Problem> {
    let seen = preview_lifecycle(ctx, &visit.opened, &saying(visit, what, TRIED)?).await?;
    Ok(Ahead {
        what,
        text: text(visit, what),
        at: visit.moment(seen.at),
        state: seen.state.map_or_else(String::new, |state| state.to_string()),
        coming: coming(&seen.plan),
    })
}

/// Says it.
pub(crate) async fn say(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let nothing = || Problem::invalid("no decision was chosen");
    let what = chosen(&visit).ok_or_else(nothing)?;
    match saying(&visit, what, visit.given.text("reason"))? {
        Saying::Set(request) => drop(set_lifecycle_fact(&ctx, &visit.opened, &request).await?),
        Saying::Lift { person, kind, reason } => {
            drop(lift_lifecycle_fact(&ctx, &visit.opened, &person, kind, &reason).await?);
        }
    }
    let page = if visit.may(Right::PlansMake).is_some() { "plan" } else { "lifecycle" };
    let person = address::person(visit.given.text("person"));
    Ok(done(Said::Lifecycle, &format!("{person}/{page}")))
}

fn chosen(visit: &Visit) -> Option<&'static str> {
    let given = visit.given.text("what");
    CHOICES.into_iter().find(|what| *what == given)
}

fn saying(visit: &Visit, what: &str, reason: &str) -> Result<Saying, Problem> {
    let (given, zone) = (&visit.given, &visit.opened.model.timezone);
    let (person, reason) = (given.text("person").to_owned(), reason.to_owned());
    let ends = matches!(what, "terminate" | "reinstate");
    let kind = if ends { FactKind::Terminated } else { FactKind::Suspended };
    if matches!(what, "reinstate" | "resume") {
        return Ok(Saying::Lift { person, kind, reason });
    }
    let until = given.real_day("until", zone)?.filter(|_| !ends);
    let from = given.real_day("from", zone)?;
    Ok(Saying::Set(FactRequest { person, kind, from, until, reason }))
}

fn text(visit: &Visit, what: &str) -> &'static str {
    let texts = &visit.texts.desk;
    match what {
        "terminate" => texts.terminate,
        "suspend" => texts.suspend,
        "reinstate" => texts.reinstate,
        _ => texts.resume,
    }
}

fn row(visit: &Visit, fact: &FactView) -> Row {
    let texts = &visit.texts.desk;
    Row {
        what: match fact.kind {
            FactKind::Terminated => texts.fact_terminated,
            FactKind::Suspended => texts.fact_suspended,
            FactKind::Deleted => texts.fact_deleted,
            FactKind::Erased => texts.fact_erased,
            FactKind::Used => texts.fact_used,
        },
        by: format!("{} ({})", fact.created_by, fact.origin),
        reason: fact.reason.to_string(),
        from: visit.moment(fact.from),
        until: visit.maybe(fact.until),
        ended: visit.maybe(fact.ended_at),
    }
}
