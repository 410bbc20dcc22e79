//! `/systems`: each system with how it is, how fresh what is known of it is, and what waits for it.

use askama::Template;
use axum::response::Response;
use muster_app::Ctx;
use muster_engine::{SystemView, list_systems, pause_system, resume_system, see_system};
use muster_policy::Right;
use muster_web::Problem;

use crate::{
    address,
    flash::Said,
    frame::{Frame, done, page},
    moment::Moment,
    texts::SystemTexts,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "systems.html")]
struct List<'v> {
    frame: Frame<'v>,
    systems: Vec<System>,
}

#[derive(Template)]
#[template(path = "system.html")]
struct One<'v> {
    frame: Frame<'v>,
    system: System,
    /// Whether it can be paused or resumed from here, and where.
    verb: Option<(&'static str, String)>,
}

struct System {
    name: String,
    href: String,
    queue: String,
    connector: String,
    mode: &'static str,
    state: &'static str,
    is_well: bool,
    since: Option<Moment>,
    reason: String,
    read_at: Option<Moment>,
    next_probe: Option<Moment>,
    failures: u32,
    planned: u64,
    sent: u64,
    held: u64,
    tickets: u64,
}

impl System {
    fn of(visit: &Visit, view: &SystemView) -> Self {
        Self {
            href: address::system(&view.name),
            queue: address::with("/queue", &[("system", &view.name)]),
            name: view.name.to_string(),
            connector: view.connector.to_string(),
            mode: mode(&visit.texts.system, view.mode),
            state: state(&visit.texts.system, view.state),
            is_well: view.state == "well",
            since: visit.maybe(view.since),
            reason: view.reason.as_deref().unwrap_or_default().to_owned(),
            read_at: visit.maybe(view.read_at),
            next_probe: visit.maybe(view.next_probe),
            failures: view.failures,
            planned: view.planned,
            sent: view.sent,
            held: view.held,
            tickets: view.tickets,
        }
    }
}

fn mode(texts: &SystemTexts, mode: &str) -> &'static str {
    match mode {
        "observe" => texts.observe,
        "propose" => texts.propose,
        _ => texts.enforce,
    }
}

fn state(texts: &SystemTexts, state: &str) -> &'static str {
    match state {
        "well" => texts.well,
        "paused" => texts.paused,
        "quarantine" => texts.quarantine,
        "failing" => texts.failing,
        _ => texts.resting,
    }
}

/// All of them.
pub(crate) async fn list(visit: Visit, _ctx: Ctx) -> Result<Response, Problem> {
    let systems = list_systems(&visit.opened).await?;
    let systems = systems.iter().map(|view| System::of(&visit, view)).collect();
    page(&visit, &List { frame: Frame::of(&visit), systems })
}

/// One of them.
pub(crate) async fn show(visit: Visit, _ctx: Ctx) -> Result<Response, Problem> {
    let view = see_system(&visit.opened, visit.given.text("system")).await?;
    let system = System::of(&visit, &view);
    let texts = &visit.texts.system;
    let verb = visit.may(Right::SystemsWrite).map(|_| match view.state {
        "well" | "failing" => (texts.pause, format!("{}/pause", system.href)),
        _ => (texts.resume, format!("{}/resume", system.href)),
    });
    page(&visit, &One { frame: Frame::of(&visit), system, verb })
}

/// Keeps it from being read and changed.
pub(crate) async fn pause(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let name = visit.given.text("system");
    pause_system(&ctx, &visit.opened, name, visit.given.text("reason")).await?;
    Ok(done(Said::Paused, &address::system(name)))
}

/// Lets it be worked with again.
pub(crate) async fn resume(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let name = visit.given.text("system");
    resume_system(&ctx, &visit.opened, name).await?;
    Ok(done(Said::Resumed, &address::system(name)))
}
