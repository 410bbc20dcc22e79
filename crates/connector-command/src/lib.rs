//! A script or program as a system: Muster starts it and speaks JSON lines with it, over standard input and output.
//!
//! The protocol is versioned and described in `docs/book/src/connectors/command.md`. The script does the work; this crate
//! keeps it within limits: no shell, an almost empty environment, limits of time and size, and no process that stays behind.
//! What the script can do is said in the settings, so that `check` needs not start it.

mod call;
mod process;
mod protocol;
mod read;
mod redact;
mod settings;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use muster_connector::{
    Connector, ConnectorError, Discovered, Field, ReadEnd, ReadRequest, Secrets, Sink,
    refuse_unclaimed, settings_error,
};
use muster_model::{Applied, Capabilities, Change, Object, ObjectRef, SettingProblem, Settings};
use serde_json::Value as Json;

use crate::{call::Pool, protocol::Answer, settings::CommandSettings};

/// The connector's name in model files.
pub const KIND: &str = "command";

/// What can be done with these settings, or every problem in them. Starts nothing.
pub fn capabilities(settings: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
    CommandSettings::read(settings).map(|settings| settings.capabilities())
}

/// Makes a connector for the script that `settings` names; it runs in `base`, the project folder.
///
/// The script is started by the first call, not here. Wrong settings and secrets that cannot be found are
/// [`ConnectorError::Settings`].
pub fn open(
    settings: &Settings,
    base: &Path,
    secrets: &dyn Secrets,
) -> Result<Arc<dyn Connector>, ConnectorError> {
    let settings = CommandSettings::read(settings).map_err(|problems| settings_error(&problems))?;
    Ok(Arc::new(Command { pool: Pool::new(settings.launch(base, secrets)?) }))
}

/// One script.
#[derive(Debug)]
struct Command {
    pool: Pool,
}

#[async_trait]
impl Connector for Command {
    fn capabilities(&self) -> Capabilities {
        self.pool.launch.settings.capabilities()
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        let mut call = self.pool.call("test", &[]).await?;
        let mut line = String::new();
        let answer = call.next(&mut line).await?;
        let unsupported = answer.error.as_ref().is_some_and(|error| error.kind == "unsupported");
        let refusal = call.refusal(&answer, &"".into());
        let message = answer.message.as_deref().map(|text| call.clean(text));
        call.finish().await;
        match refusal {
            Some(error) if !unsupported => Err(error),
            Some(_) | None => Ok(message.unwrap_or_else(|| "the script answers".to_owned())),
        }
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        let mut call = self.pool.call("schema", &[]).await?;
        let mut line = String::new();
        let answer = call.next(&mut line).await?;
        let unsupported = answer.error.as_ref().is_some_and(|error| error.kind == "unsupported");
        let refusal = call.refusal(&answer, &"".into());
        call.finish().await;
        match refusal {
            Some(error) if !unsupported => Err(error),
            Some(_) | None => Ok(protocol::discovered(&answer.classes.unwrap_or_default())),
        }
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        read::read(&self.pool, request, sink).await
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        read::get(&self.pool, object, fields).await
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        let capabilities = self.capabilities();
        let mut answers: Vec<Option<Result<Applied, ConnectorError>>> =
            changes.iter().map(|change| refuse_unclaimed(&capabilities, change).map(Err)).collect();
        let claimed: Vec<&Change> = changes
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| answer.is_none())
            .map(|(change, _)| change)
            .collect();
        let mut done = self.send(&claimed).await.into_iter();
        for answer in &mut answers {
            if answer.is_none() {
                *answer = done.next();
            }
        }
        let lost = || Err(ConnectorError::Unreachable("the change was not answered".to_owned()));
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }
}

impl Command {
    /// Sends `changes` in batches. After a batch that broke off nothing more is sent.
    async fn send(&self, changes: &[&Change]) -> Vec<Result<Applied, ConnectorError>> {
        let mut answers = Vec::with_capacity(changes.len());
        for batch in changes.chunks(self.pool.launch.settings.batch.max(1)) {
            let wanted = answers.len() + batch.len();
            if let Err(error) = self.send_batch(batch, &mut answers).await {
                answers.resize_with(wanted, || Err(error.clone()));
                if error.is_transient() {
                    answers.resize_with(changes.len(), || Err(error.clone()));
                    break;
                }
            }
        }
        answers
    }

    /// Sends one batch and takes an answer for each change; the error is for those that got none.
    async fn send_batch(
        &self,
        batch: &[&Change],
        answers: &mut Vec<Result<Applied, ConnectorError>>,
    ) -> Result<(), ConnectorError> {
        let lines: Vec<Json> = batch.iter().map(|change| protocol::change(change)).collect();
        let mut call = self.pool.call("apply", &[("changes", Json::Array(lines))]).await?;
        let mut line = String::new();
        for change in batch {
            let name = &change.object().name;
            let answer = call.next(&mut line).await?;
            if let Some(error) = call.refusal(&answer, name) {
                call.finish().await;
                return Err(error);
            }
            let Answer { done, failed, .. } = answer;
            match (done, failed) {
                (Some(done), None) => answers.push(Ok(Applied {
                    id: done.id.filter(|id| !id.is_empty()).map(Into::into),
                    name: done.name.filter(|name| !name.is_empty()).map(Into::into),
                    pending: done.pending.map(Into::into),
                })),
                (None, Some(failed)) => {
                    let is_taken = failed.kind == "exists";
                    let name = if let (Change::Rename { to, .. }, true) = (change, is_taken) {
                        to
                    } else {
                        name
                    };
                    let error = failed.error(name, |text| call.clean(text));
                    answers.push(Err(error));
                }
                (Some(_), Some(_)) | (None, None) => {
                    return Err(call
                        .broken("an answer to a change without `done` or `failed`")
                        .await);
                }
            }
        }
        call.finish().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
