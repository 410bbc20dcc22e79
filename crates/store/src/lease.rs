//! Leases: who is doing what only one may do at a time.

use jiff::Timestamp;
use muster_model::Text;

use crate::{ReadTx, StoreError, Tx};

/// A lease that somebody holds, or held until it expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is for: `apply`, `sync`.
    pub name: Text,
    /// Who holds it.
    pub holder: Text,
    /// Since when.
    pub taken_at: Timestamp,
    /// Until when, unless renewed.
    pub until: Timestamp,
}

/// The answer to taking a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseAnswer {
    /// It is ours.
    Taken,
    /// Somebody else holds it.
    HeldBy(Lease),
}

impl ReadTx {
    /// The lease of this name, expired or not.
    pub async fn lease(&mut self, name: &str) -> Result<Option<Lease>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Takes or renews a lease until `until`. One that expired at `now` is taken over.
    pub async fn take_lease(
        &mut self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<LeaseAnswer, StoreError> {
        todo!()
    }

    /// Gives a lease back. Returns false when somebody else has it by now.
    pub async fn release_lease(&mut self, name: &str, holder: &str) -> Result<bool, StoreError> {
        todo!()
    }
}
