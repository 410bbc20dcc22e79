//! What the promises are made of: small steps that say in words what went wrong.

use async_trait::async_trait;
use muster_model::{Applied, Change, Object, ObjectRef, Text, Value, ValueType};

use super::Subject;
use crate::{BadObject, ConnectorError, Field, ReadEnd, ReadObject, ReadRequest, Sink};

/// What a read yielded.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) objects: Vec<Object>,
    pub(super) bad: Vec<BadObject>,
    pub(super) batches: Vec<usize>,
    /// Refuse from this batch on.
    pub(super) refuse_from: Option<usize>,
}

#[async_trait]
impl Sink for Gathered {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.batches.push(objects.len());
        self.objects.extend(objects.into_iter().map(|read| read.object));
        match self.refuse_from {
            Some(n) if self.batches.len() >= n => Err(refusal()),
            Some(_) | None => Ok(()),
        }
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        self.bad.push(bad);
        Ok(())
    }
}

/// The error by which [`Gathered`] refuses.
pub(super) fn refusal() -> ConnectorError {
    ConnectorError::Malformed("the sink refuses".to_owned())
}

/// `Err(what)` unless `holds`.
pub(super) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

pub(super) fn field(name: &Text, many: bool) -> Field {
    Field { name: name.clone(), value_type: ValueType::Text, many }
}

impl Subject {
    /// The account of a word, known by its name alone.
    pub(super) fn object(&self, word: &str) -> ObjectRef {
        ObjectRef { class: self.class.clone(), id: "".into(), name: (self.name)(word) }
    }

    /// Both text attributes, in order.
    pub(super) fn text_fields(&self) -> Vec<Field> {
        self.texts.iter().map(|name| field(name, false)).collect()
    }

    /// Creates the account of a word with these texts.
    pub(super) fn create(&self, word: &str, texts: [&str; 2]) -> Change {
        let mut values = (self.required)(word);
        for (name, text) in self.texts.iter().zip(texts) {
            if !text.is_empty() {
                values.retain(|(known, _)| known != name);
                values.push((name.clone(), Value::text(text)));
            }
        }
        let enabled = self.connector.capabilities().enable.then_some(true);
        Change::Create { object: self.object(word), values, enabled }
    }

    /// Sets the first text attribute of the account of a word.
    pub(super) fn update(&self, word: &str, old: Value, new: Value) -> Change {
        let [first, _] = &self.texts;
        Change::Update { object: self.object(word), values: vec![(first.clone(), old, new)] }
    }

    /// Does one change.
    pub(super) async fn apply(&self, change: Change) -> Result<Applied, ConnectorError> {
        let mut answers = self.connector.apply(&[change]).await;
        let n_answers = answers.len();
        match (answers.pop(), n_answers) {
            (Some(answer), 1) => answer,
            (Some(_) | None, n) => {
                Err(ConnectorError::Malformed(format!("{n} answers to one change")))
            }
        }
    }

    /// Does one change that must succeed.
    pub(super) async fn done(&self, change: Change) -> Result<Applied, String> {
        let shown = format!("{change:?}");
        self.apply(change).await.map_err(|error| format!("{shown} failed: {error}"))
    }

    /// Fetches the texts of an object.
    pub(super) async fn fetch(&self, object: &ObjectRef) -> Result<Option<Object>, String> {
        let fields = self.text_fields();
        let found = self.connector.get(object, &fields).await;
        found.map_err(|error| format!("get of `{}` failed: {error}", object.name))
    }

    /// Fetches an account that must be there and holds exactly these texts.
    pub(super) async fn expect(&self, word: &str, texts: [&str; 2]) -> Result<Object, String> {
        let object = self.object(word);
        let found = self.fetch(&object).await?;
        let found = found.ok_or_else(|| format!("`{}` is not there", object.name))?;
        let wanted: Vec<Value> = texts
            .into_iter()
            .map(|text| if text.is_empty() { Value::Null } else { Value::text(text) })
            .collect();
        let values = &found.values;
        ensure(*values == wanted, || {
            format!("`{}` holds {values:?} and should hold {wanted:?}", object.name)
        })?;
        Ok(found)
    }

    /// Makes sure that the account of a word is not there.
    pub(super) async fn expect_none(&self, word: &str) -> Result<(), String> {
        let found = self.fetch(&self.object(word)).await?;
        ensure(found.is_none(), || format!("`{word}` is there and should not be"))
    }

    /// Reads all accounts.
    pub(super) async fn read(
        &self,
        fields: Vec<Field>,
        batch: usize,
        since: Option<Text>,
    ) -> Result<(Gathered, ReadEnd), String> {
        let mut gathered = Gathered::default();
        let request = ReadRequest { class: self.class.clone(), fields, since, batch };
        let end = self.connector.read(&request, &mut gathered).await;
        let end = end.map_err(|error| format!("the read failed: {error}"))?;
        Ok((gathered, end))
    }
}
