//! How the project is served (`server:`). What is not said is chosen by whoever serves; the command line overrides it.

use std::net::SocketAddr;

use jiff::SignedDuration;
use muster_model::{Network, Text};

/// What the model says of the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// Where it listens.
    pub listen: Option<SocketAddr>,
    /// The files of its certificate; without them it speaks in the clear.
    pub tls: Option<TlsFiles>,
    /// From whom the address of the caller is taken over.
    pub trusted_proxies: Vec<Network>,
    /// What a request may ask of it.
    pub limits: ServerLimits,
    /// How a line of the log looks.
    pub log_format: Option<LogFormat>,
    /// The least that is logged.
    pub log_level: Option<LogLevel>,
    /// The collector that traces are sent to.
    pub traces: Option<Text>,
}

/// Where a certificate is kept. Relative paths begin at the project folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and its chain.
    pub certificate: Text,
    /// Its private key.
    pub key: Text,
    /// The authorities whose certificates people may sign in with; nobody is asked for one without.
    pub client_ca: Option<Text>,
    /// Which of these certificates were revoked.
    pub client_crl: Option<Text>,
}

/// Limits that differ from the usual ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerLimits {
    /// Bytes of a body.
    pub body: Option<u64>,
    /// Connections at the same time.
    pub connections: Option<u64>,
    /// How long an answer may take to begin.
    pub answer: Option<SignedDuration>,
    /// How long requests that run may go on at the end.
    pub drain: Option<SignedDuration>,
    /// Requests of one client in a second.
    pub rate: Option<u64>,
    /// Requests of one client at once.
    pub burst: Option<u64>,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// A JSON document.
    Json,
}

/// The least that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// What somebody should act on.
    Error,
    /// What was worked around.
    Warn,
    /// A line for each request.
    Info,
    /// What happens inside.
    Debug,
    /// Everything.
    Trace,
}

impl LogFormat {
    /// Its words in model files and on the command line.
    pub const WORDS: &'static [&'static str] = &["text", "json"];

    /// The one that a word stands for.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl LogLevel {
    /// Its words in model files and on the command line.
    pub const WORDS: &'static [&'static str] = &["error", "warn", "info", "debug", "trace"];

    /// The one that a word stands for.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "error" => Some(Self::Error),
            "warn" => Some(Self::Warn),
            "info" => Some(Self::Info),
            "debug" => Some(Self::Debug),
            "trace" => Some(Self::Trace),
            _ => None,
        }
    }
}
