//! `/ask`: for whom, for how long and why, with what it comes to before it is sent.

use std::collections::BTreeMap;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use muster_app::{Ctx, SupposedChange};
use muster_governance::{Checked, ConflictFound, NewRequest, check_request, create_request};
use muster_model::EntityId;
use muster_web::Problem;

use crate::{
    asked,
    flash::Said,
    frame::{Frame, done, with_status},
    moment::Moment,
    visit::Visit,
};

/// Before the question in the name of the field for its answer.
pub(crate) const ANSWER: &str = "answer:";

#[derive(Template)]
#[template(path = "ask.html")]
struct Page<'v> {
    frame: Frame<'v>,
    roles: Vec<String>,
    people: &'v str,
    days: &'v str,
    from: &'v str,
    reason: &'v str,
    reason_needed: bool,
    /// Name of the field, question, answer.
    questions: Vec<(String, String, String)>,
    /// Why it could not be sent as it is.
    trouble: Option<Box<str>>,
    coming: Vec<Coming>,
}

/// What one request would come to.
struct Coming {
    person: String,
    role: String,
    until: Option<Moment>,
    /// Each stage, with those for whom it would wait.
    stages: Vec<(String, String)>,
    /// What would be done: system, what, and the conflict that would hold it back.
    plan: Vec<(String, String, Option<String>)>,
    conflicts: Vec<Conflict>,
}

struct Conflict {
    name: String,
    description: String,
    means: &'static str,
}

/// The form, with what it comes to if nothing else is entered.
pub(crate) async fn form(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    shown(&visit, &ctx, me, None).await
}

/// The same with what was entered.
pub(crate) async fn preview(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    shown(&visit, &ctx, me, None).await
}

/// Sends it. What cannot be sent stays in the form, with the cause.
pub(crate) async fn send(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let sent = match wanted(&visit, &ctx) {
        Ok(new) => create_request(&ctx, &visit.opened, me, &new).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match sent {
        Ok(_) => Ok(done(Said::Asked, "/requests")),
        Err(problem) if problem.status.is_client_error() => {
            shown(&visit, &ctx, me, Some(problem)).await
        }
        Err(problem) => Err(problem),
    }
}

/// What was entered.
fn wanted(visit: &Visit, ctx: &Ctx) -> Result<NewRequest, Problem> {
    let given = &visit.given;
    let from = given.real_day("from", &visit.opened.model.timezone)?;
    let begins = from.filter(|from| *from > ctx.now()).unwrap_or_else(|| ctx.now());
    let people = given.text("people").split(',').map(|name| name.trim().to_owned());
    Ok(NewRequest {
        roles: given.texts("role"),
        people: people.filter(|name| !name.is_empty()).collect(),
        from,
        until: given.days_after("days", begins)?,
        reason: given.text("reason").to_owned(),
        answers: given.beginning(ANSWER),
    })
}

async fn shown(
    visit: &Visit,
    ctx: &Ctx,
    me: EntityId,
    trouble: Option<Problem>,
) -> Result<Response, Problem> {
    let given = &visit.given;
    let checked = match wanted(visit, ctx) {
        Ok(new) => check_request(ctx, &visit.opened, me, &new).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    // What was not sent yet did not fail.
    let status = trouble.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let (checked, trouble) = match checked {
        Ok(checked) => (checked, trouble),
        Err(problem) if problem.status.is_client_error() => {
            (Vec::new(), Some(trouble.unwrap_or(problem)))
        }
        Err(problem) => return Err(problem),
    };
    let template = Page {
        frame: Frame::of(visit),
        roles: given.texts("role"),
        people: given.text("people"),
        days: given.text("days"),
        from: given.text("from"),
        reason: given.text("reason"),
        reason_needed: checked.iter().any(|one| one.reason_needed),
        questions: questions(visit, &checked),
        trouble: trouble.map(|problem| problem.detail),
        coming: checked.iter().map(|one| coming(visit, one)).collect(),
    };
    with_status(visit, status, &template)
}

/// What has to be answered, with the answers so far; also those of what cannot be sent as it is.
fn questions(visit: &Visit, checked: &[Checked]) -> Vec<(String, String, String)> {
    let mut answers: BTreeMap<String, String> = visit.given.beginning(ANSWER);
    for question in checked.iter().flat_map(|one| &one.questions) {
        answers.entry(question.to_string()).or_default();
    }
    let fields = answers.into_iter();
    fields.map(|(question, answer)| (format!("{ANSWER}{question}"), question, answer)).collect()
}

fn coming(visit: &Visit, checked: &Checked) -> Coming {
    let texts = &visit.texts.asking;
    let or = format!(" {} ", texts.or);
    let stages = checked.stages.iter();
    let conflict = |found: &ConflictFound| Conflict {
        name: found.name.to_string(),
        description: found.description.as_deref().unwrap_or_default().to_owned(),
        means: match found.on {
            "block" => texts.conflict_blocks,
            "approve" => texts.conflict_approve,
            _ => texts.conflict_warns,
        },
    };
    Coming {
        person: checked.person.to_string(),
        role: checked.role.to_string(),
        until: visit.maybe(checked.until),
        stages: stages.map(|(name, who)| (asked::stage(texts, name), who.join(&or))).collect(),
        conflicts: checked.conflicts.iter().map(conflict).collect(),
        plan: checked.plan.iter().map(change).collect(),
    }
}

fn change(change: &SupposedChange) -> (String, String, Option<String>) {
    let blocked = change.blocked.as_ref().map(ToString::to_string);
    (change.system.to_string(), change.what.clone(), blocked)
}
