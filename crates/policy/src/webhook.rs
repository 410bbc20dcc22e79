//! Webhooks: who is told what happens.

use jiff::SignedDuration;
use muster_model::{Location, Settings, Text};

/// An address that events are posted to.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Its name.
    pub name: Text,
    /// Actions; `*` at the end stands for anything. All when empty.
    pub events: Vec<Text>,
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
