//! The expression language of model files: CEL syntax, checked against the schema, compiled to a form that is
//! evaluated without names and without surprises.
//!
//! [`compile`] parses (with the `cel` crate), type-checks and compiles; the [`Program`] is total: it cannot fail, loop
//! for ever or panic. A missing value is `null` and follows the rules of the reference chapter
//! (`docs/book/src/lang/expressions.md`, whose examples are tests). What a program reads is known
//! ([`Program::paths`]), which is what makes incremental evaluation and explanation exact.
//!
//! It knows no YAML, no storage and no clock: time is a value in the [`Frame`].

mod check;
mod code;
mod compile;
mod eval;
mod frame;
mod functions;
mod index;
mod join;
mod lexer;
mod program;
mod read;
mod suggest;
mod syntax;
mod types;

pub use compile::{compile, compile_condition, compile_match};
pub use frame::{Binding, Clock, EmptyWorld, Frame, World};
pub use functions::slug;
pub use index::{IndexKey, IndexTest};
pub use join::Join;
pub use program::{Condition, Path, Program};
pub use types::{ColumnSet, Columns, Env, Problem, Type, Variable, VariableType};

#[cfg(test)]
mod tests;
