//! A project in a temporary folder and a way to run commands in it.

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use muster_app::{Clock, Connectors};
use muster_cli::{Host, Streams};
use muster_connector::{Chaos, ChaosSettings, Connector, ConnectorError};
use muster_model::{Capabilities, SettingProblem, Settings};
use muster_project::Catalogue;

/// CSV files and nothing else.
struct Csv;

impl Catalogue for Csv {
    fn connectors(&self) -> Vec<&'static str> {
        muster_connector_file::KINDS.to_vec()
    }

    fn capabilities(
        &self,
        connector: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        muster_connector_file::capabilities(connector, settings)
    }
}

impl Connectors for Csv {
    fn open(
        &self,
        connector: &str,
        settings: &Settings,
        chaos: Option<&Settings>,
        base: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        let inner = muster_connector_file::open(connector, settings, base)?;
        Ok(match chaos.and_then(|chaos| ChaosSettings::read(chaos).ok()) {
            Some(chaos) => Arc::new(Chaos::new(inner, chaos)),
            None => inner,
        })
    }
}

/// Noon of a day in November, unless the place says otherwise.
const NOON: &str = "2026-11-20T12:00:00Z";

/// A clock that stands still.
struct Standing(&'static str);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0.parse().unwrap()
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a command answered.
pub(crate) struct Answer {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    /// Output, talk and exit code as one text.
    pub(crate) fn transcript(&self) -> String {
        let mut text = self.out.clone();
        if !self.err.is_empty() {
            text.push_str("--- talk ---\n");
            text.push_str(&self.err);
        }
        text.push_str("--- exit ");
        text.push_str(&self.code.to_string());
        text.push_str(" ---\n");
        text
    }

    /// The output as a document.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// A folder to run commands in.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    terminal: bool,
    typed: &'static str,
    now: &'static str,
}

impl Place {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: BTreeMap::new(),
            terminal: false,
            typed: "",
            now: NOON,
        }
    }

    /// A folder with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let place = Self::new();
        for (path, text) in files {
            place.write(path, text);
        }
        place
    }

    /// A small company: three people, one system.
    pub(crate) fn company() -> Self {
        Self::with(COMPANY)
    }

    /// Sets an environment variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Puts a person in front of a terminal who types `typed`.
    pub(crate) fn terminal(mut self, typed: &'static str) -> Self {
        (self.terminal, self.typed) = (true, typed);
        self
    }

    /// From now on it is this time.
    pub(crate) fn set_clock(&mut self, now: &'static str) {
        self.now = now;
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(path)).unwrap()
    }

    /// Runs a command; words are separated by spaces, `'…'` keeps one together.
    pub(crate) async fn muster(&self, line: &str) -> Answer {
        let (out, err) = (Buffer::default(), Buffer::default());
        let streams = Streams {
            out: Box::new(out.clone()),
            err: Box::new(err.clone()),
            input: Box::new(Cursor::new(self.typed)),
            out_is_terminal: self.terminal,
            err_is_terminal: self.terminal,
            input_is_terminal: self.terminal,
        };
        let host = Host {
            log: || Box::new(io::sink()),
            connectors: Arc::new(Csv),
            faces: Arc::new(|_| muster_web::Router::new()),
            clock: Arc::new(Standing(self.now)),
            actor: "ada".into(),
            variables: self.variables.clone(),
            current_dir: self.dir(),
            temp_dir: self.dir(),
            process_id: 7,
            interrupted: Arc::default(),
            stops_gracefully: Arc::default(),
            version: "1.2.3",
            target: "test".to_owned(),
        };
        let args =
            std::iter::once("muster".to_owned()).chain(words(line)).map(Into::into).collect();
        let code = Box::pin(muster_cli::run(args, host, streams)).await;
        let dir = self.dir().display().to_string();
        let text = |buffer: Buffer| {
            String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap().replace(&dir, "[dir]")
        };
        Answer { code, out: text(out), err: text(err) }
    }

    /// Runs a command that must succeed.
    pub(crate) async fn ok(&self, line: &str) -> Answer {
        let answer = self.muster(line).await;
        assert_eq!(answer.code, 0, "muster {line}\n{}", answer.transcript());
        answer
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// A small company: three people, one system.
pub(crate) const COMPANY: &[(&str, &str)] = &[
    ("muster.yaml", "muster: 1\ntimezone: Europe/Berlin\nstore: sqlite:muster.db\n"),
    (
        "schema/person.yaml",
        "types:
  person:
    identity: true
    key: id
    display: name
    attributes:
      id:      { type: string, unique: true, required: true }
      login:   { type: string, unique: true }
      name:    { type: string }
      team:    { type: string }
      endDate: { type: date }
    lifecycle:
      leaver: { when: 'endDate != null && now >= end_of(endDate)' }
      active: { when: 'true' }
",
    ),
    (
        "systems/hr.yaml",
        "systems:
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: id }
    reads:
      person:
        owns:
          id: record.id
          login: record.login
          name: record.name
          team: record.team
          endDate: record.end
        absent: { keep: 30d, state: leaver }
",
    ),
    (
        "systems/files.yaml",
        "systems:
  files:
    connector: csv
    settings:
      path: data/files.csv
      key: login
      writable: true
      enabled: { column: state, on: open, off: locked }
      many: '|'
    mode: enforce
    accounts:
      user:
        match: [{ on: login == person.login }]
        name: person.login
        set:
          full_name: person.name
        states:
          active: {}
          leaver: { enabled: false, entitlements: none, delete_after: 30d }
    entitlements:
      share: { attribute: shares }
",
    ),
    (
        "policy/roles.yaml",
        "roles:
  employee:
    when: person.lifecycle == 'active'
    grants: [files.user, { files.share: all }]
  sales:
    description: Sells things
    owner: lead
    when: person.team == 'sales'
    includes: [employee]
    grants: [{ files.share: [orders, prices] }]
  auditor:
    grants: [{ files.share: audit }]
",
    ),
    (
        "tests/people.yaml",
        "tests:
  - name: sales people see prices
    given: { person: { id: '1', login: ada, team: sales } }
    at: 2026-01-15
    expect: { lifecycle: active, roles: [employee, sales], accounts: { files.user: enabled } }
  - name: a leaver keeps nothing
    given: { person: { id: '1', login: ada, endDate: 2026-01-31 } }
    at: 2026-02-01
    expect: { lifecycle: leaver, accounts: { files.user: disabled }, grants: [] }
",
    ),
    (
        "data/hr.csv",
        "id,login,name,team,end\n1,ada,Ada Lovelace,sales,\n2,bob,Bob Kahn,sales,2026-10-31\n3,cyd,Cyd Charisse,dance,2026-12-31\n",
    ),
    (
        "data/files.csv",
        "login,state,full_name,shares\nada,open,Ada L.,all|orders|secret\nbob,open,Bob Kahn,all\nold,open,Old Account,all\n",
    ),
];
