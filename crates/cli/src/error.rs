//! Why a command could not do its work: a message, hints apart from it, and the exit code.
//!
//! Causes are joined here and nowhere else.

use std::{error::Error as StdError, fmt, io, path::Path};

use muster_app::Kind;

use crate::exit::Exit;

/// A failed command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandError {
    /// The exit code.
    pub(crate) exit: Exit,
    /// A stable word or code for programs: `not-found`, `usage`, `E0412`.
    pub(crate) code: String,
    /// What went wrong, lower case, no full stop, causes joined with `: `. Empty when it was said already.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hints: Vec<String>,
}

impl CommandError {
    /// A failure with the code's own word.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, code: exit.word().to_owned(), message: message.into(), hints: Vec::new() }
    }

    /// Arguments that do not fit together.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Something that should be there and is not.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self { code: "not-found".to_owned(), ..Self::new(Exit::Failed, message) }
    }

    /// A failure that the command has already described.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(doing: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(Exit::Failed, format!("cannot {doing} `{}`: {error}", path.display()))
    }

    /// Adds what to do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// The message of an error and of everything that caused it.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for CommandError {}

/// A closed pipe is the reader's right (`muster users | head`), everything else a failure.
impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::silent(Exit::Done);
        }
        Self::new(Exit::Failed, format!("cannot write the output: {error}"))
    }
}

impl From<muster_app::Error> for CommandError {
    fn from(error: muster_app::Error) -> Self {
        let exit = Exit::of(error.kind());
        let code = match error.kind() {
            Kind::NotFound => "not-found",
            Kind::Conflict => "conflict",
            Kind::Busy => "busy",
            Kind::Bug => "bug",
            Kind::Invalid
            | Kind::Project
            | Kind::Denied
            | Kind::Unavailable
            | Kind::Held
            | Kind::Stale
            | Kind::BrokenChain => exit.word(),
        };
        Self { exit, code: code.to_owned(), message: chain(&error), hints: error.hints().to_vec() }
    }
}
