//! The connector against a real server, and against one that misbehaves on request.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test code: a panic is a failed test"
)]

mod contract;
mod dialects;
mod double;
mod paging;
mod server;
mod support;
mod trouble;
