//! Clients: programs that call us, and the tokens by which they are known.
//!
//! A token is kept as its SHA-256 hash only. Tokens are long and random, so a slow hash would add nothing.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A program that calls us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// Its name, as it was given.
    pub name: Text,
    /// The name folded; no two living clients have the same.
    pub name_key: Text,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Text,
    /// Since when it is gone.
    pub ended_at: Option<Timestamp>,
}

/// A token of a client, without the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientToken {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// Whose.
    pub client: i64,
    /// SHA-256 of the token.
    pub hash: Vec<u8>,
    /// The token's first letters, so that people can tell tokens apart.
    pub hint: Text,
    /// What it may be used for, words with a space between.
    pub scopes: Text,
    /// Whose rights narrow it.
    pub acts_for: Option<EntityId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Text,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Since when it is refused.
    pub revoked_at: Option<Timestamp>,
}

row!(Client { id, name, name_key, created_at, created_by, ended_at });
row!(ClientToken {
    id,
    client,
    hash,
    hint,
    scopes,
    acts_for,
    created_at,
    created_by,
    expires_at,
    revoked_at
});

/// The columns of [`Client`], in its order.
macro_rules! select_client {
    ($rest:literal) => {
        concat!("SELECT id, name, name_key, created_at, created_by, ended_at FROM client ", $rest)
    };
}

/// The columns of [`ClientToken`], in its order.
macro_rules! select_token {
    ($rest:literal) => {
        concat!(
            "SELECT id, client, hash, hint, scopes, acts_for, created_at, created_by, expires_at, \
             revoked_at FROM client_token ",
            $rest
        )
    };
}

impl ReadTx {
    /// The client with this id, ended or not.
    pub async fn client(&mut self, id: i64) -> Result<Option<Client>, StoreError> {
        self.fetch_one(select_client!("WHERE id = $1"), args![id]).await
    }

    /// The living client with this folded name.
    pub async fn client_named(&mut self, name_key: &str) -> Result<Option<Client>, StoreError> {
        let sql = select_client!("WHERE name_key = $1 AND ended_at IS NULL");
        self.fetch_one(sql, args![name_key]).await
    }

    /// Clients after an id, the oldest first, at most `limit`; also those that are gone.
    pub async fn clients(
        &mut self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Client>, StoreError> {
        let sql = select_client!("WHERE id > $1 ORDER BY id LIMIT $2");
        self.fetch_all(sql, args![after.unwrap_or(0), limit]).await
    }

    /// The token with this hash, whatever became of it.
    pub async fn client_token(&mut self, hash: &[u8]) -> Result<Option<ClientToken>, StoreError> {
        self.fetch_one(select_token!("WHERE hash = $1"), args![hash]).await
    }

    /// The tokens of a client, the oldest first.
    pub async fn client_tokens(&mut self, client: i64) -> Result<Vec<ClientToken>, StoreError> {
        self.fetch_all(select_token!("WHERE client = $1 ORDER BY id"), args![client]).await
    }
}

impl Tx {
    /// Writes a new client.
    pub async fn insert_client(&mut self, client: &Client) -> Result<(), StoreError> {
        let Client { id, name, name_key, created_at, created_by, ended_at } = client;
        let sql = "INSERT INTO client (id, name, name_key, created_at, created_by, ended_at)
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let args = args![*id, name, name_key, *created_at, created_by, *ended_at];
        self.execute(sql, args).await.map(drop)
    }

    /// Writes a new token.
    pub async fn insert_client_token(&mut self, token: &ClientToken) -> Result<(), StoreError> {
        let ClientToken {
            id,
            client,
            hash,
            hint,
            scopes,
            acts_for,
            created_at,
            created_by,
            expires_at,
            revoked_at,
        } = token;
        let sql = "INSERT INTO client_token (id, client, hash, hint, scopes, acts_for, created_at, \
                   created_by, expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let args = args![
            *id,
            *client,
            hash.as_slice(),
            hint,
            scopes,
            *acts_for,
            *created_at,
            created_by,
            *expires_at,
            *revoked_at
        ];
        self.execute(sql, args).await.map(drop)
    }

    /// Ends a client; true when it was living.
    pub async fn end_client(&mut self, id: i64, at: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE client SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
        Ok(self.execute(sql, args![id, at]).await? > 0)
    }

    /// Refuses a token from `at` on; true when it was not refused before.
    pub async fn revoke_client_token(
        &mut self,
        id: i64,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE client_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
        Ok(self.execute(sql, args![id, at]).await? > 0)
    }

    /// Lets a token end at `at` if it would last longer.
    pub async fn shorten_client_token(
        &mut self,
        id: i64,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE client_token SET expires_at = $2 \
                   WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)";
        Ok(self.execute(sql, args![id, at]).await? > 0)
    }
}
