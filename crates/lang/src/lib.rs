//! The expression language of model files: CEL syntax, checked against the schema, compiled to closures.
//!
//! `compile` parses (with the `cel` crate), type-checks and compiles; the [`Program`] is total: it cannot fail, loop
//! for ever or panic. A missing value is `null` and follows the rules of the reference chapter. What a program reads
//! is known ([`Program::paths`]), which is what makes incremental evaluation and explanation exact.

use std::{cell::Cell, cell::RefCell, rc::Rc, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};
use muster_model::{EntityId, Row, Schema, Slot, Text, TypeId, Value, ValueType};

/// The static type of an expression. Every type also admits `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Only `null`.
    Null,
    /// A single value of an attribute type (never `Link`; links are `Entity`).
    Scalar(ValueType),
    /// Several values.
    List(Box<Type>),
    /// An entity; `.attribute` reads it, following links.
    Entity(TypeId),
    /// A record; `.column` reads it.
    Record,
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

/// A checked and compiled expression; cheap to clone, usable from several threads.
#[derive(Clone)]
pub struct Program {
    _private: Arc<()>,
}

/// One thing a program reads: a variable and the attributes (or the column) from there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// The variable, by position in the environment.
    pub variable: usize,
    /// The attributes followed, each with the type it belongs to; empty for a record column or the variable itself.
    pub steps: Vec<(TypeId, Slot)>,
    /// The column, when the variable is a record.
    pub column: Option<usize>,
    /// As written for people: `person.department.code`.
    pub text: Text,
}

/// One part of a condition that is joined by `&&`, with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The part as written.
    pub source: Text,
    /// Whether it held.
    pub holds: bool,
    /// The paths it read with the values they had.
    pub reads: Vec<(Text, Value)>,
    /// The next instant after `now` at which one of its comparisons flips.
    pub flips: Option<Timestamp>,
}

/// A test that must hold whenever the whole expression does, so that rules can be looked up by value.
#[derive(Debug, Clone)]
pub struct IndexKey {
    /// What is tested, as written; equal texts over the same environment are the same thing.
    pub text: Text,
    /// Computes the value that is tested.
    pub value: Program,
    /// The test.
    pub test: IndexTest,
}

/// See [`IndexKey`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexTest {
    /// The value equals one of these (`==`, `in [..]`).
    OneOf(Vec<Value>),
    /// The text starts with this (`startsWith`).
    Prefix(Text),
}

/// The values of one evaluation.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The variables in the order of the environment.
    pub bindings: &'a [Binding<'a>],
    /// Where links lead.
    pub world: &'a dyn World,
    /// The time, and the instants at which comparisons with it flip.
    pub clock: &'a Clock,
    /// The zone in which days start and end.
    pub timezone: &'a TimeZone,
}

/// The value of a variable.
#[derive(Debug, Clone, Copy)]
pub enum Binding<'a> {
    /// A plain value.
    Value(&'a Value),
    /// An entity.
    Row(&'a Row),
    /// A record's values by column number; columns beyond the end are `null`.
    Record(&'a [Value]),
    /// Nothing: reads as `null`.
    Absent,
}

/// Entities that links lead to. Computed attributes of these rows are already filled in.
pub trait World {
    /// The entity, if it is known.
    fn row(&self, id: EntityId) -> Option<&Row>;
    /// The entities whose link attribute `slot` of type `of` leads to `id`, in order of id.
    fn inverse(&self, id: EntityId, of: TypeId, slot: Slot) -> &[EntityId];
}

/// A world without other entities.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmptyWorld;

impl World for EmptyWorld {
    fn row(&self, _id: EntityId) -> Option<&Row> {
        None
    }
    fn inverse(&self, _id: EntityId, _of: TypeId, _slot: Slot) -> &[EntityId] {
        &[]
    }
}

/// The time of an evaluation, and the nearest instants at which an evaluated comparison with it flips.
#[derive(Debug)]
pub struct Clock {
    /// The time.
    pub now: Timestamp,
    next: Cell<Option<Timestamp>>,
    last: Cell<Option<Timestamp>>,
}

impl Clock {
    /// A clock that has seen no comparison yet.
    pub fn new(now: Timestamp) -> Self {
        Self { now, next: Cell::new(None), last: Cell::new(None) }
    }

    /// The least instant after `now` at which a comparison seen so far flips.
    pub fn next_change(&self) -> Option<Timestamp> {
        self.next.get()
    }

    /// The greatest instant up to `now` at which a comparison seen so far flipped.
    pub fn last_change(&self) -> Option<Timestamp> {
        self.last.get()
    }

    /// Forgets the comparisons seen so far.
    pub fn forget(&self) {
        self.next.set(None);
        self.last.set(None);
    }

    /// Notes that a comparison flips at `at`.
    pub fn note(&self, at: Timestamp) {
        if at > self.now {
            if self.next.get().is_none_or(|next| at < next) {
                self.next.set(Some(at));
            }
        } else if self.last.get().is_none_or(|last| at > last) {
            self.last.set(Some(at));
        }
    }
}

/// Parses, checks and compiles `source`. With `expected`, the result must be assignable to that type.
pub fn compile(source: &str, env: &Env, expected: Option<&Type>) -> Result<Program, Vec<Problem>> {
    let _ = (source, env, expected);
    todo!()
}

/// Compiles a matching rule: `a == b && c == d`, where one side of each reads only variable `left` and the other
/// only variable `right`. Returns the sides as two lists of equal length.
pub fn compile_match(
    source: &str,
    env: &Env,
    left: usize,
    right: usize,
) -> Result<(Vec<Program>, Vec<Program>), Vec<Problem>> {
    let _ = (source, env, left, right);
    todo!()
}

impl Program {
    /// The value of the expression.
    pub fn eval(&self, frame: &Frame<'_>) -> Value {
        let _ = frame;
        todo!()
    }

    /// True when the value is `true`; `null` is not.
    pub fn holds(&self, frame: &Frame<'_>) -> bool {
        matches!(self.eval(frame), Value::Bool(true))
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &Text {
        todo!()
    }

    /// The static type.
    pub fn ty(&self) -> &Type {
        todo!()
    }

    /// What it reads, in order of the text, without doubles.
    pub fn paths(&self) -> &[Path] {
        todo!()
    }

    /// True when it compares something with `now`.
    pub fn reads_now(&self) -> bool {
        todo!()
    }

    /// The value, if it is the same for every frame.
    pub fn constant(&self) -> Option<Value> {
        todo!()
    }

    /// The best test to look this condition up by, if it has one.
    pub fn index_key(&self) -> Option<IndexKey> {
        todo!()
    }

    /// The parts joined by `&&`, each with its outcome and what it read.
    pub fn conditions(&self, frame: &Frame<'_>) -> Vec<Condition> {
        let _ = frame;
        todo!()
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program({})", self.source())
    }
}
