//! The checked form that is evaluated: every name is a position, every operator knows its types.

use std::sync::Arc;

use jiff::Timestamp;
use muster_model::{Slot, TypeId, Value, ValueType};
use regex::Regex;

use crate::functions::Function;

/// A checked expression.
#[derive(Debug, Clone)]
pub(crate) enum Code {
    /// The same value always.
    Literal(Value),
    /// A variable on its own.
    Variable(usize),
    /// A column of a record variable.
    Column(usize, usize),
    /// The element of a macro, counted outwards from the innermost.
    Element(usize),
    /// An attribute of an entity variable.
    Own(usize, Slot),
    /// An attribute of the entity that a link leads to.
    Attribute(Box<Self>, Slot),
    /// The entities whose link leads here.
    Inverse(Box<Self>, TypeId, Slot),
    /// One item of a list, from 0.
    Item(Box<Self>, Box<Self>),
    /// A list of what is computed.
    List(Vec<Self>),
    /// All hold.
    And(Vec<Self>),
    /// One holds.
    Or(Vec<Self>),
    /// Does not hold.
    Not(Box<Self>),
    /// The second if the first holds, otherwise the third.
    If(Box<[Self; 3]>),
    /// The first, or the second where the first is nothing.
    Default(Box<[Self; 2]>),
    /// There is no value (`true`) or there is one.
    IsNull(Box<Self>, bool),
    /// Equal (`true`) or not.
    Equal(Equality, bool, Box<[Self; 2]>),
    /// Less, greater and so on.
    Order(Ordering, Box<[Self; 2]>),
    /// `now` compared with an instant.
    Now(Ordering, Box<Self>),
    /// The first is in the list.
    In(Equality, Box<[Self; 2]>),
    /// Arithmetic; `true` for floating point.
    Arithmetic(Arithmetic, bool, Box<[Self; 2]>),
    /// The number with the other sign.
    Negate(Box<Self>),
    /// Texts one after the other.
    Concat(Vec<Self>),
    /// Lists one after the other.
    Append(Box<[Self; 2]>),
    /// `all`, `exists` and so on over a list.
    Loop(Loop, Box<[Self; 2]>),
    /// `map` with a condition: list, condition, value.
    MapIf(Box<[Self; 3]>),
    /// A function of the table.
    Call(&'static Function, Vec<Self>),
    /// The text matches a regular expression.
    Matches(Box<Self>, Arc<Regex>),
    /// A reference to an entity by key.
    Link(TypeId, Box<Self>),
    /// Text read as a value of a type, or a whole number as a floating-point one.
    Convert(Box<Self>, ValueType),
}

/// How two values are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Equality {
    /// Of one type.
    Same,
    /// Numbers, at least one of them floating.
    Number,
    /// Entities; one may be named by key, of a type with this key attribute.
    Entity(Slot),
    /// Lists; nothing is the empty list.
    List,
}

/// An ordering operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ordering {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Ordering {
    /// The operator with the sides exchanged.
    pub(crate) fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }

    /// Whether it holds for two values that compare so.
    pub(crate) fn holds(self, found: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => found.is_lt(),
            Self::LessOrEqual => found.is_le(),
            Self::Greater => found.is_gt(),
            Self::GreaterOrEqual => found.is_ge(),
        }
    }

    /// The instant at which `now` compared with `at` flips.
    pub(crate) fn flips(self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Less | Self::GreaterOrEqual => Some(at),
            Self::LessOrEqual | Self::Greater => {
                at.checked_add(jiff::SignedDuration::from_nanos(1)).ok()
            }
        }
    }
}

/// An arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// What is done with the elements of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loop {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl Code {
    /// The value, if it is a literal.
    pub(crate) fn literal(&self) -> Option<&Value> {
        if let Self::Literal(value) = self { Some(value) } else { None }
    }

    /// True when it only reads: a variable, a column, an attribute through to-one links.
    pub(crate) fn is_path(&self) -> bool {
        if let Self::Attribute(base, _) = self {
            return base.is_path();
        }
        matches!(self, Self::Variable(_) | Self::Column(..) | Self::Own(..))
    }
}
