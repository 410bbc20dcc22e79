//! Sends what workflows send: mail through SMTP, signed webhooks, commands.
//!
//! [`Delivery`] is what the engine is given. It takes no decision: when, to whom and whether again is the engine's. No
//! secret and no value of an identity is ever in an error.

mod command;
mod mail;
mod sign;
mod webhook;

use std::{path::PathBuf, process::Stdio, sync::Arc};

use async_trait::async_trait;
use muster_app::{CommandCall, Deliver, DeliverError, Mail, WebhookCall};
use muster_connector::Secrets;
use muster_model::Settings;

pub use sign::signature;

/// Sends with the secrets of the process, from the project folder.
pub struct Delivery {
    secrets: Arc<dyn Secrets>,
    folder: PathBuf,
}

impl Delivery {
    /// Commands run in `folder`.
    pub fn new(secrets: Arc<dyn Secrets>, folder: PathBuf) -> Self {
        Self { secrets, folder }
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery").field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[async_trait]
impl Deliver for Delivery {
    async fn mail(&self, server: &Settings, mail: &Mail) -> Result<(), DeliverError> {
        mail::send(server, self.secrets.as_ref(), mail).await
    }

    async fn ask_webhook(&self, call: &WebhookCall<'_>) -> Result<Vec<u8>, DeliverError> {
        webhook::post(self.secrets.as_ref(), call).await
    }

    async fn command(&self, call: &CommandCall<'_>) -> Result<(), DeliverError> {
        command::run(&self.folder, call, Stdio::null()).await.map(drop)
    }

    async fn ask(&self, call: &CommandCall<'_>) -> Result<Vec<u8>, DeliverError> {
        command::run(&self.folder, call, Stdio::piped()).await
    }
}

#[cfg(test)]
mod tests;
