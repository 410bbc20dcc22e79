//! What an expression may refer to and what it can be: types, variables, columns, problems.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use muster_model::{Schema, Text, TypeId, ValueType};

/// The static type of an expression. Every type also admits `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Only `null`.
    Null,
    /// A single value of an attribute type (never `Link`; links are `Entity`).
    Scalar(ValueType),
    /// Several values.
    List(Box<Self>),
    /// An entity; `.attribute` reads it, following links.
    Entity(TypeId),
    /// A record; `.column` reads it.
    Record,
}

impl Type {
    /// True or false; what a condition is.
    pub const BOOL: Self = Self::Scalar(ValueType::Bool);
    /// Text.
    pub const TEXT: Self = Self::Scalar(ValueType::Text);

    /// The type of a value of `value_type`, or of several; a link is an entity.
    pub fn of(value_type: ValueType, many: bool) -> Self {
        let single = if let ValueType::Link(to) = value_type {
            Self::Entity(to)
        } else {
            Self::Scalar(value_type)
        };
        if many { Self::List(Box::new(single)) } else { single }
    }

    /// The type in words, as messages and the manual name it: `string`, `list of date`, `person`.
    pub fn describe(&self, schema: &Schema) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Scalar(ValueType::Link(id)) | Self::Entity(id) => {
                schema.get(*id).map_or_else(|| "entity".to_owned(), |found| found.name.to_string())
            }
            Self::Scalar(value_type) => value_type.name().to_owned(),
            Self::List(item) => format!("list of {}", item.describe(schema)),
            Self::Record => "record".to_owned(),
        }
    }
}

/// A variable an expression may use, by name.
#[derive(Debug, Clone)]
pub struct Variable {
    /// The name in expressions: `person`, `record`, `n`.
    pub name: Text,
    /// Its type.
    pub ty: VariableType,
}

/// What a variable holds.
#[derive(Debug, Clone)]
pub enum VariableType {
    /// A plain value.
    Value(Type),
    /// An entity of this type.
    Entity(TypeId),
    /// A record or account whose columns are numbered in the order of first use.
    Record(Columns),
}

/// The columns that expressions over one kind of record use, shared by all expressions of a read.
///
/// `declared` columns have a type of their own; every other column is text. With `closed`, only declared ones exist.
#[derive(Debug, Clone, Default)]
pub struct Columns(pub Rc<RefCell<ColumnSet>>);

/// See [`Columns`].
#[derive(Debug, Clone, Default)]
pub struct ColumnSet {
    /// Name, type and whether it holds several values; the position is what programs read.
    pub columns: Vec<(Text, ValueType, bool)>,
    /// True when naming a column that is not in the list is an error.
    pub closed: bool,
}

/// What an expression may refer to.
#[derive(Debug, Clone)]
pub struct Env {
    /// The entity types.
    pub schema: Arc<Schema>,
    /// The variables; a frame binds them in this order.
    pub variables: Vec<Variable>,
    /// The variable whose attributes or columns may be named without a prefix (`givenName` for `person.givenName`).
    pub implicit: Option<usize>,
    /// Whether `now` may be used (in comparisons only).
    pub now: bool,
}

/// A problem in an expression, with the bytes of its text that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable code (`E03xx` syntax and limits, `E04xx` names and types).
    pub code: &'static str,
    /// First byte in the expression's text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What is wrong.
    pub message: String,
    /// Short text for the underline.
    pub label: String,
    /// Remedies.
    pub help: Vec<String>,
}

/// Bytes of an expression's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    pub(crate) fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

impl Problem {
    pub(crate) fn new(
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self {
            code,
            start: span.start,
            end: span.end,
            message: message.into(),
            label: label.into(),
            help: Vec::new(),
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    pub(crate) fn helps(mut self, help: Option<String>) -> Self {
        self.help.extend(help);
        self
    }
}
