//! Strict YAML as a tree with places: what model files are read into before anything is known about their meaning.
//!
//! Scalars keep their text; what type they are is decided by whoever asks. Anchors, aliases, tags, merge keys,
//! directives and doubled keys are refused, so a file says what it seems to say and cannot grow while it is read.

mod place;
mod read;

use muster_model::{Span, Text};

pub(crate) use place::scalar_span;
pub(crate) use read::{Document, read};

/// A value in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// Where it stands.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// Text, number, date, boolean: all are text here.
    Scalar(Text, Style),
    /// A list; true when written with brackets.
    List(Vec<Node>, bool),
    /// A map in the order written; true when written with braces.
    Map(Vec<Entry>, bool),
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes.
    Plain,
    /// In `'`.
    Single,
    /// In `"`.
    Double,
    /// After `|` or `>`.
    Block,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: Text,
    /// How the key is written.
    pub(crate) key_style: Style,
    /// Where the key stands.
    pub(crate) key_span: Span,
    /// The value.
    pub(crate) value: Node,
}

impl Node {
    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&Text> {
        match &self.kind {
            Kind::Scalar(text, _) => Some(text),
            Kind::Null | Kind::List(..) | Kind::Map(..) => None,
        }
    }

    /// The entries of a map; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries, _) => entries,
            Kind::Null | Kind::Scalar(..) | Kind::List(..) => &[],
        }
    }

    /// One value or the items of a list.
    pub(crate) fn several(&self) -> &[Self] {
        match self.kind {
            Kind::Scalar(..) => std::slice::from_ref(self),
            Kind::Null | Kind::List(..) | Kind::Map(..) => self.items(),
        }
    }

    /// The items of a list; a single value is a list of one, nothing an empty one.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items, _) => items,
            Kind::Null => &[],
            Kind::Scalar(..) | Kind::Map(..) => std::slice::from_ref(self),
        }
    }

    /// The entry of a map under `key`.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| &*entry.key == key)
    }

    /// The value of a map under `key`, unless it is null.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value).filter(|value| !value.is_null())
    }

    /// The text under `key`.
    pub(crate) fn get_text(&self, key: &str) -> Option<&Text> {
        self.get(key)?.text()
    }

    /// True when `key` is there and says `true`.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.get_text(key).is_some_and(|text| &**text == "true")
    }

    /// True for nothing, `~` and `null`.
    pub(crate) fn is_null(&self) -> bool {
        self.kind == Kind::Null
    }

    /// What it is, for people.
    pub(crate) fn what(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Scalar(..) => "a single value",
            Kind::List(..) => "a list",
            Kind::Map(..) => "a map",
        }
    }

    /// True when both say the same, wherever and however they are written.
    pub(crate) fn same_meaning(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Null, Kind::Null) => true,
            (Kind::Scalar(a, _), Kind::Scalar(b, _)) => a == b,
            (Kind::List(a, _), Kind::List(b, _)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same_meaning(b))
            }
            (Kind::Map(a, _), Kind::Map(b, _)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|(a, b)| a.key == b.key && a.value.same_meaning(&b.value))
            }
            (Kind::Null | Kind::Scalar(..) | Kind::List(..) | Kind::Map(..), _) => false,
        }
    }
}

#[cfg(test)]
mod tests;
