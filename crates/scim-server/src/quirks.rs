//! Deviations from the RFCs that are accepted, each with a name and a counter. What is not here is refused.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

macro_rules! quirks {
    ($($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)?) => {
        /// A deviation that is accepted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Quirk { $($(#[$doc])* $variant),* }

        impl Quirk {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in metrics.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}

quirks! {
    /// `"op": "Add"`: the word has capitals.
    CapitalOperation = "capital_operation",
    /// `"active": "False"`: a boolean or a number is written as a text.
    TextForValue = "text_for_value",
    /// An add or a replace without a path whose value has paths for names: `"name.givenName"`, `"emails[…].value"`.
    PathAsName = "path_as_name",
    /// A replace of a value that no value matches makes it.
    MadeForFilter = "made_for_filter",
    /// A remove names what goes in its value.
    RemoveByValue = "remove_by_value",
    /// A remove whose value is empty, or whose filter matches nothing: nothing is removed.
    UnclearRemove = "unclear_remove",
    /// A member who is nobody is added: nothing happens.
    UnknownMember = "unknown_member",
    /// The id of a manager names nobody: it is shown as it was said and leads nowhere.
    UnknownReference = "unknown_reference",
    /// `manager` is a bare text instead of an object with `value`.
    BareComplex = "bare_complex",
    /// An address without a type where the model keeps the one of type `work`.
    UntypedValue = "untyped_value",
    /// A required name is missing and was taken from another one.
    NameFromOther = "name_from_other",
    /// `schemas` is missing or lacks one whose attributes are there.
    MissingSchemas = "missing_schemas",
    /// Attributes that no schema has; they are not kept.
    UnknownAttribute = "unknown_attribute",
    /// A body that is not called `application/scim+json` or `application/json`.
    ContentType = "content_type",
    /// A resource that was deleted comes back under its former id.
    CameBack = "came_back",
}

/// How often each deviation was met by this process.
static COUNTS: [AtomicU64; Quirk::ALL.len()] = [const { AtomicU64::new(0) }; Quirk::ALL.len()];

/// Counts one.
pub(crate) fn note(quirk: Quirk) {
    let place = Quirk::ALL.iter().position(|known| *known == quirk);
    if let Some(count) = place.and_then(|place| COUNTS.get(place)) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// How often each deviation was met by this process, by its name.
pub fn quirk_counts() -> BTreeMap<&'static str, u64> {
    let counts = COUNTS.iter().map(|count| count.load(Ordering::Relaxed));
    Quirk::ALL.iter().map(|quirk| quirk.word()).zip(counts).collect()
}
