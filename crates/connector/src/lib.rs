//! The connector trait: how Muster reads from and writes to any kind of system.
//!
//! A connector is thin: it translates. It takes no decision, keeps no state that must survive, and answers every
//! change with what really happened. Promises are written as tests in `contract`, which every connector passes.

#[cfg(any(test, feature = "contract"))]
pub mod contract;

mod chaos;
mod claims;
mod duration;
mod intercept;
#[cfg(any(test, feature = "json"))]
pub mod json;
mod memory;
mod pushed;
mod secret;
mod settings;

pub use chaos::{Chaos, ChaosCounts, ChaosSettings, Rate};
pub use claims::refuse_unclaimed;
pub use duration::{ParseDurationError, parse_duration};
pub use intercept::{Intercept, Intercepted};
pub use memory::{Call, Counters, MemoryConnector, MemoryOptions};
pub use pushed::{PUSHED, PushedSource};
pub use secret::{NoSecrets, Secret, SecretPlace, SecretRef, Secrets};
pub use settings::{SettingReader, closest, settings_error};

use async_trait::async_trait;
use muster_model::{Applied, Capabilities, Change, Object, ObjectRef, Text, ValueType};

/// An attribute that a read asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The attribute's name on the system.
    pub name: Text,
    /// The type of a value as the model expects it; text-only systems answer in text.
    pub value_type: ValueType,
    /// True when several values are wanted as a list; otherwise the first one counts.
    pub many: bool,
}

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRequest {
    /// The object class (`inetOrgPerson`); empty for systems with one kind of object, such as a file.
    pub class: Text,
    /// The attributes; objects carry their values in this order.
    pub fields: Vec<Field>,
    /// Continue after this cursor of an earlier read; `None` reads everything.
    pub since: Option<Text>,
    /// How many objects at most to hand over at once.
    pub batch: usize,
}

/// An object with its place in the source, so that a bad one can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadObject {
    /// The object.
    pub object: Object,
    /// Line of the file, or another number that helps to find it; 0 when there is none.
    pub line: u64,
}

/// An object that could not be read; the others can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadObject {
    /// Line or DN.
    pub place: String,
    /// What is wrong with it.
    pub problem: String,
    /// Its name as far as it can be told, so that an object that is only broken is not taken for one that is gone.
    pub name: Option<Text>,
}

/// Takes what a read yields, batch by batch. An error stops the read.
#[async_trait]
pub trait Sink: Send {
    /// Takes good objects.
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError>;
    /// Takes an object that could not be read.
    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError>;
}

/// How a read ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadEnd {
    /// True only when every object was seen; otherwise nothing may be concluded from absence.
    pub complete: bool,
    /// True when the read followed a cursor and so yields changes only.
    pub incremental: bool,
    /// Where an incremental read can continue.
    pub cursor: Option<Text>,
    /// Ids of objects that an incremental read saw deleted.
    pub deleted: Vec<Text>,
    /// Why it is not complete.
    pub problem: Option<String>,
}

/// What a system offers, as it tells about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Discovered {
    /// The object classes with their attributes.
    pub classes: Vec<DiscoveredClass>,
}

/// See [`Discovered`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveredClass {
    /// The class's name.
    pub name: Text,
    /// Its attributes: name, type, several values, required.
    pub attributes: Vec<(Text, ValueType, bool, bool)>,
}

/// Why a call failed, by what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorError {
    /// The system cannot be reached or the connection broke; the call may or may not have happened.
    #[error("cannot reach the system: {0}")]
    Unreachable(String),
    /// The system refused our credentials or our rights.
    #[error("access refused: {0}")]
    Refused(String),
    /// The system asks to slow down.
    #[error("the system asks to wait{}", .after.map_or_else(String::new, |s| format!(" {} s", s.as_secs())))]
    Throttled {
        /// How long to wait, if it said so.
        after: Option<std::time::Duration>,
    },
    /// An object of that name is there already.
    #[error("`{name}` exists already")]
    AlreadyExists {
        /// Its name.
        name: Text,
    },
    /// The object is not there.
    #[error("`{name}` is not there")]
    NotFound {
        /// Its name.
        name: Text,
    },
    /// The system will not have this change, now or later (a missing attribute, a bad value).
    #[error("the system refused the change: {0}")]
    Invalid(String),
    /// The settings are wrong.
    #[error("{0}")]
    Settings(String),
    /// The file or reply is not what it should be.
    #[error("{0}")]
    Malformed(String),
}

impl ConnectorError {
    /// True when the same call may succeed later without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Throttled { .. } => true,
            Self::Refused(_)
            | Self::AlreadyExists { .. }
            | Self::NotFound { .. }
            | Self::Invalid(_)
            | Self::Settings(_)
            | Self::Malformed(_) => false,
        }
    }
}

/// One system, opened with its settings. Calls may come from several tasks at once.
#[async_trait]
pub trait Connector: Send + Sync + std::fmt::Debug {
    /// What it can do with these settings.
    fn capabilities(&self) -> Capabilities;

    /// Connects, signs in and changes nothing; answers what it found in one line for people.
    async fn test(&self) -> Result<String, ConnectorError>;

    /// What the system offers.
    async fn discover(&self) -> Result<Discovered, ConnectorError>;

    /// Reads objects into `sink`. An error means that the read did not even begin or that the sink refused;
    /// a read that broke off half way ends with `complete: false` and the reason.
    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError>;

    /// Reads one object by id or, failing that, by name; `None` when it is not there.
    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError>;

    /// Does the changes, in order where they concern one object, and answers each.
    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>>;
}
