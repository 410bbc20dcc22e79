//! The values of one attribute in one container, and whose they are.

use muster_model::{EntityId, Text};
use muster_policy::LdapSyntax;
use rustc_hash::FxHashSet;

use super::{Pieces, contains};

/// The values of an attribute: those of the great part, and those of whoever changed since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'i> {
    pub(super) great: Option<&'i Column>,
    pub(super) fresh: Option<&'i Column>,
    pub(super) replaced: &'i FxHashSet<EntityId>,
}

impl Columns<'_> {
    /// Who has this value.
    pub(crate) fn equal(&self, value: &str) -> Vec<EntityId> {
        self.found(|column| column.equal(value))
    }

    /// Who has a value with these pieces.
    pub(crate) fn with(&self, pieces: &Pieces) -> Vec<EntityId> {
        self.found(|column| column.with(pieces))
    }

    /// Who has a value that stands before this one in order, or after it, or is equal.
    pub(crate) fn ordered(
        &self,
        syntax: LdapSyntax,
        value: &str,
        wanted: std::cmp::Ordering,
    ) -> Vec<EntityId> {
        self.found(|column| column.ordered(syntax, value, wanted))
    }

    /// Who has any value.
    pub(crate) fn present(&self) -> Vec<EntityId> {
        self.found(Column::present)
    }

    fn found(&self, look: impl Fn(&Column) -> Vec<EntityId>) -> Vec<EntityId> {
        let mut found = self.great.map(&look).unwrap_or_default();
        found.retain(|id| !self.replaced.contains(id));
        found.extend(self.fresh.map(look).unwrap_or_default());
        found
    }
}

/// Values in comparable form, sorted once all are there.
#[derive(Debug, Default)]
pub(super) struct Column(Vec<(Text, EntityId)>);

impl Column {
    /// Adds the values of those who stay.
    pub(super) fn join(&mut self, other: &Self, stays: impl Fn(EntityId) -> bool) {
        self.0.extend(other.0.iter().filter(|(_, id)| stays(*id)).cloned());
    }

    pub(super) fn extend(&mut self, values: impl IntoIterator<Item = Text>, id: EntityId) {
        self.0.extend(values.into_iter().map(|value| (value, id)));
    }

    pub(super) fn sort(&mut self) {
        self.0.sort();
        self.0.shrink_to_fit();
    }

    fn equal(&self, value: &str) -> Vec<EntityId> {
        self.from(value).take_while(|(known, _)| &**known == value).map(|(_, id)| *id).collect()
    }

    fn with(&self, pieces: &Pieces) -> Vec<EntityId> {
        let initial = &*pieces.initial;
        let known = self.from(initial).take_while(|(known, _)| known.starts_with(initial));
        known.filter(|(known, _)| contains(known, pieces)).map(|(_, id)| *id).collect()
    }

    fn ordered(
        &self,
        syntax: LdapSyntax,
        value: &str,
        wanted: std::cmp::Ordering,
    ) -> Vec<EntityId> {
        let fits = |known: &str| {
            let order = compare(syntax, known, value);
            order == wanted || order.is_eq()
        };
        self.0.iter().filter(|(known, _)| fits(known)).map(|(_, id)| *id).collect()
    }

    fn present(&self) -> Vec<EntityId> {
        self.0.iter().map(|(_, id)| *id).collect()
    }

    fn from(&self, value: &str) -> impl Iterator<Item = &(Text, EntityId)> {
        let start = self.0.partition_point(|(known, _)| &**known < value);
        self.0.iter().skip(start)
    }
}

/// How two values in comparable form are ordered.
pub(crate) fn compare(syntax: LdapSyntax, a: &str, b: &str) -> std::cmp::Ordering {
    let number = |text: &str| text.parse::<i128>().ok();
    match (syntax, number(a), number(b)) {
        (LdapSyntax::Integer, Some(a), Some(b)) => a.cmp(&b),
        _ => a.cmp(b),
    }
}
