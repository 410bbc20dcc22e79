//! The values of one attribute in one container, and whose they are.

use muster_model::{EntityId, Text};
use muster_policy::LdapSyntax;

use super::{Pieces, contains};

/// Values in comparable form, sorted once all are there.
#[derive(Debug, Default)]
pub(crate) struct Column(Vec<(Text, EntityId)>);

impl Column {
    pub(super) fn extend(&mut self, values: impl IntoIterator<Item = Text>, id: EntityId) {
        self.0.extend(values.into_iter().map(|value| (value, id)));
    }

    pub(super) fn sort(&mut self) {
        self.0.sort_unstable();
        self.0.shrink_to_fit();
    }

    /// Who has this value.
    pub(crate) fn equal(&self, value: &str) -> Vec<EntityId> {
        self.from(value).take_while(|(known, _)| &**known == value).map(|(_, id)| *id).collect()
    }

    /// Who has a value with these pieces.
    pub(crate) fn with(&self, pieces: &Pieces) -> Vec<EntityId> {
        let initial = &*pieces.initial;
        let known = self.from(initial).take_while(|(known, _)| known.starts_with(initial));
        known.filter(|(known, _)| contains(known, pieces)).map(|(_, id)| *id).collect()
    }

    /// Who has a value that stands before this one in order, or after it, or is equal.
    pub(crate) fn ordered(
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

    /// Who has any value.
    pub(crate) fn present(&self) -> Vec<EntityId> {
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
