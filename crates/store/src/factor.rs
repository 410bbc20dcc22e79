//! Second factors: sealed seeds of authenticator apps, and hashes of recovery codes. This crate cannot open a seed.

use jiff::Timestamp;
use muster_model::EntityId;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// The authenticator app of an identity.
#[derive(Clone, PartialEq, Eq)]
pub struct Totp {
    /// Whose.
    pub entity: EntityId,
    /// Its seed, sealed.
    pub sealed: Vec<u8>,
    /// The last step of time whose code was taken.
    pub last_step: i64,
    /// Since when it counts.
    pub confirmed_at: Timestamp,
}

impl std::fmt::Debug for Totp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Totp").field("entity", &self.entity).finish_non_exhaustive()
    }
}

row!(Totp { entity, sealed, last_step, confirmed_at });

impl ReadTx {
    /// The authenticator app of an identity.
    pub async fn totp(&mut self, entity: EntityId) -> Result<Option<Totp>, StoreError> {
        let sql = "SELECT entity, sealed, last_step, confirmed_at FROM totp WHERE entity = $1";
        self.fetch_one(sql, args![entity]).await
    }

    /// How many recovery codes an identity has left.
    pub async fn recovery_codes(&mut self, entity: EntityId) -> Result<usize, StoreError> {
        let sql = "SELECT COUNT(*) FROM recovery_code WHERE entity = $1";
        let n: u64 = self.fetch_value(sql, args![entity]).await?;
        Ok(usize::try_from(n).unwrap_or(usize::MAX))
    }
}

impl Tx {
    /// Gives an identity an authenticator app, in the place of the one it had; false when that one was confirmed after `made_at`,
    /// which is when the seed of this one was made.
    pub async fn save_totp(&mut self, totp: &Totp, made_at: Timestamp) -> Result<bool, StoreError> {
        let Totp { entity, sealed, last_step, confirmed_at } = totp;
        let sql =
            "INSERT INTO totp (entity, sealed, last_step, confirmed_at) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (entity) DO UPDATE SET
                       sealed = excluded.sealed, last_step = excluded.last_step,
                       confirmed_at = excluded.confirmed_at
                   WHERE totp.confirmed_at < $5";
        let args = args![*entity, sealed, *last_step, *confirmed_at, made_at];
        Ok(self.execute(sql, args).await? > 0)
    }

    /// Takes the code of a step; false when one of it or of a later one was taken already.
    pub async fn take_totp_step(
        &mut self,
        entity: EntityId,
        step: i64,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE totp SET last_step = $2 WHERE entity = $1 AND last_step < $2";
        Ok(self.execute(sql, args![entity, step]).await? > 0)
    }

    /// Takes the authenticator app of an identity away; true when there was one.
    pub async fn delete_totp(&mut self, entity: EntityId) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM totp WHERE entity = $1", args![entity]).await? > 0)
    }

    /// Gives an identity recovery codes, in the place of all it had.
    pub async fn save_recovery_codes(
        &mut self,
        entity: EntityId,
        hashes: &[Vec<u8>],
        made_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute("DELETE FROM recovery_code WHERE entity = $1", args![entity]).await?;
        let sql = "INSERT INTO recovery_code (entity, hash, made_at) VALUES ($1, $2, $3)";
        for hash in hashes {
            self.execute(sql, args![entity, hash, made_at]).await?;
        }
        Ok(())
    }

    /// Uses a recovery code up; false when there is none with this hash any more.
    pub async fn use_recovery_code(
        &mut self,
        entity: EntityId,
        hash: &[u8],
    ) -> Result<bool, StoreError> {
        let sql = "DELETE FROM recovery_code WHERE entity = $1 AND hash = $2";
        Ok(self.execute(sql, args![entity, hash]).await? > 0)
    }
}
