//! Browsers in which somebody signed in, by the hash of what they keep.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A browser in which somebody signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBrowser {
    /// SHA-256 of what it keeps.
    pub hash: Vec<u8>,
    /// Who signed in.
    pub entity: EntityId,
    /// Which sort of browser it is, on what; empty when nobody can tell.
    pub name: Text,
    /// When they did first.
    pub first_at: Timestamp,
    /// When they did last.
    pub seen_at: Timestamp,
}

row!(KnownBrowser { hash, entity, name, first_at, seen_at });

impl ReadTx {
    /// The browsers of an identity, the one that was used last first.
    pub async fn known_browsers(
        &mut self,
        entity: EntityId,
    ) -> Result<Vec<KnownBrowser>, StoreError> {
        let sql = "SELECT hash, entity, name, first_at, seen_at FROM known_browser
                   WHERE entity = $1 ORDER BY seen_at DESC, hash";
        self.fetch_all(sql, args![entity]).await
    }
}

impl Tx {
    /// Notes that an identity signed in in a browser: for the first time, or again.
    pub async fn note_browser(&mut self, browser: &KnownBrowser) -> Result<(), StoreError> {
        let KnownBrowser { hash, entity, name, first_at, seen_at } = browser;
        let sql = "INSERT INTO known_browser (hash, entity, name, first_at, seen_at)
                   VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT (hash) DO UPDATE SET
                       name = excluded.name, seen_at = excluded.seen_at";
        self.execute(sql, args![hash, *entity, name, *first_at, *seen_at]).await.map(drop)
    }

    /// Forgets a browser of an identity; false when it has no such browser.
    pub async fn forget_browser(
        &mut self,
        entity: EntityId,
        hash: &[u8],
    ) -> Result<bool, StoreError> {
        let sql = "DELETE FROM known_browser WHERE entity = $1 AND hash = $2";
        Ok(self.execute(sql, args![entity, hash]).await? > 0)
    }

    /// Forgets browsers that were not used since an instant, at most `most`; returns how many there were.
    pub async fn forget_browsers(
        &mut self,
        before: Timestamp,
        most: usize,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM known_browser WHERE hash IN
                       (SELECT hash FROM known_browser WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)";
        self.execute(sql, args![before, most]).await
    }
}
