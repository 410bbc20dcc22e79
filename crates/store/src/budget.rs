//! What somebody may do only so often: wrong tries from a network, mails to a person. Kept is the instant until which what was done
//! would be allowed one after the other.

use jiff::Timestamp;

use crate::{ReadTx, StoreError, Tx, statement::args};

impl ReadTx {
    /// Until when a budget is spent; `None` when nothing was spent of it lately.
    pub async fn spent_until_of(&mut self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT spent_until FROM budget WHERE name = $1";
        self.fetch_one(sql, args![name]).await
    }
}

impl Tx {
    /// Until when a budget is spent; until the end of this transaction nobody else spends of it.
    pub async fn begin_spending(
        &mut self,
        name: &str,
        at: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let sql = "INSERT INTO budget (name, spent_until) VALUES ($1, $2)
                   ON CONFLICT (name) DO UPDATE SET name = excluded.name
                   RETURNING spent_until";
        let found = self.fetch_changed(sql, args![name, at]).await?.pop();
        found.ok_or_else(|| StoreError::Missing { table: "budget", row: name.to_owned() })
    }

    /// Remembers until when a budget is spent.
    pub async fn save_spent(&mut self, name: &str, until: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE budget SET spent_until = $2 WHERE name = $1";
        self.execute(sql, args![name, until]).await.map(drop)
    }

    /// Gives back so many microseconds that were spent.
    pub async fn give_back(&mut self, name: &str, microseconds: i64) -> Result<(), StoreError> {
        let sql = "UPDATE budget SET spent_until = spent_until - $2 WHERE name = $1";
        self.execute(sql, args![name, microseconds]).await.map(drop)
    }

    /// Forgets budgets that were whole again before an instant, at most `most`; returns how many there were.
    pub async fn forget_budgets(
        &mut self,
        before: Timestamp,
        most: usize,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM budget WHERE name IN
                       (SELECT name FROM budget WHERE spent_until < $1
                        ORDER BY spent_until LIMIT $2)";
        self.execute(sql, args![before, most]).await
    }
}
