//! `muster simulate`.

use jiff::Timestamp;
use muster_plan::plan_json;
use serde_json::json;

use crate::{
    Exit, Result,
    error::CommandError,
    progress::progress,
    shell::Shell,
    simulation::{Simulation, simulate},
    ui::Report,
    when::{When, parse_when},
};

/// Show what happens by a day in the future if nothing new is heard
///
/// Starts, ends and expiries, in order, with what each means. Nothing is changed or kept.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The day or instant to look ahead to
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    at: When,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let at = args.at.instant(&opened.model.timezone);
    let zone = opened.model.timezone.clone();
    let day = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    if at <= ctx.now() {
        return Err(CommandError::usage(format!("{} is not in the future", day(at)))
            .hint("for the past: muster users --as-of, muster explain --as-of"));
    }
    let progress = progress(&shell.ui);
    let simulation = simulate(&ctx, &opened, at, progress.as_ref()).await?;
    shell.ui.show(&report(&simulation, &day))?;
    shell.ui.say(&format!(
        "see it: muster plan --at {}",
        at.to_zoned(opened.model.timezone.clone()).strftime("%Y-%m-%d")
    ))?;
    Ok(Exit::Done)
}

fn report(simulation: &Simulation, day: &dyn Fn(Timestamp) -> String) -> Report {
    let items = simulation.events.iter().map(|event| {
        let row = vec![day(event.at), event.subject.to_string(), event.what.join(", ")];
        (row, json!({ "at": event.at.to_string(), "subject": &*event.subject, "what": event.what }))
    });
    let mut report = Report::list(&["at", "subject", "what"], items, None);
    report.json = json!({
        "from": simulation.from.to_string(), "to": simulation.to.to_string(), "events": report.lines,
        "plan": plan_json(&simulation.plan, ""),
    });
    let mut text =
        format!("From {} to {}, no new data assumed\n", day(simulation.from), day(simulation.to));
    if simulation.events.is_empty() {
        text.push_str(" nothing happens by the passing of time\n");
    } else {
        let paint = crate::ui::Paint::new(false);
        for line in report
            .render(crate::ui::Format::Text, paint, crate::ui::Width::Unlimited)
            .lines()
            .skip(1)
        {
            put!(text, " {line}\n");
        }
    }
    put!(text, "By then the plan has {} changes\n", simulation.plan.to_do().count());
    report.text(text)
}
