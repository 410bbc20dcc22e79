//! What workflows send to the outside: mail, calls, commands. The composition root says how; see the crate `notify`.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use muster_model::{Settings, Text};

/// Sends what workflows send. An error says whether trying again makes sense.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// Sends mail by the server that `server` describes.
    async fn mail(&self, server: &Settings, mail: &Mail) -> Result<(), DeliverError>;

    /// Posts a document.
    async fn webhook(&self, call: &WebhookCall<'_>) -> Result<(), DeliverError> {
        self.ask_webhook(call).await.map(drop)
    }

    /// Posts a document and answers what came back; what is too long is an error. For a token, that is also the reason of a
    /// receiver who refuses it.
    async fn ask_webhook(&self, call: &WebhookCall<'_>) -> Result<Vec<u8>, DeliverError>;

    /// Runs a program and waits for it.
    async fn command(&self, call: &CommandCall<'_>) -> Result<(), DeliverError> {
        self.ask(call).await.map(drop)
    }

    /// Runs a program, waits for it, and answers what it wrote on standard output; what is too long is an error.
    async fn ask(&self, call: &CommandCall<'_>) -> Result<Vec<u8>, DeliverError>;
}

/// A mail that is ready to be sent.
#[derive(Clone)]
pub struct Mail {
    /// To whom: addresses, with or without a name.
    pub to: Vec<Text>,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
    /// The same when it is sent again; becomes the message id.
    pub id: String,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It may hold a pass.
        f.debug_struct("Mail").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A document for an address.
#[derive(Debug)]
pub struct WebhookCall<'a> {
    /// The settings: `url`, `secret`, `auth`, `tls`, `allow_plain`.
    pub settings: &'a Settings,
    /// The document.
    pub body: Vec<u8>,
    /// The same when it is sent again.
    pub id: &'a str,
    /// How long it may take.
    pub timeout: SignedDuration,
    /// What it is.
    pub kind: WebhookKind,
}

/// What is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookKind {
    /// The document of a task.
    Task,
    /// A form, which says by itself who sends it.
    Form,
    /// An event, signed as Standard Webhooks have it.
    Event {
        /// When it is sent.
        at: Timestamp,
        /// Whether the address may be one of a private network.
        allow_private: bool,
    },
    /// The claims of a security event token, which becomes a JWS (RFC 8935).
    Token {
        /// Whether the address may be one of a private network.
        allow_private: bool,
    },
    /// A question whose answer decides, signed like an event.
    Question {
        /// When it is sent.
        at: Timestamp,
        /// Whether the address may be one of a private network.
        allow_private: bool,
    },
}

/// A program to run.
#[derive(Debug)]
pub struct CommandCall<'a> {
    /// The program and its arguments.
    pub run: &'a [Text],
    /// What it reads on standard input.
    pub input: Vec<u8>,
    /// How long it may take.
    pub timeout: SignedDuration,
}

/// Why something was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct DeliverError {
    /// What went wrong, for people. Holds no secret and no value of the identity.
    pub problem: String,
    /// Whether it may go well later.
    pub later: bool,
}

impl DeliverError {
    /// Nothing that waiting would mend.
    pub fn for_good(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), later: false }
    }

    /// Something that may go well later.
    pub fn for_now(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), later: true }
    }
}
