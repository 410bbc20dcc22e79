//! Keys that sign tokens. The private half is sealed; this crate cannot open it.

use jiff::Timestamp;
use muster_model::Text;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A key that signs, or signed, tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// The thumbprint of the public half.
    pub kid: Text,
    /// What it signs with: `ES256`, `RS256`.
    pub algorithm: Text,
    /// The public half, a JSON Web Key.
    pub public_key: Text,
    /// The private half, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub made_at: Timestamp,
    /// From when on it signs; it is published before.
    pub signs_from: Timestamp,
    /// From when on nothing that it signed is valid.
    pub gone_at: Option<Timestamp>,
}

impl std::fmt::Debug for SigningKeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeyRow").field("kid", &self.kid).finish_non_exhaustive()
    }
}

row!(SigningKeyRow { kid, algorithm, public_key, sealed, made_at, signs_from, gone_at });

impl ReadTx {
    /// All keys, the oldest first.
    pub async fn signing_keys(&mut self) -> Result<Vec<SigningKeyRow>, StoreError> {
        let sql = "SELECT kid, algorithm, public_key, sealed, made_at, signs_from, gone_at
                   FROM signing_key ORDER BY made_at, kid";
        self.fetch_all(sql, args![]).await
    }
}

impl Tx {
    /// Writes a new key.
    pub async fn insert_signing_key(&mut self, key: &SigningKeyRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO signing_key (kid, algorithm, public_key, sealed, made_at, signs_from, gone_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let SigningKeyRow { kid, algorithm, public_key, sealed, made_at, signs_from, gone_at } =
            key;
        let args = args![kid, algorithm, public_key, sealed, *made_at, *signs_from, *gone_at];
        self.execute(sql, args).await.map(drop)
    }

    /// Says until when the keys of an algorithm count that have no end yet.
    pub async fn end_signing_keys(
        &mut self,
        algorithm: &str,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE signing_key SET gone_at = $2 WHERE algorithm = $1 AND gone_at IS NULL";
        self.execute(sql, args![algorithm, at]).await
    }
}
