//! Recoveries on their way: who asked for a new password, and what they proved. What the browser keeps of one is here as a hash
//! only, and so is the code that was mailed.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A recovery on its way.
#[derive(Clone, PartialEq, Eq)]
pub struct Recovery {
    /// SHA-256 of what the browser keeps.
    pub hash: Vec<u8>,
    /// Whose; nobody where a name was given that nobody has.
    pub entity: Option<EntityId>,
    /// Under which key its tries are counted.
    pub name_key: Text,
    /// The hash of the code that was mailed.
    pub code: Vec<u8>,
    /// The proofs that were given, words with a space between.
    pub methods: Text,
    /// Wrong tries at the present step.
    pub tries: i64,
    /// When it is over.
    pub ends_at: Timestamp,
}

impl std::fmt::Debug for Recovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recovery").field("entity", &self.entity).finish_non_exhaustive()
    }
}

row!(Recovery { hash, entity, name_key, code, methods, tries, ends_at });

impl ReadTx {
    /// The recovery with this hash, over or not.
    pub async fn recovery(&mut self, hash: &[u8]) -> Result<Option<Recovery>, StoreError> {
        let sql = "SELECT hash, entity, name_key, code, methods, tries, ends_at FROM recovery
                   WHERE hash = $1";
        self.fetch_one(sql, args![hash]).await
    }
}

impl Tx {
    /// Writes a new recovery.
    pub async fn insert_recovery(&mut self, recovery: &Recovery) -> Result<(), StoreError> {
        let Recovery { hash, entity, name_key, code, methods, tries, ends_at } = recovery;
        let sql = "INSERT INTO recovery (hash, entity, name_key, code, methods, tries, ends_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let args = args![hash, *entity, name_key, code, methods, *tries, *ends_at];
        self.execute(sql, args).await.map(drop)
    }

    /// Takes a recovery one proof further and gives it another hash; false when `hash` is not its hash any more.
    pub async fn advance_recovery(
        &mut self,
        hash: &[u8],
        new_hash: &[u8],
        methods: &str,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE recovery SET hash = $2, methods = $3, tries = 0 WHERE hash = $1";
        Ok(self.execute(sql, args![hash, new_hash, methods]).await? > 0)
    }

    /// Counts a wrong try; a recovery with so many ends.
    pub async fn count_recovery_try(&mut self, hash: &[u8], most: i64) -> Result<(), StoreError> {
        self.execute("UPDATE recovery SET tries = tries + 1 WHERE hash = $1", args![hash]).await?;
        let sql = "DELETE FROM recovery WHERE hash = $1 AND tries >= $2";
        self.execute(sql, args![hash, most]).await.map(drop)
    }

    /// Ends a recovery; false when it was over.
    pub async fn end_recovery(&mut self, hash: &[u8]) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM recovery WHERE hash = $1", args![hash]).await? > 0)
    }

    /// Ends all recoveries of an identity.
    pub async fn end_recoveries(&mut self, entity: EntityId) -> Result<u64, StoreError> {
        self.execute("DELETE FROM recovery WHERE entity = $1", args![entity]).await
    }

    /// Forgets recoveries that were over before an instant, at most `most`; returns how many there were.
    pub async fn forget_recoveries(
        &mut self,
        before: Timestamp,
        most: usize,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM recovery WHERE hash IN
                       (SELECT hash FROM recovery WHERE ends_at < $1 ORDER BY ends_at LIMIT $2)";
        self.execute(sql, args![before, most]).await
    }
}
