//! What may stand where in model files: one table for the checker, the JSON Schema and the reference chapter.
//!
//! Only shapes are said here; whether names exist and expressions fit is found out by the modules that build the model.

mod access;
mod access_review;
mod application;
mod audit;
mod decision;
mod directory;
mod form;
mod guard;
mod guests;
mod notices;
mod project;
mod read;
mod request;
mod server;
mod sign_in;
mod system;
mod webhook;
mod workflow;

pub(crate) use project::PROJECT;
pub(crate) use workflow::{COMMON, TASK};

/// The shape of a value.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Text of any kind.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number between these.
    Number(u64, u64),
    /// `30d`, `12h`, `90m`, `45s`.
    Duration,
    /// An expression.
    Expression,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A map with these keys.
    Group(&'static Group),
    /// A map from names that the project chooses to this.
    Named(&'static Self),
    /// A list of this.
    List(&'static Self),
    /// One of this or a list of it.
    Many(&'static Self),
    /// One of these; which one is told by whether it is a single value, a list or a map.
    Either(&'static [Self]),
    /// A map whose keys the connector defines.
    Settings,
    /// Anything.
    Any,
}

/// A map with fixed keys.
#[derive(Debug)]
pub(crate) struct Group {
    /// What it describes, with its article: `a role`.
    pub(crate) what: &'static str,
    /// Where it stands: `roles.NAME`.
    pub(crate) path: &'static str,
    /// What it is for.
    pub(crate) doc: &'static str,
    /// Its keys in the order of the reference.
    pub(crate) keys: &'static [Key],
}

/// One key of a group.
#[derive(Debug)]
pub(crate) struct Key {
    /// The key.
    pub(crate) name: &'static str,
    /// What its value may be.
    pub(crate) shape: Shape,
    /// What holds when it is left out; empty when nothing does, `required` when it has to be there.
    pub(crate) default: &'static str,
    /// What it means.
    pub(crate) doc: &'static str,
    /// A value as it could stand in a file.
    pub(crate) example: &'static str,
}

impl Key {
    /// True when the group is not complete without it.
    pub(crate) fn required(&self) -> bool {
        self.default == "required"
    }
}

impl Shape {
    /// What is wanted, for people.
    pub(crate) fn wanted(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Number(0, u64::MAX) => "a whole number".to_owned(),
            Self::Number(least, u64::MAX) => format!("a whole number from {least}"),
            Self::Number(least, most) => format!("a whole number from {least} to {most}"),
            Self::Duration => "a length of time".to_owned(),
            Self::Expression => "an expression".to_owned(),
            Self::Choice(words) => one_of(words),
            Self::Group(_) | Self::Named(_) | Self::Settings => "a map".to_owned(),
            Self::List(inner) => format!("a list, each item {}", inner.wanted()),
            Self::Many(inner) => format!("{} or a list of such", inner.wanted()),
            Self::Either(shapes) => {
                shapes.iter().map(Self::wanted).collect::<Vec<_>>().join(" or ")
            }
            Self::Any => "a value".to_owned(),
        }
    }
}

/// The words, quoted and joined.
pub(crate) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
        all => all.join(""),
    }
}

/// A key that may be left out; `default` says what holds then.
const fn key(
    name: &'static str,
    shape: Shape,
    default: &'static str,
    doc: &'static str,
    example: &'static str,
) -> Key {
    Key { name, shape, default, doc, example }
}
