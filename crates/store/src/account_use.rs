//! When accounts were last used, where their system tells.
//!
//! Beside the accounts and no fact: it changes every day for everybody who works, and makes no plan stale.

use jiff::Timestamp;
use muster_model::{AccountId, EntityId};

use crate::{
    Number, ReadTx, StoreError, Tx,
    statement::{args, bind},
};

impl ReadTx {
    /// When accounts were last used, those of which it is known, in order of their ids, at most `limit`, after an id.
    pub async fn account_uses(
        &mut self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<(AccountId, Timestamp)>, StoreError> {
        let sql = "SELECT account, used_at FROM account_use
                   WHERE account > $1 ORDER BY account LIMIT $2";
        self.fetch_all(sql, args![after.unwrap_or(AccountId(0)), limit]).await
    }

    /// When these accounts were last used, those of which it is known.
    pub async fn account_uses_of(
        &mut self,
        accounts: &[AccountId],
    ) -> Result<Vec<(AccountId, Timestamp)>, StoreError> {
        let sql = "SELECT account, used_at FROM account_use WHERE account = $1";
        self.fetch_all_of_each(sql, accounts, |id, args| bind!(args, *id)).await
    }

    /// The types of linked accounts that these identities used since then, where their system tells.
    pub async fn account_types_used(
        &mut self,
        entities: &[EntityId],
        since: Timestamp,
    ) -> Result<Vec<(EntityId, Number)>, StoreError> {
        let sql = "SELECT a.entity, a.type_no FROM account a JOIN account_use u ON u.account = a.id
                   WHERE a.entity = $1 AND a.status = 'linked' AND u.used_at >= $2 ORDER BY a.type_no";
        self.fetch_all_of_each(sql, entities, |id, args| bind!(args, *id, since)).await
    }

    /// Accounts that were last used after `from` and until `until`, the one used longest ago first, at most `limit`.
    pub async fn accounts_used_between(
        &mut self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(AccountId, Timestamp)>, StoreError> {
        let sql = "SELECT account, used_at FROM account_use
                   WHERE used_at > $1 AND used_at <= $2 ORDER BY used_at, account LIMIT $3";
        self.fetch_all(sql, args![from, until, limit]).await
    }
}

impl Tx {
    /// Notes when accounts were last used.
    pub async fn note_account_uses(
        &mut self,
        uses: &[(AccountId, Timestamp)],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO account_use (account, used_at) VALUES ($1, $2)
                   ON CONFLICT (account) DO UPDATE SET used_at = excluded.used_at";
        self.execute_each(sql, uses, |(id, at), args| bind!(args, *id, *at)).await.map(drop)
    }
}
