//! What accounts were: every version that a change, a link or a deletion replaced.
//!
//! An account is as the first version replaced after an instant says, else as it is now.

use jiff::Timestamp;
use muster_model::{AccountId, EntityId};

use crate::{
    Account, EntitlementId, Number, ReadTx, StoreError, Tx,
    column::{BadColumn, Columns, FromRow, Numbers},
    statement::{args, bind},
};

/// What an account held until it was replaced by another version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerGrants {
    /// Which account.
    pub account: AccountId,
    /// Until when.
    pub replaced_at: Timestamp,
    /// The entitlements it held, sorted.
    pub grants: Vec<EntitlementId>,
}

impl FromRow for FormerGrants {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        Ok(Self {
            account: row.take()?,
            replaced_at: row.take()?,
            grants: row.take::<Numbers>()?.0.into_iter().map(EntitlementId).collect(),
        })
    }
}

/// The accounts that were at `$2` as they are now, narrowed by a text.
macro_rules! present_as_of {
    ($which:literal, $rest:literal) => {
        concat!(
            "SELECT a.id AS id, a.system_no, a.type_no AS type_no, a.native_id, a.name, a.name_key, a.entity,
                    a.status, a.confidence, a.enabled, a.disabled_since, a.content, a.grants, a.fingerprint,
                    a.created_at, a.changed_at, a.origin
             FROM account a
             WHERE ",
            $which,
            " AND a.created_at <= $2 AND NOT EXISTS (
                   SELECT 1 FROM account_history h WHERE h.account = a.id AND h.replaced_at > $2) ",
            $rest
        )
    };
}

/// The former versions that held at `$2`, narrowed by a text.
macro_rules! former_as_of {
    ($which:literal, $rest:literal) => {
        concat!(
            "SELECT f.account, f.system_no, f.type_no, f.native_id, f.name, f.name_key, f.entity,
                    f.status, f.confidence, f.enabled, f.disabled_since, f.content, f.grants, f.fingerprint,
                    f.created_at, f.changed_at, f.origin
             FROM account_history f
             WHERE ",
            $which,
            " AND f.created_at <= $2 AND f.replaced_at > $2 AND NOT EXISTS (
                   SELECT 1 FROM account_history e
                   WHERE e.account = f.account AND e.replaced_at > $2 AND e.replaced_at < f.replaced_at) ",
            $rest
        )
    };
}

/// The accounts as they were at `$2`; the two texts narrow the present and the former ones.
macro_rules! as_of {
    ($present:literal, $former:literal, $rest:literal) => {
        concat!(present_as_of!($present, ""), " UNION ALL ", former_as_of!($former, ""), $rest)
    };
}

impl ReadTx {
    /// The accounts that were an identity's at `at`, by type and id, undecided ones included.
    pub async fn accounts_of_as_of(
        &mut self,
        entity: EntityId,
        at: Timestamp,
    ) -> Result<Vec<Account>, StoreError> {
        let sql = as_of!("a.entity = $1", "f.entity = $1", "ORDER BY type_no, id");
        self.fetch_all(sql, args![entity, at]).await
    }

    /// Accounts of a type as they were at `at`, in id order, at most `limit`, after an id.
    pub async fn scan_accounts_as_of(
        &mut self,
        type_no: Number,
        at: Timestamp,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        let after = after.unwrap_or(AccountId(0));
        // Two pages put together: sorting both tables at once would read all of them.
        let present = present_as_of!("a.type_no = $1 AND a.id > $3", "ORDER BY a.id LIMIT $4");
        let mut page: Vec<Account> =
            self.fetch_all(present, args![type_no, at, after, limit]).await?;
        let former =
            former_as_of!("f.type_no = $1 AND f.account > $3", "ORDER BY f.account LIMIT $4");
        page.extend(self.fetch_all::<Account>(former, args![type_no, at, after, limit]).await?);
        page.sort_by_key(|account| account.id);
        page.truncate(limit);
        Ok(page)
    }

    /// What these accounts held before they were as they are now, in the order of `accounts`, the oldest first.
    pub async fn former_grants(
        &mut self,
        accounts: &[AccountId],
    ) -> Result<Vec<FormerGrants>, StoreError> {
        let sql = "SELECT account, replaced_at, grants FROM account_history
                   WHERE account = $1 ORDER BY replaced_at";
        self.fetch_all_of_each(sql, accounts, |id, args| bind!(args, *id)).await
    }

    /// An account as it was at `at`, also one that is gone since.
    pub async fn account_as_of(
        &mut self,
        id: AccountId,
        at: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        let sql = as_of!("a.id = $1", "f.account = $1", "LIMIT 1");
        self.fetch_one(sql, args![id, at]).await
    }
}

impl Tx {
    /// Keeps what these accounts are until the instant at which they are replaced. Of two versions that end at one instant,
    /// the first stays: the second was never seen.
    pub(crate) async fn keep_former_accounts(
        &mut self,
        accounts: &[(AccountId, Timestamp)],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO account_history (
                       account, replaced_at, system_no, type_no, native_id, name, name_key, entity,
                       status, confidence, enabled, disabled_since, content, grants, fingerprint,
                       created_at, changed_at, origin)
                   SELECT id, $2, system_no, type_no, native_id, name, name_key, entity,
                          status, confidence, enabled, disabled_since, content, grants, fingerprint,
                          created_at, changed_at, origin
                   FROM account WHERE id = $1
                   ON CONFLICT (account, replaced_at) DO NOTHING";
        self.execute_each(sql, accounts, |(id, at), args| bind!(args, *id, *at)).await.map(drop)
    }
}
