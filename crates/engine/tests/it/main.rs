//! Runs of the engine over a repository, files and connected systems.

mod city;
mod directory;
mod employees;
mod interruption;
mod server;
mod spine;
mod staff;
mod support;
