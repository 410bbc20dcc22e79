//! What a synchronisation did, for people.

use muster_model::Text;
use muster_store::{ChangeCounts, ChangeSetId, ReadProblem, ReadRunId};

/// The outcome of a synchronisation.
#[derive(Debug, Clone, Default)]
pub struct SyncReport {
    /// One for each thing that was read.
    pub reads: Vec<ReadReport>,
}

/// The outcome of one read.
#[derive(Debug, Clone, Default)]
pub struct ReadReport {
    /// The system.
    pub system: Text,
    /// What was read: `person`, `account user`, `entitlement group`.
    pub what: Text,
    /// Objects read.
    pub objects: u64,
    /// New ones.
    pub created: u64,
    /// Changed ones.
    pub changed: u64,
    /// Known ones that a complete read no longer holds.
    pub absent: u64,
    /// Objects that could not be used; the first of them in `bad`.
    pub n_bad: u64,
    /// The first problems.
    pub bad: Vec<ReadProblem>,
    /// True when everything was seen that the read was after.
    pub complete: bool,
    /// True when that was what changed since the read before.
    pub incremental: bool,
    /// Values that count for nothing, because the system is no authority for their attributes.
    pub ignored: u64,
    /// Where the next read of a target can go on.
    pub cursor: Option<Text>,
    /// Why not.
    pub problem: Option<String>,
    /// The change set that a guard holds.
    pub held: Option<HeldChangeSet>,
    /// Accounts that found their identity in this read.
    pub linked: u64,
    /// Accounts that belong to nobody.
    pub orphans: u64,
    /// Accounts that wait for a decision.
    pub undecided: u64,
    /// Operations that were confirmed since the read before: by this one, or by asking right after the call.
    pub verified: u64,
    /// Operations that the system said it did and this read does not show.
    pub unconfirmed: u64,
    /// Items of accounts that somebody changed outside.
    pub drift: u64,
    /// The run that is written down for this read, once something refers to it.
    pub run: Option<ReadRunId>,
}

/// How many problems are kept in a report.
pub(crate) const PROBLEMS_SHOWN: usize = 1000;

impl ReadReport {
    /// A report that begins.
    pub(crate) fn new(system: &Text, what: impl Into<Text>) -> Self {
        Self { system: system.clone(), what: what.into(), ..Self::default() }
    }

    /// True when it read all that changed since the read before.
    pub(crate) fn has_followed(&self) -> bool {
        self.complete && self.incremental
    }

    /// True when objects without a legible name may be what is missing; then the read counts as incomplete.
    pub(crate) fn lacks_some(&mut self, unnamed: u64, missing: usize) -> bool {
        if unnamed == 0 || missing == 0 {
            return false;
        }
        self.complete = false;
        self.problem = Some(format!(
            "{missing} known ones are missing, which may be among the {unnamed} that cannot be read or have no key; repair those first"
        ));
        true
    }

    /// Notes an object that cannot be used.
    pub(crate) fn reject(&mut self, place: impl Into<Text>, problem: impl Into<Text>) {
        self.n_bad += 1;
        if self.bad.len() < PROBLEMS_SHOWN {
            self.bad.push(ReadProblem { place: place.into(), problem: problem.into() });
        }
    }
}

/// A change set that waits for a person.
#[derive(Debug, Clone)]
pub struct HeldChangeSet {
    /// Which one.
    pub id: ChangeSetId,
    /// Why it is held.
    pub reason: Text,
    /// How much it would change.
    pub counts: ChangeCounts,
}
