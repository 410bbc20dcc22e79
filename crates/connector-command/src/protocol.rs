//! The lines that go to a script and come from it: version 1 of the protocol.
//!
//! `docs/book/src/connectors/command.md` describes them for people; the two change together. Requests have their keys in a
//! fixed order and no spaces, so that a shell script can tell them apart with `case`.

use std::{borrow::Cow, time::Duration};

use muster_connector::{
    ConnectorError, Discovered, DiscoveredClass, Field,
    json::{self, Members},
};
use muster_model::{Change, Object, ObjectRef, Text, Value, ValueType};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json, json as object};

/// The version of the protocol.
pub(crate) const VERSION: u32 = 1;

/// A request as one line. `op` comes first, then `seq`, then what the operation needs.
pub(crate) fn request(op: &str, seq: u64, rest: &[(&str, Json)]) -> String {
    let mut line = format!("{{\"op\":\"{op}\",\"seq\":{seq}");
    for (key, value) in rest {
        line.push_str(",\"");
        line.push_str(key);
        line.push_str("\":");
        line.push_str(&value.to_string());
    }
    line.push_str("}\n");
    line
}

/// What every script is asked first.
pub(crate) fn hello(seq: u64) -> String {
    request("hello", seq, &[("protocol", Json::from(VERSION))])
}

/// The attributes of a read or a get: their names, and which of them may have several values.
pub(crate) fn attributes(fields: &[Field]) -> [(&'static str, Json); 2] {
    let names = fields.iter().map(|field| Json::from(&*field.name)).collect();
    let many = fields.iter().filter(|field| field.many).map(|field| Json::from(&*field.name));
    [("attributes", Json::Array(names)), ("many", many.collect())]
}

/// A change as the script sees it.
pub(crate) fn change(change: &Change) -> Json {
    let head = |verb: &str, object: &ObjectRef| {
        let mut map = Map::new();
        map.insert("do".to_owned(), Json::from(verb));
        map.insert("class".to_owned(), Json::from(&*object.class));
        map.insert("id".to_owned(), Json::from(&*object.id));
        map.insert("name".to_owned(), Json::from(&*object.name));
        map
    };
    let texts =
        |names: &[Text]| Json::Array(names.iter().map(|name| Json::from(&**name)).collect());
    let map = match change {
        Change::Create { object, values, enabled } => {
            let mut map = head("create", object);
            map.insert("enabled".to_owned(), object!(enabled));
            map.insert("values".to_owned(), values_of(values.iter().map(|(n, v)| (n, v))));
            map
        }
        Change::Update { object, values } => {
            let mut map = head("update", object);
            map.insert("values".to_owned(), values_of(values.iter().map(|(n, _, new)| (n, new))));
            map.insert("old".to_owned(), values_of(values.iter().map(|(n, old, _)| (n, old))));
            map
        }
        Change::Rename { object, to } => {
            let mut map = head("rename", object);
            map.insert("to".to_owned(), Json::from(&**to));
            map
        }
        Change::SetEnabled { object, enabled } => {
            let mut map = head("enable", object);
            map.insert("enabled".to_owned(), Json::from(*enabled));
            map
        }
        Change::Delete { object } => head("delete", object),
        Change::Members { object, attribute, add, remove } => {
            let mut map = head("members", object);
            map.insert("attribute".to_owned(), Json::from(&**attribute));
            map.insert("add".to_owned(), texts(add));
            map.insert("remove".to_owned(), texts(remove));
            map
        }
    };
    Json::Object(map)
}

fn values_of<'v>(values: impl Iterator<Item = (&'v Text, &'v Value)>) -> Json {
    Json::Object(values.map(|(name, value)| (name.to_string(), json::json_of(value))).collect())
}

/// A line of the script. A key that is not known is refused, so that a slip of the pen is seen.
///
/// It is moved several times for each object, so what is rare stands in a box.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer<'a> {
    /// The request that is answered; may be left out.
    pub(crate) seq: Option<u64>,
    /// Answers `hello`: the version.
    pub(crate) protocol: Option<u32>,
    /// Answers `hello`: what the script calls itself.
    #[expect(dead_code, reason = "allowed in the protocol, for people who look at it")]
    pub(crate) script: Option<String>,
    /// Answers `hello`: its abilities.
    pub(crate) can: Option<Vec<String>>,
    /// Answers `test`.
    pub(crate) message: Option<String>,
    /// Answers `schema`.
    pub(crate) classes: Option<Vec<ClassLine>>,
    /// One object, or none for a `get`.
    #[serde(borrow, default, deserialize_with = "present")]
    #[expect(
        clippy::option_option,
        reason = "null and absent mean different things in this protocol"
    )]
    pub(crate) object: Option<Option<ObjectLine<'a>>>,
    /// Several objects at once.
    #[serde(borrow)]
    pub(crate) objects: Option<Vec<ObjectLine<'a>>>,
    /// An object that could not be read.
    pub(crate) bad: Option<Box<BadLine>>,
    /// The end of a read.
    pub(crate) end: Option<Box<EndLine>>,
    /// A change that was made.
    pub(crate) done: Option<Box<DoneLine>>,
    /// A change that was not made.
    pub(crate) failed: Option<Box<ErrorLine>>,
    /// The request as a whole failed.
    pub(crate) error: Option<Box<ErrorLine>>,
}

/// Tells `null` from a key that is not there.
#[expect(clippy::option_option, reason = "null and absent mean different things in this protocol")]
fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<ObjectLine<'de>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// An object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectLine<'a> {
    id: Option<String>,
    #[serde(borrow)]
    pub(crate) name: Cow<'a, str>,
    enabled: Option<bool>,
    #[serde(borrow, default)]
    values: Members<'a>,
    #[serde(default)]
    pub(crate) line: u64,
}

impl ObjectLine<'_> {
    /// The object with the values of `fields` in their order; the error says what is wrong with it.
    pub(crate) fn object(&self, fields: &[Field]) -> Result<Object, String> {
        if self.name.is_empty() {
            return Err("it has no name".to_owned());
        }
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let value = match self.values.get(&field.name) {
                None => Value::Null,
                Some(json) => json::value_of(json, field.many)
                    .map_err(|found| format!("attribute `{}` holds {found}", field.name))?,
            };
            values.push(value);
        }
        let name: Text = (&*self.name).into();
        let id = match self.id.as_deref() {
            Some(id) if !id.is_empty() => id.into(),
            Some(_) | None => name.clone(),
        };
        Ok(Object { id, name, enabled: self.enabled, values })
    }
}

/// An object that the script could not read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BadLine {
    #[serde(default)]
    pub(crate) place: String,
    pub(crate) problem: String,
    pub(crate) name: Option<String>,
}

/// The end of a read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndLine {
    pub(crate) complete: bool,
    #[serde(default)]
    pub(crate) incremental: bool,
    pub(crate) cursor: Option<String>,
    #[serde(default)]
    pub(crate) deleted: Vec<String>,
    pub(crate) problem: Option<String>,
}

/// A change that was made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DoneLine {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    /// Set when it will be made later: the number under which that runs.
    pub(crate) pending: Option<String>,
}

/// Why something failed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorLine {
    pub(crate) kind: String,
    #[serde(default)]
    message: String,
    /// Seconds to wait, for `throttled`.
    after: Option<u64>,
}

impl ErrorLine {
    /// The error that it stands for; `name` is the object in question and `clean` takes secrets out.
    pub(crate) fn error(&self, name: &Text, clean: impl Fn(&str) -> String) -> ConnectorError {
        let message =
            if self.message.is_empty() { "the script gave no reason" } else { &self.message };
        let message = clean(message);
        match self.kind.as_str() {
            "unreachable" => ConnectorError::Unreachable(message),
            "refused" => ConnectorError::Refused(message),
            "throttled" => ConnectorError::Throttled { after: self.after.map(Duration::from_secs) },
            "exists" => ConnectorError::AlreadyExists { name: name.clone() },
            "not_found" => ConnectorError::NotFound { name: name.clone() },
            "invalid" | "unsupported" => ConnectorError::Invalid(message),
            "settings" => ConnectorError::Settings(message),
            "malformed" => ConnectorError::Malformed(message),
            other => ConnectorError::Malformed(format!(
                "the script answered with the unknown kind of error `{}`: {message}",
                clean(other)
            )),
        }
    }
}

/// A class of objects as the script tells about it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClassLine {
    name: String,
    attributes: Vec<AttributeLine>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributeLine {
    name: String,
    #[serde(default, rename = "type")]
    value_type: Option<String>,
    #[serde(default)]
    many: bool,
    #[serde(default)]
    required: bool,
}

/// What a system offers, from the answer to `schema`.
pub(crate) fn discovered(classes: &[ClassLine]) -> Discovered {
    let attribute = |line: &AttributeLine| {
        let value_type = match line.value_type.as_deref() {
            Some("bool") => ValueType::Bool,
            Some("int") => ValueType::Int,
            Some("float") => ValueType::Float,
            Some("date") => ValueType::Date,
            Some("datetime") => ValueType::DateTime,
            Some(_) | None => ValueType::Text,
        };
        (line.name.as_str().into(), value_type, line.many, line.required)
    };
    let class = |line: &ClassLine| DiscoveredClass {
        name: line.name.as_str().into(),
        attributes: line.attributes.iter().map(attribute).collect(),
    };
    Discovered { classes: classes.iter().map(class).collect() }
}
