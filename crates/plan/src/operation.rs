//! One operation of a plan: exact, with its reason, leaving the executor no choice.

use muster_model::{AccountId, EntityId, Location, Text, Value};

/// One operation on one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The identity it is done for.
    pub identity: EntityId,
    /// The identity's key, for people.
    pub subject: Text,
    /// Where it is done.
    pub target: Target,
    /// What is done.
    pub kind: Kind,
    /// Why.
    pub reason: OperationReason,
    /// The conflict that holds it back, if any: it is shown and not done.
    pub blocked: Option<Text>,
}

/// The account an operation works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The system's name.
    pub system: Text,
    /// The account type's name.
    pub account_type: Text,
    /// The account in the repository; `None` when the plan creates it.
    pub account: Option<AccountId>,
    /// The id the system gave it; empty when the plan creates it.
    pub native_id: Text,
    /// Its name on the system at the time of the operation.
    pub name: Text,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Creates the account under [`Target::name`].
    Create {
        /// Attribute values; none is `Null`.
        values: Vec<(Text, Value)>,
        /// Whether it may be used at once.
        enabled: bool,
    },
    /// Changes attribute values.
    Update {
        /// The exact changes, in order of attribute.
        changes: Vec<AttributeChange>,
    },
    /// Gives the account another name.
    Rename {
        /// The new name.
        to: Text,
    },
    /// Lets the account be used.
    Enable,
    /// Stops the account from being used.
    Disable,
    /// Deletes the account.
    Delete,
    /// Gives an entitlement.
    Grant {
        /// The kind of entitlement.
        entitlement: Text,
        /// Which one.
        name: Text,
    },
    /// Takes an entitlement.
    Revoke {
        /// The kind of entitlement.
        entitlement: Text,
        /// Which one.
        name: Text,
    },
}

/// One attribute from old to new; `Null` on either side is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeChange {
    /// The attribute on the system.
    pub attribute: Text,
    /// The value last observed.
    pub old: Value,
    /// The value it should have.
    pub new: Value,
}

/// Why an operation is in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationReason {
    /// In a few words: ``role `sales` ``, ``lifecycle `leaver` ``, `no role grants it`.
    pub text: Text,
    /// The rule it follows from.
    pub at: Option<Location>,
}

impl Kind {
    /// The word for it, as in `guards:`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Update { .. } => "update",
            Self::Rename { .. } => "rename",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Delete => "delete",
            Self::Grant { .. } => "grant",
            Self::Revoke { .. } => "revoke",
        }
    }

    /// The order within one system: entitlements go before an account is disabled or deleted and come after it is there.
    pub fn phase(&self) -> u8 {
        match self {
            Self::Revoke { .. } => 0,
            Self::Disable => 1,
            Self::Delete => 2,
            Self::Create { .. } => 3,
            Self::Rename { .. } => 4,
            Self::Update { .. } => 5,
            Self::Enable => 6,
            Self::Grant { .. } => 7,
        }
    }

    /// `+` for what is added, `-` for what is taken, `~` for what is changed.
    pub fn symbol(&self) -> char {
        match self {
            Self::Create { .. } | Self::Enable | Self::Grant { .. } => '+',
            Self::Update { .. } | Self::Rename { .. } => '~',
            Self::Disable | Self::Delete | Self::Revoke { .. } => '-',
        }
    }

    /// The number of phases: [`Kind::phase`] is below it.
    pub const PHASES: u8 = 8;
}
