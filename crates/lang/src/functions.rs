//! The functions of the language: their names, what they take, what they give, and what they do.
//!
//! A function never fails. It gives `null` for an operand that is `null`, unless its description says otherwise, and
//! for one that it can do nothing with. Functions that need more than the types of their arguments to be checked
//! (`has`, the macros, `link`, `matches`) are in `check`.

mod directory;
mod list;
mod network;
mod number;
mod text;
mod time;

pub use text::slug;

use std::borrow::Cow;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use muster_model::{Value, ValueType};

pub(crate) use list::SIZE as LIST_SIZE;
pub(crate) use network::is_network;
pub(crate) use number::floating;
pub(crate) use time::format_problem;

/// Texts longer than this are not made; the result is `null` instead.
pub(crate) const MAX_TEXT: usize = 64 * 1024;
/// Lists longer than this are not made; the result is `null` instead.
pub(crate) const MAX_LIST: usize = 10_000;

/// Names that are checked on their own.
pub(crate) const SPECIAL: [&str; 9] =
    ["has", "all", "exists", "exists_one", "filter", "map", "link", "matches", "default"];

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Int,
    /// A whole or floating-point number.
    Number,
    Date,
    DateTime,
    /// A date or an instant.
    Time,
    /// A single value that is not an entity.
    Scalar,
    Texts,
    List,
    /// A text or a list.
    Sized,
    /// A list, or one of several single values.
    Several,
    Lists,
}

impl Kind {
    /// The kind in words.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Int => "int",
            Self::Number => "a number",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Time => "date or datetime",
            Self::Scalar => "a single value",
            Self::Texts => "list of string",
            Self::List => "a list",
            Self::Sized => "string or list",
            Self::Several => "a list or values that have an order",
            Self::Lists => "a list of lists",
        }
    }
}

/// What a function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returns {
    Value(ValueType),
    Texts,
    /// The type of the first argument.
    First,
    /// The type of an item of the first argument.
    Item,
    /// The type of an item of the list, or of the values.
    Extreme,
}

/// A function of the table.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// What it takes; those beyond `required` may be left out.
    pub(crate) takes: &'static [Kind],
    pub(crate) required: usize,
    /// What may follow any number of times.
    pub(crate) rest: Option<Kind>,
    pub(crate) gives: Returns,
    /// True when the result depends on the zone of the frame.
    pub(crate) zoned: bool,
    /// True when it reads text as something else, so that `null` for a text means that the text is wrong.
    pub(crate) reads: bool,
    pub(crate) run: fn(&Args<'_>) -> Option<Value>,
}

impl Function {
    const fn new(
        name: &'static str,
        takes: &'static [Kind],
        gives: Returns,
        run: fn(&Args<'_>) -> Option<Value>,
    ) -> Self {
        Self {
            name,
            takes,
            required: takes.len(),
            rest: None,
            gives,
            zoned: false,
            reads: false,
            run,
        }
    }

    const fn optional(mut self, n: usize) -> Self {
        self.required -= n;
        self
    }

    const fn rest(mut self, kind: Kind) -> Self {
        self.rest = Some(kind);
        self
    }

    const fn zoned(mut self) -> Self {
        self.zoned = true;
        self
    }

    const fn reads(mut self) -> Self {
        self.reads = true;
        self
    }

    /// How many arguments it takes, in words.
    pub(crate) fn arity(&self) -> String {
        let most = self.takes.len();
        let plural = |n: usize| if n == 1 { "argument" } else { "arguments" };
        if self.rest.is_some() {
            format!("at least {} {}", self.required, plural(self.required))
        } else if self.required == most {
            format!("{most} {}", plural(most))
        } else {
            format!("{} to {most} arguments", self.required)
        }
    }
}

/// The function with this name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    tables().find(|function| function.name == name)
}

/// The names of all functions, those that are checked on their own included.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    tables().map(|function| function.name).chain(SPECIAL)
}

fn tables() -> impl Iterator<Item = &'static Function> {
    [text::TABLE, list::TABLE, number::TABLE, time::TABLE, directory::TABLE, network::TABLE]
        .into_iter()
        .flatten()
}

/// The arguments of a call.
#[derive(Debug)]
pub(crate) struct Args<'x> {
    pub(crate) values: &'x [Cow<'x, Value>],
    pub(crate) timezone: &'x TimeZone,
}

impl<'x> Args<'x> {
    fn get(&self, index: usize) -> Option<&'x Value> {
        self.values.get(index).map(AsRef::as_ref)
    }

    fn text(&self, index: usize) -> Option<&'x str> {
        if let Value::Text(text) = self.get(index)? { Some(text) } else { None }
    }

    fn int(&self, index: usize) -> Option<i64> {
        if let Value::Int(int) = self.get(index)? { Some(*int) } else { None }
    }

    fn float(&self, index: usize) -> Option<f64> {
        if let Value::Float(float) = self.get(index)? { Some(*float) } else { None }
    }

    fn date(&self, index: usize) -> Option<Date> {
        if let Value::Date(date) = self.get(index)? { Some(*date) } else { None }
    }

    fn instant(&self, index: usize) -> Option<Timestamp> {
        if let Value::DateTime(at) = self.get(index)? { Some(*at) } else { None }
    }

    /// The day of a date, or of an instant in the zone.
    fn day(&self, index: usize) -> Option<Date> {
        self.date(index).or_else(|| Some(self.timezone.to_datetime(self.instant(index)?).date()))
    }

    /// The items of a list; `null` is the empty list.
    fn items(&self, index: usize) -> &'x [Value] {
        self.get(index).map_or(&[], Value::items)
    }
}

/// Text as a value, unless it is too long.
fn made(text: String) -> Option<Value> {
    (text.len() <= MAX_TEXT).then(|| Value::text(text))
}

/// A list as a value, unless it is too long.
fn listed(items: Vec<Value>) -> Option<Value> {
    (items.len() <= MAX_LIST).then(|| Value::List(items.into()))
}

/// A length or position as a number.
fn count(n: usize) -> Value {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}
