//! `muster run`.

use std::sync::Arc;

use muster_app::{Ctx, Opened};
use muster_engine::{CancelFlag, RunEnd, RunEvent, RunOptions, keep_audit};
use muster_model::Text;
use serde_json::json;
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    Exit, Result,
    error::CommandError,
    shell::Shell,
    ui::{Format, printable},
    when,
};

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
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let start = shell.host.clock.now();
    let length = args.for_seconds.map(|seconds| jiff::SignedDuration::from_secs(seconds.into()));
    let until = length.and_then(|length| start.checked_add(length).ok());
    let options = RunOptions { once: args.once, until };
    shell.stop_gracefully();
    loop {
        let (ctx, opened) = shell.open().await?;
        let ctx = Ctx { actor: Text::from(format!("{} (muster run)", ctx.actor)), ..ctx };
        let (heard, mut events) = mpsc::unbounded_channel();
        // Nobody hears it any more when the command ends; then nobody has to.
        let listener = move |event: &RunEvent| drop(heard.send(event.clone()));
        let cancel = CancelFlag(Arc::clone(&shell.host.interrupted));
        let loops = muster_engine::run(&ctx, &opened, options, &listener, &cancel);
        let mut loops = Box::pin(loops);
        let audit = audit_beside(&ctx, &opened, &cancel);
        let end = loop {
            tokio::select! {
                biased;
                Some(event) = events.recv() => show(shell, &event)?,
                end = &mut loops => break end,
            }
        };
        drop(audit);
        while let Ok(event) = events.try_recv() {
            show(shell, &event)?;
        }
        match end? {
            RunEnd::Done => return Ok(Exit::Done),
            RunEnd::Stopped => return Ok(Exit::Interrupted),
            RunEnd::ModelChanged => shell.ui.say("the model changed; going on with the new one")?,
        }
    }
}

/// Signs and delivers the journal beside the loop, until the value is dropped.
pub(crate) fn audit_beside(ctx: &Ctx, opened: &Opened, cancel: &CancelFlag) -> JoinSet<()> {
    let (ctx, opened, cancel) = (ctx.clone(), opened.clone(), cancel.clone());
    let mut beside = JoinSet::new();
    beside.spawn(async move { keep_audit(&ctx, &opened, &cancel).await });
    beside
}

pub(crate) fn show(shell: &mut Shell, event: &RunEvent) -> std::result::Result<(), CommandError> {
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
