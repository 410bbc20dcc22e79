//! `/forms`: the forms that somebody may begin, what waits for them, and what they began.

use askama::Template;
use axum::response::Response;
use muster_app::Ctx;
use muster_engine::{DraftQuery, DraftView, NewDraft, list_drafts, list_forms, start_draft};
use muster_model::EntityId;
use muster_web::Problem;

use super::{Pager, draft};
use crate::{
    address,
    flash::Said,
    frame::{Frame, done, page},
    given::ROWS,
    moment::Moment,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "forms.html")]
struct Page<'v> {
    frame: Frame<'v>,
    forms: Vec<Form>,
    waiting: Vec<Row>,
    mine: Vec<Row>,
    ended: bool,
    pager: Pager,
}

struct Form {
    begin: String,
    title: String,
    description: String,
    /// Whether what it changes has to be named.
    about: bool,
}

/// A draft in a list.
struct Row {
    id: i64,
    title: String,
    step: String,
    state: &'static str,
    waits_on: String,
    starter: String,
    changed: Moment,
}

/// The page.
pub(crate) async fn list(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let opened = &visit.opened;
    let forms = list_forms(&ctx, opened, me).await?;
    let ended = visit.given.text("ended") == "yes";
    let before = visit.given.number("after");
    let query = DraftQuery { waiting: false, ended, before, limit: ROWS };
    let mine = list_drafts(&ctx, opened, me, &query).await?;
    // What waits stands on the first page only, with the newest of it.
    let query = DraftQuery { waiting: true, ended: false, before: None, limit: ROWS };
    let waiting = match before {
        None => list_drafts(&ctx, opened, me, &query).await?.items,
        Some(_) => Vec::new(),
    };
    let form = |form: &muster_engine::FormView| Form {
        begin: format!("/forms/{}/begin", address::part(&form.name)),
        title: form.title.to_string(),
        description: form.description.as_deref().unwrap_or_default().to_owned(),
        about: form.about,
    };
    let next = mine.next.map(|next| next.to_string());
    let template = Page {
        frame: Frame::of(&visit),
        forms: forms.iter().map(form).collect(),
        waiting: waiting.iter().map(|view| row(&visit, view)).collect(),
        mine: mine.items.iter().map(|view| row(&visit, view)).collect(),
        ended,
        pager: Pager::new("/forms", &visit.given, &["ended"], next),
    };
    page(&visit, &template)
}

fn row(visit: &Visit, view: &DraftView) -> Row {
    Row {
        id: view.id,
        title: view.title.to_string(),
        step: draft::step_title(view, &view.step),
        state: draft::state(&visit.texts.form, view.state),
        waits_on: view.waits_on.join(", "),
        starter: view.starter.to_string(),
        changed: visit.moment(view.changed_at),
    }
}

/// Begins a draft, and goes on with it.
pub(crate) async fn begin(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let new =
        NewDraft { form: visit.given.text("form").to_owned(), about: visit.given.filled("about") };
    let begun = start_draft(&ctx, &visit.opened, me, &new).await?;
    Ok(done(Said::Begun, &format!("/forms/drafts/{}", begun.id)))
}
