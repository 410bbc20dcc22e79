use std::{fs, io, path::PathBuf};

use muster_connector::{BadObject, ReadObject, json::settings_of};
use muster_model::{Text, Value, ValueType};
use serde_json::json;

use super::*;

mod contract;
mod examples;
mod limits;
mod reading;

/// The environment of the test process as far as scripts need it, and two secrets.
pub(crate) struct Vault;

impl Secrets for Vault {
    fn env(&self, name: &str) -> Option<String> {
        match name {
            "PATH" => std::env::var_os("PATH").and_then(|path| path.into_string().ok()),
            "PAYROLL_TOKEN" => Some("hunter2".to_owned()),
            _ => None,
        }
    }

    fn file(&self, _path: &str) -> io::Result<String> {
        Err(io::Error::from(io::ErrorKind::NotFound))
    }
}

/// The interpreter: the system's own where there is one, as others are wrapped in scripts that add variables.
pub(crate) fn python() -> &'static str {
    let system = "/usr/bin/python3";
    if Path::new(system).exists() { system } else { "python3" }
}

/// A project folder with one script.
pub(crate) struct Project {
    pub(crate) folder: tempfile::TempDir,
    settings: serde_json::Map<String, Json>,
}

impl Project {
    /// A project whose script is this Python text.
    pub(crate) fn python(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("script.py"), text).unwrap();
        Self { folder, settings: serde_json::Map::new() }.set("run", json!([python(), "script.py"]))
    }

    /// A project whose script answers `hello` and then does this for the request `ask`.
    pub(crate) fn answering(body: &str) -> Self {
        let head = "import json, os, sys, time, subprocess\n\
            for line in sys.stdin:\n ask = json.loads(line)\n \
            if ask['op'] == 'hello':\n  print('{\"protocol\":1}', flush=True)\n  continue\n";
        let body: Vec<String> = body.lines().map(|line| format!(" {line}\n")).collect();
        Self::python(&format!("{head}{}", body.concat()))
    }

    pub(crate) fn set(mut self, key: &str, value: Json) -> Self {
        self.settings.insert(key.to_owned(), value);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn open(&self) -> Arc<dyn Connector> {
        open(&settings_of(&self.settings), self.folder.path(), &Vault).unwrap()
    }
}

/// Takes everything down as lines of text.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) lines: Vec<String>,
}

#[async_trait]
impl Sink for Notes {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        for ReadObject { object, line } in objects {
            let values: Vec<String> = object.values.iter().map(Value::to_string).collect();
            self.lines.push(format!("{line} {}: {}", object.name, values.join(", ")));
        }
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        self.lines.push(format!("BAD {}: {} ({:?})", bad.place, bad.problem, bad.name));
        Ok(())
    }
}

pub(crate) fn field(name: &str) -> Field {
    Field { name: name.into(), value_type: ValueType::Text, many: false }
}

/// What a read yields, as text.
pub(crate) async fn read(connector: &dyn Connector, attributes: &[&str]) -> String {
    let fields = attributes.iter().map(|name| field(name)).collect();
    let request = ReadRequest { class: "account".into(), fields, since: None, batch: 100 };
    let mut notes = Notes::default();
    match connector.read(&request, &mut notes).await {
        Ok(end) => {
            assert_eq!(end.complete, end.problem.is_none());
            notes.lines.extend(end.problem.map(|problem| format!("INCOMPLETE {problem}")));
        }
        Err(error) => notes.lines.push(format!("ERROR {error}")),
    }
    notes.lines.join("\n")
}

pub(crate) fn create(name: &str) -> Change {
    let object = ObjectRef { class: "account".into(), id: "".into(), name: name.into() };
    let values = vec![(Text::from("title"), Value::text("Countess"))];
    Change::Create { object, values, enabled: None }
}
