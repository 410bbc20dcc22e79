//! The HTTP client that connectors share: one way to sign in, to trust a server, to wait and to fail.
//!
//! It follows no redirect, sends credentials to the host of its base URL only, takes no proxy from the environment,
//! limits what it reads, and says what went wrong without showing a secret. It retries nothing but a request whose
//! OAuth token had run out; waiting and trying again is the queue's work. No type of the library below leaves it.

mod auth;
mod client;
mod error;
mod message;
mod public;
mod retry_after;
mod settings;
mod tls;
mod token;
mod url;

pub use client::HttpClient;
pub use message::{Method, Request, Response};
pub use settings::{AuthSettings, ClientAuth, HttpSettings, OAuthSettings, TlsSettings};
pub use url::encode;
