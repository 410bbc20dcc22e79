//! The vocabulary against the RFCs' own examples, other clients' habits, and generated input.

#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "test code: a panic is a failed test"
)]

mod filters;
mod generated;
mod patches;
mod rfc;
