//! Runs of the engine over a repository, files and connected systems.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a panic is a failed test"
)]

mod access_review;
mod city;
mod confirmed;
mod directory;
mod domain;
mod drift;
mod employees;
mod estate;
mod explained;
mod idle;
mod interruption;
mod lifecycle;
mod local;
mod matches;
mod nodes;
mod orphans;
mod outside;
mod packages;
mod queue;
mod random;
mod review;
mod server;
mod sources;
mod spine;
mod staff;
mod stories;
mod support;
mod takeover;
mod tickets;
mod webhooks;
mod workflows;
mod write_back;
