//! Sign-ins on their way: what was proved so far. What the browser keeps of one is here as a hash only.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A sign-in on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInFlow {
    /// SHA-256 of what the browser keeps.
    pub hash: Vec<u8>,
    /// Whose.
    pub entity: EntityId,
    /// The proofs that were given, words with a space between.
    pub methods: Text,
    /// When the last one was given.
    pub proved_at: Timestamp,
    /// How sure it has to be in the end, if more than usual.
    pub wanted: Option<Text>,
    /// Where it leads.
    pub return_to: Text,
    /// Wrong tries at the present step.
    pub tries: i64,
    /// When it is over.
    pub ends_at: Timestamp,
}

row!(SignInFlow { hash, entity, methods, proved_at, wanted, return_to, tries, ends_at });

impl ReadTx {
    /// The sign-in with this hash, over or not.
    pub async fn sign_in_flow(&mut self, hash: &[u8]) -> Result<Option<SignInFlow>, StoreError> {
        let sql = "SELECT hash, entity, methods, proved_at, wanted, return_to, tries, ends_at
                   FROM sign_in_flow WHERE hash = $1";
        self.fetch_one(sql, args![hash]).await
    }
}

impl Tx {
    /// Writes a new sign-in.
    pub async fn insert_sign_in_flow(&mut self, flow: &SignInFlow) -> Result<(), StoreError> {
        let SignInFlow { hash, entity, methods, proved_at, wanted, return_to, tries, ends_at } =
            flow;
        let sql = "INSERT INTO sign_in_flow (hash, entity, methods, proved_at, wanted, return_to,
                                             tries, ends_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let args = args![hash, *entity, methods, *proved_at, wanted, return_to, *tries, *ends_at];
        self.execute(sql, args).await.map(drop)
    }

    /// Takes a sign-in one proof further and gives it another hash; false when `hash` is not its hash any more.
    pub async fn advance_sign_in_flow(
        &mut self,
        hash: &[u8],
        new_hash: &[u8],
        proved_at: Timestamp,
        methods: &str,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE sign_in_flow SET hash = $2, proved_at = $3, methods = $4, tries = 0
                   WHERE hash = $1";
        Ok(self.execute(sql, args![hash, new_hash, proved_at, methods]).await? > 0)
    }

    /// Counts a wrong try; a sign-in with so many ends.
    pub async fn count_flow_try(&mut self, hash: &[u8], most: i64) -> Result<(), StoreError> {
        let sql = "UPDATE sign_in_flow SET tries = tries + 1 WHERE hash = $1";
        self.execute(sql, args![hash]).await?;
        let sql = "DELETE FROM sign_in_flow WHERE hash = $1 AND tries >= $2";
        self.execute(sql, args![hash, most]).await.map(drop)
    }

    /// Ends a sign-in; false when it was over.
    pub async fn end_sign_in_flow(&mut self, hash: &[u8]) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM sign_in_flow WHERE hash = $1", args![hash]).await? > 0)
    }

    /// Ends the sign-ins of an identity but the one with the hash `kept`.
    pub async fn end_sign_in_flows(
        &mut self,
        entity: EntityId,
        kept: &[u8],
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM sign_in_flow WHERE entity = $1 AND hash <> $2";
        self.execute(sql, args![entity, kept]).await
    }

    /// Forgets sign-ins that were over before an instant, at most `most`; returns how many there were.
    pub async fn forget_sign_in_flows(
        &mut self,
        before: Timestamp,
        most: usize,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM sign_in_flow WHERE hash IN
                       (SELECT hash FROM sign_in_flow WHERE ends_at < $1 ORDER BY ends_at LIMIT $2)";
        self.execute(sql, args![before, most]).await
    }
}
