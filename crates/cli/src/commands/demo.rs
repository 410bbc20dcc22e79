//! `muster demo`.

mod console;

use std::path::PathBuf;

use muster_demo::CAMPAIGN;

use crate::{
    Exit, Result, demo,
    error::CommandError,
    shell::Shell,
    ui::{Paint, Report, counted},
    when,
};

/// Set up a sample company and show what to try
///
/// Tern Logistics has 240 people, six systems and some trouble: leavers who can still sign in, accounts of nobody, changes
/// made past everybody. Nothing leaves this machine: the systems are files. On a terminal it goes on and shows a link to its
/// console, in which you are signed in, until Ctrl-C.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Keep it in this folder [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Walk through the first ten minutes and check every result
    #[arg(long)]
    check: bool,
    /// Serve the console, also where nobody sits at a terminal
    #[arg(long, conflicts_with_all = ["check", "no_serve"])]
    serve: bool,
    /// Set it up only
    #[arg(long)]
    no_serve: bool,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let dir = folder(shell, args.dir.as_deref());
    if dir.join("muster.yaml").exists() {
        return Err(CommandError::new(
            Exit::Failed,
            format!("there is a project in `{}` already", shell.shown_path(&dir)),
        )
        .hint("choose another folder: muster demo --dir DIR"));
    }
    let start = shell.host.clock.now();
    let is_served =
        !args.check && (args.serve || (shell.ui.is_read_by_a_person() && !args.no_serve));
    let listener = if is_served { Some(console::listen().await?) } else { None };
    let port = listener.as_ref().and_then(|listener| listener.local_addr().ok());
    let today = demo::write_project(&shell.host, &dir, port.map(|address| address.port()))?;
    if args.check {
        let keep = args.dir.is_some();
        let outcome = Box::pin(demo::check(shell, &dir, today)).await;
        if !keep && outcome.is_ok() {
            // A temporary folder that stays behind harms nobody.
            drop(std::fs::remove_dir_all(&dir));
        }
        return outcome;
    }
    let company = demo::set_up(shell, &dir, today).await?;
    let seconds = when::seconds_since(shell.host.clock.as_ref(), start);
    let paint = shell.ui.paint();
    shell.ui.show(&report(&company, &dir, seconds, args.dir.is_some(), paint))?;
    match listener {
        Some(listener) => console::serve(shell, &dir, listener).await,
        None => Ok(Exit::Done),
    }
}

/// The folder as asked for, or a new one among the temporary ones.
fn folder(shell: &Shell, dir: Option<&std::path::Path>) -> PathBuf {
    if let Some(dir) = dir {
        return shell.path(dir);
    }
    let now = shell.host.clock.now().as_microsecond();
    shell.host.temp_dir.join(format!("muster-demo-{:x}-{now:x}", shell.host.process_id))
}

fn report(
    company: &demo::Company,
    dir: &std::path::Path,
    seconds: f64,
    kept: bool,
    paint: Paint,
) -> Report {
    let demo::Company { people, systems, accounts, leavers, orphans, conflicts, .. } = company;
    let demo::Company { outside, unwell, asked, changes, .. } = company;
    let unwell_systems = counted(*unwell, "system");
    let shown = dir.display();
    let keep = if kept { "" } else { "   (keep it elsewhere: --dir ./tern)" };
    let title = paint.bold("Tern Logistics is ready");
    let took = when::took(seconds);
    let text = format!(
        "{title}  ({people} people, {systems} systems, {accounts} accounts)   {took}\n\
         \x20 Folder    {shown}{keep}\n\n\
         Needs a look: {leavers} leavers still active · {conflicts} duty conflicts · {orphans} orphan accounts · {outside} changes made outside · {unwell_systems} unwell\n\
         Waits for somebody: {asked} items of review \"{CAMPAIGN}\" · {changes} planned changes\n\
         Try next:\n\
         \x20 cd {shown}\n\
         \x20 muster explain maya.okafor ledger:post-journal\n\
         \x20 muster plan\n\
         \x20 muster drift\n\
         \x20 muster forms start add-contractor --as tunde.abara\n\
         \x20 muster demo --check\n",
    );
    let number = |n: &usize| n.to_string();
    let fields = vec![
        ("folder", shown.to_string()),
        ("people", number(people)),
        ("systems", number(systems)),
        ("accounts", number(accounts)),
        ("leavers", number(leavers)),
        ("orphans", number(orphans)),
        ("conflicts", number(conflicts)),
        ("outside", number(outside)),
        ("unwell", number(unwell)),
        ("asked", number(asked)),
        ("changes", number(changes)),
    ];
    let json = serde_json::json!({
        "folder": shown.to_string(), "people": people, "systems": systems, "accounts": accounts, "leavers": leavers,
        "orphans": orphans, "conflicts": conflicts, "outside": outside, "unwell": unwell, "asked": asked, "changes": changes,
        "seconds": seconds,
    });
    Report::one(fields, json).text(text)
}
