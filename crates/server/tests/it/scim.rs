//! The sample company served over SCIM, and what the conformance checks of others say of it.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use muster_testkit::python_program;
use serde_json::Value as Json;

use crate::failure;

/// The sample company behind HTTP, and a token for it.
struct Served {
    child: Child,
    url: String,
    token: String,
    _folder: tempfile::TempDir,
}

impl Served {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("tern");
        done(muster(folder.path()).args(["demo", "--dir"]).arg(&dir));
        let token = done(muster(&dir).args(["token", "create", "checks", "--scope", "scim"]));
        let mut child = muster(&dir)
            .args(["serve", "--listen", "127.0.0.1:0", "--no-run", "--output", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let event: Json = serde_json::from_str(&line).unwrap();
        let url = format!("{}/scim/v2", event.get("url").and_then(Json::as_str).unwrap());
        Self { child, url, token: token.trim().to_owned(), _folder: folder }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        drop(self.child.wait());
    }
}

fn muster(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    command.current_dir(dir);
    command
}

fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", failure(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_sample_company_passes_the_conformance_checks_of_others() {
    let served = Served::start();
    let mut tester = Command::new(python_program("scim2").unwrap());
    let header = format!("Authorization: Bearer {}", served.token);
    let report = tester.args(["--url", &served.url, "--header", &header, "test"]).output().unwrap();
    let text = failure(&report);
    let n = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!(n("ERROR") + n("CRITICAL") + n("SKIPPED") + n("DEVIATION"), 0, "{text}");
    assert!(n("SUCCESS") > 150, "{text}");

    let mut sanity = Command::new(python_program("scim-sanity").unwrap());
    sanity.args(["probe", &served.url, "--token", &served.token, "--i-accept-side-effects"]);
    let text = failure(&sanity.output().unwrap());
    // What it skips are resource types of a draft that we do not have.
    assert!(text.contains("All tests passed"), "{text}");
}
