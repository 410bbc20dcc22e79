//! `muster agent`.

use std::{
    path::{Component, Path},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use muster_agent::{Event, Worker};
use muster_connector::{Connector, ConnectorError};
use muster_model::{Setting, Settings};
use serde_json::json;
use tokio::sync::mpsc;

use crate::{
    Exit, Result,
    error::CommandError,
    remote,
    shell::Shell,
    ui::{Format, printable},
    when,
};

/// How often it is looked whether somebody asked to stop.
const LOOK: Duration = Duration::from_millis(100);

/// Reach systems for a server, from inside a network that lets no connections in
///
/// The agent connects to the server, never the other way round, and makes the calls to those systems that say `agent: NAME`
/// in the model, NAME being the client of its token (`muster token create NAME --scope agent`). Secrets that the settings
/// name are looked up on this machine, files in the project folder of this machine (-C).
#[derive(clap::Args, Debug)]
#[command(after_help = "With --output json every event is one line.")]
pub(crate) struct Args {
    /// Also run programs that the model names (`connector: command`)
    #[arg(long)]
    allow_programs: bool,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let profile = remote::wanted(shell)?.ok_or_else(|| {
        CommandError::usage("an agent needs the server that it works for")
            .hint("--server URL --token-file FILE; muster token create NAME --scope agent makes the token")
    })?;
    shell.stop_gracefully();
    let (connectors, folder) = (Arc::clone(&shell.host.connectors), shell.project_dir());
    let open = move |kind: &str,
                     settings: &Settings|
          -> std::result::Result<Arc<dyn Connector>, ConnectorError> {
        if kind == "command" && !args.allow_programs {
            return Err(ConnectorError::Settings(
                "this agent runs no programs; it has to be started with `--allow-programs`"
                    .to_owned(),
            ));
        }
        secrets_stay_within(settings)?;
        connectors.open(kind, settings, None, &folder)
    };
    let (heard, mut events) = mpsc::unbounded_channel();
    // Nobody hears it any more when the command ends; then nobody has to.
    let listener = move |event| drop(heard.send(event));
    let interrupted = Arc::clone(&shell.host.interrupted);
    let stopped = async move {
        while !interrupted.load(Ordering::Relaxed) {
            tokio::time::sleep(LOOK).await;
        }
    };
    let worker = Worker::new(remote::client(&profile)?, Box::new(open));
    let mut work = Box::pin(worker.work(Arc::new(listener), stopped));
    let end = loop {
        tokio::select! {
            biased;
            Some(event) = events.recv() => show(shell, &profile.server, &event)?,
            end = &mut work => break end,
        }
    };
    end.map(|()| Exit::Interrupted).map_err(|error| {
        CommandError::new(Exit::Failed, error.to_string())
            .hint("muster token create NAME --scope agent makes a token; NAME is what systems say after `agent:`")
    })
}

/// Whoever writes the model must not read files of this machine by calling them secrets.
fn secrets_stay_within(settings: &Settings) -> std::result::Result<(), ConnectorError> {
    settings.entries.values().try_for_each(|(_, setting)| stays_within(setting))
}

fn stays_within(setting: &Setting) -> std::result::Result<(), ConnectorError> {
    match setting {
        Setting::Null | Setting::Scalar(..) => Ok(()),
        Setting::List(items, _) => items.iter().try_for_each(stays_within),
        Setting::Map(inner) => secrets_stay_within(inner),
        Setting::Secret { from, name, span: _ } => {
            let is_plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
            if &**from != "file" || Path::new(&**name).components().all(is_plain) {
                return Ok(());
            }
            Err(ConnectorError::Settings(format!(
                "the file `{name}` lies outside of the agent's folder; an agent takes secrets from files within it"
            )))
        }
    }
}

fn show(shell: &mut Shell, server: &str, event: &Event) -> Result<()> {
    let (word, text) = match event {
        Event::Connected => ("connected", format!("connected to {server}")),
        Event::Lost { why } => ("lost", format!("no connection to {server}: {why}; trying again")),
        Event::Made { connector, call, problem: None } => ("made", format!("{connector}: {call}")),
        Event::Made { connector, call, problem: Some(problem) } => {
            ("failed", format!("{connector}: {call} failed: {problem}"))
        }
    };
    let at = shell.host.clock.now();
    let line = match shell.ui.format() {
        Format::Json | Format::Jsonl => {
            json!({ "at": at.to_string(), "event": word, "text": text }).to_string()
        }
        Format::Text | Format::Csv | Format::Md => {
            format!("{}  {}", when::shown(at), printable(&text))
        }
    };
    shell.ui.write(&format!("{line}\n"))?;
    shell.ui.flush();
    Ok(())
}

#[cfg(test)]
mod tests {
    use muster_model::Span;

    use super::*;

    #[test]
    fn secrets_are_taken_from_files_within_the_folder() {
        let span = Span { file: 0, start: 0, end: 0 };
        let secret =
            |from: &str, name: &str| Setting::Secret { from: from.into(), name: name.into(), span };
        let nested = |setting| {
            Setting::Map(Settings { entries: [("a".into(), (span, setting))].into(), span })
        };
        for fine in
            [secret("env", "/etc/shadow"), secret("file", "secrets/ldap"), secret("file", "./a")]
        {
            assert!(stays_within(&nested(fine)).is_ok());
        }
        for outside in ["/etc/shadow", "../../etc/shadow", "a/../../b"] {
            let listed = Setting::List(vec![nested(secret("file", outside))], span);
            assert!(stays_within(&listed).is_err(), "{outside}");
        }
    }
}
