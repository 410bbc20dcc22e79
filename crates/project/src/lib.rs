//! Model files: strict YAML with spans, all problems at once, formatter, JSON Schema.
//!
//! [`load`] turns the files of a project into a checked [`muster_policy::Model`], or says everything that is wrong with
//! them, each problem at its characters. Nothing here reads files, knows connectors (the [`Catalogue`] does) or
//! evaluates anything.
//!
//! The steps: `yaml` reads text into trees; `structure` holds them against the table in `spec`; `merge` puts files
//! together; `types`, `systems`, `roles`, `duties`, `access`, `workflows` and `policy_tests` build the model; `lint` warns.
//!
//! `format`, `blocks`, `json_schema`, `reference` and `explain` serve those who write model files.

mod access;
mod access_reviews;
mod applications;
mod blocks;
mod context;
mod directory;
mod duration;
mod duties;
mod explain;
mod expression;
mod format;
mod forms;
mod guests;
mod json_schema;
mod lines;
mod lint;
mod load;
mod mask;
mod merge;
mod names;
mod notices;
mod policy_tests;
mod reference;
mod render;
mod roles;
mod server;
mod sign_in;
mod spec;
mod structure;
mod suggest;
mod systems;
mod types;
mod webhooks;
mod workflows;
mod yaml;

pub use blocks::{Block, block_named, blocks, with_lines};
pub use explain::{error_reference, explain_code};
pub use format::format;
pub use json_schema::json_schema;
pub use load::{Catalogue, File, Loaded, NoConnectors, load};
pub use reference::model_reference;
pub use render::render;

#[cfg(test)]
mod tests;
