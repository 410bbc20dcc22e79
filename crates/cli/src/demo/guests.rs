//! The guests of the sample company: they are invited by mail, and those who came opened the link in it.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use muster_app::{
    Clock, CommandCall, Connectors, Ctx, Deliver, DeliverError, Error, Mail, Opened, WebhookCall,
};
use muster_connector::{Connector, ConnectorError};
use muster_demo::{DemoGuest, GUESTS};
use muster_engine::{NewGuest, invite_guest, open_guest_link, work_guests};
use muster_model::{Capabilities, SettingProblem, Settings};
use muster_project::Catalogue;

use super::first_of;

/// Connectors that keep mails instead of sending them.
pub(super) struct Mailbox {
    pub(super) inner: Arc<dyn Connectors>,
    pub(super) mails: Mails,
}

/// The texts of mails, the last one last.
#[derive(Clone, Default)]
pub(super) struct Mails(Arc<Mutex<Vec<String>>>);

/// A time that stands still.
struct Then(Timestamp);

impl Clock for Then {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Invites the guests, at the day on which they were, and opens the links of those who came.
pub(super) async fn invite(ctx: &Ctx, opened: &Opened, mails: &Mails) -> Result<(), Error> {
    for guest in GUESTS {
        let DemoGuest { name, mail, sponsor, role, reason, days_ago, came } = *guest;
        let then = ctx.now().saturating_sub(SignedDuration::from_hours(24 * days_ago));
        let then = then.unwrap_or_else(|_| ctx.now());
        let ctx = Ctx { clock: Arc::new(Then(then)), ..ctx.clone() };
        let new = NewGuest {
            mail: mail.to_owned(),
            name: name.to_owned(),
            roles: vec![role.to_owned()],
            reason: reason.to_owned(),
            ..NewGuest::default()
        };
        let sponsor = first_of(&ctx, opened, sponsor).await?;
        invite_guest(&ctx, opened, Some(sponsor), &new).await?;
        if came {
            work_guests(&ctx, opened).await?;
            let link = mails.link().ok_or_else(|| Error::bug("an invitation was not mailed"))?;
            open_guest_link(&ctx, opened, &link).await?;
            work_guests(&ctx, opened).await?;
        }
    }
    Ok(())
}

impl Mails {
    /// What the link in the last invitation ends with.
    fn link(&self) -> Option<String> {
        let mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut links = mails.iter().rev().filter_map(|text| text.split_once("/guest/"));
        links.next().and_then(|(_, rest)| rest.split_whitespace().next().map(str::to_owned))
    }
}

impl Catalogue for Mailbox {
    fn connectors(&self) -> Vec<&'static str> {
        self.inner.connectors()
    }

    fn capabilities(
        &self,
        connector: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        self.inner.capabilities(connector, settings)
    }
}

impl Connectors for Mailbox {
    fn open(
        &self,
        connector: &str,
        settings: &Settings,
        chaos: Option<&Settings>,
        base: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        self.inner.open(connector, settings, chaos, base)
    }

    fn deliver(&self, _base: &Path) -> Option<Arc<dyn Deliver>> {
        Some(Arc::new(self.mails.clone()))
    }
}

#[async_trait]
impl Deliver for Mails {
    async fn mail(&self, _server: &Settings, mail: &Mail) -> Result<(), DeliverError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(mail.text.clone());
        Ok(())
    }

    async fn ask_webhook(&self, _call: &WebhookCall<'_>) -> Result<Vec<u8>, DeliverError> {
        Ok(Vec::new())
    }

    async fn ask(&self, _call: &CommandCall<'_>) -> Result<Vec<u8>, DeliverError> {
        Ok(Vec::new())
    }
}
