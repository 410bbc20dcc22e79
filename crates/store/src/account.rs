//! Accounts: objects on targets as last observed, and whose they are.

use jiff::Timestamp;
use muster_model::{AccountId, EntityId, Fingerprint, Text};

use crate::{EntitlementId, IdRange, Number, ReadTx, StoreError, Tx, words::words};

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

impl ReadTx {
    /// The account with this id.
    pub async fn account(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        todo!()
    }

    /// The accounts with these ids that are there, in the order asked for.
    pub async fn accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        todo!()
    }

    /// Accounts of a type in id order, at most `limit`, after an id.
    pub async fn scan_accounts(
        &mut self,
        type_no: Number,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        todo!()
    }

    /// The marks of a type's accounts in id order, at most `limit`, after an id.
    pub async fn scan_account_marks(
        &mut self,
        type_no: Number,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountMark>, StoreError> {
        todo!()
    }

    /// The accounts of an identity, by type and id, undecided ones included.
    pub async fn accounts_of(&mut self, entity: EntityId) -> Result<Vec<Account>, StoreError> {
        todo!()
    }

    /// Accounts that belong to identities of a range, ordered by identity and id, at most `limit`, after an `(identity, account)`.
    pub async fn scan_accounts_of(
        &mut self,
        range: IdRange,
        after: Option<(EntityId, AccountId)>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        todo!()
    }

    /// The accounts of several identities, in the order of `entities`.
    pub async fn accounts_of_many(
        &mut self,
        entities: &[EntityId],
    ) -> Result<Vec<Account>, StoreError> {
        todo!()
    }

    /// For each name key the accounts of that type with it, in the same order.
    pub async fn accounts_by_name(
        &mut self,
        type_no: Number,
        name_keys: &[Text],
    ) -> Result<Vec<Account>, StoreError> {
        todo!()
    }

    /// The account of a type with this native id.
    pub async fn account_by_native_id(
        &mut self,
        type_no: Number,
        native_id: &str,
    ) -> Result<Option<Account>, StoreError> {
        todo!()
    }

    /// Accounts of a type that are not linked and have this status, in id order, at most `limit`, after an id.
    pub async fn unlinked_accounts(
        &mut self,
        type_no: Number,
        status: AccountStatus,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        todo!()
    }

    /// How many accounts there are of each sort.
    pub async fn count_accounts(&mut self) -> Result<Vec<AccountCount>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Writes new accounts.
    pub async fn insert_accounts(&mut self, accounts: &[Account]) -> Result<(), StoreError> {
        todo!()
    }

    /// Replaces accounts by id. One that is not there is [`StoreError::Missing`].
    pub async fn update_accounts(&mut self, accounts: &[Account]) -> Result<(), StoreError> {
        todo!()
    }

    /// Says whose each account is: identity, status, confidence.
    pub async fn link_accounts(
        &mut self,
        links: &[(AccountId, Option<EntityId>, AccountStatus, u8)],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Removes accounts.
    pub async fn delete_accounts(&mut self, accounts: &[AccountId]) -> Result<(), StoreError> {
        todo!()
    }
}
