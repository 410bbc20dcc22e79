//! Secrets of applications, kept as SHA-256 hashes. They are long and random, so a slow hash would add nothing.

use jiff::Timestamp;
use muster_model::Text;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A secret of an application, without the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ApplicationSecret {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// Whose.
    pub application: Text,
    /// SHA-256 of the secret.
    pub hash: Vec<u8>,
    /// The first letters, so that people can tell secrets apart.
    pub hint: Text,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Text,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Since when it is refused.
    pub revoked_at: Option<Timestamp>,
}

impl std::fmt::Debug for ApplicationSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, application, .. } = self;
        f.debug_struct("ApplicationSecret")
            .field("id", id)
            .field("application", application)
            .finish_non_exhaustive()
    }
}

row!(ApplicationSecret {
    id,
    application,
    hash,
    hint,
    created_at,
    created_by,
    expires_at,
    revoked_at
});

impl ReadTx {
    /// The secrets of an application, the oldest first.
    pub async fn application_secrets(
        &mut self,
        application: &str,
    ) -> Result<Vec<ApplicationSecret>, StoreError> {
        let sql =
            "SELECT id, application, hash, hint, created_at, created_by, expires_at, revoked_at
                   FROM application_secret WHERE application = $1 ORDER BY id";
        self.fetch_all(sql, args![application]).await
    }
}

impl Tx {
    /// Writes a new secret.
    pub async fn insert_application_secret(
        &mut self,
        secret: &ApplicationSecret,
    ) -> Result<(), StoreError> {
        let ApplicationSecret {
            id,
            application,
            hash,
            hint,
            created_at,
            created_by,
            expires_at,
            revoked_at,
        } = secret;
        let sql = "INSERT INTO application_secret (id, application, hash, hint, created_at, created_by, expires_at, \
                   revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let args =
            args![*id, application, hash, hint, *created_at, created_by, *expires_at, *revoked_at];
        self.execute(sql, args).await.map(drop)
    }

    /// Refuses a secret of an application from `at` on; true when it was not refused before.
    pub async fn revoke_application_secret(
        &mut self,
        application: &str,
        id: i64,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE application_secret SET revoked_at = $3
                   WHERE id = $2 AND application = $1 AND revoked_at IS NULL";
        Ok(self.execute(sql, args![application, id, at]).await? > 0)
    }
}
