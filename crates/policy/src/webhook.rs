//! Webhooks: who is told what happens.

use jiff::SignedDuration;
use muster_model::{Location, Settings, Text};

/// In which form events are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventForm {
    /// As `CloudEvents`.
    CloudEvents,
    /// What clients of SCIM see of them, as security event tokens (RFC 9967).
    Scim {
        /// Who the tokens are for.
        audience: Text,
    },
}

/// An address that events are posted to.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Its name.
    pub name: Text,
    /// Actions; `*` at the end stands for anything. All when empty.
    pub events: Vec<Text>,
    /// In which form they are told.
    pub form: EventForm,
    /// Whom the events are about, with `*` as above. All when empty.
    pub subjects: Vec<Text>,
    /// Whether the address may be one of a private network.
    pub allow_private: bool,
    /// How long one call may take.
    pub timeout: SignedDuration,
    /// For how long it may fail until nothing is sent any more.
    pub give_up: SignedDuration,
    /// Address, secret and how to reach it, as they are written.
    pub settings: Settings,
    /// Where it is written.
    pub at: Location,
}

impl Webhook {
    /// True when it is told of changes in the words of SCIM.
    pub fn is_scim(&self) -> bool {
        matches!(self.form, EventForm::Scim { .. })
    }
}
