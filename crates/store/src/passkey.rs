//! Passkeys of identities, and what their authenticators were asked to sign. Of a passkey only the public half is here.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// Whose.
    pub entity: EntityId,
    /// How its authenticator names it.
    pub credential: Vec<u8>,
    /// How its authenticator names the identity.
    pub handle: Vec<u8>,
    /// How its owner calls it.
    pub name: Text,
    /// What checks its signatures, as JSON.
    pub public_key: Text,
    /// How often its authenticator says that it signed; 0 for those that do not count.
    pub counter: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

row!(Passkey { id, entity, credential, handle, name, public_key, counter, created_at, used_at });

/// What an authenticator was asked to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyChallenge {
    /// SHA-256 of what the browser keeps.
    pub hash: Vec<u8>,
    /// Who adds a passkey; `None` while somebody signs in.
    pub entity: Option<EntityId>,
    /// What is needed to check the answer, as JSON.
    pub state: Text,
    /// Until when an answer is taken.
    pub expires_at: Timestamp,
}

row!(PasskeyChallenge { hash, entity, state, expires_at });

/// The columns of [`Passkey`], in its order.
macro_rules! select_passkey {
    ($rest:literal) => {
        concat!(
            "SELECT id, entity, credential, handle, name, public_key, counter, created_at, used_at \
             FROM passkey ",
            $rest
        )
    };
}

impl ReadTx {
    /// The passkey that its authenticator names so.
    pub async fn passkey(&mut self, credential: &[u8]) -> Result<Option<Passkey>, StoreError> {
        self.fetch_one(select_passkey!("WHERE credential = $1"), args![credential]).await
    }

    /// The passkeys of an identity, the oldest first.
    pub async fn passkeys_of(&mut self, entity: EntityId) -> Result<Vec<Passkey>, StoreError> {
        self.fetch_all(select_passkey!("WHERE entity = $1 ORDER BY id"), args![entity]).await
    }
}

impl Tx {
    /// Adds a passkey; false when there is one that its authenticator names so.
    pub async fn insert_passkey(&mut self, passkey: &Passkey) -> Result<bool, StoreError> {
        let Passkey {
            id,
            entity,
            credential,
            handle,
            name,
            public_key,
            counter,
            created_at,
            used_at,
        } = passkey;
        let sql = "INSERT INTO passkey (id, entity, credential, handle, name, public_key, counter,
                                        created_at, used_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (credential) DO NOTHING";
        let args = args![
            *id,
            *entity,
            credential,
            handle,
            name,
            public_key,
            *counter,
            *created_at,
            *used_at
        ];
        Ok(self.execute(sql, args).await? > 0)
    }

    /// Notes that a passkey was used, with what its authenticator counts and what checks it from now on; false when it is not
    /// there, or counted as much before: then there are two of it.
    pub async fn use_passkey(
        &mut self,
        id: i64,
        (counter, public_key): (i64, &str),
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE passkey SET counter = $2, public_key = $3, used_at = $4
                   WHERE id = $1 AND (counter < $2 OR counter = 0 AND $2 = 0)";
        Ok(self.execute(sql, args![id, counter, public_key, at]).await? > 0)
    }

    /// Takes one passkey of an identity away, or all of them, the last way in too; returns how many there were.
    pub async fn remove_passkeys(
        &mut self,
        entity: EntityId,
        id: Option<i64>,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM passkey
                   WHERE entity = $1 AND (CAST($2 AS BIGINT) IS NULL OR id = $2)";
        self.execute(sql, args![entity, id]).await
    }

    /// Calls a passkey of an identity something else; false when they have no such passkey.
    pub async fn rename_passkey(
        &mut self,
        entity: EntityId,
        id: i64,
        name: &str,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE passkey SET name = $3 WHERE id = $2 AND entity = $1";
        Ok(self.execute(sql, args![entity, id, name]).await? > 0)
    }

    /// Removes a passkey of an identity; false when they have no such passkey, or no other and no password. Of two that are
    /// removed at the same time one stays.
    pub async fn delete_passkey(&mut self, entity: EntityId, id: i64) -> Result<bool, StoreError> {
        // Others who remove one of them wait here.
        let sql = "UPDATE passkey SET entity = entity WHERE entity = $1";
        self.execute(sql, args![entity]).await?;
        let sql = "DELETE FROM passkey WHERE id = $2 AND entity = $1
                   AND (EXISTS (SELECT 1 FROM password WHERE entity = $1)
                        OR EXISTS (SELECT 1 FROM passkey p WHERE p.entity = $1 AND p.id <> $2))";
        Ok(self.execute(sql, args![entity, id]).await? > 0)
    }

    /// Remembers what an authenticator is asked to sign, and forgets what is too old to be answered at `now`.
    pub async fn insert_passkey_challenge(
        &mut self,
        challenge: &PasskeyChallenge,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute("DELETE FROM passkey_challenge WHERE expires_at <= $1", args![now]).await?;
        let PasskeyChallenge { hash, entity, state, expires_at } = challenge;
        let sql = "INSERT INTO passkey_challenge (hash, entity, state, expires_at)
                   VALUES ($1, $2, $3, $4)";
        self.execute(sql, args![hash, *entity, state, *expires_at]).await.map(drop)
    }

    /// Takes what an authenticator was asked to sign: it is answered once, however that ends.
    pub async fn take_passkey_challenge(
        &mut self,
        hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<PasskeyChallenge>, StoreError> {
        let sql = "DELETE FROM passkey_challenge WHERE hash = $1
                   RETURNING hash, entity, state, expires_at";
        let taken: Option<PasskeyChallenge> = self.fetch_changed(sql, args![hash]).await?.pop();
        Ok(taken.filter(|challenge| now < challenge.expires_at))
    }
}
