//! `muster simulate`.

use jiff::Timestamp;
use muster_app::{
    Change, ChangeKind, Ctx, Event, Impact, ModelQuery, ModelsCompared, Opened, PersonImpact,
    compare_models, json, look_ahead,
};
use muster_engine::{PlanOptions, make_plan};
use muster_plan::{Plan, plan_json};
use serde_json::Value as Json;

use crate::{
    Exit, Result,
    error::CommandError,
    model_source::open_model,
    progress::progress,
    shell::Shell,
    ui::Report,
    when::{When, parse_when},
};

/// Show what would be: by a day in the future, or with another model
///
/// With --at: starts, ends and expiries until then if nothing new is heard, in order, with what each means.
/// With --model: who gains and loses what, whose values change and which conflicts appear when everybody is evaluated
/// with that model. Nothing is changed or kept.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  muster simulate --at 2027-02-01                 what happens until then
  muster simulate --model ../proposal             what the model in that folder would mean
  muster simulate --model main                    what the branch `main` of git would mean
  muster simulate --model 12 --who --only ledger.profile:post-journal
                                                  who would gain or lose that one thing with revision 12")]
pub(crate) struct Args {
    /// The day or instant to look ahead to
    #[arg(long, value_name = "TIME", value_parser = parse_when, required_unless_present = "model")]
    at: Option<When>,
    /// Another model: a folder, the number of a revision, or a revision of git
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// List the identities for which something changes, not the things
    #[arg(long, requires = "model")]
    who: bool,
    /// Only what has this name, or is of this kind: role, account, entitlement, attribute, conflict, lifecycle
    #[arg(long, value_name = "THING", requires = "model")]
    only: Option<String>,
    /// How many identities at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let at = Shell::instant(&opened, args.at);
    if let Some(at) = at.filter(|at| *at <= ctx.now()) {
        return Err(CommandError::usage(format!("{} is not in the future", day(&opened, at)))
            .hint("for the past: muster users --as-of, muster explain --as-of"));
    }
    match (&args.model, at) {
        (Some(model), _) => {
            let other = open_model(shell, &opened, model).await?;
            models(shell, &opened, &other, at.unwrap_or_else(|| ctx.now()), &args).await
        }
        (None, Some(at)) => ahead(shell, &ctx, &opened, at).await,
        (None, None) => Err(CommandError::usage("neither a time nor a model is named")
            .hint("muster simulate --at TIME or --model MODEL")),
    }
}

fn day(opened: &Opened, at: Timestamp) -> String {
    at.to_zoned(opened.model.timezone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

async fn ahead(shell: &mut Shell, ctx: &Ctx, opened: &Opened, to: Timestamp) -> Result<Exit> {
    let progress = progress(&shell.ui);
    let from = ctx.now();
    let events = look_ahead(opened, from, to).await?;
    let options = PlanOptions { at: Some(to), ..PlanOptions::default() };
    let plan = make_plan(ctx, opened, &options, progress.as_ref()).await?.plan;
    shell.ui.show(&ahead_report(opened, (from, to), &events, &plan))?;
    shell.ui.say(&format!(
        "see it: muster plan --at {}",
        to.to_zoned(opened.model.timezone.clone()).strftime("%Y-%m-%d")
    ))?;
    Ok(Exit::Done)
}

fn ahead_report(
    opened: &Opened,
    (from, to): (Timestamp, Timestamp),
    events: &[Event],
    plan: &Plan,
) -> Report {
    let items = events.iter().map(|event| {
        let row = vec![day(opened, event.at), event.subject.to_string(), event.what.join(", ")];
        (row, json::event(event))
    });
    let mut report = Report::list(&["at", "subject", "what"], items, None);
    report.json = serde_json::json!({
        "from": from.to_string(), "to": to.to_string(), "events": report.lines,
        "plan": plan_json(plan, ""),
    });
    let mut text =
        format!("From {} to {}, no new data assumed\n", day(opened, from), day(opened, to));
    if events.is_empty() {
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
    put!(text, "By then the plan has {} changes\n", plan.to_do().count());
    report.text(text)
}

async fn models(
    shell: &mut Shell,
    opened: &Opened,
    other: &Opened,
    now: Timestamp,
    args: &Args,
) -> Result<Exit> {
    let query = ModelQuery {
        thing: args.only.clone(),
        after: args.after,
        limit: if args.who { args.limit.max(1) } else { 0 },
    };
    let compared = {
        let progress = progress(&shell.ui);
        let task = progress.begin("simulate", None);
        compare_models(opened, other, now, &query, &|n| task.advance(n)).await?
    };
    let report = if args.who { people_report(&compared) } else { impact_report(&compared) };
    shell.ui.show(&report)?;
    shell.ui.say(&format!(
        "evaluated with both models as of {}: {} identities; something changes for {}",
        day(opened, now),
        compared.evaluated,
        compared.affected
    ))?;
    Ok(Exit::Done)
}

fn impact_report(compared: &ModelsCompared) -> Report {
    let items = compared.impacts.iter().map(|impact| {
        let Impact { thing, gained, lost, changed, examples } = impact;
        let n = |n: &u64| if *n == 0 { String::new() } else { n.to_string() };
        let row = vec![
            thing.kind().to_owned(),
            thing.name().to_owned(),
            n(gained),
            n(lost),
            n(changed),
            examples.join(", "),
        ];
        (row, Json::Null)
    });
    let columns = ["kind", "name", "gain it", "lose it", "change", "such as"];
    let mut report = Report::list(&columns, items, None).empty("nothing changes for anybody");
    report.json = json::impacts(compared);
    report.lines = report.json.get("impacts").and_then(Json::as_array).cloned();
    report
}

fn people_report(compared: &ModelsCompared) -> Report {
    let items = compared.people.iter().map(|person| {
        let PersonImpact { id: _, subject, changes } = person;
        let words: Vec<String> = changes.iter().map(change_words).collect();
        (vec![subject.to_string(), words.join(", ")], json::person_impact(person))
    });
    let next = compared.next.map(|next| next.to_string());
    Report::list(&["identity", "changes"], items, next).empty("nothing changes for anybody")
}

fn change_words(change: &Change) -> String {
    let name = change.thing.name();
    match &change.kind {
        ChangeKind::Gained => format!("+{name}"),
        ChangeKind::Lost => format!("-{name}"),
        ChangeKind::Changed(old, new) => format!("{name} {old} → {new}"),
    }
}
