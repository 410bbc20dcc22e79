//! Accounts that nobody uses.

use jiff::{SignedDuration, Timestamp};
use muster_model::{Location, Text, ValueType};

use crate::Rule;

/// How it is told from an object when the account was last used.
#[derive(Debug, Clone)]
pub struct LastUsed {
    /// The instant; the one variable is the object.
    pub rule: Rule,
    /// The columns of the object that the rule reads, by number.
    pub columns: Vec<(Text, ValueType, bool)>,
}

/// When an account that nobody uses is disabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idle {
    /// So long after it was last used.
    pub after: SignedDuration,
    /// So long before that is warned.
    pub warn: Option<SignedDuration>,
    /// Where it is written.
    pub at: Location,
}

/// Since when an account is not used, and when that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unused {
    /// When it was last used, or when the time counts from.
    pub since: Timestamp,
    /// When it is disabled unless it is used before.
    pub due: Timestamp,
}

impl Idle {
    /// What follows for an account that was last used at `last`. `used` is the instant from which the time counts again because
    /// somebody said so. `None` when it is never due.
    pub fn of(&self, last: Timestamp, used: Option<Timestamp>) -> Option<Unused> {
        let since = used.map_or(last, |used| used.max(last));
        let due = since.checked_add(self.after).ok()?;
        Some(Unused { since, due })
    }
}
