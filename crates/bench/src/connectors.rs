//! Connectors beside what is below them, on the same server in one run: see [`crate::pairs`].

pub(crate) mod command;
pub(crate) mod file;
pub(crate) mod http;
pub(crate) mod ldap;
pub(crate) mod scim;
pub(crate) mod sql;

use std::{io, sync::Arc};

use anyhow::{Result, ensure};
use async_trait::async_trait;
use muster_connector::{
    BadObject, Connector, ConnectorError, Field, ReadObject, ReadRequest, Secrets, Sink,
    json::settings_of,
};
use muster_model::{Change, ObjectRef, Setting, Settings, Span, Value, ValueType};
use serde_json::{Map, Value as Json, json};

use crate::pairs::timed;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Objects to read
    #[arg(long, default_value_t = 100_000)]
    rows: usize,
    /// Accounts to create, where the benchmark creates some
    #[arg(long, default_value_t = 20_000)]
    accounts: usize,
    /// How often each side is done, at least five times
    #[arg(long, default_value_t = 9)]
    pairs: usize,
    /// Only the database or format of this name
    #[arg(long)]
    only: Option<String>,
}

impl Args {
    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == name)
    }
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

/// Creates the person as an object of `class`.
fn change(class: &str, i: usize) -> Change {
    let [login, values @ ..] = person(i);
    let values = COLUMNS.iter().zip(values);
    Change::Create {
        object: ObjectRef { class: class.into(), id: "".into(), name: login.into() },
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

/// The seconds that the connector takes to read all `n` objects of a class.
async fn read(
    connector: &Arc<dyn Connector>,
    class: &str,
    fields: [&str; 4],
    n: usize,
) -> Result<f64> {
    let field = |name: &str| Field { name: name.into(), value_type: ValueType::Text, many: false };
    let fields = fields.map(field).into();
    let request = ReadRequest { class: class.into(), fields, since: None, batch: 1_000 };
    timed(async {
        let mut count = Count(0);
        let end = connector.read(&request, &mut count).await?;
        ensure!(end.complete && count.0 == n, "the connector read {}: {end:?}", count.0);
        Ok(())
    })
    .await
}

/// The seconds that the connector takes for changes, all of which must be made.
async fn create(connector: &Arc<dyn Connector>, changes: &[Change]) -> Result<f64> {
    timed(async {
        let answers = connector.apply(changes).await;
        answers.into_iter().find_map(Result::err).map_or(Ok(()), |error| Err(error.into()))
    })
    .await
}

fn settings(json: &Json) -> Settings {
    settings_of(json.as_object().unwrap_or(&Map::new()))
}

/// A secret as settings name it; [`OneSecret`] knows it under every name.
fn secret() -> Setting {
    let span = Span { file: 0, start: 0, end: 0 };
    Setting::Secret { from: "env".into(), name: "SECRET".into(), span }
}

/// The settings with a secret beside them.
fn with_secret(json: &Json, key: &str) -> Settings {
    let mut settings = settings(json);
    settings.entries.insert(key.into(), (settings.span, secret()));
    settings
}

/// Knows the one password, and every file.
struct OneSecret(&'static str);

impl Secrets for OneSecret {
    fn env(&self, _name: &str) -> Option<String> {
        Some(self.0.to_owned())
    }

    fn file(&self, path: &str) -> io::Result<String> {
        std::fs::read_to_string(path)
    }
}
