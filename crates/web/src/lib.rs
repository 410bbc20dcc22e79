//! What the HTTP faces share: who calls, how trouble is told, what is allowed in size and number, and the listener.
//!
//! A face is a crate with `pub fn router() -> Router`. A handler takes a [`Call`], which knows who asks and what the project
//! is now, calls one use case, and answers; trouble becomes a [`Problem`] in one place. [`finish`] puts the layers around
//! all faces together, [`serve`] listens until it is told to stop.

mod access_log;
mod call;
mod client_certificate;
mod code;
mod events;
mod finish;
mod health;
mod limits;
mod metrics;
mod origin;
mod problem;
mod rate;
mod request_id;
mod serve;
mod service;
mod tls;
mod work;

pub use call::{Call, Caller, scope_of};
pub use client_certificate::ClientCertificate;
pub use code::Code;
pub use events::events;
pub use finish::finish;
pub use limits::Limits;
pub use origin::Origin;
pub use problem::{Answer, Problem};
pub use rate::Rate;
pub use request_id::RequestId;
pub use serve::{Door, Peer, serve};
pub use service::Service;
pub use tls::Tls;
pub use work::long_work;

/// The routes of a face.
pub type Router = axum::Router<Service>;
