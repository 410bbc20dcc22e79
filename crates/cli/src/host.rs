//! What the command line needs from the process it runs in. The composition root fills it in; tests pass their own.

use std::{
    collections::BTreeMap,
    io::{BufRead, Write},
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use muster_app::{Clock, Connectors};
use muster_model::Text;

/// Makes the faces that `muster serve` answers with.
pub type Faces = dyn Fn(&muster_web::Service) -> muster_web::Router + Send + Sync;

/// The process, apart from its streams.
#[derive(Clone)]
pub struct Host {
    /// Opens connectors.
    pub connectors: Arc<dyn Connectors>,
    /// The faces that `muster serve` answers with.
    pub faces: Arc<Faces>,
    /// Where the log of a command that serves goes: standard error.
    pub log: fn() -> Box<dyn Write + Send>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who runs the command: the name of the operating system's user.
    pub actor: Text,
    /// The environment variables that the command line knows ([`VARIABLES`]); others need not be there.
    pub variables: BTreeMap<String, String>,
    /// The folder the command was called in.
    pub current_dir: PathBuf,
    /// Where temporary folders may be made.
    pub temp_dir: PathBuf,
    /// Tells apart what is made in one process from what is made in others; names temporary folders.
    pub process_id: u32,
    /// Set when Ctrl-C was pressed.
    pub interrupted: Arc<AtomicBool>,
    /// Set by a command that stops by itself when `interrupted` is set; without it Ctrl-C may end the process.
    pub stops_gracefully: Arc<AtomicBool>,
    /// The version of the program.
    pub version: &'static str,
    /// What it was built for: `x86_64-linux-gnu`.
    pub target: String,
}

impl Host {
    /// The value of an environment variable; an empty one counts as not set.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host")
            .field("actor", &self.actor)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// The environment variables that the command line reads, with what they do. Secrets of systems have names of their own.
pub const VARIABLES: [(&str, &str); 11] = [
    ("MUSTER_PROJECT", "the project folder, as with -C"),
    (
        "MUSTER_STORE",
        "the store, as with --store; it keeps a database password off the command line",
    ),
    ("MUSTER_TARGET", "where muster migrate goes to, as with --to"),
    ("MUSTER_PROFILES", "the file with the profiles of servers"),
    ("XDG_CONFIG_HOME", "the folder below which that file is otherwise"),
    ("HOME", "the folder with `.config`, where nothing else is said"),
    ("NO_COLOR", "no colour, whatever the terminal can do"),
    ("COLUMNS", "how wide tables may be on a terminal"),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "the collector that traces are sent to; the other OTEL_ variables count too",
    ),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "the same, with the whole address"),
    ("MUSTER_FAIL_POINT", "stops the process at a named point; for tests"),
];

/// Standard input, output and error.
pub struct Streams {
    /// Standard output: data.
    pub out: Box<dyn Write + Send>,
    /// Standard error: talk.
    pub err: Box<dyn Write + Send>,
    /// Standard input.
    pub input: Box<dyn BufRead + Send>,
    /// True when standard output is a terminal.
    pub out_is_terminal: bool,
    /// True when standard error is a terminal.
    pub err_is_terminal: bool,
    /// True when standard input is a terminal.
    pub input_is_terminal: bool,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams")
            .field("out_is_terminal", &self.out_is_terminal)
            .finish_non_exhaustive()
    }
}
