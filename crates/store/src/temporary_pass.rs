//! Temporary passes: a secret for the first sign-in, of which only a salted hash is kept.

use jiff::Timestamp;
use muster_model::EntityId;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// The temporary pass of an identity.
#[derive(Clone, PartialEq, Eq)]
pub struct TemporaryPass {
    /// Whose.
    pub entity: EntityId,
    /// Random bytes that go before the secret.
    pub salt: Vec<u8>,
    /// The hash of both.
    pub hash: Vec<u8>,
    /// From when it opens anything.
    pub valid_from: Timestamp,
    /// Until when.
    pub valid_until: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
    /// Whether the sign-in that it opens uses it up.
    pub once: bool,
}

impl std::fmt::Debug for TemporaryPass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TemporaryPass").field("entity", &self.entity).finish_non_exhaustive()
    }
}

row!(TemporaryPass { entity, salt, hash, valid_from, valid_until, made_at, once });

impl ReadTx {
    /// The temporary pass of an identity.
    pub async fn temporary_pass(
        &mut self,
        entity: EntityId,
    ) -> Result<Option<TemporaryPass>, StoreError> {
        let sql = "SELECT entity, salt, hash, valid_from, valid_until, made_at,
                          COALESCE(once, FALSE)
                   FROM temporary_pass WHERE entity = $1";
        self.fetch_one(sql, args![entity]).await
    }
}

impl Tx {
    /// Gives an identity a pass; the one before opens nothing any more.
    pub async fn save_temporary_pass(&mut self, pass: &TemporaryPass) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO temporary_pass (entity, salt, hash, valid_from, valid_until, made_at, once)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (entity) DO UPDATE SET
                       salt = excluded.salt, hash = excluded.hash,
                       valid_from = excluded.valid_from, valid_until = excluded.valid_until,
                       made_at = excluded.made_at, once = excluded.once";
        let TemporaryPass { entity, salt, hash, valid_from, valid_until, made_at, once } = pass;
        let args = args![*entity, salt, hash, *valid_from, *valid_until, *made_at, *once];
        self.execute(sql, args).await.map(drop)
    }

    /// Takes the pass of an identity away.
    pub async fn delete_temporary_pass(&mut self, entity: EntityId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM temporary_pass WHERE entity = $1";
        Ok(self.execute(sql, args![entity]).await? > 0)
    }
}
