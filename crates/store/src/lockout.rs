//! Tries under one name that were not right, and how long the name is locked for them.

use jiff::Timestamp;
use muster_model::Text;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// What is remembered of the tries under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockout {
    /// The one form of the name, the same at every door.
    pub name_key: Text,
    /// Tries since the last lock.
    pub tries: i64,
    /// Locks in a row.
    pub cycles: i64,
    /// Until when nothing is tried.
    pub locked_until: Option<Timestamp>,
    /// The last try.
    pub last_at: Timestamp,
}

row!(Lockout { name_key, tries, cycles, locked_until, last_at });

impl ReadTx {
    /// What is remembered of a name.
    pub async fn lockout(&mut self, name_key: &str) -> Result<Option<Lockout>, StoreError> {
        let sql = "SELECT name_key, tries, cycles, locked_until, last_at FROM lockout
                   WHERE name_key = $1";
        self.fetch_one(sql, args![name_key]).await
    }

    /// How many names have a wrong try since an instant and no right one after it; counted up to `most`.
    pub async fn names_tried_since(
        &mut self,
        since: Timestamp,
        most: usize,
    ) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM
                       (SELECT 1 FROM lockout WHERE last_at >= $1 AND tries + cycles > 0
                        LIMIT $2) AS tried";
        self.fetch_value(sql, args![since, most]).await
    }
}

impl Tx {
    /// What is remembered of a name; until the end of this transaction nobody else counts tries under it.
    pub async fn begin_try(
        &mut self,
        name_key: &str,
        at: Timestamp,
    ) -> Result<Lockout, StoreError> {
        let sql = "INSERT INTO lockout (name_key, tries, cycles, last_at) VALUES ($1, 0, 0, $2)
                   ON CONFLICT (name_key) DO UPDATE SET name_key = excluded.name_key
                   RETURNING name_key, tries, cycles, locked_until, last_at";
        let found = self.fetch_changed(sql, args![name_key, at]).await?.pop();
        found.ok_or_else(|| StoreError::Missing { table: "lockout", row: name_key.to_owned() })
    }

    /// Remembers tries.
    pub async fn save_lockout(&mut self, lockout: &Lockout) -> Result<(), StoreError> {
        let Lockout { name_key, tries, cycles, locked_until, last_at } = lockout;
        let sql = "UPDATE lockout SET tries = $2, cycles = $3, locked_until = $4, last_at = $5
                   WHERE name_key = $1";
        self.execute(sql, args![name_key, *tries, *cycles, *locked_until, *last_at]).await.map(drop)
    }

    /// Forgets the tries under a name; true when there were some.
    pub async fn forget_lockout(&mut self, name_key: &str) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM lockout WHERE name_key = $1", args![name_key]).await? > 0)
    }

    /// Forgets names under which nobody tried since an instant, at most `most`; returns how many there were.
    pub async fn forget_lockouts(
        &mut self,
        before: Timestamp,
        most: usize,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM lockout WHERE name_key IN
                       (SELECT name_key FROM lockout WHERE last_at < $1 ORDER BY last_at LIMIT $2)";
        self.execute(sql, args![before, most]).await
    }
}
