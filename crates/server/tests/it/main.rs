//! The program as a process: what people and programs see of it, exit codes included.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code: a panic is a failed test")]

mod bad_input;
