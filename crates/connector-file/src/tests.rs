//! What the formats that are read whole have in common.

use std::{fs, io::Write as _, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use muster_connector::{
    BadObject, Chaos, ChaosSettings, Connector, ConnectorError, Field, ReadObject, ReadRequest,
    Sink,
    contract::{self, GroupSubject, Subject, Verdict},
    json::settings_of,
};
use muster_model::{Applied, Change, ObjectRef, Text, Value, ValueType};
use serde_json::{Map, json};

use super::*;

/// A folder with one file and a connector on it.
pub(crate) struct Folder {
    pub(crate) dir: tempfile::TempDir,
    kind: &'static str,
    settings: Map<String, serde_json::Value>,
}

impl Folder {
    pub(crate) fn new(kind: &'static str, name: &str) -> Self {
        let settings = Map::from_iter([("path".to_owned(), json!(name))]);
        let folder = Self { dir: tempfile::tempdir().unwrap(), kind, settings };
        if kind == LDIF { folder } else { folder.set("key", json!("id")) }
    }

    pub(crate) fn with(self, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(), content).unwrap();
        self
    }

    pub(crate) fn target(self) -> Self {
        self.set("writable", json!(true))
    }

    pub(crate) fn set(mut self, key: &str, value: serde_json::Value) -> Self {
        self.settings.insert(key.to_owned(), value);
        self
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join(self.settings["path"].as_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    pub(crate) fn open(&self) -> Arc<dyn Connector> {
        open(self.kind, &settings_of(&self.settings), self.dir.path()).unwrap()
    }
}

#[derive(Default)]
struct Notes(Vec<String>);

#[async_trait]
impl Sink for Notes {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        for ReadObject { object, line } in objects {
            let values: Vec<String> = object
                .values
                .iter()
                .map(|value| {
                    let is_list = matches!(value, Value::List(_));
                    if is_list { format!("{:?}", value.items()) } else { value.to_string() }
                })
                .collect();
            let state = object.enabled.map_or(String::new(), |on| format!(" ({on})"));
            self.0.push(format!("{line} {}{state}: {}", object.name, values.join(", ")));
        }
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        self.0.push(format!("BAD {}: {} ({:?})", bad.place, bad.problem, bad.name));
        Ok(())
    }
}

/// What a read yields, as text; `tags[]` asks for several values.
pub(crate) async fn read(folder: &Folder, class: &str, attributes: &[&str]) -> String {
    let field = |name: &&str| Field {
        name: name.strip_suffix("[]").unwrap_or(name).into(),
        value_type: ValueType::Text,
        many: name.ends_with("[]"),
    };
    let fields = attributes.iter().map(field).collect();
    let request = ReadRequest { class: class.into(), fields, since: None, batch: 100 };
    let mut notes = Notes::default();
    match folder.open().read(&request, &mut notes).await {
        Ok(end) => notes.0.extend(end.problem.map(|problem| format!("INCOMPLETE {problem}"))),
        Err(error) => notes.0.push(format!("ERROR {error}")),
    }
    notes.0.join("\n")
}

pub(crate) fn object(name: &str) -> ObjectRef {
    ObjectRef { class: "".into(), id: "".into(), name: name.into() }
}

pub(crate) fn create(name: &str, values: &[(&str, Value)]) -> Change {
    let values = values.iter().map(|(name, value)| (Text::from(*name), value.clone())).collect();
    Change::Create { object: object(name), values, enabled: None }
}

pub(crate) fn update(name: &str, attribute: &str, new: Value) -> Change {
    Change::Update { object: object(name), values: vec![(attribute.into(), Value::Null, new)] }
}

pub(crate) async fn apply(folder: &Folder, change: Change) -> Result<Applied, ConnectorError> {
    folder.open().apply(&[change]).await.remove(0)
}

fn subject(folder: Folder) -> Subject {
    let path = folder.path();
    // The end is gone, as after a broken transfer.
    let cut = move || {
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
    };
    let connector = folder.open();
    Subject { cut: Some(Arc::new(cut)), hold: Box::new(folder.dir), ..Subject::new(connector, "") }
}

async fn keeps_the_contract(fresh: impl Fn() -> Subject) {
    let report = contract::run_all(async || fresh()).await;
    report.assert_kept();
    let cut = report.outcomes.iter().find(|(name, _)| *name == "a_cut_read_is_incomplete").unwrap();
    assert_eq!(cut.1, Ok(Verdict::Kept));
}

fn state() -> serde_json::Value {
    json!({"column": "state", "on": "active", "off": "disabled"})
}

#[tokio::test]
async fn a_workbook_keeps_the_contract() {
    keeps_the_contract(|| {
        let folder = Folder::new(XLSX, "out.xlsx").target().set("many", json!("|"));
        // A cell cannot hold a NUL or a carriage return.
        Subject { may_refuse_texts: true, ..subject(folder.set("enabled", state())) }
    })
    .await;
}

#[tokio::test]
async fn a_json_file_keeps_the_contract() {
    keeps_the_contract(|| subject(Folder::new(JSON, "out.json").target().set("enabled", state())))
        .await;
}

#[tokio::test]
async fn other_forms_of_json_files_keep_the_contract() {
    keeps_the_contract(|| {
        let folder = Folder::new(JSON, "out.json.gz").target().set("items", json!("/data/people"));
        let connector = folder.open();
        // In between is a wrapper without faults.
        let quiet = ChaosSettings::read(&settings_of(&Map::new())).unwrap();
        Subject { connector: Arc::new(Chaos::new(connector, quiet)), ..subject(folder) }
    })
    .await;
    keeps_the_contract(|| subject(Folder::new(JSON, "out.jsonl").target())).await;
}

#[tokio::test]
async fn an_ldif_file_keeps_the_contract() {
    for name in ["out.ldif", "out.ldif.gz"] {
        keeps_the_contract(|| {
            let folder = Folder::new(LDIF, name).target().set("enabled", state());
            let group = GroupSubject {
                class: "groupOfNames".into(),
                name: Arc::new(|word| format!("cn={word},ou=groups,dc=tern,dc=example").into()),
                required: Arc::new(|_| Vec::new()),
                members: "member".into(),
            };
            let subject = subject(folder);
            Subject {
                class: "inetOrgPerson".into(),
                name: Arc::new(|word| {
                    let word = word.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=");
                    format!("uid={word},ou=people,dc=tern,dc=example").into()
                }),
                group: Some(group),
                ..subject
            }
        })
        .await;
    }
}

/// The same change again and again, through drops, lost answers and doubles, until all are made.
#[tokio::test]
async fn through_chaos_every_change_is_made_once() {
    for (kind, name) in [(XLSX, "out.xlsx"), (JSON, "out.jsonl")] {
        let folder = Folder::new(kind, name).target();
        let chaos = json!({"seed": 3, "drop": 20, "fail_after": 15, "duplicate": 10});
        let chaos = ChaosSettings::read(&settings_of(chaos.as_object().unwrap())).unwrap();
        let connector = Chaos::new(folder.open(), chaos);
        let mut left: Vec<Change> =
            (0..20).map(|n| create(&format!("user{n}"), &[("title", Value::text("x"))])).collect();
        for _ in 0..60 {
            let answers = connector.apply(&left).await;
            let again = |answer: &Result<Applied, ConnectorError>| {
                answer.as_ref().is_err_and(ConnectorError::is_transient)
            };
            left =
                left.into_iter().zip(answers).filter(|(_, a)| again(a)).map(|(c, _)| c).collect();
            if left.is_empty() {
                break;
            }
        }
        assert!(left.is_empty() && connector.counts().failed_after > 0);
        let mut names: Vec<String> =
            read(&folder, "", &[]).await.lines().map(str::to_owned).collect();
        assert_eq!(names.len(), 20);
        names.dedup();
        assert_eq!(names.len(), 20);
    }
}

#[tokio::test]
async fn a_small_file_that_unpacks_to_a_large_one_is_refused() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..200 {
        gzip.write_all(&[b' '; 10_000]).unwrap();
    }
    let bomb = gzip.finish().unwrap();
    assert!(bomb.len() < 10_000);
    let folder = Folder::new(JSON, "bomb.json.gz").with(&bomb).set("max_size", json!("1MiB"));
    insta::assert_snapshot!(read(&folder, "", &[]).await, @"ERROR `bomb.json.gz` holds more than 1048576 bytes; raise `max_size` if that is right");
}

#[tokio::test]
async fn a_key_that_stands_twice_is_read_twice_and_not_changed() {
    let folder =
        Folder::new(JSON, "a.json").target().with(r#"[{"id":"1","n":"a"},{"id":"1","n":"b"}]"#);
    assert_eq!(read(&folder, "", &["n"]).await, "1 1: a\n2 1: b");
    let error = apply(&folder, update("1", "n", Value::text("c"))).await.unwrap_err();
    assert!(error.to_string().contains("stands 2 times"), "{error}");
}

#[tokio::test]
async fn a_source_is_not_written_and_a_broken_target_is_left_as_it_is() {
    let source = Folder::new(JSON, "a.json").with("[]");
    assert!(apply(&source, create("1", &[])).await.is_err());
    assert_eq!(source.text(), "[]");
    let broken = Folder::new(JSON, "a.json").target().with(r#"[{"id":"1"}, 7]"#);
    let error = apply(&broken, create("2", &[])).await.unwrap_err().to_string();
    insta::assert_snapshot!(error, @"`a.json` is not changed: object 2: it is no map; repair the file first");
    assert_eq!(broken.text(), r#"[{"id":"1"}, 7]"#);
}

#[tokio::test]
async fn a_change_of_the_key_is_a_rename() {
    let folder = Folder::new(JSON, "a.json").target().with(r#"[{"id":"1"}]"#);
    let error = apply(&folder, update("1", "id", Value::text("2"))).await.unwrap_err().to_string();
    assert!(error.contains("changes only by a rename"), "{error}");
}
