//! The console, asked as a browser asks.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod by_link;
mod decided;
mod demo;
mod forms;
mod guests;
mod home;
mod keys;
mod looks;
mod maps;
mod names;
mod notices;
mod people;
mod reports;
mod requests;
mod reviews;
mod rights;
mod seeds;
mod support;
mod work;
