//! The connector against real databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code: a panic is a failed test")]

mod contract;
mod faults;
mod hostile;
mod reading;
mod support;
