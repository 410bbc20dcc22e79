//! `/workflows`: what is done for people at dates and changes, what became of it, and answers that it waits for.

use askama::Template;
use axum::response::Response;
use muster_app::Ctx;
use muster_engine::{RunAnswer, RunQuery, RunView, answer_run, json, workflow_history};
use muster_policy::Right;
use muster_store::RunState;
use muster_web::Problem;

use super::Pager;
use crate::{
    address,
    flash::Said,
    frame::{Frame, done, nothing, page},
    given::ROWS,
    moment::Moment,
    texts::DeskTexts,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "workflows.html")]
struct Page<'v> {
    frame: Frame<'v>,
    workflows: Vec<Workflow>,
    runs: Vec<Run>,
    may_answer: bool,
    pager: Pager,
}

struct Workflow {
    name: String,
    href: String,
    description: String,
    begins: String,
    tasks: String,
}

struct Run {
    id: i64,
    workflow: String,
    person: String,
    href: String,
    state: &'static str,
    is_open: bool,
    began: Moment,
    detail: String,
    /// What was begun: kind or name, what became of it, detail.
    tasks: Vec<(String, &'static str, String)>,
}

/// The workflows of the model, and what they did, the newest first.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let opened = &visit.opened;
    let workflow = visit.given.filled("workflow");
    let before = visit.given.number("after");
    let query = RunQuery { workflow, person: None, before, limit: ROWS };
    let runs = workflow_history(&ctx, opened, &query).await?;
    let next = runs.last().filter(|_| runs.len() == ROWS).map(|last| last.run.id.to_string());
    let workflow = |of: &muster_policy::Workflow| Workflow {
        name: of.name.to_string(),
        href: address::with("/workflows", &[("workflow", &of.name)]),
        description: of.description.as_deref().unwrap_or_default().to_owned(),
        begins: json::begins(opened, of),
        tasks: of.tasks.iter().map(|task| &*task.kind).collect::<Vec<_>>().join(", "),
    };
    let template = Page {
        frame: Frame::of(&visit),
        workflows: opened.model.workflows.iter().map(workflow).collect(),
        runs: runs.iter().map(|view| run(&visit, view)).collect(),
        may_answer: visit.may(Right::WorkflowsRun).is_some(),
        pager: Pager::new("/workflows", &visit.given, &["workflow"], next),
    };
    page(&visit, &template)
}

fn run(visit: &Visit, view: &RunView) -> Run {
    let texts = &visit.texts.desk;
    let task = |task: &muster_store::WorkflowTask| {
        let name = if task.name.is_empty() { &task.kind } else { &task.name };
        (name.to_string(), state(texts, task.state), task.detail.to_string())
    };
    Run {
        id: view.run.id,
        workflow: view.run.workflow.to_string(),
        person: view.person.to_string(),
        href: address::person(&view.person),
        state: state(texts, view.run.state),
        is_open: view.run.state == RunState::Open,
        began: visit.moment(view.run.began_at),
        detail: view.run.detail.to_string(),
        tasks: view.tasks.iter().map(task).collect(),
    }
}

fn state(texts: &DeskTexts, state: RunState) -> &'static str {
    match state {
        RunState::Open => texts.open,
        RunState::Done => texts.closed,
        RunState::Skipped => texts.skipped,
        RunState::Failed => texts.failed,
    }
}

/// Says what became of a task that waits for an answer.
pub(crate) async fn answer(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let id = visit.given.number("id").ok_or_else(nothing)?;
    let done_well = match visit.given.text("outcome") {
        "done" => true,
        "failed" => false,
        _ => return Err(Problem::invalid("no outcome was chosen")),
    };
    let answer = RunAnswer { done: done_well, note: visit.given.filled("note") };
    answer_run(&ctx, &visit.opened, id, &answer).await?;
    Ok(done(Said::Decided, "/workflows"))
}
