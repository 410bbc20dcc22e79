//! Access reviews: who is asked, about whom and what, when, and what happens when nobody answers.
//!
//! Not to be taken for [`crate::Review`], which holds single operations back until a second person agrees.

use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use muster_model::{Location, Slot, SystemId, Text, TypeId};

use crate::{Approver, Limit, Rule, Schedule};

/// One definition of `reviews:`. Each time its time comes it opens a campaign.
#[derive(Debug, Clone)]
pub struct AccessReview {
    /// Its name.
    pub name: Text,
    /// What it is for, for people.
    pub description: Option<Text>,
    /// The identity type whose access is reviewed.
    pub type_id: TypeId,
    /// Whom and what it is about.
    pub scope: ReviewScope,
    /// When a campaign opens.
    pub open: ReviewOpening,
    /// Who decides, one after the other.
    pub stages: Vec<ReviewStage>,
    /// Who decides where a stage has nobody.
    pub fallback: Approver,
    /// How long a campaign waits for answers.
    pub due: SignedDuration,
    /// How long it waits before those who have not answered are reminded.
    pub remind: Option<SignedDuration>,
    /// What becomes of items that nobody decided.
    pub silence: Silence,
    /// How much silence may take away without an administrator.
    pub guard: Limit,
    /// How long a decision can be undone.
    pub grace: SignedDuration,
    /// How long access that a rule gives is withheld when it is revoked.
    pub withhold: SignedDuration,
    /// What nobody is asked about.
    pub set_aside: SetAside,
    /// Which decisions need a reason.
    pub reason: ReasonFor,
    /// Where it is written.
    pub at: Location,
}

/// Whom and what a review is about; all of it has to fit.
#[derive(Debug, Clone, Default)]
pub struct ReviewScope {
    /// A condition about the identity.
    pub people: Option<Rule>,
    /// These roles, by position.
    pub roles: Vec<usize>,
    /// What is on these systems.
    pub systems: Vec<SystemId>,
    /// These entitlements: system, position of the kind, name.
    pub entitlements: Vec<(SystemId, usize, Text)>,
    /// What has at least this risk.
    pub risk: Option<u8>,
    /// What nobody decided about for so long.
    pub not_reviewed_for: Option<SignedDuration>,
    /// What nobody used for so long.
    pub unused_for: Option<SignedDuration>,
    /// Accounts that belong to nobody, too.
    pub orphans: bool,
}

/// When a campaign opens without anybody's doing.
#[derive(Debug, Clone, Default)]
pub struct ReviewOpening {
    /// At the start of these days.
    pub dates: Vec<Date>,
    /// Again and again, in this zone.
    pub at: Option<(Schedule, TimeZone)>,
    /// For whoever's attribute of these changed.
    pub moved: Vec<Slot>,
    /// For whoever got something outside of Muster.
    pub outside: bool,
    /// For whoever has not used something for as long as `unused_for` says.
    pub dormant: bool,
}

/// One stage of a review: one person is asked about each item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewStage {
    /// What it is called: `manager`, `owner`, `self`, `role security-desk`.
    pub name: Text,
    /// Who decides.
    pub by: Reviewer,
}

/// How the one reviewer of an item is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reviewer {
    /// Whoever has the access.
    Own,
    /// Whoever answers for the role, or for the role that grants the entitlement.
    Owner,
    /// Whoever a link leads to, a person, or the first one who has a role.
    By(Approver),
}

/// What becomes of an item that nobody decided in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// It stays.
    Keep,
    /// It is revoked, unless the guard holds.
    Revoke,
    /// The fallback is asked, for as long again; then it stays.
    Ask,
}

/// What nobody is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetAside {
    /// What a rule or another role gives: it is reviewed at the role.
    pub by_rule: bool,
    /// What has little risk and is as it was when somebody last kept it.
    pub unchanged: bool,
}

/// Which decisions need a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasonFor {
    /// All of them.
    All,
    /// Those that change something.
    Changes,
    /// None.
    Nothing,
}

impl ReasonFor {
    /// The word for it, as in model files.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Changes => "changes",
            Self::Nothing => "none",
        }
    }
}

impl Silence {
    /// The word for it, as in model files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Revoke => "revoke",
            Self::Ask => "ask",
        }
    }
}
