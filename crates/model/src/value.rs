//! Typed attribute values: how they compare, print and are read from text.

use std::{cmp::Ordering, fmt, str::FromStr as _, sync::Arc};

use jiff::{Timestamp, civil::Date};

use crate::{EntityId, Hasher, TypeId};

/// Shared immutable text; cloning is a reference count.
pub type Text = Arc<str>;

/// A value of an attribute.
///
/// `Null` is "not known"; it is not false, not zero and not the empty text.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number; ordered by IEEE total order, so NaN equals itself.
    Float(f64),
    /// Text.
    Text(Text),
    /// A day in the calendar, without a time zone.
    Date(Date),
    /// An instant.
    DateTime(Timestamp),
    /// Bytes.
    Binary(Arc<[u8]>),
    /// A UUID (RFC 9562), as its 16 bytes.
    Uuid([u8; 16]),
    /// A link to an entity that exists.
    Link(EntityId),
    /// A link by key to an entity that may not exist yet.
    Reference(Arc<Reference>),
    /// Several values of one type; order carries no meaning.
    List(Arc<[Self]>),
}

/// Names an entity by type and key, before it is known whether it exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The entity type.
    pub to: TypeId,
    /// The value of that type's key attribute, as text.
    pub key: Text,
}

/// The type of a single value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueType {
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `float`
    Float,
    /// `string`, and text with a choice list
    Text,
    /// `date`
    Date,
    /// `datetime`
    DateTime,
    /// `binary`
    Binary,
    /// `uuid`
    Uuid,
    /// `link`
    Link(TypeId),
}

impl ValueType {
    /// The name in model files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Text => "string",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Binary => "binary",
            Self::Uuid => "uuid",
            Self::Link(_) => "link",
        }
    }
}

/// The text is not a value of the wanted type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {wanted}: {hint}")]
pub struct ParseValueError {
    /// What was given, shortened.
    pub text: String,
    /// The type that was wanted.
    pub wanted: &'static str,
    /// What would be accepted.
    pub hint: &'static str,
}

/// Reads `text` as a value of `wanted`.
///
/// Dates are ISO 8601 (`2026-01-31`), instants RFC 3339, booleans `true`/`false`, binary is hexadecimal.
/// Empty text is `Null` for every type. A link is read as the key of the entity it leads to.
pub fn parse_value(text: &str, wanted: ValueType) -> Result<Value, ParseValueError> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let fail = |hint| ParseValueError {
        text: text.chars().take(60).collect(),
        wanted: wanted.name(),
        hint,
    };
    match wanted {
        ValueType::Text => Ok(Value::Text(text.into())),
        ValueType::Bool => match text {
            "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(fail("write true or false")),
        },
        ValueType::Int => {
            i64::from_str(text).map(Value::Int).map_err(|_| fail("write a whole number like 42"))
        }
        ValueType::Float => {
            f64::from_str(text).map(Value::Float).map_err(|_| fail("write a number like 4.2"))
        }
        ValueType::Date => Date::from_str(text).map(Value::Date).map_err(|_| {
            fail("write the day as YYYY-MM-DD; other forms are read with `date(text, format)`")
        }),
        ValueType::DateTime => Timestamp::from_str(text)
            .map(Value::DateTime)
            .map_err(|_| fail("write the instant as 2026-01-31T08:00:00Z")),
        ValueType::Binary => hex_bytes(text)
            .map(|b| Value::Binary(b.into()))
            .ok_or_else(|| fail("write hexadecimal digits")),
        ValueType::Uuid => uuid_bytes(text)
            .map(Value::Uuid)
            .ok_or_else(|| fail("write 8-4-4-4-12 hexadecimal digits")),
        ValueType::Link(to) => Ok(Value::Reference(Arc::new(Reference { to, key: text.into() }))),
    }
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits?;
    if digits.len() % 2 != 0 {
        return None;
    }
    Some(
        digits
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect(),
    )
}

fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    if groups != [8, 4, 4, 4, 12] {
        return None;
    }
    hex_bytes(&text.replace('-', ""))?.try_into().ok()
}

impl Value {
    /// Text from anything that turns into shared text.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// True for `Null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&Text> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Where a link leads, if it is one.
    pub fn as_link(&self) -> Option<EntityId> {
        if let Self::Link(id) = self { Some(*id) } else { None }
    }

    /// The values of a list; a single value is a list of one, `Null` an empty one.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Null => &[],
            Self::List(items) => items,
            Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Text(_)
            | Self::Date(_)
            | Self::DateTime(_)
            | Self::Binary(_)
            | Self::Uuid(_)
            | Self::Link(_)
            | Self::Reference(_) => std::slice::from_ref(self),
        }
    }

    /// A list in canonical order without doubles; `Null` when nothing is left.
    pub fn set(mut items: Vec<Self>) -> Self {
        items.retain(|item| !item.is_null());
        items.sort_unstable();
        items.dedup();
        if items.is_empty() { Self::Null } else { Self::List(items.into()) }
    }

    /// The form a text-only system holds: every scalar as text, empty text and empty lists as `Null`.
    #[must_use]
    pub fn to_wire_text(&self) -> Self {
        match self {
            Self::Null => Self::Null,
            Self::Text(text) if text.is_empty() => Self::Null,
            Self::Text(_) => self.clone(),
            Self::List(items) => Self::set(items.iter().map(Self::to_wire_text).collect()),
            Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Date(_)
            | Self::DateTime(_)
            | Self::Binary(_)
            | Self::Uuid(_)
            | Self::Link(_)
            | Self::Reference(_) => Self::Text(self.to_string().into()),
        }
    }

    /// Adds the value to a stable fingerprint; equal values give equal fingerprints on every machine and version.
    pub fn fingerprint(&self, hasher: &mut Hasher) {
        hasher.byte(self.rank());
        match self {
            Self::Null => {}
            Self::Bool(b) => hasher.byte(u8::from(*b)),
            Self::Int(i) => hasher.int(*i),
            Self::Float(x) => hasher.int(i64::from_le_bytes(x.to_bits().to_le_bytes())),
            Self::Text(text) => hasher.text(text),
            Self::Date(date) => {
                hasher.int(
                    i64::from(date.year()) << 16
                        | i64::from(date.month()) << 8
                        | i64::from(date.day()),
                );
            }
            Self::DateTime(at) => {
                hasher.int(at.as_second());
                hasher.int(i64::from(at.subsec_nanosecond()));
            }
            Self::Binary(bytes) => hasher.bytes(bytes),
            Self::Uuid(bytes) => hasher.bytes(bytes),
            Self::Link(id) => hasher.int(id.0),
            Self::Reference(reference) => {
                hasher.int(i64::from(reference.to.0));
                hasher.text(&reference.key);
            }
            Self::List(items) => {
                hasher.int(i64::try_from(items.len()).unwrap_or(i64::MAX));
                for item in items.iter() {
                    item.fingerprint(hasher);
                }
            }
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Int(_) => 2,
            Self::Float(_) => 3,
            Self::Text(_) => 4,
            Self::Date(_) => 5,
            Self::DateTime(_) => 6,
            Self::Binary(_) => 7,
            Self::Uuid(_) => 8,
            Self::Link(_) => 9,
            Self::Reference(_) => 10,
            Self::List(_) => 11,
        }
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::DateTime(a), Self::DateTime(b)) => a.cmp(b),
            (Self::Binary(a), Self::Binary(b)) => a.cmp(b),
            (Self::Uuid(a), Self::Uuid(b)) => a.cmp(b),
            (Self::Link(a), Self::Link(b)) => a.cmp(b),
            (Self::Reference(a), Self::Reference(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(b) => b.fmt(f),
            Self::Int(i) => i.fmt(f),
            Self::Float(x) => x.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Date(date) => date.fmt(f),
            Self::DateTime(at) => at.fmt(f),
            Self::Binary(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Uuid(bytes) => {
                for (i, byte) in bytes.iter().enumerate() {
                    if matches!(i, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
            Self::Link(id) => write!(f, "#{id}"),
            Self::Reference(reference) => f.write_str(&reference.key),
            Self::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    item.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
