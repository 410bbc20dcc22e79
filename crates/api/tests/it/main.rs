//! Tests of the API over a real project, in process.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod answers;
mod applications;
mod calls;
mod campaigns;
mod delegated;
mod forms;
mod guests;
mod model;
mod narrowed;
mod reports;
mod requests;
mod rights;
mod support;

#[test]
fn no_file_of_tests_is_forgotten() {
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(name == "main" || main.contains(&format!("mod {name};")), "{name}");
    }
}
