//! Plans, from model files, facts and observed accounts to text.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a panic is a failed test"
)]

mod chapters;
mod compare;
mod constraints;
mod guards;
mod operations;
mod properties;
#[path = "../../../policy/tests/it/random.rs"]
mod random;
mod script;
mod scripts;
mod simulate;
mod support;
#[path = "../../../policy/tests/it/world.rs"]
mod world;
