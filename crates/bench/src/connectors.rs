//! Connectors beside what is below them, in one run: each side runs several times in turn, and the best counts.

pub(crate) mod command;
pub(crate) mod file;
pub(crate) mod http;

use std::sync::Arc;

use anyhow::{Result, ensure};
use async_trait::async_trait;
use muster_connector::{
    BadObject, Connector, ConnectorError, Field, ReadObject, ReadRequest, Sink, json::settings_of,
};
use muster_model::{Change, ObjectRef, Settings, Value, ValueType};
use serde_json::{Map, Value as Json, json};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Objects to read
    #[arg(long, default_value_t = 100_000)]
    rows: usize,
    /// Accounts to create, where the benchmark creates some
    #[arg(long, default_value_t = 10_000)]
    accounts: usize,
    /// How often each is done; the best counts
    #[arg(long, default_value_t = 3)]
    times: usize,
}

/// The attributes besides the key.
const COLUMNS: [&str; 4] = ["first", "last", "title", "phone"];

/// A person: the key and the values of [`COLUMNS`].
fn person(i: usize) -> [String; 5] {
    [
        format!("p{i:07}"),
        format!("Given{}", i % 977),
        format!("Family{}", i % 7919),
        format!("Title {}", i % 300),
        format!("+49 30 {i:07}"),
    ]
}

/// The person as a JSON map, the key as `login`.
fn document(i: usize) -> Json {
    let [login, first, last, title, phone] = person(i);
    json!({ "login": login, "first": first, "last": last, "title": title, "phone": phone })
}

/// Creates the person.
fn change(i: usize) -> Change {
    let [login, values @ ..] = person(i);
    let values = COLUMNS.iter().zip(values);
    Change::Create {
        object: ObjectRef { class: "user".into(), id: "".into(), name: login.into() },
        values: values.map(|(name, value)| ((*name).into(), Value::text(value))).collect(),
        enabled: None,
    }
}

struct Count(usize);

#[async_trait]
impl Sink for Count {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.0 += objects.len();
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        Err(ConnectorError::Malformed(bad.problem))
    }
}

/// Reads everything and answers how many objects came.
async fn read(connector: &Arc<dyn Connector>, class: &str) -> Result<usize> {
    let field = |name: &str| Field { name: name.into(), value_type: ValueType::Text, many: false };
    let fields = COLUMNS.iter().map(|name| field(name)).collect();
    let request = ReadRequest { class: class.into(), fields, since: None, batch: 1_000 };
    let mut count = Count(0);
    let end = connector.read(&request, &mut count).await?;
    ensure!(end.complete, "the read is incomplete: {:?}", end.problem);
    Ok(count.0)
}

/// Applies changes, all of which must be made.
async fn create(connector: &Arc<dyn Connector>, changes: &[Change]) -> Result<()> {
    match connector.apply(changes).await.into_iter().find_map(Result::err) {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

fn settings(json: &Json) -> Settings {
    settings_of(json.as_object().unwrap_or(&Map::new()))
}

/// The figures of one comparison.
fn compared(n: usize, bare: f64, ours: f64) -> Json {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = |seconds: f64| (n as f64 / seconds).round();
    let ratio = (bare / ours * 100.0).round() / 100.0;
    json!({ "bare_per_second": rate(bare), "connector_per_second": rate(ours), "ratio": ratio })
}
