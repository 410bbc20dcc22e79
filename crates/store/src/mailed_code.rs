//! Codes by mail as a second factor: who has it, and the codes that wait, of which only hashes are kept.

use jiff::Timestamp;
use muster_model::EntityId;

use crate::{ReadTx, StoreError, Tx, statement::args};

/// A code that was mailed.
#[derive(Clone, PartialEq, Eq)]
pub struct MailedCode {
    /// The hash of the sign-in or session for which it is right.
    pub place: Vec<u8>,
    /// Whose.
    pub entity: EntityId,
    /// Its hash.
    pub code: Vec<u8>,
    /// When it is right no more.
    pub ends_at: Timestamp,
}

impl std::fmt::Debug for MailedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailedCode").field("entity", &self.entity).finish_non_exhaustive()
    }
}

impl ReadTx {
    /// Since when codes by mail are a second factor of an identity; `None` when they are not.
    pub async fn mail_factor(&mut self, entity: EntityId) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT confirmed_at FROM mail_factor WHERE entity = $1";
        self.fetch_one(sql, args![entity]).await
    }

    /// Whether a code that is still right waits for an answer at a place.
    pub async fn has_mailed_code(
        &mut self,
        place: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT COUNT(*) FROM mailed_code WHERE place = $1 AND ends_at > $2";
        let n: u64 = self.fetch_value(sql, args![place, now]).await?;
        Ok(n > 0)
    }
}

impl Tx {
    /// Makes codes by mail a second factor of an identity.
    pub async fn save_mail_factor(
        &mut self,
        entity: EntityId,
        confirmed_at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO mail_factor (entity, confirmed_at) VALUES ($1, $2)
                   ON CONFLICT (entity) DO NOTHING";
        self.execute(sql, args![entity, confirmed_at]).await.map(drop)
    }

    /// Takes this second factor of an identity away, and codes that wait; true when it had it.
    pub async fn delete_mail_factor(&mut self, entity: EntityId) -> Result<bool, StoreError> {
        self.execute("DELETE FROM mailed_code WHERE entity = $1", args![entity]).await?;
        Ok(self.execute("DELETE FROM mail_factor WHERE entity = $1", args![entity]).await? > 0)
    }

    /// Keeps a code, in the stead of the one before at the same place.
    pub async fn save_mailed_code(&mut self, code: &MailedCode) -> Result<(), StoreError> {
        let MailedCode { place, entity, code, ends_at } = code;
        let sql = "INSERT INTO mailed_code (place, entity, code, tries, ends_at)
                   VALUES ($1, $2, $3, 0, $4)
                   ON CONFLICT (place) DO UPDATE SET
                       code = excluded.code, tries = 0, ends_at = excluded.ends_at";
        self.execute(sql, args![place, *entity, code, *ends_at]).await.map(drop)
    }

    /// Uses a code up; false when it is not the one of this place, or is right no more.
    pub async fn use_mailed_code(
        &mut self,
        place: &[u8],
        code: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "DELETE FROM mailed_code WHERE place = $1 AND code = $2 AND ends_at > $3";
        Ok(self.execute(sql, args![place, code, now]).await? > 0)
    }

    /// Counts a wrong try; a code with so many is right no more.
    pub async fn count_mailed_code_try(
        &mut self,
        place: &[u8],
        most: i64,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE mailed_code SET tries = tries + 1 WHERE place = $1";
        self.execute(sql, args![place]).await?;
        let sql = "DELETE FROM mailed_code WHERE place = $1 AND tries >= $2";
        self.execute(sql, args![place, most]).await.map(drop)
    }

    /// Forgets codes that were over before an instant, at most `most`; returns how many there were.
    pub async fn forget_mailed_codes(
        &mut self,
        before: Timestamp,
        most: usize,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM mailed_code WHERE place IN
                       (SELECT place FROM mailed_code WHERE ends_at < $1 ORDER BY ends_at LIMIT $2)";
        self.execute(sql, args![before, most]).await
    }
}
