//! Signing in over a small company, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

#[macro_use]
mod support;
mod throttle;

#[path = "../../../signin/tests/it/app.rs"]
mod app;
mod attested;
mod authenticator;
mod flows;
mod guests;
#[path = "../../../signin/tests/it/mailbox.rs"]
mod mailbox;
mod mailed_codes;
mod passes;
mod passkeys;
mod passwords;
mod recovery;
mod sessions;
