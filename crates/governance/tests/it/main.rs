//! Requests in a small company. Each test runs on SQLite and on PostgreSQL from one source.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

#[macro_use]
mod support;

mod approving;
mod asking;
mod conflicts;
mod due;
mod exceptions;
mod forms;
mod guests;
mod less;
mod links;
mod notices;
mod policies;
mod suggestions;
mod themselves;

#[test]
fn no_file_of_tests_is_forgotten() {
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(name == "main" || main.contains(&format!("mod {name};")), "{name}");
    }
}
