//! Three processes on one PostgreSQL: they share the work, and one after the other is killed.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use muster_testkit::{Cluster, Database};

use crate::failure;

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes: { id: { type: string, unique: true, required: true }, name: { type: string } }
systems:
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: id }
    reads:
      person:
        match: [{ on: "id == record.id" }]
        owns: { id: record.id, name: record.name }
        guards: { create: none, update: none }
"#;

const TARGET: &str = r#"
  TARGET:
    connector: command
    mode: enforce
    every: 1h
    settings: { run: [python3, target.py], can: [read, get, create, update, delete] }
    guards: { create: none, update: none }
    accounts:
      user:
        object: user
        match: [{ on: "uid == person.id" }]
        name: "'TARGET-' + person.id"
        set: { uid: person.id, cn: person.name }
"#;

/// A project on a database, with two targets that write down every call.
struct Project {
    folder: tempfile::TempDir,
    store: String,
}

impl Project {
    fn new(store: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut model = MODEL.to_owned();
        for target in ["east", "west"] {
            model.push_str(&TARGET.replace("TARGET", target));
        }
        model.push_str("roles: { all: { when: \"true\", grants: [east.user, west.user] } }\n");
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::write(folder.path().join("muster.yaml"), model).unwrap();
        fs::write(folder.path().join("target.py"), include_str!("nodes/target.py")).unwrap();
        Self { folder, store: store.to_owned() }
    }

    fn dir(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.args(arguments).current_dir(self.dir()).env("MUSTER_STORE", &self.store);
        command
    }

    fn node(&self) -> Node {
        let log = fs::File::create(self.dir().join("node.log")).unwrap();
        let mut command = self.command(&["run", "--output", "jsonl"]);
        Node(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    /// Reads so many people; tried again while the database is away or somebody else reads.
    fn read(&self, people: usize) {
        let mut lines = "id,name\n".to_owned();
        for n in 0..people {
            writeln!(lines, "{n},Person {n}").unwrap();
        }
        fs::write(self.dir().join("data/hr.csv"), lines).unwrap();
        self.until("the people are read", || {
            self.command(&["sync", "hr"]).output().unwrap().status.success()
        });
    }

    fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !holds() {
            assert!(begin.elapsed() < Duration::from_mins(1), "{what}: {}", self.state());
            pause();
        }
    }

    fn state(&self) -> String {
        let orders = self.command(&["orders", "list"]).output().unwrap();
        let log = fs::read_to_string(self.dir().join("node.log")).unwrap_or_default();
        format!("{}\n{log}", failure(&orders))
    }

    fn calls(&self) -> BTreeMap<String, usize> {
        let log = fs::read_to_string(self.dir().join("data/calls.log")).unwrap_or_default();
        let mut calls = BTreeMap::new();
        for line in log.lines() {
            *calls.entry(line.to_owned()).or_default() += 1;
        }
        calls
    }

    /// Everybody has both accounts, each was asked for, and none was made twice.
    fn check(&self, people: usize) {
        self.until("everybody has both accounts", || self.calls().len() == 2 * people);
        let calls = self.calls();
        let twice: Vec<_> = calls.iter().filter(|(_, n)| **n > 1).collect();
        assert!(twice.is_empty(), "done twice: {twice:?}");
        self.until("nothing is left", || {
            let plan = self.command(&["plan", "--output", "json"]).output().unwrap();
            let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap_or_default();
            plan.get("operations").and_then(|all| all.as_array()).is_some_and(Vec::is_empty)
        });
        let audit = self.command(&["audit", "verify"]).output().unwrap();
        assert!(audit.status.success(), "{}", failure(&audit));
    }
}

#[expect(clippy::disallowed_methods, reason = "what is waited for happens in other processes")]
fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

/// A process that is killed when it is dropped.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn three_nodes_share_the_work_and_lose_nothing_when_one_after_the_other_is_killed() {
    let database: Database = muster_testkit::postgres().unwrap();
    let project = Project::new(database.url());
    project.read(1);
    let mut nodes: Vec<Node> = (0..3).map(|_| project.node()).collect();
    project.until("the first account", || project.calls().len() == 2);
    let mut people = 1;
    for round in 0..6 {
        people += 20;
        project.read(people);
        // Killed where it stands, and another one takes its place.
        drop(nodes.remove(round % 3));
        nodes.push(project.node());
    }
    project.check(people);
}

#[test]
fn nodes_go_on_when_the_database_is_restarted_and_when_a_standby_takes_over() {
    let mut cluster = Cluster::start().unwrap();
    let project = Project::new(&cluster.url());
    project.read(5);
    let nodes: Vec<Node> = (0..2).map(|_| project.node()).collect();
    project.until("the first accounts", || project.calls().len() == 10);
    cluster.restart_primary().unwrap();
    project.read(10);
    project.until("after the restart", || project.calls().len() == 20);
    cluster.fail_over().unwrap();
    project.read(15);
    project.check(15);
    drop(nodes);
}
