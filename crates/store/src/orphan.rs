//! What was decided about accounts that belong to nobody.

use jiff::Timestamp;
use muster_model::{AccountId, Text};

use crate::{
    ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
    words::words,
};

words! {
    /// What is to become of an account that belongs to nobody.
    OrphanVerb {
        /// It is known and may stay.
        Authorise = "authorise",
        /// The next plan deletes it.
        Delete = "delete",
    }
}

/// A decision about an account that belongs to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrphanDecision {
    /// The account.
    pub account: AccountId,
    /// What is to become of it.
    pub verb: OrphanVerb,
    /// Until when it may stay; `None` for good.
    pub until: Option<Timestamp>,
    /// By whom.
    pub decided_by: Text,
    /// When.
    pub decided_at: Timestamp,
    /// Why.
    pub remark: Text,
}

row!(OrphanDecision { account, verb, until, decided_by, decided_at, remark });

impl ReadTx {
    /// All decisions about accounts that belong to nobody, by account, at most `limit`, after an account.
    pub async fn orphan_decisions(
        &mut self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<OrphanDecision>, StoreError> {
        let sql = "SELECT account, verb, decided_until, decided_by, decided_at, remark
                   FROM orphan_decision WHERE account > $1 ORDER BY account LIMIT $2";
        self.fetch_all(sql, args![after.unwrap_or(AccountId(0)), limit]).await
    }
}

impl Tx {
    /// Writes decisions, new ones and replaced ones; plans that were made before are stale.
    pub async fn decide_orphans(&mut self, decisions: &[OrphanDecision]) -> Result<(), StoreError> {
        let sql = "INSERT INTO orphan_decision
                       (account, verb, decided_until, decided_by, decided_at, remark)
                   VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (account) DO UPDATE SET
                       verb = excluded.verb, decided_until = excluded.decided_until,
                       decided_by = excluded.decided_by, decided_at = excluded.decided_at,
                       remark = excluded.remark";
        self.execute_each(sql, decisions, |decision, args| {
            let OrphanDecision { account, verb, until, decided_by, decided_at, remark } = decision;
            bind!(args, *account, *verb, *until, decided_by, *decided_at, remark);
        })
        .await
        .map(drop)
    }

    /// Takes decisions back, or forgets those about accounts that are gone. Returns how many there were.
    pub async fn forget_orphan_decisions(
        &mut self,
        accounts: &[AccountId],
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM orphan_decision WHERE account = $1";
        let forgotten = self.execute_each(sql, accounts, |id, args| bind!(args, *id)).await?;
        Ok(forgotten.into_iter().sum())
    }
}
