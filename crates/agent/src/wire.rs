//! What goes between the server and an agent: calls one way, parts of their answers the other.
//!
//! Both are flat lists of values in the form in which the repository keeps values, the version first; settings are JSON in a
//! text. Server and agent are one program, so a version that differs is refused rather than understood.

use std::time::Duration;

use muster_connector::{
    BadObject, ConnectorError, Discovered, DiscoveredClass, Field, ReadEnd, ReadObject, ReadRequest,
};
use muster_model::{Applied, Change, Object, ObjectRef, Settings, Text, TypeId, Value, ValueType};

mod settings;
mod words;

use words::{Reader, Writer};

const VERSION: i64 = 1;

/// Bytes that are no call and no part of an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    #[error(
        "the other side speaks version {0} of the protocol and this one version {VERSION}; install the same release"
    )]
    Version(i64),
    #[error("what the other side sent cannot be read: {0}")]
    Damaged(String),
}

/// A call that an agent is to make.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    /// Under which number its answer is expected.
    pub(crate) id: i64,
    /// The kind of connector.
    pub(crate) connector: Text,
    pub(crate) settings: Settings,
    pub(crate) op: Op,
}

/// Which call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Op {
    Test,
    Discover,
    Read(ReadRequest),
    Get { object: ObjectRef, fields: Vec<Field> },
    Apply(Vec<Change>),
}

/// A part of an answer. After the last one, which is neither `Alive` nor `Objects` nor `Bad`, nothing comes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    /// The call is being made.
    Alive,
    Objects(Vec<ReadObject>),
    Bad(BadObject),
    Tested(String),
    Discovered(Discovered),
    Read(ReadEnd),
    Got(Option<Object>),
    Applied(Vec<Result<Applied, ConnectorError>>),
    Failed(ConnectorError),
}

impl Op {
    /// The word for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Discover => "discover",
            Self::Read(_) => "read",
            Self::Get { .. } => "get",
            Self::Apply(_) => "apply",
        }
    }
}

impl Ask {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(VERSION);
        out.int(self.id);
        out.text(&self.connector);
        out.text(&settings::write(&self.settings));
        out.word(self.op.word());
        match &self.op {
            Op::Test | Op::Discover => {}
            Op::Read(ReadRequest { class, fields, since, batch }) => {
                out.text(class);
                out.optional(since.as_deref());
                out.length(*batch);
                out.list(fields, put_field);
            }
            Op::Get { object, fields } => {
                put_ref(&mut out, object);
                out.list(fields, put_field);
            }
            Op::Apply(changes) => out.list(changes, put_change),
        }
        out.encode()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut from = Reader::new(bytes, VERSION)?;
        let id = from.int()?;
        let connector = from.text()?;
        let settings = settings::read(&from.text()?)?;
        let op = match &*from.text()? {
            "test" => Op::Test,
            "discover" => Op::Discover,
            "read" => Op::Read(ReadRequest {
                class: from.text()?,
                since: from.optional()?,
                batch: from.length()?,
                fields: from.list(take_field)?,
            }),
            "get" => Op::Get { object: take_ref(&mut from)?, fields: from.list(take_field)? },
            "apply" => Op::Apply(from.list(take_change)?),
            other => return Err(unknown(other)),
        };
        from.end()?;
        Ok(Self { id, connector, settings, op })
    }
}

impl Part {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(VERSION);
        match self {
            Self::Alive => out.word("alive"),
            Self::Objects(objects) => {
                out.word("objects");
                out.list(objects, |out, ReadObject { object, line }| {
                    out.int((*line).cast_signed());
                    put_object(out, object);
                });
            }
            Self::Bad(BadObject { place, problem, name }) => {
                out.word("bad");
                out.text(place);
                out.text(problem);
                out.optional(name.as_deref());
            }
            Self::Tested(line) => {
                out.word("tested");
                out.text(line);
            }
            Self::Discovered(Discovered { classes }) => {
                out.word("discovered");
                out.list(classes, put_class);
            }
            Self::Read(ReadEnd { complete, incremental, cursor, deleted, problem }) => {
                out.word("read");
                out.bool(*complete);
                out.bool(*incremental);
                out.optional(cursor.as_deref());
                out.optional(problem.as_deref());
                out.list(deleted, |out, id| out.text(id));
            }
            Self::Got(object) => {
                out.word("got");
                out.list(object.as_slice(), put_object);
            }
            Self::Applied(answers) => {
                out.word("applied");
                out.list(answers, |out, answer| match answer {
                    Ok(Applied { id, name, pending }) => {
                        out.word("done");
                        for text in [id, name, pending] {
                            out.optional(text.as_deref());
                        }
                    }
                    Err(error) => put_error(out, error),
                });
            }
            Self::Failed(error) => {
                out.word("failed");
                put_error(&mut out, error);
            }
        }
        out.encode()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut from = Reader::new(bytes, VERSION)?;
        let part = match &*from.text()? {
            "alive" => Self::Alive,
            "objects" => Self::Objects(from.list(|from| {
                let line = from.int()?.cast_unsigned();
                Ok(ReadObject { line, object: take_object(from)? })
            })?),
            "bad" => Self::Bad(BadObject {
                place: from.text()?.to_string(),
                problem: from.text()?.to_string(),
                name: from.optional()?,
            }),
            "tested" => Self::Tested(from.text()?.to_string()),
            "discovered" => Self::Discovered(Discovered { classes: from.list(take_class)? }),
            "read" => Self::Read(ReadEnd {
                complete: from.bool()?,
                incremental: from.bool()?,
                cursor: from.optional()?,
                problem: from.optional()?.map(|text| text.to_string()),
                deleted: from.list(Reader::text)?,
            }),
            "got" => Self::Got(from.list(take_object)?.pop()),
            "applied" => Self::Applied(from.list(|from| {
                Ok(match &*from.text()? {
                    "done" => Ok(Applied {
                        id: from.optional()?,
                        name: from.optional()?,
                        pending: from.optional()?,
                    }),
                    kind => Err(take_error(from, kind)?),
                })
            })?),
            "failed" => {
                let kind = from.text()?;
                Self::Failed(take_error(&mut from, &kind)?)
            }
            other => return Err(unknown(other)),
        };
        from.end()?;
        Ok(part)
    }
}

fn unknown(word: &str) -> WireError {
    WireError::Damaged(format!("`{word}` is not known"))
}

fn put_field(out: &mut Writer, Field { name, value_type, many }: &Field) {
    out.text(name);
    put_type(out, *value_type);
    out.bool(*many);
}

fn take_field(from: &mut Reader) -> Result<Field, WireError> {
    Ok(Field { name: from.text()?, value_type: take_type(from)?, many: from.bool()? })
}

/// A link leads to a type of the model, of which an agent knows nothing: the number is passed through.
fn put_type(out: &mut Writer, value_type: ValueType) {
    if let ValueType::Link(to) = value_type {
        out.int(to.0.into());
    } else {
        out.word(value_type.name());
    }
}

fn take_type(from: &mut Reader) -> Result<ValueType, WireError> {
    const PLAIN: [ValueType; 8] = [
        ValueType::Bool,
        ValueType::Int,
        ValueType::Float,
        ValueType::Text,
        ValueType::Date,
        ValueType::DateTime,
        ValueType::Binary,
        ValueType::Uuid,
    ];
    let told = from.value()?;
    if let Value::Int(to) = told {
        let to = to.try_into().map_err(|_| unknown(&to.to_string()))?;
        return Ok(ValueType::Link(TypeId(to)));
    }
    let name = told.as_text().map_or("", |name| name);
    PLAIN.into_iter().find(|plain| plain.name() == name).ok_or_else(|| unknown(name))
}

fn put_ref(out: &mut Writer, ObjectRef { class, id, name }: &ObjectRef) {
    for text in [class, id, name] {
        out.text(text);
    }
}

fn take_ref(from: &mut Reader) -> Result<ObjectRef, WireError> {
    Ok(ObjectRef { class: from.text()?, id: from.text()?, name: from.text()? })
}

fn put_object(out: &mut Writer, Object { id, name, enabled, values }: &Object) {
    out.text(id);
    out.text(name);
    out.optional_bool(*enabled);
    out.list(values, |out, value| out.value(value.clone()));
}

fn take_object(from: &mut Reader) -> Result<Object, WireError> {
    Ok(Object {
        id: from.text()?,
        name: from.text()?,
        enabled: from.optional_bool()?,
        values: from.list(Reader::value)?,
    })
}

fn put_class(out: &mut Writer, DiscoveredClass { name, attributes }: &DiscoveredClass) {
    out.text(name);
    out.list(attributes, |out, (name, value_type, many, required)| {
        out.text(name);
        put_type(out, *value_type);
        out.bool(*many);
        out.bool(*required);
    });
}

fn take_class(from: &mut Reader) -> Result<DiscoveredClass, WireError> {
    let name = from.text()?;
    let attributes =
        from.list(|from| Ok((from.text()?, take_type(from)?, from.bool()?, from.bool()?)))?;
    Ok(DiscoveredClass { name, attributes })
}

fn put_change(out: &mut Writer, change: &Change) {
    let mut head = |word| {
        out.word(word);
        put_ref(out, change.object());
    };
    match change {
        Change::Create { object: _, values, enabled } => {
            head("create");
            out.optional_bool(*enabled);
            out.list(values, |out, (name, value)| {
                out.text(name);
                out.value(value.clone());
            });
        }
        Change::Update { object: _, values } => {
            head("update");
            out.list(values, |out, (name, old, new)| {
                out.text(name);
                out.value(old.clone());
                out.value(new.clone());
            });
        }
        Change::Rename { object: _, to } => {
            head("rename");
            out.text(to);
        }
        Change::SetEnabled { object: _, enabled } => {
            head("enable");
            out.bool(*enabled);
        }
        Change::Delete { object: _ } => head("delete"),
        Change::Members { object: _, attribute, add, remove } => {
            head("members");
            out.text(attribute);
            out.list(add, |out, name| out.text(name));
            out.list(remove, |out, name| out.text(name));
        }
    }
}

fn take_change(from: &mut Reader) -> Result<Change, WireError> {
    let verb = from.text()?;
    let object = take_ref(from)?;
    Ok(match &*verb {
        "create" => Change::Create {
            object,
            enabled: from.optional_bool()?,
            values: from.list(|from| Ok((from.text()?, from.value()?)))?,
        },
        "update" => Change::Update {
            object,
            values: from.list(|from| Ok((from.text()?, from.value()?, from.value()?)))?,
        },
        "rename" => Change::Rename { object, to: from.text()? },
        "enable" => Change::SetEnabled { object, enabled: from.bool()? },
        "delete" => Change::Delete { object },
        "members" => Change::Members {
            object,
            attribute: from.text()?,
            add: from.list(Reader::text)?,
            remove: from.list(Reader::text)?,
        },
        other => return Err(unknown(other)),
    })
}

fn put_error(out: &mut Writer, error: &ConnectorError) {
    let (kind, text) = match error {
        ConnectorError::Unreachable(text) => ("unreachable", &**text),
        ConnectorError::Refused(text) => ("refused", &**text),
        ConnectorError::Throttled { after } => {
            out.word("throttled");
            return out.optional_int(
                after.map(|after| i64::try_from(after.as_millis()).unwrap_or(i64::MAX)),
            );
        }
        ConnectorError::AlreadyExists { name } => ("exists", &**name),
        ConnectorError::NotFound { name } => ("not-found", &**name),
        ConnectorError::Invalid(text) => ("invalid", &**text),
        ConnectorError::Settings(text) => ("settings", &**text),
        ConnectorError::Malformed(text) => ("malformed", &**text),
    };
    out.word(kind);
    out.text(text);
}

fn take_error(from: &mut Reader, kind: &str) -> Result<ConnectorError, WireError> {
    if kind == "throttled" {
        let millis = from.optional_int()?.and_then(|millis| u64::try_from(millis).ok());
        return Ok(ConnectorError::Throttled { after: millis.map(Duration::from_millis) });
    }
    let text = from.text()?;
    Ok(match kind {
        "unreachable" => ConnectorError::Unreachable(text.to_string()),
        "refused" => ConnectorError::Refused(text.to_string()),
        "exists" => ConnectorError::AlreadyExists { name: text },
        "not-found" => ConnectorError::NotFound { name: text },
        "invalid" => ConnectorError::Invalid(text.to_string()),
        "settings" => ConnectorError::Settings(text.to_string()),
        "malformed" => ConnectorError::Malformed(text.to_string()),
        other => return Err(unknown(other)),
    })
}

#[cfg(test)]
mod tests;
