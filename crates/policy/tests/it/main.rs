//! Evaluation, from model files and facts to text.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a panic is a failed test"
)]

mod access;
mod deduce;
mod facts;
mod lifecycle;
mod properties;
mod random;
mod settled;
mod support;
mod withheld;
mod world;
