//! The values of one attribute in one container, and whose they are.

#[cfg(test)]
mod tests;

use muster_model::{EntityId, Text};
use muster_policy::LdapSyntax;
use rustc_hash::FxHashSet;

use super::{Pieces, contains, grams::Grams};

/// So many values are looked through. That is as many as the part of an index has that is made anew with each change.
const FEW: usize = 5_000;

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
pub(super) struct Column {
    rows: Vec<(Text, EntityId)>,
    /// Which rows hold a piece, where people search for pieces.
    grams: Option<Grams>,
}

impl Column {
    /// Adds the values of those who stay.
    pub(super) fn join(&mut self, other: &Self, stays: impl Fn(EntityId) -> bool) {
        self.rows.extend(other.rows.iter().filter(|(_, id)| stays(*id)).cloned());
    }

    pub(super) fn extend(&mut self, values: impl IntoIterator<Item = Text>, id: EntityId) {
        self.rows.extend(values.into_iter().map(|value| (value, id)));
    }

    /// Brings the values into order, once all are there. `searched` says whether people search for pieces of them.
    pub(super) fn finish(&mut self, searched: bool) {
        self.rows.sort();
        self.rows.shrink_to_fit();
        let values = self.rows.iter().map(|(value, _)| &**value);
        self.grams = (searched && self.rows.len() > FEW).then(|| Grams::of(values));
    }

    fn equal(&self, value: &str) -> Vec<EntityId> {
        self.from(value).take_while(|(known, _)| &**known == value).map(|(_, id)| *id).collect()
    }

    fn with(&self, pieces: &Pieces) -> Vec<EntityId> {
        let initial = &*pieces.initial;
        let start = self.rows.partition_point(|(known, _)| &**known < initial);
        let is_before = |known: &str| known < initial || known.starts_with(initial);
        let end = self.rows.partition_point(|(known, _)| is_before(known));
        let fits = |(known, id): &(Text, EntityId)| contains(known, pieces).then_some(*id);
        let grams = self.grams.as_ref();
        match grams.and_then(|grams| grams.rows(pieces, end.saturating_sub(start))) {
            Some(rows) => {
                let rows = rows.filter_map(|row| self.rows.get(usize::try_from(row).ok()?));
                rows.filter_map(fits).collect()
            }
            None => self.rows.get(start..end).unwrap_or_default().iter().filter_map(fits).collect(),
        }
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
        self.rows.iter().filter(|(known, _)| fits(known)).map(|(_, id)| *id).collect()
    }

    fn present(&self) -> Vec<EntityId> {
        self.rows.iter().map(|(_, id)| *id).collect()
    }

    fn from(&self, value: &str) -> impl Iterator<Item = &(Text, EntityId)> {
        let start = self.rows.partition_point(|(known, _)| &**known < value);
        self.rows.iter().skip(start)
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
