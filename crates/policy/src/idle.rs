//! Accounts that nobody uses.

use jiff::SignedDuration;
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
