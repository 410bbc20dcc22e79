//! `muster people`: who is entered by hand, and what a person says about the lifecycle of somebody.

mod load;
mod local;

use muster_engine::{
    AnonymiseReport, FactRequest, FactView, anonymise_due, anonymise_person, json,
    lift_lifecycle_fact, list_lifecycle_facts, restore_identity, set_lifecycle_fact,
};
use muster_policy::FactKind;

use crate::{
    Exit, Result,
    progress::progress,
    shell::Shell,
    ui::Report,
    when::{When, parse_when, shown},
};

/// Enter people by hand; end, suspend or restore the lifecycle of a person
///
/// What is said here about a lifecycle holds until it is lifted, whatever sources say. What follows is in the next plan.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    Add(local::AddArgs),
    Edit(local::EditArgs),
    End(local::EndArgs),
    Confirm(local::ConfirmArgs),
    Load(load::LoadArgs),
    Template(load::TemplateArgs),
    Terminate(TerminateArgs),
    /// Lift a termination: the lifecycle follows the sources again
    Reinstate(OneArgs),
    Suspend(SuspendArgs),
    /// End a suspension now; the same rights come back
    Resume(OneArgs),
    /// Say that somebody uses their accounts: those that were disabled for lack of use are enabled again
    Used(UsedArgs),
    /// Say that a person is deleted: every account goes with the next plan
    Delete(OneArgs),
    Restore(RestoreArgs),
    Anonymise(AnonymiseArgs),
    Facts(FactsArgs),
}

/// End the lifecycle of a person, at once or at an instant
///
/// Comes before every date that a source gives, and stays when a source says otherwise later.
#[derive(clap::Args, Debug)]
struct TerminateArgs {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
    /// At once, which may be left out
    #[arg(long, conflicts_with = "at")]
    now: bool,
    /// On this day (its first instant) or at this instant
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    at: Option<When>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Suspend a person for a time; the same rights come back
#[derive(clap::Args, Debug)]
struct SuspendArgs {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
    /// The first day or instant [default: at once]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    from: Option<When>,
    /// The day or instant it ends [default: until `muster people resume`]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: Option<When>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(clap::Args, Debug)]
struct OneArgs {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Bring a person back who was terminated or deleted, with the roles that were given directly
#[derive(clap::Args, Debug)]
struct RestoreArgs {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Erase the personal attributes of those whose retention is over, for good
///
/// What is known of them goes everywhere, also in the journal, whose chain stays whole. Nothing brings it back.
#[derive(clap::Args, Debug)]
struct AnonymiseArgs {
    /// One person whose lifecycle has ended, before the time [default: everybody whose retention is over]
    #[arg(value_name = "PERSON", requires = "reason")]
    person: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", requires = "person")]
    reason: Option<String>,
}

/// Say that somebody uses their accounts
///
/// What was disabled for lack of use is enabled again with the next plan, with the same rights, and the time counts anew.
#[derive(clap::Args, Debug)]
struct UsedArgs {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
    /// From this instant [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    from: Option<When>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// List what was said about the lifecycle of a person, lifted facts included
#[derive(clap::Args, Debug)]
struct FactsArgs {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    match args.verb {
        Verb::Add(args) => local::add(shell, args).await,
        Verb::Edit(args) => local::edit(shell, args).await,
        Verb::End(args) => local::end(shell, args).await,
        Verb::Confirm(args) => local::confirm(shell, args).await,
        Verb::Load(args) => load::run(shell, args).await,
        Verb::Template(args) => load::write_template(shell, args).await,
        Verb::Terminate(TerminateArgs { person, now: _, at, reason }) => {
            say(shell, person, FactKind::Terminated, (at, None), reason).await
        }
        Verb::Suspend(SuspendArgs { person, from, until, reason }) => {
            say(shell, person, FactKind::Suspended, (from, until), reason).await
        }
        Verb::Used(UsedArgs { person, from, reason }) => {
            say(shell, person, FactKind::Used, (from, None), reason).await
        }
        Verb::Delete(OneArgs { person, reason }) => {
            say(shell, person, FactKind::Deleted, (None, None), reason).await
        }
        Verb::Reinstate(args) => lift(shell, &args, FactKind::Terminated).await,
        Verb::Resume(args) => lift(shell, &args, FactKind::Suspended).await,
        Verb::Restore(args) => restore(shell, &args).await,
        Verb::Anonymise(args) => anonymise(shell, args).await,
        Verb::Facts(args) => facts(shell, &args).await,
    }
}

async fn say(
    shell: &mut Shell,
    person: String,
    kind: FactKind,
    (from, until): (Option<When>, Option<When>),
    reason: String,
) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let (from, until) = (Shell::instant(&opened, from), Shell::instant(&opened, until));
    let request = FactRequest { person, kind, from, until, reason };
    let view = set_lifecycle_fact(&ctx, &opened, &request).await?;
    shell.ui.show(&one(&view, kind.word()))?;
    shell.ui.say(&format!("see what follows: muster plan --person {}", request.person))?;
    Ok(Exit::Done)
}

async fn lift(shell: &mut Shell, args: &OneArgs, kind: FactKind) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let view = lift_lifecycle_fact(&ctx, &opened, &args.person, kind, &args.reason).await?;
    shell.ui.show(&one(&view, &format!("no longer {}", kind.word())))?;
    shell.ui.say(&format!("see what follows: muster plan --person {}", args.person))?;
    Ok(Exit::Done)
}

async fn restore(shell: &mut Shell, args: &RestoreArgs) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let restored = restore_identity(&ctx, &opened, &args.person, &args.reason).await?;
    let lifted: Vec<&str> = restored.lifted.iter().map(|kind| kind.word()).collect();
    let roles: Vec<&str> = restored.roles.iter().map(|role| &**role).collect();
    let document = json::restored(&restored);
    let fields = vec![
        ("person", restored.person.to_string()),
        ("lifted", lifted.join(", ")),
        ("roles", roles.join(", ")),
    ];
    let text = format!("restored: {} with {} roles given directly", restored.person, roles.len());
    shell.ui.show(&Report::one(fields, document).text(text))?;
    shell.ui.say(&format!("see what follows: muster plan --person {}", args.person))?;
    Ok(Exit::Done)
}

async fn anonymise(shell: &mut Shell, args: AnonymiseArgs) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let report = if let (Some(person), Some(reason)) = (args.person, args.reason) {
        anonymise_person(&ctx, &opened, &person, &reason).await?
    } else {
        let progress = progress(&shell.ui);
        anonymise_due(&ctx, &opened, ctx.now(), progress.as_ref()).await?
    };
    let AnonymiseReport { erased, entries, waiting } = &report;
    let document = json::anonymised(&report);
    let fields = vec![
        ("erased", erased.to_string()),
        ("entries", entries.to_string()),
        ("waiting", waiting.len().to_string()),
    ];
    let text = format!(
        "erased: {erased} people, {entries} entries of the journal; {} wait",
        waiting.len()
    );
    shell.ui.show(&Report::one(fields, document).text(text))?;
    for (who, why) in waiting.iter().take(20) {
        shell.ui.say(&format!("{who} waits: {why}"))?;
    }
    Ok(Exit::Done)
}

async fn facts(shell: &mut Shell, args: &FactsArgs) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let views = list_lifecycle_facts(&ctx, &opened, &args.person).await?;
    let items = views.iter().map(|view| (row(view), json::fact(view)));
    let columns = ["id", "fact", "from", "until", "lifted", "by", "reason"];
    let report = Report::list(&columns, items, None)
        .empty("nothing was said about the lifecycle of this person by hand");
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

fn one(view: &FactView, done: &str) -> Report {
    let columns = ["id", "fact", "from", "until", "lifted", "by", "reason"];
    let fields = columns.into_iter().zip(row(view)).collect();
    let until = view.until.map_or_else(String::new, |until| format!(", until {}", shown(until)));
    let text = format!(
        "{} is {done} from {}{until}",
        view.person,
        shown(view.ended_at.unwrap_or(view.from))
    );
    Report::one(fields, json::fact(view)).text(text)
}

fn row(view: &FactView) -> Vec<String> {
    let instant = |at: Option<jiff::Timestamp>| at.map_or_else(String::new, shown);
    vec![
        view.id.to_string(),
        view.kind.word().to_owned(),
        shown(view.from),
        instant(view.until),
        instant(view.ended_at),
        view.created_by.to_string(),
        view.reason.to_string(),
    ]
}
