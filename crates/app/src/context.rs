//! Who asks, when, and how connectors are opened.

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use muster_connector::{Connector, ConnectorError};
use muster_model::{Settings, Text};
use muster_project::{Catalogue, NoConnectors};

use crate::{Deliver, Opened, Reach, SpeakScim};

/// The machine we run on: time and processes. The composition root passes the real one.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Names this process, so that others can tell whether it still runs.
    fn process(&self) -> String {
        String::new()
    }

    /// True when the process of that name certainly runs no more; a lease it held is free.
    fn is_gone(&self, _process: &str) -> bool {
        false
    }
}

/// Who does something, and what belongs together.
#[derive(Clone)]
pub struct Ctx {
    /// Who.
    pub actor: Text,
    /// Joins the journal entries of one action.
    pub correlation: Text,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For whom, when a program acts for a person.
    pub on_behalf_of: Option<Text>,
    /// Whom it can concern; others are as if they were not there.
    pub reach: Reach,
}

impl Ctx {
    /// Somebody who acts for themselves, and may do so for everybody.
    pub fn new(actor: Text, correlation: Text, clock: Arc<dyn Clock>) -> Self {
        Self { actor, correlation, clock, on_behalf_of: None, reach: Reach::default() }
    }

    /// The present instant, to the microsecond, as the repository keeps it.
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

impl std::fmt::Debug for Ctx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ctx")
            .field("actor", &self.actor)
            .field("correlation", &self.correlation)
            .field("on_behalf_of", &self.on_behalf_of)
            .finish_non_exhaustive()
    }
}

/// Opens connectors by kind; also tells what they can do.
pub trait Connectors: Catalogue + Send + Sync {
    /// Opens a connector. Relative paths in `settings` start at `base`. With `chaos` it is wrapped.
    fn open(
        &self,
        connector: &str,
        settings: &Settings,
        chaos: Option<&Settings>,
        base: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError>;

    /// Opens the connector to a system that an agent reaches; its relative paths start where the agent runs.
    fn open_remote(
        &self,
        agent: &Text,
        _connector: &str,
        _settings: &Settings,
        _chaos: Option<&Settings>,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        Err(ConnectorError::Settings(format!(
            "there is nothing here that reaches the agent `{agent}`"
        )))
    }

    /// What sends mail and the like for workflows of the project in `base`; `None` where nothing does.
    fn deliver(&self, _base: &Path) -> Option<Arc<dyn Deliver>> {
        None
    }

    /// What says in the words of SCIM what happens to entities; `None` where nothing does.
    fn speaks_scim(&self, _opened: &Opened) -> Option<Arc<dyn SpeakScim>> {
        None
    }
}

impl Connectors for NoConnectors {
    fn open(
        &self,
        connector: &str,
        _: &Settings,
        _: Option<&Settings>,
        _: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        Err(ConnectorError::Settings(format!("there is no connector `{connector}`")))
    }
}
