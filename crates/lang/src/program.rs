//! Compiled expressions: what they give, what they read, how they are looked up and explained.

use std::sync::Arc;

use jiff::Timestamp;
use muster_model::{Schema, Slot, Text, TypeId, Value};

use crate::{
    code::Code,
    eval,
    frame::{Clock, Frame},
    index::{self, IndexKey},
    join::{self, Join},
    read,
    types::Type,
};

/// A checked and compiled expression; cheap to clone, usable from several threads.
#[derive(Clone)]
pub struct Program {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) schema: Arc<Schema>,
    pub(crate) source: Text,
    pub(crate) ty: Type,
    pub(crate) code: Code,
    pub(crate) paths: Vec<Path>,
    pub(crate) now: bool,
    pub(crate) zoned: bool,
    /// The parts joined by `&&`, when there are several.
    pub(crate) parts: Vec<Part>,
}

/// A part of a condition, as written.
pub(crate) struct Part {
    pub(crate) source: Text,
    pub(crate) code: Code,
    pub(crate) paths: Vec<Path>,
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
    /// Whether it can be said at all, see [`Program::decide`]: false where a value that it needs is missing.
    pub decided: bool,
    /// The paths it read with the values they had.
    pub reads: Vec<(Text, Value)>,
    /// The next instant after `now` at which one of its comparisons flips.
    pub flips: Option<Timestamp>,
}

impl Program {
    /// The value of the expression.
    pub fn eval(&self, frame: &Frame<'_>) -> Value {
        eval::evaluate(&self.inner.code, frame)
    }

    /// True when the value is `true`; `null` is not.
    pub fn holds(&self, frame: &Frame<'_>) -> bool {
        eval::holds(&self.inner.code, frame)
    }

    /// Whether the condition holds; `None` where a value that it needs is missing, so that it neither holds nor fails.
    ///
    /// Unlike for [`Program::holds`], `null` is not false here: only `== null`, `has` and `default` ask for it.
    pub fn decide(&self, frame: &Frame<'_>) -> Option<bool> {
        eval::decide(&self.inner.code, frame)
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &Text {
        &self.inner.source
    }

    /// The static type.
    pub fn ty(&self) -> &Type {
        &self.inner.ty
    }

    /// What it reads, in order of the text, without doubles.
    ///
    /// A path through a list of entities leads to the attribute of each of them. The list itself is a path of its own
    /// only where nothing is read from its items.
    pub fn paths(&self) -> &[Path] {
        &self.inner.paths
    }

    /// True when it compares something with `now`.
    pub fn reads_now(&self) -> bool {
        self.inner.now
    }

    /// The value, if it is the same for every frame.
    pub fn constant(&self) -> Option<Value> {
        let inner = &self.inner;
        let same = inner.paths.is_empty() && !inner.now && !inner.zoned;
        same.then(|| crate::check::constant(&inner.code))
    }

    /// The best test to look this condition up by, if it has one.
    pub fn index_key(&self) -> Option<IndexKey> {
        index::best(&self.inner)
    }

    /// The links that have to lead to one entity wherever this condition over two of them holds, if it has such a test.
    pub fn join(&self) -> Option<Join> {
        join::first(&self.inner.code)
    }

    /// The parts joined by `&&`, each with its outcome and what it read. All are evaluated, also after one that does
    /// not hold.
    pub fn conditions(&self, frame: &Frame<'_>) -> Vec<Condition> {
        let inner = &self.inner;
        if inner.parts.is_empty() {
            return vec![condition(inner, &inner.source, &inner.code, &inner.paths, frame)];
        }
        inner
            .parts
            .iter()
            .map(|part| condition(inner, &part.source, &part.code, &part.paths, frame))
            .collect()
    }
}

fn condition(
    inner: &Inner,
    source: &Text,
    code: &Code,
    paths: &[Path],
    frame: &Frame<'_>,
) -> Condition {
    let clock = Clock::new(frame.clock.now);
    let frame = Frame { clock: &clock, ..*frame };
    let holds = eval::holds(code, &frame);
    let decided = eval::decide(code, &frame).is_some();
    let flips = clock.next_change();
    let reads = paths
        .iter()
        .map(|path| (path.text.clone(), read::path(path, &inner.schema, &frame)))
        .collect();
    Condition { source: source.clone(), holds, decided, reads, flips }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program({})", self.source())
    }
}
