//! The answers to the questions why: what is shown about a person, an access, an attribute.

use jiff::Timestamp;
use muster_model::{Location, Text, Value};
use muster_policy::{
    AttributeReason, DesiredAccount, MissingRole, Reason, StateReason, Unused, Withheld,
};

use crate::{AccountView, Person};

/// Everything about one identity.
#[derive(Debug)]
pub struct PersonExplained {
    /// Who.
    pub person: Person,
    /// The lifecycle state and its conditions.
    pub state: Option<StateReason>,
    /// The roles held, each with how it came.
    pub roles: Vec<RoleHeld>,
    /// What is withheld from them.
    pub withheld: Vec<(Text, Withheld)>,
    /// The accounts, wanted or there.
    pub accounts: Vec<AccountExplained>,
    /// Names of conflicts among what is wanted and what systems hold.
    pub conflicts: Vec<Text>,
    /// When something changes by the passing of time.
    pub next_change: Option<Timestamp>,
}

/// A held role in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleHeld {
    /// The role.
    pub role: Text,
    /// ``its rule``, ``assigned by …``, ``included in `…` ``.
    pub via: String,
    /// Where it is written.
    pub at: Location,
}

/// One account of an identity: what is wanted, what is there, and why.
#[derive(Debug)]
pub struct AccountExplained {
    /// The system.
    pub system: Text,
    /// The account type.
    pub account_type: Text,
    /// What is wanted.
    pub desired: DesiredAccount,
    /// What is there.
    pub observed: Option<AccountView>,
    /// What follows when nobody uses it.
    pub idle: Option<IdleExplained>,
    /// Why it is wanted.
    pub reasons: Vec<Reason>,
    /// Each attribute that is wanted, with its reason.
    pub attributes: Vec<(Text, AttributeReason)>,
    /// Each entitlement that is wanted or there: kind, name, wanted, there, reasons.
    pub entitlements: Vec<EntitlementExplained>,
}

/// An account that is disabled when nobody uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleExplained {
    /// Since when it is not used, and when that is too long.
    pub unused: Unused,
    /// It is too long by now.
    pub is_idle: bool,
    /// Where it is written.
    pub at: Location,
}

/// One entitlement of an account.
#[derive(Debug)]
pub struct EntitlementExplained {
    /// The kind.
    pub kind: Text,
    /// Which one.
    pub name: Text,
    /// A role grants it.
    pub wanted: bool,
    /// The account holds it.
    pub there: bool,
    /// Why it is wanted.
    pub reasons: Vec<Reason>,
}

/// One access: an account or an entitlement.
#[derive(Debug)]
pub struct AccessExplained {
    /// Who, as shown.
    pub subject: Text,
    /// `directory` or `directory:sales`.
    pub access: String,
    /// The account holds it, as last observed.
    pub has: bool,
    /// The model wants it.
    pub wanted: bool,
    /// Why it is wanted.
    pub reasons: Vec<Reason>,
    /// What would give it, and which conditions failed.
    pub missing: Vec<MissingRole>,
    /// What withholds it, or a role that would give it.
    pub withheld: Vec<Withheld>,
    /// The account, if there is one.
    pub account: Option<AccountView>,
    /// What follows when nobody uses the account.
    pub idle: Option<IdleExplained>,
    /// The lifecycle state, which may be the reason by itself.
    pub state: Option<StateReason>,
}

/// One attribute of an identity and where it goes.
#[derive(Debug)]
pub struct AttributeExplained {
    /// Who, as shown.
    pub subject: Text,
    /// The attribute.
    pub attribute: Text,
    /// Its value.
    pub value: Value,
    /// Where the value comes from.
    pub origin: Origin,
    /// The account attributes computed from it, with their values: system, attribute, reason.
    pub used_by: Vec<(Text, Text, AttributeReason)>,
}

/// Where a value comes from.
#[derive(Debug)]
pub enum Origin {
    /// From a source: system, key of the record, line, expression, place of the rule.
    Source {
        /// The system.
        system: Text,
        /// The record's key.
        record: Text,
        /// Its line, 0 when unknown.
        line: i64,
        /// The expression.
        expression: Text,
        /// Where it is written.
        at: Location,
    },
    /// Entered by hand.
    Entered,
    /// Computed: expression and place.
    Computed {
        /// The expression.
        expression: Text,
        /// Where it is written.
        at: Location,
    },
    /// Made once and kept: place of the candidates.
    Generated {
        /// Where it is written.
        at: Location,
    },
    /// The lifecycle.
    Lifecycle(Option<StateReason>),
    /// Nobody gives it a value.
    Nothing,
}
