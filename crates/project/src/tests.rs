//! Tests of loading: text in, text out.

mod access;
mod access_reviews;
mod applications;
mod decisions;
mod directory;
mod forms;
mod generated;
mod guests;
mod model;
mod notices;
mod policy_tests;
mod project;
mod properties;
mod requests;
mod sample;
mod server;
mod strict_yaml;
mod structure;
pub(crate) mod support;
mod systems;
mod types;
mod warnings;
mod work;
mod workflows;
