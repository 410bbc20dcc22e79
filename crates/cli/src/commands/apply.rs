//! `muster apply`.

use muster_engine::{ApplyOptions, ApplyReport, CancelFlag, MadePlan, apply, json, load_plan};
use muster_plan::describe;
use muster_store::PlanStatus;

use crate::{
    Exit, Result,
    error::CommandError,
    progress::progress,
    shell::Shell,
    ui::{Paint, Report, printable},
    when,
};

/// Do exactly what a plan shows, or refuse
///
/// Without a name it is the newest plan that can be applied. It asks for the number of changes; a script says it with
/// --confirm. Ctrl-C stops after the running call; the same command goes on.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Exit codes: 0 all done, 11 a guard holds it, 12 some failed, 13 the plan is stale, 130 interrupted"
)]
pub(crate) struct Args {
    /// The plan, by the beginning of its name
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The number of changes, as the plan shows it
    #[arg(long, value_name = "N")]
    confirm: Option<u64>,
    /// Do not ask; guards still hold
    #[arg(long, conflicts_with = "confirm")]
    auto_approve: bool,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let made = load_plan(&opened, args.name.as_deref()).await?;
    let n = u64::try_from(made.plan.to_do().count()).unwrap_or(u64::MAX);
    if n == 0 {
        shell.ui.say(&format!("plan {} has nothing to do", made.name))?;
        return Ok(Exit::Done);
    }
    let confirm = confirmed(shell, &made, n, &args)?;
    let start = shell.host.clock.now();
    let options =
        ApplyOptions { confirm, auto_approve: args.auto_approve, ..ApplyOptions::default() };
    shell.stop_gracefully();
    let progress = progress(&shell.ui);
    let cancel = CancelFlag(shell.host.interrupted.clone());
    let report =
        apply(&ctx, &opened, Some(&made.name), &options, progress.as_ref(), &cancel).await?;
    drop(progress);
    let seconds = when::seconds_since(shell.host.clock.as_ref(), start);
    let shown = apply_report(&report, &made.name, seconds, shell.ui.paint());
    shell.ui.show(&shown)?;
    Ok(exit(&report))
}

/// The number that confirms the plan: as given, or as typed.
fn confirmed(shell: &mut Shell, made: &MadePlan, n: u64, args: &Args) -> Result<Option<u64>> {
    if let Some(given) = args.confirm {
        if given != n {
            return Err(CommandError::new(
                Exit::Held,
                format!("plan {} has {n} changes, not {given}", made.name),
            )
            .hint(format!("look at it again: muster plan {}", made.name)));
        }
        return Ok(Some(given));
    }
    if args.auto_approve || made.status == PlanStatus::Applying {
        return Ok(None);
    }
    let held = if made.plan.crossed().next().is_some() { ", and a guard holds it" } else { "" };
    let question = format!("Plan {} has {n} changes{held}. Type {n} to continue:", made.name);
    match shell.ui.ask(&question)? {
        Some(answer) if answer == n.to_string() => Ok(Some(n)),
        Some(_) => Err(CommandError::new(Exit::Failed, "not confirmed; nothing was changed")),
        None => Err(CommandError::usage(format!(
            "plan {} has {n} changes and nobody is here to confirm them",
            made.name
        ))
        .hint(format!("muster apply {} --confirm {n}", made.name))),
    }
}

fn exit(report: &ApplyReport) -> Exit {
    if report.interrupted {
        Exit::Interrupted
    } else if report.failed.len() as u64 > report.failed_in_background
        || report.left > report.left_in_background
        || !report.held.is_empty()
        || report.reviews > 0
    {
        Exit::Partial
    } else {
        Exit::Done
    }
}

fn apply_report(report: &ApplyReport, name: &str, seconds: f64, paint: Paint) -> Report {
    let fields = vec![
        ("plan", name.to_owned()),
        ("executed", report.executed.to_string()),
        ("failed", report.failed.len().to_string()),
        ("skipped", report.skipped.to_string()),
        ("retried", report.retried.to_string()),
        ("left", report.left.to_string()),
        ("done before", report.done_before.to_string()),
        ("interrupted", report.interrupted.to_string()),
    ];
    Report::one(fields, json::applied(report, name)).text(text(report, name, seconds, paint))
}

fn text(report: &ApplyReport, name: &str, seconds: f64, paint: Paint) -> String {
    let mut text = String::new();
    if report.done_before > 0 {
        let to_go = report.executed
            + report.skipped
            + report.left
            + u64::try_from(report.failed.len()).unwrap_or(0);
        put!(text, "Continuing {name}  {} done before, {to_go} to go\n", report.done_before);
    }
    for (operation, error) in &report.failed {
        let what = format!(
            "{} {} {}: {error}",
            operation.target.system,
            operation.subject,
            describe(&operation.kind)
        );
        put!(text, " {}  {}\n", paint.red("failed"), printable(&what));
    }
    for (operation, why) in &report.held {
        let what = format!(
            "{} {} {}: {why}",
            operation.target.system,
            operation.subject,
            describe(&operation.kind)
        );
        put!(text, " {}  {}\n", paint.yellow("held"), printable(&what));
    }
    for (n, what) in [
        (report.taken, "with somebody: muster tickets list"),
        (report.reviews, "wait for a second person: muster orders review list"),
        (report.left_in_background, "in the queue for later: muster orders list"),
    ] {
        if n > 0 {
            put!(text, "{n} {what}\n");
        }
    }
    for (system, why) in &report.quarantined {
        let (left, why) = (paint.yellow("left"), printable(why));
        put!(text, " {left}  {system}: {why}; its operations wait for the next run\n");
    }
    if report.interrupted {
        let done = report.executed + report.done_before;
        put!(
            text,
            "stopped after the running call. {done} done, {} to go. Nothing half-written. Continue: muster apply {name}\n",
            report.left
        );
        return text;
    }
    put!(
        text,
        "Done  {} ok, {} failed, {} retried, {} left   {}\n",
        report.executed,
        report.failed.len(),
        report.retried,
        report.left,
        when::took(seconds)
    );
    text
}
