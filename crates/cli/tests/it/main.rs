//! The command line from outside: arguments in, output and exit code out, with a clock that stands still.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code: a panic is a failed test")]

mod access_reviews;
mod audit;
mod backups;
mod decide;
mod errors;
mod first_minutes;
mod formats;
mod forms;
mod help;
mod notices;
mod people;
mod project;
mod reference;
mod reports;
mod requests;
mod separation;
mod support;
mod what_if;
mod work;
