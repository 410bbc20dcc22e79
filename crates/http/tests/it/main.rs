//! The client against a server that misbehaves on request.

#![expect(clippy::unwrap_used, reason = "test code: a panic is a failed test")]

mod auth;
mod limits;
mod support;
mod tls;
