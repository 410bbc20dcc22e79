//! Leases: who is doing what only one may do at a time.

use jiff::Timestamp;
use muster_model::Text;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

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

row!(Lease { name, holder, taken_at, until });

impl ReadTx {
    /// The lease of this name, expired or not.
    pub async fn lease(&mut self, name: &str) -> Result<Option<Lease>, StoreError> {
        let sql = "SELECT name, holder, taken_at, expires_at FROM lease WHERE name = $1";
        self.fetch_one(sql, args![name]).await
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
        let sql = "INSERT INTO lease (name, holder, taken_at, expires_at) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (name) DO UPDATE SET
                       taken_at = CASE WHEN lease.holder = excluded.holder
                                       THEN lease.taken_at ELSE excluded.taken_at END,
                       holder = excluded.holder, expires_at = excluded.expires_at
                   WHERE lease.holder = excluded.holder OR lease.expires_at <= excluded.taken_at";
        if self.execute(sql, args![name, holder, now, until]).await? > 0 {
            return Ok(LeaseAnswer::Taken);
        }
        match self.lease(name).await? {
            Some(lease) => Ok(LeaseAnswer::HeldBy(lease)),
            None => Err(StoreError::Busy),
        }
    }

    /// Gives a lease back. Returns false when somebody else has it by now.
    pub async fn release_lease(&mut self, name: &str, holder: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM lease WHERE name = $1 AND holder = $2";
        Ok(self.execute(sql, args![name, holder]).await? > 0)
    }
}
