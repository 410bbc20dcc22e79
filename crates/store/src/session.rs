//! Sessions of people who signed in. What their browser keeps is here as a hash only.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// SHA-256 of what the browser keeps.
    pub hash: Vec<u8>,
    /// Whose.
    pub entity: EntityId,
    /// When it began.
    pub opened_at: Timestamp,
    /// When its person last proved who they are.
    pub proved_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// When it is over, however much it is used.
    pub ends_at: Timestamp,
    /// The proofs that were given, words with a space between.
    pub methods: Text,
    /// From which network it was opened.
    pub network: Text,
    /// On what, as the browser calls itself.
    pub device: Text,
    /// Since when it is over.
    pub ended_at: Option<Timestamp>,
}

row!(Session {
    id,
    hash,
    entity,
    opened_at,
    proved_at,
    seen_at,
    ends_at,
    methods,
    network,
    device,
    ended_at
});

/// The columns of [`Session`], in its order.
macro_rules! select_session {
    ($rest:literal) => {
        concat!(
            "SELECT id, hash, entity, opened_at, proved_at, seen_at, ends_at, methods, network, \
             device, ended_at FROM session ",
            $rest
        )
    };
}

impl ReadTx {
    /// The session with this hash, over or not.
    pub async fn session(&mut self, hash: &[u8]) -> Result<Option<Session>, StoreError> {
        self.fetch_one(select_session!("WHERE hash = $1"), args![hash]).await
    }

    /// The session with this id, over or not.
    pub async fn session_numbered(&mut self, id: i64) -> Result<Option<Session>, StoreError> {
        self.fetch_one(select_session!("WHERE id = $1"), args![id]).await
    }

    /// The sessions of an identity that nobody ended, the oldest first.
    pub async fn sessions_of(&mut self, entity: EntityId) -> Result<Vec<Session>, StoreError> {
        let sql = select_session!("WHERE entity = $1 AND ended_at IS NULL ORDER BY id");
        self.fetch_all(sql, args![entity]).await
    }

    /// Sessions that nobody ended, the oldest first, after an id, at most `limit`.
    pub async fn sessions(
        &mut self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Session>, StoreError> {
        let sql = select_session!("WHERE id > $1 AND ended_at IS NULL ORDER BY id LIMIT $2");
        self.fetch_all(sql, args![after.unwrap_or(0), limit]).await
    }
}

impl Tx {
    /// Writes a new session.
    pub async fn insert_session(&mut self, session: &Session) -> Result<(), StoreError> {
        let Session {
            id,
            hash,
            entity,
            opened_at,
            proved_at,
            seen_at,
            ends_at,
            methods,
            network,
            device,
            ended_at,
        } = session;
        let sql = "INSERT INTO session (id, hash, entity, opened_at, proved_at, seen_at, ends_at,
                                        methods, network, device, ended_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let args = args![
            *id, hash, *entity, *opened_at, *proved_at, *seen_at, *ends_at, methods, network,
            device, *ended_at
        ];
        self.execute(sql, args).await.map(drop)
    }

    /// Gives a session another hash, and what it has proved by now; false when `hash` is not its hash any more or it is over.
    pub async fn rotate_session(
        &mut self,
        hash: &[u8],
        new_hash: &[u8],
        proved_at: Timestamp,
        methods: &str,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE session SET hash = $2, proved_at = $3, methods = $4
                   WHERE hash = $1 AND ended_at IS NULL";
        Ok(self.execute(sql, args![hash, new_hash, proved_at, methods]).await? > 0)
    }

    /// Notes that a session is in use.
    pub async fn touch_session(&mut self, id: i64, at: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE session SET seen_at = $2 WHERE id = $1 AND seen_at < $2";
        self.execute(sql, args![id, at]).await.map(drop)
    }

    /// Ends a session; true when it was not over.
    pub async fn end_session(&mut self, id: i64, at: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
        Ok(self.execute(sql, args![id, at]).await? > 0)
    }

    /// Ends the sessions of an identity but `kept`; returns how many.
    pub async fn end_sessions(
        &mut self,
        entity: EntityId,
        kept: Option<i64>,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE session SET ended_at = $3
                   WHERE entity = $1 AND id <> $2 AND ended_at IS NULL";
        self.execute(sql, args![entity, kept.unwrap_or(0), at]).await
    }

    /// Forgets sessions that were over before an instant, but those on which a session at an application stands, at most `most`;
    /// returns how many there were.
    pub async fn forget_sessions(
        &mut self,
        before: Timestamp,
        most: usize,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM session WHERE id IN
                       (SELECT id FROM session WHERE ends_at < $1 AND NOT EXISTS
                            (SELECT 1 FROM application_session AS a
                             WHERE a.session = session.id AND a.ended_at IS NULL)
                        ORDER BY ends_at LIMIT $2)";
        self.execute(sql, args![before, most]).await
    }
}
