//! Links in mails by which one person decides about one request. Of a link only its hash is kept.

use jiff::Timestamp;
use muster_model::EntityId;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A link that was mailed.
#[derive(Clone, PartialEq, Eq)]
pub struct DecisionLink {
    /// SHA-256 of it.
    pub hash: Vec<u8>,
    /// About which request.
    pub request: i64,
    /// Who decides with it.
    pub entity: EntityId,
    /// As the request was when the mail went out; what changed since is not decided by it.
    pub version: i64,
    /// When it opens nothing any more.
    pub ends_at: Timestamp,
}

impl std::fmt::Debug for DecisionLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecisionLink").field("request", &self.request).finish_non_exhaustive()
    }
}

row!(DecisionLink { hash, request, entity, version, ends_at });

impl ReadTx {
    /// The link with this hash.
    pub async fn decision_link(&mut self, hash: &[u8]) -> Result<Option<DecisionLink>, StoreError> {
        let sql =
            "SELECT hash, request, entity, version, ends_at FROM decision_link WHERE hash = $1";
        self.fetch_one(sql, args![hash]).await
    }
}

impl Tx {
    /// Keeps a link.
    pub async fn insert_decision_link(&mut self, link: &DecisionLink) -> Result<(), StoreError> {
        let sql = "INSERT INTO decision_link (hash, request, entity, version, ends_at)
                   VALUES ($1, $2, $3, $4, $5)";
        let DecisionLink { hash, request, entity, version, ends_at } = link;
        self.execute(sql, args![hash, *request, *entity, *version, *ends_at]).await.map(drop)
    }

    /// Uses a link up. False when somebody else did.
    pub async fn use_decision_link(&mut self, hash: &[u8]) -> Result<bool, StoreError> {
        let sql = "DELETE FROM decision_link WHERE hash = $1";
        Ok(self.execute(sql, args![hash]).await? > 0)
    }

    /// Forgets all links about a request.
    pub async fn delete_decision_links(&mut self, request: i64) -> Result<(), StoreError> {
        let sql = "DELETE FROM decision_link WHERE request = $1";
        self.execute(sql, args![request]).await.map(drop)
    }
}
