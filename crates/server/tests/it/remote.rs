//! Commands that a server carries out answer what they answer on the spot.

use std::{fs, process::Output};

use serde_json::{Value as Json, json};

use crate::{
    failure,
    served::{Served, done, muster},
};

/// The served company, and a folder of somebody elsewhere, with the token in a file.
struct Elsewhere {
    served: Served,
    token: String,
    folder: tempfile::TempDir,
}

impl Elsewhere {
    fn start() -> Self {
        let (served, folder) = (Served::start(), tempfile::tempdir().unwrap());
        let token = served.token("desk", "admin");
        fs::write(folder.path().join("token"), format!("{token}\n")).unwrap();
        let elsewhere = Self { served, token, folder };
        let added = ["profile", "add", "tern", "--at", &elsewhere.served.url, "--token", "token"];
        assert!(elsewhere.run(&added).status.success());
        elsewhere
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let profiles = self.folder.path().join("profiles.json");
        let mut command = muster(self.folder.path());
        command.env("MUSTER_PROFILES", profiles).args(arguments).output().unwrap()
    }

    /// What a command answers over the server, as JSON.
    fn there(&self, command: &[&str]) -> Json {
        let arguments = [&["--profile", "tern", "--output", "json"], command].concat();
        let output = self.run(&arguments);
        assert!(output.status.success(), "{command:?} {}", failure(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What it answers on the spot.
    fn here(&self, command: &[&str]) -> Json {
        let output = done(muster(&self.served.dir()).args(["--output", "json"]).args(command));
        serde_json::from_str(&output).unwrap()
    }
}

#[test]
fn questions_are_answered_over_a_server() {
    let elsewhere = Elsewhere::start();
    let create = ["token", "create", "maya", "--as", "maya.okafor", "--scope", "api:write"];
    let token = done(muster(&elsewhere.served.dir()).args(create));
    fs::write(elsewhere.folder.path().join("maya"), token).unwrap();
    let url = &elsewhere.served.url;
    let added = elsewhere.run(&["profile", "add", "maya", "--at", url, "--token", "maya"]);
    assert!(added.status.success(), "{}", failure(&added));
    let answer = "What are the addresses for?=a letter about tours = new ones";
    let ask = |more: &[&str]| {
        let create = ["--profile", "maya", "-o", "json", "requests", "create", "customer-contacts"];
        elsewhere.run(&[&create[..], &["--reason", "a mailing"], more].concat())
    };
    let without = ask(&[]);
    assert!(failure(&without).contains("What are the addresses for?"), "{}", failure(&without));
    let made: Json = serde_json::from_slice(&ask(&["--answer", answer]).stdout).unwrap();
    let said = &made["items"][0]["answers"][0];
    assert_eq!(said["answer"], "a letter about tours = new ones", "{made}");
    let own = elsewhere.run(&["--profile", "maya", "-o", "json", "requests", "suggestions"]);
    assert!(own.status.success(), "{}", failure(&own));
}

#[test]
fn a_command_over_a_server_answers_the_same_document() {
    let elsewhere = Elsewhere::start();
    for command in [
        &["users", "--where", "person.title == 'Accountant'"][..],
        &["users", "--limit", "3"],
        &["systems", "list"],
        &["systems", "show", "directory"],
        &["roles"],
        &["accounts", "--limit", "2"],
        &["orphans"],
        &["drift", "list"],
        &["drift", "list", "--all", "--limit", "2"],
        &["matches", "list"],
        &["revisions"],
        &["plans"],
        &["problems"],
        &["alarms", "list"],
        &["audit", "search", "--limit", "3", "--from", "2020-01-01"],
    ] {
        assert_eq!(elsewhere.there(command), elsewhere.here(command), "{command:?}");
    }
    let table = |output: Output| String::from_utf8(output.stdout).unwrap();
    for command in [&["systems", "list"][..], &["revisions"], &["accounts", "--limit", "2"]] {
        let there = elsewhere.run(&[&["--profile", "tern"], command].concat());
        let first = |text: String| text.lines().next().unwrap_or_default().to_owned();
        let here = done(muster(&elsewhere.served.dir()).args(command));
        assert_eq!(first(table(there)), first(here), "{command:?}");
    }
}

#[test]
fn commands_change_things_over_a_server_and_wait_for_long_work() {
    let elsewhere = Elsewhere::start();
    let person = &elsewhere.here(&["users", "--limit", "1"])["items"][0]["key"];
    let role = &elsewhere.here(&["roles"])["items"][0]["name"];
    let (person, role) = (person.as_str().unwrap(), role.as_str().unwrap());
    let given =
        elsewhere.there(&["assign", person, role, "--reason", "cover", "--until", "2030-01-01"]);
    assert_eq!((&given["role"], &given["reason"]), (&json!(role), &json!("cover")), "{given}");
    assert_eq!(elsewhere.there(&["assignments", person]), elsewhere.here(&["assignments", person]));
    let plan = elsewhere.there(&["plan", "--person", person]);
    assert!(plan["operations"].is_array(), "{plan}");
    let refused =
        elsewhere.run(&["--profile", "tern", "assign", person, "nothing", "--reason", "x"]);
    assert_eq!(refused.status.code(), Some(1), "{}", failure(&refused));
    assert!(failure(&refused).contains("nothing"), "{}", failure(&refused));
    let held =
        elsewhere.run(&["--profile", "tern", "--output", "json", "plans", "--cancel", "none"]);
    assert!(failure(&held).contains("not-found"), "{}", failure(&held));
}

#[test]
fn what_does_not_go_to_a_server_says_so() {
    let elsewhere = Elsewhere::start();
    for (command, words) in [
        (&["fmt"][..], "works on the files of a folder"),
        (&["audit", "export", "x"], "writes a file of this machine"),
        (&["plan", "--all"], "do not go to a server together"),
    ] {
        let output = elsewhere.run(&[&["--profile", "tern"], command].concat());
        assert_eq!(output.status.code(), Some(2), "{}", failure(&output));
        assert!(failure(&output).contains(words), "{}", failure(&output));
    }
    let unknown = elsewhere.run(&["--profile", "none", "systems", "list"]);
    assert!(failure(&unknown).contains("no profile `none`"), "{}", failure(&unknown));
    let listed = elsewhere.run(&["profile", "list", "--output", "json"]);
    assert!(!failure(&listed).contains(&elsewhere.token), "a profile holds no token");
}
