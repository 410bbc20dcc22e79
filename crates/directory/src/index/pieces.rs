//! Pieces of values, as a substring filter asks for them.

use ldap3_proto::proto::LdapSubstringFilter;

use crate::name::fold;

/// The pieces of a substring filter in comparable form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pieces {
    pub(crate) initial: String,
    pub(crate) any: Vec<String>,
    pub(crate) last: String,
}

impl Pieces {
    /// The pieces of a filter. A space at the edge of a piece counts, as it does within the value.
    pub(crate) fn of(filter: &LdapSubstringFilter) -> Self {
        let piece = |text: &str| {
            let mut folded = fold(text);
            if text.starts_with(' ') && !folded.is_empty() {
                folded.insert(0, ' ');
            }
            if text.ends_with(' ') {
                folded.push(' ');
            }
            folded
        };
        Self {
            initial: filter
                .initial
                .as_deref()
                .map(|text| piece(text).trim_start().to_owned())
                .unwrap_or_default(),
            any: filter
                .any
                .iter()
                .map(|text| piece(text))
                .filter(|piece| !piece.is_empty())
                .collect(),
            last: filter
                .final_
                .as_deref()
                .map(|text| piece(text).trim_end().to_owned())
                .unwrap_or_default(),
        }
    }
}

/// True when the comparable form of a value holds these pieces in their order.
pub(crate) fn contains(value: &str, pieces: &Pieces) -> bool {
    let Some(mut rest) = value.strip_prefix(&*pieces.initial) else { return false };
    for any in &pieces.any {
        match rest.split_once(&**any) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(&*pieces.last)
}
