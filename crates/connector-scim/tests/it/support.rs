//! Settings, secrets and objects for the tests.

use std::{io, sync::Arc};

use async_trait::async_trait;
use muster_connector::{
    BadObject, Connector, ConnectorError, Field, ReadEnd, ReadObject, ReadRequest, Secrets, Sink,
};
use muster_model::{
    Applied, Change, Object, ObjectRef, Setting, Settings, Span, Text, Value, ValueType,
};
use muster_testkit::ScimServer;

const SPAN: Span = Span { file: 0, start: 0, end: 0 };

/// Knows the one token.
struct TestSecrets;

impl Secrets for TestSecrets {
    fn env(&self, _name: &str) -> Option<String> {
        Some(ScimServer::TOKEN.to_owned())
    }

    fn file(&self, path: &str) -> io::Result<String> {
        std::fs::read_to_string(path)
    }
}

pub(crate) fn text(text: impl Into<Text>) -> Setting {
    Setting::Scalar(text.into(), SPAN)
}

pub(crate) fn map(entries: &[(&str, Setting)]) -> Setting {
    Setting::Map(settings(entries))
}

pub(crate) fn settings(entries: &[(&str, Setting)]) -> Settings {
    let entries = entries.iter().map(|(key, value)| ((*key).into(), (SPAN, value.clone())));
    Settings { entries: entries.collect(), span: SPAN }
}

/// Opens the service at `url` with more or other settings.
pub(crate) fn open(url: &str, more: &[(&str, Setting)]) -> Arc<dyn Connector> {
    let token = Setting::Secret { from: "env".into(), name: "SCIM_TOKEN".into(), span: SPAN };
    let mut all = settings(&[("url", text(url)), ("auth", map(&[("bearer", token)]))]);
    all.entries.extend(settings(more).entries);
    muster_connector_scim::open(&all, &TestSecrets).unwrap()
}

/// Keeps everything that a read hands over.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) objects: Vec<Object>,
    pub(crate) bad: Vec<BadObject>,
}

impl Kept {
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.objects.iter().map(|object| &*object.name).collect();
        names.sort_unstable();
        names
    }
}

#[async_trait]
impl Sink for Kept {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.objects.extend(objects.into_iter().map(|read| read.object));
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        self.bad.push(bad);
        Ok(())
    }
}

pub(crate) fn field(name: &str) -> Field {
    Field { name: name.into(), value_type: ValueType::Text, many: false }
}

pub(crate) fn many(name: &str) -> Field {
    Field { many: true, ..field(name) }
}

pub(crate) async fn read_since(
    connector: &dyn Connector,
    class: &str,
    fields: Vec<Field>,
    since: Option<Text>,
) -> Result<(Kept, ReadEnd), ConnectorError> {
    let mut kept = Kept::default();
    let request = ReadRequest { class: class.into(), fields, since, batch: 100 };
    let end = connector.read(&request, &mut kept).await?;
    Ok((kept, end))
}

pub(crate) async fn read(
    connector: &dyn Connector,
    class: &str,
    fields: Vec<Field>,
) -> Result<(Kept, ReadEnd), ConnectorError> {
    read_since(connector, class, fields, None).await
}

pub(crate) fn user(name: &str) -> ObjectRef {
    ObjectRef { class: "User".into(), id: "".into(), name: name.into() }
}

pub(crate) fn group(name: &str) -> ObjectRef {
    ObjectRef { class: "Group".into(), ..user(name) }
}

pub(crate) fn create(object: ObjectRef, values: &[(&str, Value)]) -> Change {
    let values = values.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
    let enabled = (&*object.class == "User").then_some(true);
    Change::Create { object, values, enabled }
}

pub(crate) fn update(object: ObjectRef, values: &[(&str, Value)]) -> Change {
    let value = |(name, value): &(&str, Value)| ((*name).into(), Value::Null, value.clone());
    Change::Update { object, values: values.iter().map(value).collect() }
}

pub(crate) fn members(group: ObjectRef, add: &[&str], remove: &[&str]) -> Change {
    let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
    Change::Members {
        object: group,
        attribute: "members".into(),
        add: names(add),
        remove: names(remove),
    }
}

pub(crate) fn list(texts: &[&str]) -> Value {
    Value::set(texts.iter().map(|text| Value::text(*text)).collect())
}

pub(crate) async fn one(
    connector: &dyn Connector,
    change: Change,
) -> Result<Applied, ConnectorError> {
    connector.apply(&[change]).await.remove(0)
}
