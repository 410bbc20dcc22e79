//! The sample company served over SCIM, and what the conformance checks of others say of it.

use std::process::Command;

use muster_testkit::python_program;

use crate::{failure, served::Served};

#[test]
fn the_sample_company_passes_the_conformance_checks_of_others() {
    let served = Served::start();
    let (url, token) = (format!("{}/scim/v2", served.url), served.token("checks", "scim"));
    let mut tester = Command::new(python_program("scim2").unwrap());
    let header = format!("Authorization: Bearer {token}");
    let report = tester.args(["--url", &url, "--header", &header, "test"]).output().unwrap();
    let text = failure(&report);
    let n = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!(n("ERROR") + n("CRITICAL") + n("SKIPPED") + n("DEVIATION"), 0, "{text}");
    assert!(n("SUCCESS") > 150, "{text}");

    let mut sanity = Command::new(python_program("scim-sanity").unwrap());
    sanity.args(["probe", &url, "--token", &token, "--i-accept-side-effects"]);
    let text = failure(&sanity.output().unwrap());
    // What it skips are resource types of a draft that we do not have.
    assert!(text.contains("All tests passed"), "{text}");
}
