//! `/workflows`: what is done for people at dates and changes, what became of it, and answers that it waits for.

use askama::Template;
use axum::response::Response;
use muster_app::Ctx;
use muster_engine::{
    NoProgress, RunAnswer, RunQuery, RunView, WorkflowSelection, answer_run, dry_run_workflow,
    json, run_workflow, workflow_history, workflow_named,
};
use muster_policy::Right;
use muster_store::RunState;
use muster_web::{Code, Problem};

use super::Pager;
use crate::{
    address,
    flash::Said,
    frame::{Frame, done, nothing, page},
    given::ROWS,
    moment::Moment,
    texts::DeskTexts,
    visit::Visit,
    work::begun,
};

/// People who are shown before a workflow runs.
const SHOWN: usize = 200;

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
    /// Where it is tried and run.
    run: Option<String>,
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
    let may_run = visit.may(Right::WorkflowsRun).is_some();
    let workflow = |of: &muster_policy::Workflow| Workflow {
        name: of.name.to_string(),
        href: address::with("/workflows", &[("workflow", &of.name)]),
        run: may_run.then(|| format!("/workflows/{}", address::part(&of.name))),
        description: of.description.as_deref().unwrap_or_default().to_owned(),
        begins: json::begins(opened, of),
        tasks: of.tasks.iter().map(|task| &*task.kind).collect::<Vec<_>>().join(", "),
    };
    let template = Page {
        frame: Frame::of(&visit),
        workflows: opened.model.workflows.iter().map(workflow).collect(),
        runs: runs.iter().map(|view| run(&visit, view)).collect(),
        may_answer: may_run,
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

#[derive(Template)]
#[template(path = "workflow.html")]
struct Trial<'v> {
    frame: Frame<'v>,
    name: String,
    action: String,
    href: String,
    description: String,
    people: &'v str,
    /// For how many it would run.
    n: usize,
    rows: Vec<(String, String)>,
}

/// For whom a workflow would run. Nothing is done.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let workflow = workflow_named(&visit.opened, visit.given.text("workflow"));
    let workflow = workflow.map_err(|_| nothing())?;
    let selection = selection(&visit);
    let found = dry_run_workflow(&ctx, &visit.opened, &workflow.name, &selection).await?;
    let shown = found.iter().take(SHOWN);
    let path = format!("/workflows/{}", address::part(&workflow.name));
    let template = Trial {
        frame: Frame::of(&visit),
        name: workflow.name.to_string(),
        action: format!("{path}/run"),
        href: path,
        description: workflow.description.as_deref().unwrap_or_default().to_owned(),
        people: visit.given.text("people"),
        n: found.len(),
        rows: shown.map(|one| (one.person.to_string(), address::person(&one.person))).collect(),
    };
    page(&visit, &template)
}

/// Runs it, if it would still run for as many as were shown.
pub(crate) async fn run_it(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let name = visit.given.text("workflow").to_owned();
    workflow_named(&visit.opened, &name).map_err(|_| nothing())?;
    let selection = selection(&visit);
    let confirm = visit.given.number("confirm");
    let found = dry_run_workflow(&ctx, &visit.opened, &name, &selection).await?.len();
    if confirm != u64::try_from(found).ok() {
        let problem = Problem::new(Code::HELD, format!("it would run for {found} people now"));
        return Err(problem.hint("look again for whom it would run"));
    }
    let (opened, list) =
        (visit.opened.clone(), address::with("/workflows", &[("workflow", &name)]));
    let ran = begun(async move {
        run_workflow(&ctx, &opened, &name, &selection, confirm, &NoProgress).await
    });
    let said = if ran.await?.is_some() { Said::WorkflowRan } else { Said::Running };
    Ok(done(said, &list))
}

/// Those who are named; everybody within reach when nobody is.
fn selection(visit: &Visit) -> WorkflowSelection {
    let named = visit.given.text("people").split(',').map(|name| name.trim().to_owned());
    WorkflowSelection { people: named.filter(|name| !name.is_empty()).collect(), due: false }
}
