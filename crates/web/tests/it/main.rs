//! Tests of the HTTP kit over a real project, in process and over a socket.

#![expect(clippy::unwrap_used, reason = "test code")]

mod calls;
mod events;
mod listener;
mod operation;
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
