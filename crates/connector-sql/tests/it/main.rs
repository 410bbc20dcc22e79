//! The connector against real databases.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a panic is a failed test"
)]

mod contract;
mod faults;
mod hostile;
mod proxy;
mod reading;
mod support;
