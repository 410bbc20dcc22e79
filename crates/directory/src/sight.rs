//! Who sees what: attributes that may not be seen are as if they were not there, also where a filter asks for them.

use muster_app::Reach;
use muster_model::{EntityId, Text};

use crate::{
    entry::{Entry, Subject},
    view::View,
};

/// Attributes that say no more than that an entry is there.
const PLAIN: &[&str] =
    &["objectClass", "entryDN", "structuralObjectClass", "subschemaSubentry", "hasSubordinates"];

/// What a caller sees.
#[derive(Debug, Clone)]
pub(crate) enum Sight {
    /// Everything that is shown.
    All,
    /// These attributes, in lower case, of everything.
    Some(Vec<Text>),
    /// A person.
    Person {
        /// Who; of themselves they see everything.
        id: EntityId,
        /// The attributes, in lower case, that they see of everything.
        everyone: Vec<Text>,
        /// Of whom they see everything.
        reach: Option<Reach>,
    },
}

/// What a caller sees of one entry.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen<'a> {
    All,
    Some(&'a [Text]),
}

impl Sight {
    /// What is seen of an entry; `None` when not even that it is there.
    pub(crate) fn of<'a>(&'a self, view: &View<'_>, entry: &Entry) -> Option<Seen<'a>> {
        let (some, all) = match self {
            Self::All => (&[][..], true),
            Self::Some(some) => (some.as_slice(), false),
            Self::Person { id, everyone, reach } => {
                let own = entry.subject == Subject::Entity(*id);
                (
                    everyone.as_slice(),
                    own || reach.as_ref().is_some_and(|reach| covers(reach, view, entry)),
                )
            }
        };
        match (all, some) {
            (true, _) => Some(Seen::All),
            (false, []) if !matches!(entry.subject, Subject::Node(_)) => None,
            (false, some) => Some(Seen::Some(some)),
        }
    }
}

/// Roles and what holds others together are for who sees everybody.
fn covers(reach: &Reach, view: &View<'_>, entry: &Entry) -> bool {
    match &entry.known {
        Some((row, world)) => reach.covers(view.opened(), row, world.as_ref(), view.now),
        None => reach.is_everybody(),
    }
}

impl Seen<'_> {
    /// Whether an attribute is seen. The one that names an entry is, since its name shows it.
    pub(crate) fn sees(self, naming: Option<&str>, attribute: &str) -> bool {
        let is = |known: &str| known.eq_ignore_ascii_case(attribute);
        match self {
            Self::All => true,
            Self::Some(some) => {
                some.iter().any(|known| is(known))
                    || naming.is_some_and(is)
                    || PLAIN.iter().any(|known| is(known))
            }
        }
    }
}
