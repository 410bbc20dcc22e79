//! What evaluation takes and gives: facts of one identity in, desired accounts and held roles out.

use crate::{Withheld, Withhold};
use jiff::{SignedDuration, Timestamp};
use muster_model::{AssignmentId, Fingerprint, Row, SystemId, Text, Value};

/// The facts of one identity.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// Its kept attributes; computed places are filled in by evaluation.
    pub row: &'a Row,
    /// Its direct assignments, ended ones left out.
    pub assignments: &'a [Assignment],
    /// What is withheld from it, ended assignments left out.
    pub withheld: &'a [Withheld],
    /// What was said about its lifecycle by hand, ended facts left out.
    pub facts: &'a [LifecycleFact],
    /// The conflicts that it may have for a time, ended exceptions left out.
    pub exceptions: &'a [ConflictException],
    /// Since when its record is missing from its source.
    pub absent_since: Option<Timestamp>,
    /// The lifecycle state (by position) that the last evaluation found and since when, for states that no date decides.
    pub known_state: Option<(usize, Timestamp)>,
}

/// A role given directly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Which assignment.
    pub id: AssignmentId,
    /// The role, by position; roles that the model no longer has are left out by the caller.
    pub role: usize,
    /// First instant at which it counts; `None`: always did.
    pub from: Option<Timestamp>,
    /// First instant at which it no longer counts; `None`: no end.
    pub until: Option<Timestamp>,
    /// Why, as the person who gave it wrote.
    pub reason: Text,
    /// Who gave it.
    pub by: Text,
}

/// A conflict that an identity may have for a time: nothing is held back because of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConflictException {
    /// Which assignment it is.
    pub id: AssignmentId,
    /// The conflict, by position; conflicts that the model no longer has are left out by the caller.
    pub conflict: usize,
    /// First instant at which it counts.
    pub from: Timestamp,
    /// First instant at which it no longer counts; `None`: no end.
    pub until: Option<Timestamp>,
}

/// What was said about the lifecycle of an identity by hand. It comes before what any source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LifecycleFact {
    /// What.
    pub kind: FactKind,
    /// First instant at which it counts.
    pub from: Timestamp,
    /// First instant at which it no longer counts; `None`: no end.
    pub until: Option<Timestamp>,
}

/// What can be said about the lifecycle by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactKind {
    /// Personal attributes were erased for good; nothing is wanted any more.
    Erased,
    /// Deleted before its time; nothing is wanted any more.
    Deleted,
    /// Left, whatever the dates say.
    Terminated,
    /// Away until further notice.
    Suspended,
    /// Accounts count as used from then on, whatever their systems tell.
    Used,
}

impl LifecycleFact {
    /// True when it counts at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

impl FactKind {
    /// Every kind.
    pub const ALL: &[Self] =
        &[Self::Erased, Self::Deleted, Self::Terminated, Self::Suspended, Self::Used];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Erased => "erased",
            Self::Deleted => "deleted",
            Self::Terminated => "terminated",
            Self::Suspended => "suspended",
            Self::Used => "used",
        }
    }
}

/// The outcome for one identity at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// All attributes, computed ones and the lifecycle filled in.
    pub row: Row,
    /// The lifecycle state by position.
    pub state: Option<usize>,
    /// Since when that state holds.
    pub state_since: Timestamp,
    /// The roles held, by position, in order, each with the first reason for it.
    pub roles: Vec<HeldRole>,
    /// What is withheld, in order, whether or not anything would give it.
    pub withheld: Vec<Withhold>,
    /// What is wanted of each account the model knows for this type, in order of system and account type.
    pub accounts: Vec<DesiredAccount>,
    /// Conflicts between duties among what is wanted, and what comes with it through nested groups.
    pub conflicts: Vec<FoundConflict>,
    /// The conflicts, by position, that an exception allows; in order.
    pub excepted: Vec<usize>,
    /// Since when accounts count as used by what was said by hand.
    pub used: Option<Timestamp>,
    /// The outcome at the end of the present state, when that state makes accounts ready for it.
    pub ahead: Option<Box<Self>>,
    /// The next instant at which the outcome may change by the passing of time alone.
    pub next_change: Option<Timestamp>,
    /// Equal fingerprints want the same of every system.
    pub fingerprint: Fingerprint,
}

impl Evaluation {
    /// True when an exception allows this conflict, by position.
    pub fn is_excepted(&self, conflict: usize) -> bool {
        self.excepted.binary_search(&conflict).is_ok()
    }
}

/// A role that an identity holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldRole {
    /// The role by position.
    pub role: usize,
    /// How it came.
    pub via: Via,
}

/// How a role came to an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// Its `when` holds.
    Rule,
    /// Assigned directly: position in [`Identity::assignments`].
    Assigned(usize),
    /// Another held role includes it.
    Included(usize),
}

/// Names an account type: the system and the position among its account types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountRef {
    /// The system.
    pub system: SystemId,
    /// Position in `System::accounts`.
    pub account: usize,
}

/// What is wanted of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredAccount {
    /// Which account type.
    pub account: AccountRef,
    /// Whether it should be there.
    pub want: Want,
    /// Whether it can be used.
    pub enabled: bool,
    /// Its name; empty unless [`Want::Present`]. `None` when the expression gives no value.
    pub name: Option<Text>,
    /// Its values by position in `AccountType::set`; empty unless [`Want::Present`].
    pub values: Vec<Value>,
    /// Its entitlements: position in `System::entitlements` and name, sorted, no doubles.
    pub entitlements: Vec<(usize, Text)>,
}

/// Whether an account should be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// It should be there and look like this.
    Present,
    /// If it is there, it stays with this `enabled`; its attributes are not touched and it is never created.
    Retained {
        /// True: its entitlements are left as they are; false: it loses them.
        keep_entitlements: bool,
        /// Deleted this long after it was disabled (nothing grants it any more); states with a date of their own turn
        /// into [`Want::Absent`] by themselves.
        delete_after: Option<SignedDuration>,
    },
    /// It should not be there.
    Absent,
}

/// Duties of one conflict that an identity would hold together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundConflict {
    /// The conflict by position.
    pub conflict: usize,
    /// The duties by position, at least two.
    pub duties: Vec<usize>,
}
