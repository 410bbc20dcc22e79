//! Lifecycle workflows.

use muster_engine::{
    RunAnswer, RunQuery, WorkflowSelection, answer_run, dry_run_workflow, json, run_due_workflows,
    run_workflow, workflow_history, workflow_named,
};
use muster_policy::Right::{WorkflowsRead, WorkflowsRun};
use muster_web::Problem;
use serde_json::Value as Json;

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
    jobs::Jobs,
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::list(
            ("workflows.list", "/workflows", "List the workflows of the model"),
            WorkflowsRead,
            "@Workflow",
            list,
        ),
        Operation::job(
            (
                "workflows.dry-run",
                "/workflows/{workflow}/dry-run",
                "List for whom a workflow would run",
            ),
            WorkflowsRun,
            dry_run,
        )
        .body("people:text[]* due:flag*"),
        Operation::job(
            ("workflows.run", "/workflows/{workflow}/run", "Run a workflow now, for exactly those"),
            WorkflowsRun,
            run,
        )
        .body("people:text[]* due:flag* confirm:int?*"),
        Operation::job(
            (
                "workflows.due",
                "/workflow-runs/due",
                "Begin the workflows that are due, go on with those that waited",
            ),
            WorkflowsRun,
            due,
        ),
        Operation::post(
            (
                "workflows.answer",
                "/workflow-runs/{id}/answer",
                "Say what became of a task that waits for an answer",
            ),
            WorkflowsRun,
            "map",
            answer,
        )
        .body("outcome:done|failed note:text?*"),
        Operation::list(
            ("workflows.history", "/workflow-runs", "List what workflows did, the newest first"),
            WorkflowsRead,
            "@WorkflowRun",
            history,
        )
        .query("workflow:text* person:text*")
        .paged(),
    ]
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let workflows = asked.opened.model.workflows.iter();
    let items: Vec<Json> = workflows.map(|one| json::workflow(&asked.opened, one)).collect();
    Ok(muster_app::json::list(&items, None).into())
}

fn selection(asked: &Asked) -> WorkflowSelection {
    WorkflowSelection { people: asked.texts("people"), due: asked.flag("due") }
}

async fn dry_run(asked: Asked) -> Result<Told, Problem> {
    workflow_named(&asked.opened, asked.text("workflow"))?;
    Jobs::begin(asked, "dry-run", |asked, _| async move {
        let name = asked.text("workflow");
        let found = dry_run_workflow(&asked.ctx, &asked.opened, name, &selection(&asked)).await?;
        let items: Vec<Json> = found.iter().map(json::candidate).collect();
        Ok(muster_app::json::list(&items, None))
    })
    .await
}

async fn run(asked: Asked) -> Result<Told, Problem> {
    workflow_named(&asked.opened, asked.text("workflow"))?;
    Jobs::begin(asked, "workflow", |asked, running| async move {
        let (name, confirm, whom) = (asked.text("workflow"), asked.confirm(), selection(&asked));
        let report =
            run_workflow(&asked.ctx, &asked.opened, name, &whom, confirm, &running).await?;
        Ok(json::workflow_report(&report))
    })
    .await
}

async fn due(asked: Asked) -> Result<Told, Problem> {
    Jobs::begin(asked, "workflow", |asked, running| async move {
        let now = asked.ctx.now();
        let report = run_due_workflows(&asked.ctx, &asked.opened, now, &running).await?;
        Ok(json::workflow_report(&report))
    })
    .await
}

async fn answer(asked: Asked) -> Result<Told, Problem> {
    let (done, note) = (asked.text("outcome") == "done", asked.owned("note"));
    answer_run(&asked.ctx, &asked.opened, asked.id("id"), &RunAnswer { done, note }).await?;
    Ok(serde_json::json!({ "run": asked.id("id"), "outcome": asked.text("outcome") }).into())
}

async fn history(asked: Asked) -> Result<Told, Problem> {
    let limit = asked.limit();
    let (workflow, person) = (asked.owned("workflow"), asked.owned("person"));
    let query = RunQuery { workflow, person, before: asked.after(), limit };
    let runs = workflow_history(&asked.ctx, &asked.opened, &query).await?;
    let next = runs.last().filter(|_| runs.len() == limit).map(|last| cursor(last.run.id));
    let items: Vec<Json> = runs.iter().map(json::workflow_run).collect();
    Ok(muster_app::json::list(&items, next.as_deref()).into())
}
