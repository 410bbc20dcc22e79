//! A whole plan: operations in one fixed order, the base they were made from, guards, and the hash of it all.

use jiff::Timestamp;
use muster_model::Text;
use sha2::{Digest as _, Sha256};

use crate::{GuardCheck, Operation, encode_operation};

/// What a plan was made from. It may be applied only while all of this is still so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The revision of the model.
    pub revision: i64,
    /// The version of the facts and of what was observed.
    pub facts_version: i64,
    /// The instant it was made for.
    pub now: Timestamp,
    /// When each system was last read.
    pub systems: Vec<SystemRead>,
}

/// The last read of a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemRead {
    /// The system.
    pub system: Text,
    /// When the read ended; `None` when it was never read.
    pub at: Option<Timestamp>,
    /// Whether everything was seen.
    pub complete: bool,
}

/// The exact list of operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What it was made from.
    pub base: Base,
    /// What is done, in order of system, phase, subject.
    pub operations: Vec<Operation>,
    /// Differences on systems that are only observed; shown, never done.
    pub observed_only: Vec<Operation>,
    /// What would put drift right and is not done: nobody has decided, or it may stay.
    pub drift: Vec<Operation>,
    /// Systems that were never read completely, with the operations that wait for it: nobody knows yet what is there.
    pub waiting: Vec<(Text, u64)>,
    /// Counts against limits.
    pub guards: Vec<GuardCheck>,
}

/// Another name for a plan that does what an earlier, finished one with this `hash` did in the same world: a call that
/// was refused is tried again.
pub fn hash_again(hash: &str) -> String {
    hex(&Sha256::digest(hash.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing into a String cannot fail.
        _ = write!(hex, "{byte:02x}");
        hex
    })
}

impl Plan {
    /// Puts operations into the one order in which they are shown, numbered and done.
    pub fn new(
        base: Base,
        mut operations: Vec<Operation>,
        mut observed_only: Vec<Operation>,
        guards: Vec<GuardCheck>,
    ) -> Self {
        operations.sort_by(order);
        observed_only.sort_by(order);
        Self { base, operations, observed_only, drift: Vec::new(), waiting: Vec::new(), guards }
    }

    /// Adds the drift that is not put right, in the same order.
    #[must_use]
    pub fn with_drift(mut self, mut drift: Vec<Operation>) -> Self {
        drift.sort_by(order);
        self.drift = drift;
        self
    }

    /// The operations that will be done: those that no conflict holds back.
    pub fn to_do(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter().filter(|operation| operation.blocked.is_none())
    }

    /// The guards that hold the plan.
    pub fn crossed(&self) -> impl Iterator<Item = &GuardCheck> {
        self.guards.iter().filter(|guard| guard.is_crossed())
    }

    /// The operations as they are kept, in order.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        self.operations.iter().map(encode_operation).collect()
    }

    /// SHA-256 over revision, facts version and every operation. Equal hashes do the same to the same world.
    pub fn hash(&self) -> String {
        self.hash_of(&self.bodies())
    }

    /// As [`Plan::hash`], from what [`Plan::bodies`] gave.
    pub fn hash_of(&self, bodies: &[Vec<u8>]) -> String {
        let mut sha = Sha256::new();
        sha.update(self.base.revision.to_be_bytes());
        sha.update(self.base.facts_version.to_be_bytes());
        for body in bodies {
            sha.update((body.len() as u64).to_be_bytes());
            sha.update(body);
        }
        hex(&sha.finalize())
    }
}

fn order(a: &Operation, b: &Operation) -> std::cmp::Ordering {
    (a.target.system.cmp(&b.target.system))
        .then_with(|| a.kind.phase().cmp(&b.kind.phase()))
        .then_with(|| a.subject.cmp(&b.subject))
        .then_with(|| a.identity.cmp(&b.identity))
        .then_with(|| a.target.account_type.cmp(&b.target.account_type))
        .then_with(|| entitlement(a).cmp(&entitlement(b)))
        .then_with(|| a.target.name.cmp(&b.target.name))
}

fn entitlement(operation: &Operation) -> Option<(&Text, &Text)> {
    use crate::Kind;
    match &operation.kind {
        Kind::Grant { entitlement, name } | Kind::Revoke { entitlement, name } => {
            Some((entitlement, name))
        }
        Kind::Create { .. }
        | Kind::Update { .. }
        | Kind::Rename { .. }
        | Kind::Enable
        | Kind::Disable
        | Kind::Delete => None,
    }
}
