//! `muster run`.

use std::{sync::Arc, time::Duration};

use muster_app::{Ctx, Opened};
use muster_engine::{CancelFlag, RunEnd, RunEvent, RunOptions, keep_audit};
use muster_model::Text;
use serde_json::json;
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    Exit, Result,
    log::{self, LogArgs},
    shell::Shell,
    ui::{Format, printable},
    when,
};

/// How often the loop says that it is alive.
const BEAT: Duration = Duration::from_secs(5);

/// Keep every system right: read, plan, apply, try again, until stopped
///
/// Reads each system that says `every`, evaluates who is affected, applies what systems in mode `enforce` need, keeps the
/// plans of the others for a person, tries again what failed. Ctrl-C ends it after the running call.
#[derive(clap::Args, Debug)]
#[command(after_help = "With --output json every event is one line.")]
pub(crate) struct Args {
    /// Do what is due now, and end
    #[arg(long, conflicts_with = "for_seconds")]
    once: bool,
    /// End after this many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    for_seconds: Option<u32>,
    #[command(flatten)]
    log: LogArgs,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let start = shell.host.clock.now();
    let length = args.for_seconds.map(|seconds| jiff::SignedDuration::from_secs(seconds.into()));
    let until = length.and_then(|length| start.checked_add(length).ok());
    let options = RunOptions { once: args.once, until };
    shell.stop_gracefully();
    let (ctx, opened) = shell.open().await?;
    let telemetry = args.log.start(shell, &opened.model.server)?;
    let end = keep_right(shell, ctx, opened, options).await;
    log::end(telemetry).await;
    end
}

async fn keep_right(
    shell: &mut Shell,
    mut ctx: Ctx,
    mut opened: Opened,
    options: RunOptions,
) -> Result<Exit> {
    loop {
        match drive(shell, "muster run", ctx, &opened, options, || ()).await?? {
            RunEnd::Done => return Ok(Exit::Done),
            RunEnd::Stopped => return Ok(Exit::Interrupted),
            RunEnd::ModelChanged => shell.ui.say(MODEL_CHANGED)?,
        }
        (ctx, opened) = shell.open().await?;
    }
}

/// What is said when a new model is gone on with.
pub(crate) const MODEL_CHANGED: &str = "the model changed; going on with the new one";

/// Runs the loop of the engine to its end, and shows what it does. `beat` is called every few seconds while it lives.
/// The outer error is one of showing, the inner one of the loop.
pub(crate) async fn drive(
    shell: &mut Shell,
    command: &str,
    mut ctx: Ctx,
    opened: &Opened,
    options: RunOptions,
    beat: impl Fn(),
) -> Result<std::result::Result<RunEnd, muster_app::Error>> {
    ctx.actor = Text::from(format!("{} ({command})", ctx.actor));
    let (heard, mut events) = mpsc::unbounded_channel();
    // Nobody hears it any more when the command ends; then nobody has to.
    let listener = move |event: &RunEvent| drop(heard.send(event.clone()));
    let cancel = CancelFlag(Arc::clone(&shell.host.interrupted));
    let mut run = Box::pin(muster_engine::run(&ctx, opened, options, &listener, &cancel));
    beat();
    let audit = audit_beside(&ctx, opened, &cancel);
    let end = loop {
        tokio::select! {
            biased;
            Some(event) = events.recv() => show(shell, &event)?,
            end = &mut run => break end,
            () = tokio::time::sleep(BEAT) => beat(),
        }
    };
    drop(audit);
    while let Ok(event) = events.try_recv() {
        show(shell, &event)?;
    }
    Ok(end)
}

/// Signs and delivers the journal beside the loop, until the value is dropped.
fn audit_beside(ctx: &Ctx, opened: &Opened, cancel: &CancelFlag) -> JoinSet<()> {
    let (ctx, opened, cancel) = (ctx.clone(), opened.clone(), cancel.clone());
    let mut beside = JoinSet::new();
    beside.spawn(async move { keep_audit(&ctx, &opened, &cancel).await });
    beside
}

fn show(shell: &mut Shell, event: &RunEvent) -> Result<()> {
    let line = match shell.ui.format() {
        Format::Json | Format::Jsonl => {
            json!({ "at": event.at.to_string(), "event": event.what, "text": event.text, "detail": event.detail })
                .to_string()
        }
        Format::Text | Format::Csv | Format::Md => {
            format!("{}  {}", when::shown(event.at), printable(&event.text))
        }
    };
    shell.ui.write(&format!("{line}\n"))?;
    shell.ui.flush();
    Ok(())
}
