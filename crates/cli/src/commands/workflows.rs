//! `muster workflows`.

use muster_engine::{
    Candidate, RunAnswer, RunQuery, RunView, WorkflowReport, WorkflowSelection, answer_run,
    dry_run_workflow, json, run_due_workflows, run_workflow, workflow_history, workflow_named,
};
use muster_store::WorkflowTask;

use crate::{Exit, Result, progress::progress, shell::Shell, ui::Report, when::shown};

/// List lifecycle workflows, run them, see what they did
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    List(ListArgs),
    DryRun(DryRunArgs),
    Run(RunArgs),
    Due(DueArgs),
    Answer(AnswerArgs),
    History(HistoryArgs),
}

/// List the workflows of the project
#[derive(clap::Args, Debug)]
struct ListArgs {}

/// For whom: everybody in scope unless people are named
#[derive(clap::Args, Debug)]
struct SelectionArgs {
    /// The workflow
    #[arg(value_name = "WORKFLOW")]
    workflow: String,
    /// Only this person, by key or another unique attribute; may be given several times
    #[arg(long = "person", value_name = "PERSON")]
    people: Vec<String>,
    /// Only those for whom its date has come
    #[arg(long, conflicts_with = "people")]
    due: bool,
}

/// List for whom a workflow would run; nothing happens
#[derive(clap::Args, Debug)]
struct DryRunArgs {
    #[command(flatten)]
    selection: SelectionArgs,
}

/// Run a workflow now, for exactly those whom a dry run lists
#[derive(clap::Args, Debug)]
struct RunArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The number of people it runs for; needed unless they are named
    #[arg(long, value_name = "N")]
    confirm: Option<u64>,
}

/// Begin the workflows that are due and go on with those that waited
#[derive(clap::Args, Debug)]
struct DueArgs {}

/// Say what became of a task that waits for an answer
#[derive(clap::Args, Debug)]
struct AnswerArgs {
    /// The number of the run
    #[arg(value_name = "RUN")]
    run: i64,
    /// What became of it
    #[arg(value_name = "OUTCOME", value_enum)]
    outcome: AnswerOutcome,
    /// What there is to say about it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum AnswerOutcome {
    /// It was done; the run goes on
    Done,
    /// It cannot be done; the run has failed
    Failed,
}

/// List what workflows did, the newest first
#[derive(clap::Args, Debug)]
struct HistoryArgs {
    /// Only this workflow
    #[arg(value_name = "WORKFLOW")]
    workflow: Option<String>,
    /// Only for this person, by key or another unique attribute
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// How many runs at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    match args.verb {
        Verb::List(ListArgs {}) => list(shell).await,
        Verb::DryRun(args) => dry_run(shell, args.selection).await,
        Verb::Run(args) => run_now(shell, args).await,
        Verb::Due(DueArgs {}) => due(shell).await,
        Verb::Answer(args) => answer(shell, args).await,
        Verb::History(args) => history(shell, args).await,
    }
}

async fn answer(shell: &mut Shell, args: AnswerArgs) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let done = args.outcome == AnswerOutcome::Done;
    answer_run(&ctx, &opened, args.run, &RunAnswer { done, note: args.note }).await?;
    let word = if done { "done" } else { "failed" };
    let document = serde_json::json!({ "run": args.run, "outcome": word });
    let fields = vec![("run", args.run.to_string()), ("outcome", word.to_owned())];
    shell.ui.show(&Report::one(fields, document))?;
    Ok(Exit::Done)
}

async fn list(shell: &mut Shell) -> Result<Exit> {
    let (_, opened) = shell.open().await?;
    let items = opened.model.workflows.iter().map(|workflow| {
        let kinds: Vec<&str> = workflow.tasks.iter().map(|task| &*task.kind).collect();
        let begins = json::begins(&opened, workflow);
        let scope = workflow.scope.as_ref().map_or("everybody", |scope| scope.program.source());
        let row = vec![workflow.name.to_string(), begins, scope.to_owned(), kinds.join(", ")];
        (row, json::workflow(&opened, workflow))
    });
    let report = Report::list(&["workflow", "begins", "where", "tasks"], items, None)
        .empty("the project has no `workflows:`");
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

async fn dry_run(shell: &mut Shell, args: SelectionArgs) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let name = args.workflow.clone();
    let candidates = dry_run_workflow(&ctx, &opened, &name, &selection(args)).await?;
    let items = candidates.iter().map(|candidate| (row(candidate), json::candidate(candidate)));
    let report =
        Report::list(&["person", "due", "occasion"], items, None).empty("it would run for nobody");
    shell.ui.show(&report)?;
    let n = candidates.len();
    if n > 0 {
        shell.ui.say(&format!("run it: muster workflows run {name} --confirm {n}"))?;
    }
    Ok(Exit::Done)
}

fn selection(args: SelectionArgs) -> WorkflowSelection {
    WorkflowSelection { people: args.people, due: args.due }
}

fn row(candidate: &Candidate) -> Vec<String> {
    vec![candidate.person.to_string(), shown(candidate.due), candidate.occasion.to_string()]
}

async fn run_now(shell: &mut Shell, args: RunArgs) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let name = args.selection.workflow.clone();
    workflow_named(&opened, &name)?;
    let progress = progress(&shell.ui);
    let selection = selection(args.selection);
    let report =
        run_workflow(&ctx, &opened, &name, &selection, args.confirm, progress.as_ref()).await?;
    finish(shell, &report)
}

async fn due(shell: &mut Shell) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let progress = progress(&shell.ui);
    let report = run_due_workflows(&ctx, &opened, ctx.now(), progress.as_ref()).await?;
    finish(shell, &report)
}

fn finish(shell: &mut Shell, report: &WorkflowReport) -> Result<Exit> {
    let WorkflowReport { begun, done, skipped, failed, waiting, next } = report;
    let counts = [
        ("begun", begun),
        ("done", done),
        ("skipped", skipped),
        ("failed", failed),
        ("waiting", waiting),
    ];
    let mut fields: Vec<(&str, String)> =
        counts.iter().map(|(name, n)| (*name, n.to_string())).collect();
    fields.push(("next", next.map_or_else(String::new, shown)));
    let text: Vec<String> = counts.iter().map(|(name, n)| format!("{n} {name}")).collect();
    shell.ui.show(&Report::one(fields, json::workflow_report(report)).text(text.join(", ")))?;
    if *failed > 0 {
        shell.ui.say("see what failed: muster workflows history")?;
        return Ok(Exit::Partial);
    }
    Ok(Exit::Done)
}

async fn history(shell: &mut Shell, args: HistoryArgs) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let limit = args.limit.max(1);
    let HistoryArgs { workflow, person, limit: _, after } = args;
    let query = RunQuery { workflow, person, before: after, limit };
    let runs = workflow_history(&ctx, &opened, &query).await?;
    let next = runs.last().filter(|_| runs.len() == limit).map(|last| last.run.id.to_string());
    let items = runs.iter().map(|run| (run_row(run), json::workflow_run(run)));
    let columns = ["run", "workflow", "person", "revision", "begun", "state", "tasks"];
    shell.ui.show(&Report::list(&columns, items, next).empty("no workflow ran yet"))?;
    Ok(Exit::Done)
}

fn run_row(view: &RunView) -> Vec<String> {
    let RunView { run, person, tasks } = view;
    let tasks: Vec<String> = tasks.iter().map(task_text).collect();
    vec![
        run.id.to_string(),
        run.workflow.to_string(),
        person.to_string(),
        run.revision.to_string(),
        shown(run.began_at),
        run.state.word().to_owned(),
        tasks.join(", "),
    ]
}

fn task_text(task: &WorkflowTask) -> String {
    let name = if task.name.is_empty() { &task.kind } else { &task.name };
    let detail = if task.detail.is_empty() { String::new() } else { format!(" ({})", task.detail) };
    format!("{name} {}{detail}", task.state.word())
}
