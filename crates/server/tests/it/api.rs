//! The API of the sample company, and what schemathesis makes of its document.

use std::process::Command;

use muster_testkit::python_program;

use crate::{failure, served::Served};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

#[test]
fn what_fits_the_document_is_answered_as_it_says_and_what_does_not_fit_is_refused() {
    let served = Served::start();
    let token = served.token("checks", "admin");
    let folder = tempfile::tempdir().unwrap();
    let mut schemathesis = Command::new(python_program("schemathesis").unwrap());
    schemathesis
        .current_dir(&folder)
        .args(["--config-file", &format!("{FILES}/schemathesis.toml"), "run", DOCUMENT])
        .args(["--url", &served.url, "--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", "all", "--phases", "coverage,fuzzing,stateful", "--max-examples", "5"])
        .args(["--seed", "1", "--continue-on-failure", "--no-color", "--workers", "1"]);
    let report = schemathesis.output().unwrap();
    assert!(report.status.success(), "{}", failure(&report));
}
