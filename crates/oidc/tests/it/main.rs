//! Sign-in for applications, over HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "test code: a panic is a failed test"
)]

#[path = "../../../signin/tests/it/app.rs"]
mod app;
mod attacks;
mod client;
mod client_credentials;
mod code_flow;
mod conformance;
mod flow;
mod form_post;
mod logout;
mod metadata;
mod more_flows;
mod pages;
mod races;
mod relying_parties;
mod story;
mod support;
mod timing;

/// Every file of the folder is one of the modules.
#[test]
fn no_file_is_forgotten() {
    let text = include_str!("main.rs");
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(module == "main" || text.contains(&format!("mod {module};")), "{name}");
    }
}
