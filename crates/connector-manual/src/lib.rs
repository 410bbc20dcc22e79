//! A system that people work on: every change becomes a ticket, and counts as done when somebody closes it.
//!
//! There is nothing to read and nothing to call. What people can do there is said in the settings; a program may be told
//! of every ticket, such as one that writes a mail or opens a case in the ticket system of the house.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use muster_connector::{
    Connector, ConnectorError, Discovered, Field, ReadEnd, ReadRequest, SettingReader, Sink,
    settings_error,
};
use muster_model::{
    Applied, Capabilities, Change, NameRule, Object, ObjectRef, SettingProblem, Settings, Text,
};

mod notify;

/// The kind, as in `connector: manual`.
pub const KIND: &str = "manual";

/// What people can do where the settings do not say.
const ALL: [&str; 6] = ["create", "update", "rename", "enable", "delete", "members"];
/// How long the program that is told of a ticket may take.
const NOTIFY_WITHIN: Duration = Duration::from_secs(30);

/// The settings as read.
#[derive(Debug)]
struct ManualSettings {
    capabilities: Capabilities,
    notify: Vec<Text>,
}

/// What people can do on the system, or what is wrong with the settings.
pub fn capabilities(settings: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
    read(settings).map(|settings| settings.capabilities)
}

/// Opens it; the path of the program that is told of tickets starts at `base`.
pub fn open(settings: &Settings, base: &Path) -> Result<Arc<dyn Connector>, ConnectorError> {
    let ManualSettings { capabilities, notify } =
        read(settings).map_err(|problems| settings_error(&problems))?;
    Ok(Arc::new(Manual { capabilities, notify, base: base.to_owned() }))
}

fn read(settings: &Settings) -> Result<ManualSettings, Vec<SettingProblem>> {
    let mut reader = SettingReader::new(settings);
    let can = reader.list("can");
    for word in can.iter().filter(|word| !ALL.contains(&&***word)) {
        let help = Some(format!("write some of {}", ALL.join(", ")));
        reader.problem("can", format!("nobody can `{word}`"), help);
    }
    let has = |word: &str| can.is_empty() || can.iter().any(|can| **can == *word);
    let capabilities = Capabilities {
        read: false,
        create: has("create"),
        update: has("update"),
        rename: has("rename"),
        enable: has("enable"),
        delete: has("delete"),
        members: has("members"),
        incremental: false,
        text_only: true,
        names: NameRule::CaseInsensitive,
        parallel: 1,
    };
    // Who may attest is for whoever closes tickets to know; here it is only checked.
    reader.choice("attest", &["same", "second"]);
    let notify = reader.list("notify");
    let problems = reader.finish();
    if problems.is_empty() { Ok(ManualSettings { capabilities, notify }) } else { Err(problems) }
}

/// People.
#[derive(Debug)]
struct Manual {
    capabilities: Capabilities,
    notify: Vec<Text>,
    base: PathBuf,
}

#[async_trait]
impl Connector for Manual {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        Ok("people do what is asked for".to_owned())
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        Ok(Discovered::default())
    }

    async fn read(
        &self,
        _request: &ReadRequest,
        _sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        Ok(ReadEnd {
            complete: false,
            incremental: false,
            cursor: None,
            deleted: Vec::new(),
            problem: Some("nobody can read a system that people work on".to_owned()),
        })
    }

    async fn get(
        &self,
        _object: &ObjectRef,
        _fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        Ok(None)
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        let mut answers = Vec::with_capacity(changes.len());
        for change in changes {
            let reference = if self.notify.is_empty() {
                Ok("".into())
            } else {
                notify::tell(&self.notify, &self.base, change, NOTIFY_WITHIN).await
            };
            let taken = |reference| Applied { pending: Some(reference), ..Applied::default() };
            answers.push(reference.map(taken));
        }
        answers
    }
}

#[cfg(test)]
mod tests;
