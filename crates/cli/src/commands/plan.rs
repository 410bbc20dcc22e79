//! `muster plan`.

use muster_app::{Ctx, Opened, resolve_person};
use muster_engine::{MadePlan, PlanOptions, json, load_plan, make_plan, make_revert};
use muster_model::{EntityId, Text};
use muster_plan::{
    Grouping, Operation, Plan, TextOptions, describe, operation_json, plan_json, plan_markdown,
    plan_text,
};

use crate::{
    Exit, Result,
    error::CommandError,
    progress::progress,
    shell::Shell,
    ui::Report,
    when::{self, When, parse_when},
};

/// Show the exact list of changes that make every system right
///
/// Nothing is changed on any system. The plan is kept under a short name; `muster apply NAME` does exactly what was shown,
/// or refuses. With a name, shows that plan again.
#[derive(clap::Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "these are flags of a command")]
pub(crate) struct Args {
    /// Show this kept plan instead of making one
    #[arg(value_name = "NAME", conflicts_with_all = ["at", "person", "save", "no_save"])]
    name: Option<String>,
    /// Make the plan that undoes what this applied plan did, as far as it is still as that plan left it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["name", "at", "person"])]
    revert: Option<String>,
    /// Put together by the rule behind it, by person, or by system
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    by: By,
    /// Show every operation
    #[arg(long)]
    all: bool,
    /// Only for this person; may be repeated. Such a plan is not kept unless --save says so
    #[arg(long, value_name = "PERSON")]
    person: Vec<String>,
    /// As if it were this day or instant; such a plan is never kept
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    at: Option<When>,
    /// Keep the plan so that it can be applied (the default)
    #[arg(long, conflicts_with_all = ["no_save", "at"])]
    save: bool,
    /// Do not keep the plan
    #[arg(long)]
    no_save: bool,
    /// Exit code 10 when there are differences
    #[arg(long)]
    exit_code: bool,
    /// Exit code 0 for no difference, 1 for a failure, 2 for differences
    #[arg(long, alias = "detailed-exit-code", conflicts_with = "exit_code")]
    detailed_exitcode: bool,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy, Default)]
enum By {
    /// By the rule behind it
    #[default]
    Rule,
    /// By person
    Person,
    /// By system
    System,
}

/// Operations shown in each group unless all are asked for.
const PER_GROUP: usize = 8;

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let detailed = args.detailed_exitcode;
    let result = show(shell, args).await;
    match result {
        Err(error) if detailed => Err(CommandError { exit: Exit::Failed, ..error }),
        result => result,
    }
}

async fn show(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let start = shell.host.clock.now();
    let mut left = Vec::new();
    let mut reverted = None;
    let made = match (&args.name, &args.revert) {
        (Some(name), _) => load_plan(&opened, Some(name)).await?,
        (None, Some(name)) => {
            let revert = make_revert(&ctx, &opened, name, !args.no_save).await?;
            reverted = Some(json::reverted(&revert));
            left = revert.left;
            revert.made
        }
        (None, None) => make(shell, &ctx, &opened, &args).await?,
    };
    let grouping = match args.by {
        By::Rule => Grouping::Rule,
        By::Person => Grouping::Person,
        By::System => Grouping::System,
    };
    let per_group = if args.all { usize::MAX } else { PER_GROUP };
    let mut report = report(&made.plan, &made.name, TextOptions { grouping, per_group });
    report.json = reverted.unwrap_or_else(|| json::made_plan(&made));
    shell.ui.show(&report)?;
    say_left(shell, &left, per_group)?;
    say_reviews(shell, &made, per_group)?;
    let seconds = when::seconds_since(shell.host.clock.as_ref(), start);
    closing(shell, &made, seconds, &args)?;
    let differs = !made.plan.operations.is_empty() || !made.plan.observed_only.is_empty();
    Ok(match (differs, args.exit_code, args.detailed_exitcode) {
        (true, true, _) => Exit::Differences,
        (true, false, true) => Exit::DetailedDifferences,
        (true, false, false) | (false, ..) => Exit::Done,
    })
}

/// What a revert does not undo, on standard error.
fn say_left(shell: &mut Shell, left: &[(Operation, Text)], most: usize) -> Result<()> {
    for (operation, why) in left.iter().take(most) {
        let Operation { subject, target, kind, .. } = operation;
        let what = describe(kind);
        shell.ui.warn(&format!("not undone: {subject} {} {what}: {why}", target.system))?;
    }
    match left.len().saturating_sub(most) {
        0 => Ok(()),
        more => shell.ui.warn(&format!("{more} more are not undone; --all shows them")),
    }
}

/// What a second person decides about, on standard error.
fn say_reviews(shell: &mut Shell, made: &MadePlan, most: usize) -> Result<()> {
    let operations = (1..).zip(&made.plan.operations);
    let waiting = operations.filter(|(seq, _)| made.reviews.contains(seq));
    for (_, Operation { subject, target, kind, .. }) in waiting.take(most) {
        let what = describe(kind);
        shell.ui.warn(&format!("waits for a second person: {subject} {} {what}", target.system))?;
    }
    match made.reviews.len().saturating_sub(most) {
        0 => Ok(()),
        more => shell.ui.warn(&format!("{more} more wait for a second person; --all shows them")),
    }
}

async fn make(shell: &mut Shell, ctx: &Ctx, opened: &Opened, args: &Args) -> Result<MadePlan> {
    let mut people: Vec<EntityId> = Vec::with_capacity(args.person.len());
    for person in &args.person {
        let mut tx = opened.store.read().await.map_err(muster_app::Error::from)?;
        people.push(resolve_person(ctx, opened, &mut tx, person).await?.row.id);
    }
    let at = Shell::instant(opened, args.at);
    let save = args.save || !(args.no_save || at.is_some() || !people.is_empty());
    let options = PlanOptions { at, people, save, ..PlanOptions::default() };
    let progress = progress(&shell.ui);
    Ok(make_plan(ctx, opened, &options, progress.as_ref()).await?)
}

/// What can be done with the plan, on standard error.
fn closing(shell: &mut Shell, made: &MadePlan, seconds: f64, args: &Args) -> Result<()> {
    if args.revert.is_some() {
        shell.ui.say("the facts and the model are as before: what they still want, muster plan proposes again")?;
    } else if args.name.is_none() {
        shell.ui.say(&format!(
            "{} identities evaluated in {}",
            made.evaluated,
            when::took(seconds)
        ))?;
    }
    let n = made.plan.to_do().count();
    if n == 0 {
        return Ok(());
    }
    if made.id.is_none() {
        return shell.ui.say("not kept; to apply it: muster plan --save");
    }
    if let Some(guard) = made.plan.crossed().next() {
        shell
            .ui
            .warn(&format!("a guard holds this plan: {}", muster_plan::describe_guard(guard)))?;
        return shell
            .ui
            .say(&format!("if all of it is right: muster apply {} --confirm {n}", made.name));
    }
    shell.ui.say(&format!(
        "apply exactly this: muster apply {}      for a pull request: muster plan -o md",
        made.name
    ))
}

/// A plan in every format.
pub(super) fn report(plan: &Plan, name: &str, options: TextOptions) -> Report {
    let all = plan.operations.iter().map(|operation| ("planned", operation));
    let all = all.chain(plan.observed_only.iter().map(|operation| ("observed", operation)));
    let items = all.map(|(status, operation)| (row(status, operation), operation_json(operation)));
    let columns = ["status", "system", "who", "account", "operation", "what", "reason", "rule"];
    let mut report = Report::list(&columns, items, None);
    report.json = plan_json(plan, name);
    report.markdown = Some(plan_markdown(plan, name, options));
    report.text(plan_text(plan, name, options))
}

fn row(status: &str, operation: &Operation) -> Vec<String> {
    let status = if operation.blocked.is_some() { "blocked" } else { status };
    vec![
        status.to_owned(),
        operation.target.system.to_string(),
        operation.subject.to_string(),
        operation.target.name.to_string(),
        operation.kind.name().to_owned(),
        describe(&operation.kind),
        operation.reason.text.to_string(),
        operation.reason.at.as_ref().map_or_else(String::new, ToString::to_string),
    ]
}
