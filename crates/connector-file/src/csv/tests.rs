use std::{fs, path::PathBuf};

use muster_connector::{BadObject, ReadObject};
use muster_model::{Text, Value};

use super::*;
use crate::csv::settings::tests::written;

mod contract;
mod reading;
mod writing;

/// A project folder with one file and a connector on it.
pub(crate) struct Project {
    folder: tempfile::TempDir,
    pairs: Vec<(String, String)>,
}

impl Project {
    /// A project whose file `name` holds `content`.
    pub(crate) fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let project = Self::without(name);
        fs::write(project.path(), content).unwrap();
        project
    }

    /// A project whose file does not exist.
    pub(crate) fn without(name: &str) -> Self {
        let pairs = vec![("path".to_owned(), name.to_owned()), ("key".to_owned(), "id".to_owned())];
        Self { folder: tempfile::tempdir().unwrap(), pairs }
    }

    pub(crate) fn set(mut self, key: &str, value: &str) -> Self {
        self.pairs.push((key.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join(&self.pairs[0].1)
    }

    pub(crate) fn content(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    pub(crate) fn open(&self) -> Arc<dyn Connector> {
        let pairs: Vec<(&str, &str)> =
            self.pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        open(&written(&pairs), self.folder.path()).unwrap()
    }
}

/// Takes everything down as lines of text.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) lines: Vec<String>,
    pub(crate) batches: Vec<usize>,
    pub(crate) refuse_after: Option<usize>,
}

#[async_trait]
impl Sink for Notes {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.batches.push(objects.len());
        for ReadObject { object, line } in objects {
            self.lines.push(format!("{line} {}", show(&object)));
        }
        match self.refuse_after {
            Some(n) if self.batches.len() >= n => {
                Err(ConnectorError::Malformed("enough".to_owned()))
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        self.lines.push(format!("{}: {}", bad.place, bad.problem));
        Ok(())
    }
}

/// An object as `name (on): value, value`.
pub(crate) fn show(object: &Object) -> String {
    let state = match object.enabled {
        Some(true) => " (on)",
        Some(false) => " (off)",
        None => "",
    };
    let values: Vec<String> = object
        .values
        .iter()
        .map(|value| {
            let is_list = matches!(value, Value::List(_));
            if is_list { format!("{:?}", value.items()) } else { value.to_string() }
        })
        .collect();
    format!("{}{state}: {}", object.name, values.join(", "))
}

/// A request for columns; `tags[]` asks for several values.
pub(crate) fn request(columns: &[&str], batch: usize) -> ReadRequest {
    let fields = columns.iter().map(|column| field(column)).collect();
    ReadRequest { class: "".into(), fields, since: None, batch }
}

pub(crate) fn field(column: &str) -> Field {
    let name = column.strip_suffix("[]");
    Field {
        name: Text::from(name.unwrap_or(column)),
        value_type: ValueType::Text,
        many: name.is_some(),
    }
}

/// What a read yields, as text: objects and bad rows, and at last the reason why it is not complete.
pub(crate) async fn read(project: &Project, columns: &[&str]) -> String {
    let mut notes = Notes::default();
    match project.open().read(&request(columns, 100), &mut notes).await {
        Ok(end) => {
            assert_eq!(end.complete, end.problem.is_none());
            notes.lines.extend(end.problem.map(|problem| format!("INCOMPLETE {problem}")));
        }
        Err(error) => notes.lines.push(format!("ERROR {error}")),
    }
    notes.lines.join("\n")
}
