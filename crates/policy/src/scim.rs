//! What of the model is what in SCIM, where the model says so (`scim:` of a type). The rest follows from names.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use muster_model::{Settings, Slot, Text};

/// What `scim:` of an entity type says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScimType {
    /// Which resource type it is; `None` where that follows from its name.
    pub resource: Option<ScimResource>,
    /// The URN of the extension with the attributes that the RFCs do not know.
    pub extension: Option<Text>,
    /// The path of an attribute, as RFC 7644 writes it; `None`: it is not shown.
    pub places: BTreeMap<Slot, Option<Text>>,
    /// Who is asked before clients change something.
    pub hook: Option<Hook>,
}

/// Who may refuse or change what comes in (`hook:` of `scim:`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Who is asked.
    pub asks: HookAsks,
    /// How long the answer may take.
    pub timeout: SignedDuration,
}

/// Whom a hook asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookAsks {
    /// A program with its arguments.
    Program(Vec<Text>),
    /// A service over HTTP.
    Service {
        /// Address, secret and how to reach it, as they are written.
        settings: Settings,
        /// Whether the address may be one of a private network.
        allow_private: bool,
    },
}

/// The resource type of an entity type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScimResource {
    /// None: entities of the type are not shown.
    Hidden,
    /// `User` of RFC 7643.
    User,
    /// `Group` of RFC 7643.
    Group,
    /// One of the project's own.
    Own {
        /// As in `meta.resourceType`.
        name: Text,
        /// The part of the address after the base.
        endpoint: Text,
    },
}

impl ScimResource {
    /// Its name, if it has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Hidden => None,
            Self::User => Some("User"),
            Self::Group => Some("Group"),
            Self::Own { name, .. } => Some(name),
        }
    }
}
