//! `muster sync`.

use muster_app::{Ctx, Opened};
use muster_engine::{
    ReadReport, SyncOptions, SyncReport, json, list_change_sets, reject_change_set,
    release_change_set, sync,
};
use muster_store::{ChangeSet, ChangeSetId};

use crate::{
    Exit, Result,
    progress::progress,
    shell::Shell,
    ui::{Paint, Report, counted, printable},
    when,
};

/// Read systems and bring the repository up to what they say
///
/// Nothing is changed on any system. A read that broke off concludes nothing from what it did not see; a change that
/// crosses a guard is held whole, until it is released with its number or rejected.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Exit codes: 0 all read, 5 a system could not be read, 11 a change set is held, 12 some objects could not be used"
)]
pub(crate) struct Args {
    /// Only these systems
    #[arg(value_name = "SYSTEM")]
    systems: Vec<String>,
    /// Read everything, even where only what changed could be read
    #[arg(long)]
    complete: bool,
    /// List the change sets that guards hold
    #[arg(long, conflicts_with_all = ["release", "reject", "systems"])]
    held: bool,
    /// Apply a held change set
    #[arg(long, value_name = "ID", conflicts_with_all = ["reject", "systems"])]
    release: Option<i64>,
    /// The number of records the change set changes
    #[arg(long, value_name = "N", requires = "release")]
    confirm: Option<u64>,
    /// Throw a held change set away; the source is read again next time
    #[arg(long, value_name = "ID", conflicts_with = "systems")]
    reject: Option<i64>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    if args.held {
        let held = list_change_sets(&opened).await?;
        shell.ui.show(&held_report(&held))?;
        return Ok(Exit::Done);
    }
    if let Some(id) = args.reject {
        reject_change_set(&ctx, &opened, ChangeSetId(id)).await?;
        let report =
            Report::one(vec![("rejected", id.to_string())], serde_json::json!({ "rejected": id }));
        shell.ui.show(&report.text(format!("change set {id} is thrown away")))?;
        return Ok(Exit::Done);
    }
    let start = shell.host.clock.now();
    let report = if let Some(id) = args.release {
        release(shell, &ctx, &opened, id, args.confirm).await?
    } else {
        let options = SyncOptions { systems: args.systems, complete: args.complete };
        let progress = progress(&shell.ui);
        sync(&ctx, &opened, &options, progress.as_ref()).await?
    };
    let seconds = when::seconds_since(shell.host.clock.as_ref(), start);
    let shown = sync_report(&report, seconds, shell.ui.paint());
    shell.ui.show(&shown)?;
    let exit = exit(&report);
    if exit == Exit::Done {
        shell.ui.say("see what differs: muster plan")?;
    }
    Ok(exit)
}

async fn release(
    shell: &mut Shell,
    ctx: &Ctx,
    opened: &Opened,
    id: i64,
    confirm: Option<u64>,
) -> Result<SyncReport> {
    let progress = progress(&shell.ui);
    let read = release_change_set(ctx, opened, ChangeSetId(id), confirm, progress.as_ref()).await?;
    Ok(SyncReport { reads: vec![read] })
}

/// The exit code of a run, by the worst that happened.
fn exit(report: &SyncReport) -> Exit {
    let any = |test: fn(&ReadReport) -> bool| report.reads.iter().any(test);
    if any(|read| read.held.is_some()) {
        Exit::Held
    } else if any(|read| read.problem.is_some() && read.objects == 0) {
        Exit::Unreachable
    } else if any(|read| !read.complete || read.n_bad > 0) {
        Exit::Partial
    } else {
        Exit::Done
    }
}

fn sync_report(report: &SyncReport, seconds: f64, paint: Paint) -> Report {
    let items = report.reads.iter().map(|read| (row(read), json::read(read)));
    let columns = ["system", "what", "read", "new", "changed", "gone", "bad", "complete"];
    let shown = Report::list(&columns, items, None);
    let mut text = String::new();
    for read in &report.reads {
        lines(read, paint, &mut text);
    }
    let n: u64 = report.reads.iter().map(|read| read.objects).sum();
    let n_systems = report
        .reads
        .iter()
        .map(|read| &read.system)
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    put!(text, "{n} objects from {}   {}\n", counted(n_systems, "system"), when::took(seconds));
    shown.text(text)
}

fn row(read: &ReadReport) -> Vec<String> {
    vec![
        read.system.to_string(),
        read.what.to_string(),
        read.objects.to_string(),
        read.created.to_string(),
        read.changed.to_string(),
        read.absent.to_string(),
        read.n_bad.to_string(),
        if read.complete { "yes" } else { "no" }.to_owned(),
    ]
}

/// One line for the read, then what needs a look.
fn lines(read: &ReadReport, paint: Paint, text: &mut String) {
    let mut parts = vec![format!("{} read", read.objects)];
    let mut part = |n: u64, word: &str| {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    };
    part(read.created, "new");
    part(read.changed, "changed");
    part(read.absent, "gone");
    part(read.linked, "linked");
    part(read.orphans, "of nobody");
    part(read.undecided, "to decide");
    part(read.drift, "changed outside");
    part(read.verified, "verified");
    part(read.ignored, "values ignored, not its to give");
    let what = format!("{:<12} {:<20}", read.system, read.what);
    put!(text, "{what} {}\n", parts.join(", "));
    if read.unconfirmed > 0 {
        let warning = format!(
            "{} changes that the system said it made are not there: muster alarms",
            read.unconfirmed
        );
        put!(text, "  {} {warning}\n", paint.yellow("warning:"));
    }
    if let Some(problem) = &read.problem {
        let problem = format!("nothing is concluded from what is missing: {problem}");
        put!(text, "  {} {}\n", paint.red("INCOMPLETE"), printable(&problem));
    }
    for bad in read.bad.iter().take(5) {
        put!(
            text,
            "  {} {}: {}\n",
            paint.yellow("bad"),
            printable(&bad.place),
            printable(&bad.problem)
        );
    }
    if let Some(more) = read.n_bad.checked_sub(5).filter(|more| *more > 0) {
        put!(text, "  … {more} more that could not be used: muster sync -o json\n");
    }
    if let Some(held) = &read.held {
        let counts = held.counts;
        let n = counts.n_create + counts.n_update + counts.n_absent;
        put!(
            text,
            "  {} {}\n       release: muster sync --release {} --confirm {n}   reject: muster sync --reject {}\n",
            paint.red("HELD"),
            printable(&held.reason),
            held.id.0,
            held.id.0
        );
    }
}

fn held_report(held: &[ChangeSet]) -> Report {
    let items = held.iter().map(|set| {
        let counts = set.counts;
        let n = counts.n_create + counts.n_update + counts.n_absent;
        let row = vec![
            set.id.0.to_string(),
            when::shown(set.made_at),
            n.to_string(),
            set.reason.to_string(),
        ];
        (row, json::change_set(set))
    });
    Report::list(&["id", "made", "records", "reason"], items, None).empty("no change set is held")
}
