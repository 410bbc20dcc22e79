//! Handles: random texts that stand for something kept here. Only their hashes are kept.

use jiff::Timestamp;
use muster_model::Text;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args, words::words};

words! {
    /// What a handle is.
    HandleKind {
        /// A code that an application exchanges for tokens.
        Code = "code",
        /// A refresh token.
        Refresh = "refresh",
        /// A request that was pushed.
        Pushed = "pushed",
        /// A question to a person.
        Question = "question",
        /// What a device asks with.
        Device = "device",
        /// What a person types for a device.
        UserCode = "user_code",
        /// A proof that may come once.
        Proof = "proof",
        /// An access token that was revoked.
        Revoked = "revoked",
    }
}

/// What is kept under the hash of a handle.
#[derive(Clone, PartialEq, Eq)]
pub struct Handle {
    /// The hash.
    pub hash: Vec<u8>,
    /// What it is.
    pub kind: Text,
    /// The application that it was given to.
    pub application: Text,
    /// The session at the application that it belongs to.
    pub application_session: Option<i64>,
    /// What it stands for, a JSON document.
    pub body: Text,
    /// From when on it is refused.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("kind", &self.kind).finish_non_exhaustive()
    }
}

row!(Handle { hash, kind, application, application_session, body, expires_at, used_at });

impl ReadTx {
    /// What is kept under this hash, used and expired or not, if it is of this kind.
    pub async fn handle(
        &mut self,
        kind: HandleKind,
        hash: &[u8],
    ) -> Result<Option<Handle>, StoreError> {
        let sql = "SELECT hash, kind, application, application_session, body, expires_at, used_at
                   FROM handle WHERE hash = $1 AND kind = $2";
        self.fetch_one(sql, args![hash, kind.word()]).await
    }
}

impl Tx {
    /// Keeps something under a hash; false when there is something already.
    pub async fn insert_handle(&mut self, handle: &Handle) -> Result<bool, StoreError> {
        let Handle { hash, kind, application, application_session, body, expires_at, used_at } =
            handle;
        let sql = "INSERT INTO handle (hash, kind, application, application_session, body, expires_at, used_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (hash) DO NOTHING";
        let args =
            args![hash, kind, application, *application_session, body, *expires_at, *used_at];
        Ok(self.execute(sql, args).await? > 0)
    }

    /// Uses a handle; false when it was used before. Of two that try at the same time one wins.
    pub async fn use_handle(&mut self, hash: &[u8], at: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE handle SET used_at = $2 WHERE hash = $1 AND used_at IS NULL";
        Ok(self.execute(sql, args![hash, at]).await? > 0)
    }

    /// Changes what an unused handle stands for, from one thing to another; false when it stands for something else, or was used.
    /// Of two that try at the same time one wins.
    pub async fn change_handle(
        &mut self,
        hash: &[u8],
        application_session: Option<i64>,
        (from, to): (&str, &str),
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE handle SET application_session = $2, body = $4
                   WHERE hash = $1 AND body = $3 AND used_at IS NULL";
        Ok(self.execute(sql, args![hash, application_session, from, to]).await? > 0)
    }

    /// Forgets handles that expired before `at`.
    pub async fn forget_handles(&mut self, at: Timestamp) -> Result<u64, StoreError> {
        self.execute("DELETE FROM handle WHERE expires_at < $1", args![at]).await
    }
}
