//! Mail that is kept where it would be sent.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use muster_app::{CommandCall, Connectors, Deliver, DeliverError, Mail, WebhookCall};
use muster_connector::{Connector, ConnectorError};
use muster_model::{Capabilities, SettingProblem, Settings};
use muster_project::{Catalogue, NoConnectors};

/// Mail that was sent.
#[derive(Default)]
pub(crate) struct Mailbox(Mutex<Vec<Mail>>);

impl Mailbox {
    /// What came since the last look: to whom, and the subject. News of browsers are left out.
    pub(crate) fn look(&self) -> Vec<String> {
        let mails = self.take();
        let mails = mails.iter().filter(|mail| !mail.subject.contains("rowser"));
        mails.map(|mail| format!("{}: {}", mail.to.join(", "), mail.subject)).collect()
    }

    /// All mails that came since the last look.
    pub(crate) fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// The code of the last mail, which stays.
    pub(crate) fn code(&self) -> String {
        self.try_code().unwrap()
    }

    /// The same, if a mail came.
    pub(crate) fn try_code(&self) -> Option<String> {
        let mails = self.0.lock().unwrap();
        let is_code =
            |word: &&str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit());
        mails
            .iter()
            .rev()
            .find_map(|mail| mail.text.split_whitespace().find(is_code).map(ToOwned::to_owned))
    }
}

#[async_trait]
impl Deliver for Mailbox {
    async fn mail(&self, _: &Settings, mail: &Mail) -> Result<(), DeliverError> {
        self.0.lock().unwrap().push(mail.clone());
        Ok(())
    }

    async fn ask_webhook(&self, _: &WebhookCall<'_>) -> Result<Vec<u8>, DeliverError> {
        Err(DeliverError::for_good("nobody is asked here"))
    }

    async fn ask(&self, _: &CommandCall<'_>) -> Result<Vec<u8>, DeliverError> {
        Err(DeliverError::for_good("nobody is asked here"))
    }
}

/// No systems, and this mailbox.
pub(crate) struct Post(pub(crate) Arc<Mailbox>);

impl Catalogue for Post {
    fn connectors(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn capabilities(&self, _: &str, _: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
        Err(Vec::new())
    }
}

impl Connectors for Post {
    fn open(
        &self,
        name: &str,
        settings: &Settings,
        login: Option<&Settings>,
        base: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        NoConnectors.open(name, settings, login, base)
    }

    fn deliver(&self, _: &Path) -> Option<Arc<dyn Deliver>> {
        Some(Arc::<Mailbox>::clone(&self.0))
    }
}
