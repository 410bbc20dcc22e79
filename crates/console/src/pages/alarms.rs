//! `/alarms`: what went wrong and does not go right by itself.

use askama::Template;
use axum::response::Response;
use muster_app::{AlarmView, Ctx, acknowledge_alarm, list_alarms};
use muster_policy::Right;
use muster_store::AlarmStatus;
use muster_web::Problem;

use super::Pager;
use crate::{
    flash::Said,
    frame::{Frame, done, nothing, page},
    given::ROWS,
    moment::Moment,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "alarms.html")]
struct Page<'v> {
    frame: Frame<'v>,
    /// Address, label, and whether it is chosen.
    choices: Vec<(String, &'static str, bool)>,
    rows: Vec<Row>,
    /// Whether those that are listed can be looked after by whoever looks.
    may_take: bool,
    pager: Pager,
}

struct Row {
    id: i64,
    kind: &'static str,
    place: String,
    message: String,
    times: u64,
    last: Moment,
    by: String,
    remark: String,
}

/// The list, the oldest first. An alarm names whom it is about: who may see some people only sees none.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    if !ctx.reach.is_everybody() {
        return Err(nothing());
    }
    let texts = &visit.texts.desk;
    let status = AlarmStatus::from_word(visit.given.text("status")).unwrap_or(AlarmStatus::Open);
    let after = visit.given.number("after");
    let part = list_alarms(&visit.opened, status, after, ROWS).await?;
    let next = part.next.map(|next| next.to_string());
    let choice = |(of, label): (AlarmStatus, &'static str)| {
        (format!("/alarms?status={}", of.word()), label, of == status)
    };
    let choices = [
        (AlarmStatus::Open, texts.open),
        (AlarmStatus::Acknowledged, texts.acknowledged),
        (AlarmStatus::Cleared, texts.cleared),
    ];
    let may_write = visit.may_for_everybody(Right::AlarmsWrite).is_some();
    let template = Page {
        frame: Frame::of(&visit),
        choices: choices.map(choice).into(),
        rows: part.items.iter().map(|view| row(&visit, view)).collect(),
        may_take: status == AlarmStatus::Open && may_write,
        pager: Pager::new("/alarms", &visit.given, &["status"], next),
    };
    page(&visit, &template)
}

fn row(visit: &Visit, view: &AlarmView) -> Row {
    let system = view.system.as_deref().unwrap_or_default();
    Row {
        id: view.id.0,
        kind: view.kind.word(),
        place: format!("{system} {}", view.subject).trim().to_owned(),
        message: view.message.to_string(),
        times: view.n,
        last: visit.moment(view.last_at),
        by: view.decided_by.as_deref().unwrap_or_default().to_owned(),
        remark: view.remark.to_string(),
    }
}

/// Somebody looks after it.
pub(crate) async fn acknowledge(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let id = visit.given.number("id").ok_or_else(nothing)?;
    acknowledge_alarm(&ctx, &visit.opened, id, visit.given.text("comment")).await?;
    Ok(done(Said::Decided, "/alarms"))
}
