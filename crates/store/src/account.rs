//! Accounts: objects on targets as last observed, and whose they are.

use jiff::Timestamp;
use muster_model::{AccountId, EntityId, Fingerprint, Text};

use crate::{
    EntitlementId, IdRange, Number, ReadTx, StoreError, Tx,
    arg::Arg,
    column::{BadColumn, Columns, FromRow, Numbers, row},
    error::all_there,
    packed::pack_numbers,
    statement::{Insert, args, bind, insert_into},
    words::words,
};

words! {
    /// Whose an account is.
    AccountStatus {
        /// It belongs to an identity.
        Linked = "linked",
        /// It belongs to nobody.
        Orphan = "orphan",
        /// A person must say whose it is.
        Undecided = "undecided",
        /// It is none of our business.
        Ignored = "ignored",
    }
}

words! {
    /// Where an account came from.
    AccountOrigin {
        /// It was there when we first looked.
        Found = "found",
        /// We made it.
        Made = "made",
    }
}

/// An account as last observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Which one; from [`Tx::take_ids`].
    pub id: AccountId,
    /// The system's number.
    pub system_no: Number,
    /// The account type's number.
    pub type_no: Number,
    /// The system's own id; empty while unknown. Unique within the type when not empty.
    pub native_id: Text,
    /// The name on the system.
    pub name: Text,
    /// The name in the form that is compared.
    pub name_key: Text,
    /// The identity it belongs to, or probably belongs to while undecided.
    pub entity: Option<EntityId>,
    /// Whose it is.
    pub status: AccountStatus,
    /// How sure the correlation is, 0 to 100.
    pub confidence: u8,
    /// Whether it can be used to sign in.
    pub enabled: Option<bool>,
    /// Since when it cannot be used to sign in; nothing while it can, or while nobody knows. Set by [`Account::switch`].
    pub disabled_since: Option<Timestamp>,
    /// The observed values, encoded.
    pub content: Vec<u8>,
    /// The entitlements it holds, sorted.
    pub grants: Vec<EntitlementId>,
    /// The hash of all that was observed.
    pub fingerprint: Fingerprint,
    /// When it became known to us.
    pub created_at: Timestamp,
    /// When it was last seen to change.
    pub changed_at: Timestamp,
    /// Where it came from.
    pub origin: AccountOrigin,
}

impl Account {
    /// Notes whether the account can be used to sign in, as seen or done at `now`.
    ///
    /// An account that stays disabled keeps the instant since when it is.
    pub fn switch(&mut self, enabled: Option<bool>, now: Timestamp) {
        self.enabled = enabled;
        self.disabled_since = match enabled {
            Some(false) => self.disabled_since.or(Some(now)),
            Some(true) | None => None,
        };
    }
}

/// What change detection needs of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMark {
    /// Which one.
    pub id: AccountId,
    /// The system's own id.
    pub native_id: Text,
    /// The name in the form that is compared.
    pub name_key: Text,
    /// The identity it belongs to.
    pub entity: Option<EntityId>,
    /// The hash of all that was observed.
    pub fingerprint: Fingerprint,
}

/// How many accounts there are of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountCount {
    /// The system's number.
    pub system_no: Number,
    /// The account type's number.
    pub type_no: Number,
    /// Whether they can be used to sign in.
    pub enabled: Option<bool>,
    /// Whose they are.
    pub status: AccountStatus,
    /// How many.
    pub n: u64,
}

/// An account that somebody has and that is not out of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsableAccount {
    /// Whose it is.
    pub entity: EntityId,
    /// The account type's number.
    pub type_no: Number,
}

row!(UsableAccount { entity, type_no });
row!(AccountMark { id, native_id, name_key, entity, fingerprint });
row!(AccountCount { system_no, type_no, enabled, status, n });

impl FromRow for Account {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        Ok(Self {
            id: row.take()?,
            system_no: row.take()?,
            type_no: row.take()?,
            native_id: row.take()?,
            name: row.take()?,
            name_key: row.take()?,
            entity: row.take()?,
            status: row.take()?,
            confidence: row.take()?,
            enabled: row.take()?,
            disabled_since: row.take()?,
            content: row.take()?,
            grants: row.take::<Numbers>()?.0.into_iter().map(EntitlementId).collect(),
            fingerprint: row.take()?,
            created_at: row.take()?,
            changed_at: row.take()?,
            origin: row.take()?,
        })
    }
}

/// The columns of [`Account`], in its order.
macro_rules! select_account {
    ($rest:literal) => {
        concat!(
            "SELECT id, system_no, type_no, native_id, name, name_key, entity, status, confidence, \
             enabled, disabled_since, content, grants, fingerprint, created_at, changed_at, origin \
             FROM account ",
            $rest
        )
    };
}

const INSERT: Insert = insert_into!(
    "account",
    "id",
    "system_no",
    "type_no",
    "native_id",
    "name",
    "name_key",
    "entity",
    "status",
    "confidence",
    "enabled",
    "disabled_since",
    "content",
    "grants",
    "fingerprint",
    "created_at",
    "changed_at",
    "origin",
);

impl ReadTx {
    /// The account with this id.
    pub async fn account(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.fetch_one(select_account!("WHERE id = $1"), args![id]).await
    }

    /// The accounts with these ids that are there, in the order asked for.
    pub async fn accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        let sql = select_account!("WHERE id = $1");
        self.fetch_all_of_each(sql, ids, |id, args| bind!(args, *id)).await
    }

    /// Accounts of a type in id order, at most `limit`, after an id.
    pub async fn scan_accounts(
        &mut self,
        type_no: Number,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        let sql = select_account!("WHERE type_no = $1 AND id > $2 ORDER BY id LIMIT $3");
        self.fetch_all(sql, args![type_no, after.unwrap_or(AccountId(0)), limit]).await
    }

    /// The marks of a type's accounts in id order, at most `limit`, after an id.
    pub async fn scan_account_marks(
        &mut self,
        type_no: Number,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountMark>, StoreError> {
        let sql = "SELECT id, native_id, name_key, entity, fingerprint FROM account
                   WHERE type_no = $1 AND id > $2 ORDER BY id LIMIT $3";
        self.fetch_all(sql, args![type_no, after.unwrap_or(AccountId(0)), limit]).await
    }

    /// The accounts of an identity, by type and id, undecided ones included.
    pub async fn accounts_of(&mut self, entity: EntityId) -> Result<Vec<Account>, StoreError> {
        let sql = select_account!("WHERE entity = $1 ORDER BY type_no, id");
        self.fetch_all(sql, args![entity]).await
    }

    /// Accounts that belong to identities of a range, ordered by identity and id, at most `limit`, after an `(identity, account)`.
    pub async fn scan_accounts_of(
        &mut self,
        range: IdRange,
        after: Option<(EntityId, AccountId)>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        let sql = select_account!(
            "WHERE (entity, id) > ($1, $2) AND entity <= $3 ORDER BY entity, id LIMIT $4"
        );
        let (entity, id) = after.unwrap_or((range.after, AccountId(i64::MAX)));
        self.fetch_all(sql, args![entity, id, range.to, limit]).await
    }

    /// The accounts of several identities, in the order of `entities`.
    pub async fn accounts_of_many(
        &mut self,
        entities: &[EntityId],
    ) -> Result<Vec<Account>, StoreError> {
        let sql = select_account!("WHERE entity = $1 ORDER BY type_no, id");
        self.fetch_all_of_each(sql, entities, |entity, args| bind!(args, *entity)).await
    }

    /// The linked accounts of several identities that are not known to be out of use, in the order of `entities`.
    pub async fn usable_accounts_of(
        &mut self,
        entities: &[EntityId],
    ) -> Result<Vec<UsableAccount>, StoreError> {
        let sql = "SELECT entity, type_no FROM account
                   WHERE entity = $1 AND status = 'linked' AND enabled IS NOT FALSE ORDER BY type_no, id";
        self.fetch_all_of_each(sql, entities, |entity, args| bind!(args, *entity)).await
    }

    /// The accounts that several identities have on one system, in the order of `entities`.
    pub async fn accounts_on_system(
        &mut self,
        system_no: Number,
        entities: &[EntityId],
    ) -> Result<Vec<Account>, StoreError> {
        let sql = select_account!("WHERE entity = $1 AND system_no = $2 ORDER BY type_no, id");
        self.fetch_all_of_each(sql, entities, |entity, args| bind!(args, *entity, system_no)).await
    }

    /// The accounts of a type with any of these name keys, in the order of the keys.
    pub async fn accounts_by_name(
        &mut self,
        type_no: Number,
        name_keys: &[Text],
    ) -> Result<Vec<Account>, StoreError> {
        let sql = select_account!("WHERE type_no = $1 AND name_key = $2 ORDER BY id");
        self.fetch_all_of_each(sql, name_keys, |key, args| bind!(args, type_no, key)).await
    }

    /// The account of a type with this native id.
    pub async fn account_by_native_id(
        &mut self,
        type_no: Number,
        native_id: &str,
    ) -> Result<Option<Account>, StoreError> {
        let sql = select_account!("WHERE type_no = $1 AND native_id = $2 AND native_id <> ''");
        self.fetch_one(sql, args![type_no, native_id]).await
    }

    /// Accounts of a type that are not linked and have this status, in id order, at most `limit`, after an id.
    pub async fn unlinked_accounts(
        &mut self,
        type_no: Number,
        status: AccountStatus,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        let sql = select_account!(
            "WHERE status <> 'linked' AND type_no = $1 AND status = $2 AND id > $3 \
             ORDER BY id LIMIT $4"
        );
        self.fetch_all(sql, args![type_no, status, after.unwrap_or(AccountId(0)), limit]).await
    }

    /// How many accounts there are of each sort.
    pub async fn count_accounts(&mut self) -> Result<Vec<AccountCount>, StoreError> {
        let sql = "SELECT system_no, type_no, enabled, status, COUNT(*) FROM account
                   GROUP BY system_no, type_no, enabled, status
                   ORDER BY system_no, type_no, enabled NULLS FIRST, status";
        self.fetch_all(sql, args![]).await
    }

    /// As [`ReadTx::count_accounts`], of those that are nobody's or may be somebody's.
    pub async fn count_unlinked_accounts(&mut self) -> Result<Vec<AccountCount>, StoreError> {
        let sql = "SELECT system_no, type_no, enabled, status, COUNT(*) FROM account
                   WHERE status <> 'linked' GROUP BY system_no, type_no, enabled, status
                   ORDER BY system_no, type_no, enabled NULLS FIRST, status";
        self.fetch_all(sql, args![]).await
    }
}

impl Tx {
    /// Writes new accounts.
    pub async fn insert_accounts(&mut self, accounts: &[Account]) -> Result<(), StoreError> {
        self.changed.note_holders(accounts.iter().filter_map(|account| account.entity));
        self.insert_many(&INSERT, accounts, bind_account).await
    }

    /// Replaces accounts by id; what they were is kept until their `changed_at`. One that is not there is
    /// [`StoreError::Missing`].
    pub async fn update_accounts(&mut self, accounts: &[Account]) -> Result<(), StoreError> {
        let former: Vec<_> =
            accounts.iter().map(|account| (account.id, account.changed_at)).collect();
        self.keep_former_accounts(&former).await?;
        self.changed.note_holders(accounts.iter().filter_map(|account| account.entity));
        let sql = "UPDATE account
                   SET system_no = $2, type_no = $3, native_id = $4, name = $5, name_key = $6,
                       entity = $7, status = $8, confidence = $9, enabled = $10,
                       disabled_since = $11, content = $12, grants = $13, fingerprint = $14,
                       created_at = $15, changed_at = $16, origin = $17
                   WHERE id = $1";
        let changed = self.execute_each(sql, accounts, bind_account).await?;
        all_there("account", accounts.iter().map(|account| account.id.0), &changed)
    }

    /// Says whose each account is from `now` on: identity, status, confidence.
    pub async fn link_accounts(
        &mut self,
        links: &[(AccountId, Option<EntityId>, AccountStatus, u8)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let former: Vec<_> = links.iter().map(|(id, ..)| (*id, now)).collect();
        self.keep_former_accounts(&former).await?;
        self.changed.note_holders(links.iter().filter_map(|(_, entity, ..)| *entity));
        let sql = "UPDATE account SET entity = $2, status = $3, confidence = $4 WHERE id = $1";
        let changed = self
            .execute_each(sql, links, |(id, entity, status, confidence), args| {
                bind!(args, *id, *entity, *status, *confidence);
            })
            .await?;
        all_there("account", links.iter().map(|(id, _, _, _)| id.0), &changed)
    }

    /// Removes accounts, as of `now`; what they were is kept.
    pub async fn delete_accounts(
        &mut self,
        accounts: &[AccountId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let former: Vec<_> = accounts.iter().map(|id| (*id, now)).collect();
        self.keep_former_accounts(&former).await?;
        let sql = "DELETE FROM account_use WHERE account = $1";
        self.execute_each(sql, accounts, |id, args| bind!(args, *id)).await?;
        let sql = "DELETE FROM account WHERE id = $1";
        self.execute_each(sql, accounts, |id, args| bind!(args, *id)).await.map(drop)
    }
}

fn bind_account<'a>(account: &'a Account, args: &mut Vec<Arg<'a>>) {
    let Account {
        id,
        system_no,
        type_no,
        native_id,
        name,
        name_key,
        entity,
        status,
        confidence,
        enabled,
        disabled_since,
        content,
        grants,
        fingerprint,
        created_at,
        changed_at,
        origin,
    } = account;
    let grants = pack_numbers(grants.iter().map(|grant| grant.0));
    bind!(args, *id, *system_no, *type_no, native_id, name, name_key, *entity, *status);
    bind!(args, *confidence, *enabled, *disabled_since, content, grants, *fingerprint);
    bind!(args, *created_at, *changed_at, *origin);
}
