//! Finds the test by which those are found for whom a condition over two entities can hold, where one of the two is known.

use muster_model::Slot;

use crate::code::{Code, Equality};

/// A test that must hold whenever the whole condition does: a link of the first variable leads to what the second links to,
/// or to the second itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Join {
    /// The link of the first variable.
    pub link: Slot,
    /// The link of the second variable; `None` for the second itself.
    pub of: Option<Slot>,
}

/// The first such test. Two links that lead nowhere are equal, too: whoever looks by it knows where the second one leads.
#[expect(clippy::wildcard_enum_match_arm, reason = "only what is listed can be looked up")]
pub(crate) fn first(code: &Code) -> Option<Join> {
    match code {
        Code::And(parts) => parts.iter().find_map(first),
        Code::Equal(Equality::Entity(_), true, sides) => {
            let [a, b] = &**sides;
            between(a, b).or_else(|| between(b, a))
        }
        _ => None,
    }
}

fn between(a: &Code, b: &Code) -> Option<Join> {
    match (a, b) {
        (Code::Own(0, link), Code::Own(1, of)) => Some(Join { link: *link, of: Some(*of) }),
        (Code::Own(0, link), Code::Variable(1)) => Some(Join { link: *link, of: None }),
        _ => None,
    }
}
