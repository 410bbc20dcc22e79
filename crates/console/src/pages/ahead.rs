//! `/people/{person}/plan`: what would change now for one person. Nothing is kept and no system is asked.

use askama::Template;
use axum::response::Response;
use muster_app::{Ctx, name_person};
use muster_engine::{NoProgress, PlanOptions, make_plan};
use muster_plan::{Operation, describe};
use muster_web::Problem;

use crate::{
    address,
    frame::{Frame, page},
    reasons::{self, Sentence},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "ahead.html")]
struct Page<'v> {
    frame: Frame<'v>,
    who: String,
    person: String,
    operations: Vec<Row>,
}

/// An operation.
pub(crate) struct Row {
    pub(crate) subject: String,
    pub(crate) person: String,
    pub(crate) system: String,
    pub(crate) symbol: char,
    pub(crate) what: String,
    pub(crate) reason: Sentence,
    pub(crate) blocked: Option<String>,
}

impl Row {
    /// The row of an operation.
    pub(crate) fn of(visit: &Visit, operation: &Operation) -> Self {
        let reason = &operation.reason;
        Self {
            subject: operation.subject.to_string(),
            person: address::person(&operation.subject),
            system: operation.target.system.to_string(),
            symbol: operation.kind.symbol(),
            what: describe(&operation.kind),
            reason: reasons::sentence(visit, reason.text.to_string(), reason.at.as_ref()),
            blocked: operation.blocked.as_ref().map(ToString::to_string),
        }
    }
}

/// The page.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let asked = visit.given.text("person");
    let (id, subject) = name_person(&ctx, &visit.opened, asked).await?;
    let options = PlanOptions { people: vec![id], ..PlanOptions::default() };
    let made = make_plan(&ctx, &visit.opened, &options, &NoProgress).await?;
    let template = Page {
        frame: Frame::of(&visit),
        who: subject.to_string(),
        person: address::person(&subject),
        operations: made.plan.operations.iter().map(|one| Row::of(&visit, one)).collect(),
    };
    page(&visit, &template)
}
