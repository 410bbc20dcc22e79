//! A directory with groups that outlives the process: memory, rebuilt from a file of the changes that were made.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    task::{Context, Waker},
};

use async_trait::async_trait;
use muster_connector::{
    Connector, ConnectorError, Discovered, Field, MemoryConnector, MemoryOptions, ReadEnd,
    ReadRequest, Sink,
};
use muster_model::{Applied, Capabilities, Change, Object, ObjectRef, Text, Value};
use serde_json::{Value as Json, json};

/// A directory in a file.
#[derive(Debug)]
pub(crate) struct Shelf {
    memory: MemoryConnector,
    path: PathBuf,
}

impl Shelf {
    /// What it can do.
    pub(crate) fn capabilities() -> Capabilities {
        Capabilities {
            text_only: true,
            incremental: false,
            parallel: 1,
            ..MemoryOptions::default().capabilities
        }
    }

    /// Opens the directory at `path`; an empty one when there is none.
    pub(crate) fn open(path: &Path) -> Self {
        let options = MemoryOptions { capabilities: Self::capabilities(), log: false };
        let memory = MemoryConnector::new(options);
        for line in std::fs::read_to_string(path).unwrap_or_default().lines() {
            let changes: Vec<Json> = serde_json::from_str(line).unwrap();
            let changes: Vec<Change> = changes.iter().map(from_json).collect();
            // Memory never waits.
            let mut applied = memory.apply(&changes);
            assert!(applied.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
        }
        Self { memory, path: path.to_owned() }
    }

    /// Everything in it.
    pub(crate) fn dump(&self) -> String {
        self.memory.dump()
    }
}

#[async_trait]
impl Connector for Shelf {
    fn capabilities(&self) -> Capabilities {
        self.memory.capabilities()
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        self.memory.test().await
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        self.memory.discover().await
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        self.memory.read(request, sink).await
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        self.memory.get(object, fields).await
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        let line = format!("{}\n", Json::from(changes.iter().map(to_json).collect::<Vec<_>>()));
        let mut file = std::fs::File::options().create(true).append(true).open(&self.path).unwrap();
        file.write_all(line.as_bytes()).unwrap();
        self.memory.apply(changes).await
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a system of texts holds nothing else")]
fn value_to_json(value: &Value) -> Json {
    match value {
        Value::Text(text) => Json::from(&**text),
        Value::List(items) => items.iter().map(value_to_json).collect(),
        _ => Json::Null,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a system of texts holds nothing else")]
fn value_from_json(json: &Json) -> Value {
    match json {
        Json::String(text) => Value::Text(text.as_str().into()),
        Json::Array(items) => Value::set(items.iter().map(value_from_json).collect()),
        _ => Value::Null,
    }
}

fn to_json(change: &Change) -> Json {
    let texts = |texts: &[Text]| texts.iter().map(|text| Json::from(&**text)).collect::<Json>();
    let what = match change {
        Change::Create { values, enabled, .. } => {
            let values: Json =
                values.iter().map(|(name, value)| json!([&**name, value_to_json(value)])).collect();
            json!(["create", values, enabled])
        }
        Change::Update { values, .. } => {
            let value = |(name, old, new): &(Text, Value, Value)| {
                json!([&**name, value_to_json(old), value_to_json(new)])
            };
            json!(["update", values.iter().map(value).collect::<Json>()])
        }
        Change::Rename { to, .. } => json!(["rename", &**to]),
        Change::SetEnabled { enabled, .. } => json!(["switch", enabled]),
        Change::Delete { .. } => json!(["delete"]),
        Change::Members { attribute, add, remove, .. } => {
            json!(["members", &**attribute, texts(add), texts(remove)])
        }
    };
    let ObjectRef { class, id, name } = change.object();
    json!([&**class, &**id, &**name, what])
}

fn from_json(json: &Json) -> Change {
    let text = |json: &Json| Text::from(json.as_str().unwrap());
    let texts = |json: &Json| json.as_array().unwrap().iter().map(text).collect::<Vec<_>>();
    let object = ObjectRef { class: text(&json[0]), id: text(&json[1]), name: text(&json[2]) };
    let what = &json[3];
    let values = || what[1].as_array().unwrap().iter();
    match what[0].as_str().unwrap() {
        "create" => Change::Create {
            object,
            values: values().map(|pair| (text(&pair[0]), value_from_json(&pair[1]))).collect(),
            enabled: what[2].as_bool(),
        },
        "update" => {
            let value = |v: &Json| (text(&v[0]), value_from_json(&v[1]), value_from_json(&v[2]));
            Change::Update { object, values: values().map(value).collect() }
        }
        "rename" => Change::Rename { object, to: text(&what[1]) },
        "switch" => Change::SetEnabled { object, enabled: what[1].as_bool().unwrap() },
        "delete" => Change::Delete { object },
        "members" => Change::Members {
            object,
            attribute: text(&what[1]),
            add: texts(&what[2]),
            remove: texts(&what[3]),
        },
        other => panic!("{other}"),
    }
}
