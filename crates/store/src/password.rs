//! Passwords of identities, as hashes, and those that were replaced.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// The password of an identity, without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    /// Whose.
    pub entity: EntityId,
    /// Its hash, with how it was made.
    pub hash: Text,
    /// Since when it is the password.
    pub set_at: Timestamp,
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Password").field("entity", &self.entity).finish_non_exhaustive()
    }
}

row!(Password { entity, hash, set_at });

impl ReadTx {
    /// The password of an identity.
    pub async fn password(&mut self, entity: EntityId) -> Result<Option<Password>, StoreError> {
        let sql = "SELECT entity, hash, set_at FROM password WHERE entity = $1";
        self.fetch_one(sql, args![entity]).await
    }

    /// The hashes of the last passwords that an identity had before the present one, at most `limit`.
    pub async fn former_passwords(
        &mut self,
        entity: EntityId,
        limit: usize,
    ) -> Result<Vec<Text>, StoreError> {
        let sql = "SELECT hash FROM former_password WHERE entity = $1
                   ORDER BY replaced_at DESC LIMIT $2";
        self.fetch_all(sql, args![entity, limit]).await
    }
}

impl Tx {
    /// Gives an identity a password; the one before becomes a former one.
    pub async fn save_password(&mut self, password: &Password) -> Result<(), StoreError> {
        let Password { entity, hash, set_at } = password;
        let sql = "INSERT INTO former_password (entity, replaced_at, hash)
                   SELECT entity, CAST($2 AS BIGINT), hash FROM password WHERE entity = $1
                   ON CONFLICT (entity, replaced_at) DO UPDATE SET hash = excluded.hash";
        self.execute(sql, args![*entity, *set_at]).await?;
        let sql = "INSERT INTO password (entity, hash, set_at) VALUES ($1, $2, $3)
                   ON CONFLICT (entity) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at";
        self.execute(sql, args![*entity, hash, *set_at]).await.map(drop)
    }

    /// Keeps another hash of the same password; false when `old` is not its hash any more.
    pub async fn rehash_password(
        &mut self,
        entity: EntityId,
        old: &str,
        new: &str,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE password SET hash = $3 WHERE entity = $1 AND hash = $2";
        Ok(self.execute(sql, args![entity, old, new]).await? > 0)
    }

    /// Takes the password of an identity away; true when there was one.
    pub async fn delete_password(&mut self, entity: EntityId) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM password WHERE entity = $1", args![entity]).await? > 0)
    }
}
