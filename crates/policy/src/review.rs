//! Which operations on a system wait for a second person before they go out.

use muster_model::{Location, Text};

/// One rule of `review:`. It is about what any of `accounts`, `entitlements` and `roles` names, and about the whole system
/// when none of them names anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Account types, by name: operations on their accounts.
    pub accounts: Vec<Text>,
    /// Kinds of entitlement with the names that are meant; no names mean all of the kind.
    pub entitlements: Vec<(Text, Vec<Text>)>,
    /// Roles by position: what they grant themselves.
    pub roles: Vec<usize>,
    /// Kinds of operation, by the words of `guards:`.
    pub kinds: Vec<Text>,
    /// Who may decide; anybody who did not cause the operation when empty.
    pub by: Vec<Text>,
    /// Where it is written.
    pub at: Location,
}
