//! `/risk`: who could do how much harm with what they hold, and what that comes from.

use askama::Template;
use axum::response::Response;
use muster_app::Ctx;
use muster_governance::{RiskPartView, RiskView, list_risks};
use muster_web::Problem;

use super::{Pager, people};
use crate::{
    frame::{Frame, page},
    given::ROWS,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "risk.html")]
struct Page<'v> {
    frame: Frame<'v>,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    person: people::Row,
    score: u8,
    parts: String,
}

/// The list, the greatest score first.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let part = list_risks(&ctx, &visit.opened, visit.given.after(), ROWS).await?;
    let next = part.next.map(|next| next.to_string());
    let row = |view: &RiskView| Row {
        person: people::Row::of(&view.person),
        score: view.score,
        parts: parts(&visit, view),
    };
    let template = Page {
        frame: Frame::of(&visit),
        rows: part.items.iter().map(row).collect(),
        pager: Pager::new("/risk", &visit.given, &[], next),
    };
    page(&visit, &template)
}

/// `conflict four-eyes (60), role server-access (20)`
pub(crate) fn parts(visit: &Visit, view: &RiskView) -> String {
    let texts = visit.texts;
    let part = |part: &RiskPartView| {
        let kind = match part.kind {
            "role" => texts.person.role,
            "conflict" => texts.access.conflict,
            _ => texts.desk.exception,
        };
        format!("{kind} {} ({})", part.name, part.risk)
    };
    view.parts.iter().map(part).collect::<Vec<_>>().join(", ")
}
