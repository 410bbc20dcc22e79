//! Values between the database and the model: what a column holds, and what is read from and written to it.

use std::sync::Arc;

use jiff::{Timestamp, civil, tz::TimeZone};
use muster_connector::Field;
use muster_model::{Text, Value, ValueType, parse_value};

use crate::{dialect::Dialect, sql::Param};

/// What a column holds, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// True or false, also as 0 and 1.
    Bool,
    /// A whole number.
    Int,
    /// A floating-point number.
    Float,
    /// An exact number, kept as text.
    Decimal,
    /// Text.
    Text,
    /// A day.
    Date,
    /// A day and a time without a zone.
    Local,
    /// An instant.
    Instant,
    /// Bytes.
    Binary,
    /// A UUID.
    Uuid,
    /// Anything else, read and written as text.
    Other,
}

impl Kind {
    /// True for what PostgreSQL is asked for in text form.
    pub(crate) fn comes_as_text(self) -> bool {
        matches!(self, Self::Decimal | Self::Other)
    }

    /// True for what compares by a collation.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Other)
    }

    /// The type that fits in the model.
    pub(crate) fn value_type(self) -> ValueType {
        match self {
            Self::Bool => ValueType::Bool,
            Self::Int => ValueType::Int,
            Self::Float => ValueType::Float,
            Self::Decimal | Self::Text | Self::Other => ValueType::Text,
            Self::Date => ValueType::Date,
            Self::Local | Self::Instant => ValueType::DateTime,
            Self::Binary => ValueType::Binary,
            Self::Uuid => ValueType::Uuid,
        }
    }
}

/// A column of a table, view or query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: Text,
    /// What it holds.
    pub(crate) kind: Kind,
    /// The quoted type to which PostgreSQL casts a text; empty for text.
    pub(crate) cast_to: String,
    /// An array; PostgreSQL only.
    pub(crate) is_array: bool,
    /// False when it must have a value.
    pub(crate) is_nullable: bool,
    /// True when a new row needs a value here.
    pub(crate) is_required: bool,
}

impl Column {
    /// A nullable column of texts.
    pub(crate) fn text(name: &str) -> Self {
        Self::of(name, Kind::Text)
    }

    /// A nullable column.
    pub(crate) fn of(name: &str, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            cast_to: String::new(),
            is_array: false,
            is_nullable: true,
            is_required: false,
        }
    }

    /// The cast of a text parameter, with its colons.
    pub(crate) fn cast(&self) -> String {
        if self.cast_to.is_empty() { String::new() } else { format!("::{}", self.cast_to) }
    }
}

/// A value as the driver gave it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// NULL.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that may be too large for [`Cell::Int`].
    UInt(u64),
    /// A number.
    Float(f64),
    /// Text, or what came as text.
    Text(Text),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A day.
    Date(civil::Date),
    /// A day and a time.
    Local(civil::DateTime),
    /// An instant.
    Instant(Timestamp),
    /// A UUID.
    Uuid([u8; 16]),
    /// An array.
    List(Vec<Self>),
}

impl Cell {
    /// The whole number, if it is one.
    pub(crate) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::UInt(int) => i64::try_from(*int).ok(),
            Self::Bool(bool) => Some(i64::from(*bool)),
            Self::Text(text) => text.parse().ok(),
            Self::Null
            | Self::Float(_)
            | Self::Bytes(_)
            | Self::Date(_)
            | Self::Local(_)
            | Self::Instant(_)
            | Self::Uuid(_)
            | Self::List(_) => None,
        }
    }

    /// Its text form; `None` for NULL and lists.
    pub(crate) fn text(&self) -> Option<Text> {
        Some(match self {
            Self::Null | Self::List(_) => return None,
            Self::Bool(bool) => Text::from(bool.to_string()),
            Self::Int(int) => int.to_string().into(),
            Self::UInt(int) => int.to_string().into(),
            Self::Float(float) => float.to_string().into(),
            Self::Text(text) => text.clone(),
            Self::Bytes(bytes) => Value::Binary(Arc::clone(bytes)).to_string().into(),
            Self::Date(date) => date.to_string().into(),
            Self::Local(local) => local.to_string().into(),
            Self::Instant(instant) => instant.to_string().into(),
            Self::Uuid(uuid) => Value::Uuid(*uuid).to_string().into(),
        })
    }

    /// The value that `field` asks for; the error says what is wrong without telling other columns.
    pub(crate) fn value(&self, field: &Field, zone: &TimeZone) -> Result<Value, String> {
        match (self, field.many) {
            (Self::List(cells), many) => {
                let values: Result<Vec<Value>, String> =
                    cells.iter().map(|cell| cell.single(field.value_type, zone)).collect();
                let all = Value::set(values?);
                Ok(if many { all } else { all.items().first().cloned().unwrap_or_default() })
            }
            (cell, true) => Ok(Value::set(vec![cell.single(field.value_type, zone)?])),
            (cell, false) => cell.single(field.value_type, zone),
        }
    }

    /// As [`Cell::value`], for a cell that nobody else needs.
    pub(crate) fn into_value(self, field: &Field, zone: &TimeZone) -> Result<Value, String> {
        let Self::Text(text) = self else { return self.value(field, zone) };
        if field.value_type == ValueType::Text && !field.many && !text.is_empty() {
            return Ok(Value::Text(text));
        }
        Self::Text(text).value(field, zone)
    }

    fn single(&self, wanted: ValueType, zone: &TimeZone) -> Result<Value, String> {
        let found = match (self, wanted) {
            (Self::Null, _) => return Ok(Value::Null),
            (Self::Text(text), ValueType::Text) if !text.is_empty() => {
                return Ok(Value::Text(text.clone()));
            }
            (Self::Bool(bool), ValueType::Bool) => Some(Value::Bool(*bool)),
            (Self::Int(0 | 1) | Self::UInt(0 | 1), ValueType::Bool) => {
                Some(Value::Bool(self.int() == Some(1)))
            }
            (Self::Text(text), ValueType::Bool) => boolean(text).map(Value::Bool),
            (Self::Float(float), ValueType::Float) => Some(Value::Float(*float)),
            (Self::Float(float), ValueType::Int) if float.fract() == 0.0 => {
                format!("{float:.0}").parse().ok().map(Value::Int)
            }
            (Self::Text(text), ValueType::Int) => {
                without_fraction(text).parse().ok().map(Value::Int)
            }
            (_, ValueType::Int) => self.int().map(Value::Int),
            (
                Self::Date(_) | Self::Local(_) | Self::Instant(_) | Self::Text(_),
                ValueType::Date,
            ) => self.date(zone).map(Value::Date),
            (
                Self::Date(_) | Self::Local(_) | Self::Instant(_) | Self::Text(_),
                ValueType::DateTime,
            ) => self.instant(zone).map(Value::DateTime),
            (Self::Bytes(bytes), ValueType::Binary) => Some(Value::Binary(Arc::clone(bytes))),
            (Self::Uuid(uuid), ValueType::Uuid) => Some(Value::Uuid(*uuid)),
            (Self::Bytes(bytes), ValueType::Uuid) => {
                <[u8; 16]>::try_from(&**bytes).ok().map(Value::Uuid)
            }
            _ => {
                let text = self.text().unwrap_or_default();
                return parse_value(&text, wanted).map_err(|error| error.to_string());
            }
        };
        let empty = matches!(self, Self::Text(text) if text.is_empty());
        match found {
            Some(value) => Ok(value),
            None if empty => Ok(Value::Null),
            None => {
                let shown: String = self.text().unwrap_or_default().chars().take(60).collect();
                Err(format!("`{shown}` is not a valid {}", wanted.name()))
            }
        }
    }

    fn date(&self, zone: &TimeZone) -> Option<civil::Date> {
        match self {
            Self::Date(date) => Some(*date),
            Self::Local(local) => Some(local.date()),
            Self::Instant(instant) => Some(zone.to_datetime(*instant).date()),
            Self::Text(text) => text
                .parse()
                .ok()
                .or_else(|| local(text).map(civil::DateTime::date))
                .or_else(|| Some(zone.to_datetime(text.parse().ok()?).date())),
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::UInt(_)
            | Self::Float(_)
            | Self::Bytes(_)
            | Self::Uuid(_)
            | Self::List(_) => None,
        }
    }

    fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        let in_zone = |at: civil::DateTime| zone.to_timestamp(at).ok();
        match self {
            Self::Date(date) => in_zone(date.at(0, 0, 0, 0)),
            Self::Local(local) => in_zone(*local),
            Self::Instant(instant) => Some(*instant),
            Self::Text(text) => text.parse().ok().or_else(|| local(text).and_then(in_zone)),
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::UInt(_)
            | Self::Float(_)
            | Self::Bytes(_)
            | Self::Uuid(_)
            | Self::List(_) => None,
        }
    }

    /// The same value on its way back, to go on after it or to find its row.
    pub(crate) fn param(&self, dialect: Dialect) -> Param {
        match (self, dialect) {
            (Self::Null | Self::List(_), _) => Param::Null,
            (Self::Int(int), Dialect::MySql | Dialect::Sqlite) => Param::Int(*int),
            (Self::Bool(bool), Dialect::MySql | Dialect::Sqlite) => Param::Int(i64::from(*bool)),
            (Self::Float(float), Dialect::MySql | Dialect::Sqlite) => Param::Float(*float),
            (Self::Bytes(bytes), Dialect::MySql | Dialect::Sqlite) => Param::Bytes(bytes.to_vec()),
            (Self::Bytes(_), Dialect::Postgres) => {
                Param::Text(format!("\\x{}", self.text().unwrap_or_default()).into())
            }
            (Self::Instant(instant), Dialect::MySql) => {
                Param::Text(written(TimeZone::UTC.to_datetime(*instant)))
            }
            _ => self.text().map_or(Param::Null, Param::Text),
        }
    }
}

/// `1.00` → `1`; other texts as they are.
fn without_fraction(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole,
        Some(_) | None => text,
    }
}

/// A boolean as databases and people write it.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "TRUE" | "True" | "t" | "1" => Some(true),
        "false" | "FALSE" | "False" | "f" | "0" => Some(false),
        _ => None,
    }
}

/// `2026-01-31 08:00:00`, also with `T`.
fn local(text: &str) -> Option<civil::DateTime> {
    if text.ends_with(['Z', 'z']) {
        return None;
    }
    text.parse().ok()
}

/// A local time as every database reads it.
fn written(at: civil::DateTime) -> Text {
    at.to_string().replace('T', " ").into()
}

/// What is sent to have `value` in `column`.
pub(crate) fn to_param(
    value: &Value,
    column: &Column,
    dialect: Dialect,
    zone: &TimeZone,
) -> Result<Param, String> {
    if column.is_array {
        return array(value, column, zone);
    }
    let wrong = |wanted: &str| {
        let shown: String = value.to_string().chars().take(60).collect();
        Err(format!("column `{}` takes {wanted}, not `{shown}`", column.name))
    };
    let text = |text: String| Ok(Param::Text(text.into()));
    let is_postgres = dialect == Dialect::Postgres;
    match (value, column.kind) {
        (Value::Null, _) => Ok(Param::Null),
        (Value::List(items), _) => match &**items {
            [single] => to_param(single, column, dialect, zone),
            _ => wrong("one value"),
        },
        (Value::Bool(bool), Kind::Bool | Kind::Int) => match (dialect, column.kind) {
            (Dialect::Postgres, Kind::Bool) => text(bool.to_string()),
            (Dialect::Postgres, _) => text(i64::from(*bool).to_string()),
            (Dialect::MySql | Dialect::Sqlite, _) => Ok(Param::Int(i64::from(*bool))),
        },
        (_, Kind::Bool) => match boolean(&value.to_string()) {
            Some(bool) => to_param(&Value::Bool(bool), column, dialect, zone),
            None => wrong("true or false"),
        },
        (_, Kind::Int) => match value.to_string().parse::<i64>() {
            Ok(int) if is_postgres => text(int.to_string()),
            Ok(int) => Ok(Param::Int(int)),
            Err(_) => wrong("a whole number"),
        },
        (_, Kind::Float) => match value.to_string().parse::<f64>() {
            Ok(float) if is_postgres => text(float.to_string()),
            Ok(float) => Ok(Param::Float(float)),
            Err(_) => wrong("a number"),
        },
        (_, Kind::Date) => match as_cell(value).date(zone) {
            Some(date) => text(date.to_string()),
            None => wrong("a day such as 2026-01-31"),
        },
        (_, Kind::Local) => match as_cell(value).instant(zone) {
            Some(instant) => Ok(Param::Text(written(zone.to_datetime(instant)))),
            None => wrong("an instant such as 2026-01-31T08:00:00Z"),
        },
        (_, Kind::Instant) => match as_cell(value).instant(zone) {
            Some(instant) => Ok(Cell::Instant(instant).param(dialect)),
            None => wrong("an instant such as 2026-01-31T08:00:00Z"),
        },
        (_, Kind::Binary) => match as_bytes(value) {
            Some(bytes) => Ok(Cell::Bytes(bytes).param(dialect)),
            None => wrong("bytes in hexadecimal form"),
        },
        (_, Kind::Uuid) => match parse_value(&value.to_string(), ValueType::Uuid) {
            Ok(uuid) => text(uuid.to_string()),
            Err(_) => wrong("a UUID"),
        },
        (Value::Text(text), Kind::Decimal | Kind::Text | Kind::Other) => {
            Ok(Param::Text(text.clone()))
        }
        (_, Kind::Decimal | Kind::Text | Kind::Other) => text(value.to_string()),
    }
}

fn as_cell(value: &Value) -> Cell {
    match value {
        Value::Date(date) => Cell::Date(*date),
        Value::DateTime(instant) => Cell::Instant(*instant),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Binary(_)
        | Value::Uuid(_)
        | Value::Link(_)
        | Value::Reference(_)
        | Value::List(_) => Cell::Text(value.to_string().into()),
    }
}

fn as_bytes(value: &Value) -> Option<Arc<[u8]>> {
    match value {
        Value::Binary(bytes) => Some(Arc::clone(bytes)),
        Value::Uuid(bytes) => Some(Arc::from(&bytes[..])),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Link(_)
        | Value::Reference(_)
        | Value::List(_) => match parse_value(&value.to_string(), ValueType::Binary) {
            Ok(Value::Binary(bytes)) => Some(bytes),
            Ok(_) | Err(_) => None,
        },
    }
}

/// An array literal of PostgreSQL, each element in quotes.
fn array(value: &Value, column: &Column, zone: &TimeZone) -> Result<Param, String> {
    let element = Column { is_array: false, ..column.clone() };
    let mut items = Vec::new();
    for item in value.items() {
        let Param::Text(text) = to_param(item, &element, Dialect::Postgres, zone)? else {
            continue;
        };
        items.push(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
    }
    if items.is_empty() && column.is_nullable {
        return Ok(Param::Null);
    }
    Ok(Param::Text(format!("{{{}}}", items.join(",")).into()))
}

/// What finds the row whose `column` shows as `text`; `None` when no row can.
///
/// A database that converts texts by itself would take `007` for 7.
pub(crate) fn key_param(text: &str, column: &Column, dialect: Dialect) -> Option<Param> {
    match column.kind {
        Kind::Int => {
            let int: i64 = text.parse().ok().filter(|int: &i64| int.to_string() == text)?;
            Some(Cell::Int(int).param(dialect))
        }
        Kind::Uuid => {
            let uuid = parse_value(text, ValueType::Uuid).ok()?.to_string();
            (uuid == text).then(|| Param::Text(uuid.into()))
        }
        Kind::Text | Kind::Other => (!(dialect == Dialect::Postgres && text.contains('\0')))
            .then(|| Param::Text(text.into())),
        Kind::Bool
        | Kind::Float
        | Kind::Decimal
        | Kind::Date
        | Kind::Local
        | Kind::Instant
        | Kind::Binary => to_param(&Value::text(text), column, dialect, &TimeZone::UTC).ok(),
    }
}
