//! Settings, secrets and objects for the tests.

use std::{io, sync::Arc};

use async_trait::async_trait;
use muster_connector::{
    BadObject, Connector, ConnectorError, Field, ReadEnd, ReadObject, ReadRequest, Secrets, Sink,
};
use muster_model::{
    Applied, Change, Object, ObjectRef, Setting, Settings, Span, Text, Value, ValueType,
};
use muster_testkit::{PASSWORD, SUFFIX, Slapd, SlapdOptions};

pub(crate) const SPAN: Span = Span { file: 0, start: 0, end: 0 };

/// Knows the one password, and every file.
pub(crate) struct TestSecrets(pub(crate) &'static str);

impl Secrets for TestSecrets {
    fn env(&self, name: &str) -> Option<String> {
        (name == "LDAP_PASSWORD").then(|| self.0.to_owned())
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

pub(crate) fn password() -> Setting {
    Setting::Secret { from: "env".into(), name: "LDAP_PASSWORD".into(), span: SPAN }
}

/// Settings for `url` as the account `cn=…`, with more or other entries.
pub(crate) fn settings_for(url: &str, account: &str, more: &[(&str, Setting)]) -> Settings {
    let mut read = settings(&[
        ("url", text(url)),
        ("base", text(SUFFIX)),
        ("bind_dn", text(account)),
        ("password", password()),
    ]);
    read.entries.extend(settings(more).entries);
    read
}

pub(crate) fn slapd() -> Slapd {
    Slapd::start(SlapdOptions { nosync: true, ..SlapdOptions::default() }).unwrap()
}

/// Opens `slapd` as its administrator.
pub(crate) fn admin(slapd: &Slapd, more: &[(&str, Setting)]) -> Arc<dyn Connector> {
    open(&settings_for(&slapd.url(), &slapd.admin(), more)).unwrap()
}

/// Opens `slapd` as `cn=service`, which is held to its limits.
pub(crate) fn service(slapd: &Slapd, more: &[(&str, Setting)]) -> Arc<dyn Connector> {
    open(&settings_for(&slapd.url(), &format!("cn=service,{SUFFIX}"), more)).unwrap()
}

pub(crate) fn open(settings: &Settings) -> Result<Arc<dyn Connector>, ConnectorError> {
    muster_connector_ldap::open(settings, &TestSecrets(PASSWORD))
}

/// Keeps everything that a read hands over.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) objects: Vec<Object>,
    pub(crate) bad: Vec<BadObject>,
    pub(crate) batches: Vec<usize>,
}

#[async_trait]
impl Sink for Kept {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.batches.push(objects.len());
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

pub(crate) fn request(class: &str, fields: Vec<Field>) -> ReadRequest {
    ReadRequest { class: class.into(), fields, since: None, batch: 100 }
}

pub(crate) async fn read(
    connector: &dyn Connector,
    request: &ReadRequest,
) -> Result<(Kept, ReadEnd), ConnectorError> {
    let mut kept = Kept::default();
    let end = connector.read(request, &mut kept).await?;
    Ok((kept, end))
}

pub(crate) fn person(uid: &str) -> ObjectRef {
    named("inetOrgPerson", &format!("uid={uid},ou=people"))
}

pub(crate) fn group(cn: &str) -> ObjectRef {
    named("groupOfNames", &format!("cn={cn},ou=groups"))
}

pub(crate) fn named(class: &str, name: &str) -> ObjectRef {
    ObjectRef { class: class.into(), id: "".into(), name: name.into() }
}

pub(crate) fn create(object: ObjectRef, values: &[(&str, Value)]) -> Change {
    let values = values.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
    Change::Create { object, values, enabled: None }
}

/// An account with the two attributes that the schema asks for.
pub(crate) fn create_person(uid: &str) -> Change {
    create(person(uid), &[("cn", Value::text(uid)), ("sn", Value::text("Test"))])
}

pub(crate) async fn one(
    connector: &dyn Connector,
    change: Change,
) -> Result<Applied, ConnectorError> {
    connector.apply(&[change]).await.remove(0)
}
