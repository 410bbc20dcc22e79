//! Why a use case could not do what was asked: a kind for the caller, a sentence for people, hints for the remedy.

use std::fmt;

use muster_project::Loaded;
use muster_store::StoreError;

/// What sort of failure it is; faces turn it into a status or an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What was named is not there.
    NotFound,
    /// What was asked makes no sense.
    Invalid,
    /// The model files have errors.
    Project,
    /// Somebody else changed it in between.
    Conflict,
    /// The caller may not.
    Denied,
    /// Somebody else is doing it right now.
    Busy,
    /// The store or a system cannot be reached.
    Unavailable,
    /// A guard holds it until a person releases it.
    Held,
    /// The world changed since the plan was made.
    Stale,
    /// The journal is not what was written.
    BrokenChain,
    /// Ours to mend.
    Bug,
}

/// A failed use case.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    hints: Vec<String>,
    attribute: Option<String>,
    loaded: Option<Box<Loaded>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure of this kind; `message` is lower case and without a full stop.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, message, hints: Vec::new(), attribute: None, loaded: None, source: None }
    }

    /// What was named is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// What was asked makes no sense.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    /// Something that cannot be, unless we made a mistake.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Kind::Bug, message)
    }

    /// The project has errors; they travel along so that a face can show them.
    pub fn project(loaded: Loaded) -> Self {
        let mut error = Self::new(Kind::Project, "the project has errors");
        error.loaded = Some(Box::new(loaded));
        error.hint("muster check shows them all")
    }

    /// Adds a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says which attribute of an entity it is about.
    #[must_use]
    pub fn about(mut self, attribute: impl Into<String>) -> Self {
        self.attribute = Some(attribute.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Remedies, best first.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The attribute that it is about, where it is about one.
    pub fn attribute(&self) -> Option<&str> {
        self.attribute.as_deref()
    }

    /// The project with its diagnostics, when it is the project that is wrong.
    pub fn loaded(&self) -> Option<&Loaded> {
        self.loaded.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let (kind, hint) = store_trouble(&error);
        let made = Self::new(kind, "the repository did not do what was asked").caused_by(error);
        match hint {
            Some(hint) => made.hint(hint),
            None => made,
        }
    }
}

/// What sort of failure an error of the store is, and what helps.
pub(crate) fn store_trouble(error: &StoreError) -> (Kind, Option<&'static str>) {
    match error {
        StoreError::Address { .. } => (Kind::Invalid, None),
        StoreError::AmbiguousPlan { .. } => (Kind::NotFound, None),
        StoreError::Exists { .. } => (
            Kind::Conflict,
            Some(
                "something else wrote at the same time; nothing of this step was kept, run it again",
            ),
        ),
        StoreError::Busy => (Kind::Busy, Some("run it again when the other process is done")),
        StoreError::Full => (Kind::Unavailable, Some("make room, then run it again")),
        StoreError::NotEmpty { .. } => (
            Kind::Conflict,
            Some("name a database that is new; what is there is never overwritten"),
        ),
        StoreError::File { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists => {
            (Kind::Conflict, Some("it is there already and is never overwritten; name another one"))
        }
        StoreError::File { .. } => (
            Kind::Unavailable,
            Some("check that the folder is there, its rights, and the room on the disk"),
        ),
        StoreError::BadBackup { .. } => (
            Kind::Invalid,
            Some("take another backup; this one was damaged, changed or never finished"),
        ),
        StoreError::Altered { .. } => (
            Kind::Unavailable,
            Some("use the Muster that made this store, or name another one with --store"),
        ),
        StoreError::Open { url, .. } if url.starts_with("sqlite:") => (
            Kind::Unavailable,
            Some(
                "the folder must exist and be writable, because the database keeps files beside it; a file that is \
                 damaged or no database is restored from a backup; --store names another one",
            ),
        ),
        StoreError::Open { .. } => (
            Kind::Unavailable,
            Some("check that the server runs and the address is right; --store names another one"),
        ),
        StoreError::Newer { .. }
        | StoreError::Migration { .. }
        | StoreError::ReadOnly
        | StoreError::Statement { .. }
        | StoreError::Nul { .. }
        | StoreError::Inconsistent { .. }
        | StoreError::Missing { .. }
        | StoreError::Time(_)
        | _ => (Kind::Unavailable, None),
    }
}
