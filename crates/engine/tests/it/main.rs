//! Runs of the engine over a repository, files and connected systems.

mod spine;
mod support;
