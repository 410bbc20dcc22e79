//! The SCIM server over a small project, in process.

#![recursion_limit = "256"]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what must be"
)]

mod bulk;
mod costs;
mod discovery;
mod events;
mod groups;
mod hooks;
mod inbox;
mod mapping;
mod pushed;
mod quirks;
mod rfc;
mod search;
mod support;
mod users;
