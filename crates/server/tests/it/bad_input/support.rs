//! A project in a temporary folder, and the program as a process in it.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value as Json;

const PROJECT: &str = r#"muster: 1
timezone: Europe/Berlin
types:
  department:
    key: code
    attributes:
      code: { type: string, unique: true, required: true }
      parent: { type: link, to: department, inverse: parts }
      path: { type: string, compute: "default(parent.code, '') + '/' + code" }
  person:
    identity: true
    key: number
    display: first + " " + last
    attributes:
      number: { type: string, unique: true, required: true }
      first: { type: string }
      last: { type: string }
      login: { type: string, unique: true, generate: ["ascii(lower(first + '.' + last))", "ascii(lower(first + '.' + last)) + string(n)"] }
      boss: { type: link, to: person, inverse: reports }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      active: { when: "true" }
systems:
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: number }
    reads:
      person:
        owns: { number: record.number, first: record.first, last: record.last, boss: 'link("person", record.boss)', end: 'date(record.end, "%Y-%m-%d")' }
  units:
    connector: csv
    settings: { path: data/units.csv, key: code }
    reads:
      department:
        owns: { code: record.code, parent: 'link("department", record.parent)' }
  shop:
    connector: csv
    settings: { path: data/shop.csv, key: login, writable: true, enabled: { column: state, on: open, off: locked } }
    mode: enforce
    accounts:
      user:
        for: person
        match: [{ on: "login == person.login" }]
        name: person.login
        set: { login: person.login, name: person.display }
roles:
  employee: { for: person, when: "person.lifecycle == 'active'", grants: [shop.user] }
tests:
  - name: a leaver keeps nothing
    given: { person: { number: "1", first: A, last: B, end: 2026-01-31 } }
    at: 2026-02-01
    expect: { lifecycle: leaver, roles: [] }
"#;

/// People of the good file.
pub(super) const PEOPLE: usize = 40;

/// What a command answered.
pub(super) struct Answer {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Answer {
    pub(super) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let code = output.status.code().unwrap_or(-1);
        Self { code, out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Standard output and standard error.
    pub(super) fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Fails unless the code is `code` and each of `parts` was said, without a panic.
    #[track_caller]
    pub(super) fn says(&self, code: i32, parts: &[&str]) -> &Self {
        let all = self.all();
        assert_eq!(self.code, code, "{all}");
        assert!(!all.contains("this is a bug"), "{all}");
        for part in parts {
            assert!(all.contains(part), "`{part}` is not in: {all}");
        }
        self
    }

    pub(super) fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.all()))
    }
}

/// A project folder; its name has a space and an umlaut.
pub(super) struct Place {
    _folder: tempfile::TempDir,
    pub(super) dir: PathBuf,
}

impl Place {
    /// A project with a good feed that was never read.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("Größe und Maß");
        std::fs::create_dir_all(dir.join("data")).unwrap();
        let place = Self { _folder: folder, dir };
        place.write("muster.yaml", PROJECT);
        place.write("data/hr.csv", feed(PEOPLE));
        place.write("data/units.csv", "code,parent\nA,\nB,A\n");
        place.write("data/shop.csv", "login,state,name\n");
        place
    }

    /// A project that was read and applied.
    pub(super) fn settled() -> Self {
        let place = Self::new();
        place.work();
        place
    }

    pub(super) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.dir.join(path), text).unwrap();
    }

    pub(super) fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.dir.join(path)).unwrap()
    }

    /// Writes the good feed, changed by `change` line by line; line 1 is the header.
    pub(super) fn feed(&self, change: impl Fn(usize, &str) -> String) {
        let good = feed(PEOPLE);
        let lines = good.lines().enumerate().map(|(index, line)| change(index + 1, line) + "\n");
        self.write("data/hr.csv", lines.collect::<String>());
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        command(&self.dir, args)
    }

    pub(super) fn run(&self, line: &str) -> Answer {
        self.args(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub(super) fn args(&self, args: &[&str]) -> Answer {
        Answer::of(&self.command(args).output().unwrap())
    }

    pub(super) fn spawn(&self, line: &str) -> Child {
        let args: Vec<&str> = line.split_whitespace().collect();
        self.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Reads, plans and applies; everything must go well.
    #[track_caller]
    pub(super) fn work(&self) {
        self.run("sync").says(0, &[]);
        let plan = self.run("plan");
        assert_eq!(plan.code, 0, "{}", plan.all());
        self.run("apply --auto-approve").says(0, &[]);
    }

    /// Fails unless the good feed leads to exactly the accounts it should, with nothing left to do.
    #[track_caller]
    pub(super) fn recovers(&self) {
        self.write("data/hr.csv", feed(PEOPLE));
        self.run("sync").says(0, &[]);
        self.run("plan").says(0, &["Nothing to do"]);
        assert_eq!(self.n_open(), PEOPLE);
    }

    /// Fails unless a plan would change nothing: the bad input did no harm.
    #[track_caller]
    pub(super) fn is_unharmed(&self) {
        self.run("plan").says(0, &["Nothing to do"]);
    }

    /// The open accounts in the target's file.
    pub(super) fn n_open(&self) -> usize {
        self.text("data/shop.csv").lines().filter(|line| line.contains(",open,")).count()
    }
}

pub(super) fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    command.args(args).current_dir(dir).stdin(Stdio::null());
    for name in ["MUSTER_STORE", "MUSTER_PROJECT", "NO_COLOR", "COLUMNS"] {
        command.env_remove(name);
    }
    // Not those of whoever runs the tests.
    command.env("MUSTER_PROFILES", dir.join("profiles"));
    command
}

/// A feed of `n` people; the first one leads the others.
pub(super) fn feed(n: usize) -> String {
    let lines = (1..=n).map(|i| {
        let boss = if i == 1 { "" } else { "1" };
        format!("{i},First{i},Last{i},{boss},2999-01-31\n")
    });
    "number,first,last,boss,end\n".to_owned() + &lines.collect::<String>()
}
