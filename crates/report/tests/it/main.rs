//! Reports of a small company with known answers, and the files that they become.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod access;
mod files;
mod findings;
mod narrow;
mod reviews;
mod subject;
mod support;
