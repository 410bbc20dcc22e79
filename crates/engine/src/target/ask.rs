//! Confirms soon what a system said it did: the objects concerned are read one by one, right after the calls.
//!
//! Only what is shown exactly as it was left counts. Everything else waits for the next read, which sees the whole and
//! judges: a system that is slow to show a change is not suspected here.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use muster_app::{AccountNames, EntitlementIndex, Error};
use muster_connector::ReadObject;
use muster_model::{AccountId, EntityId, ObjectRef, Text, name_key};
use muster_plan::{Kind, decode_operation};
use muster_policy::Held;
use muster_store::{Account, EntitlementId, Operation};
use rustc_hash::FxHashSet;

use super::{
    Target,
    groups::{self, Members, member_field, texts},
};

/// How long asking may take, so that the next calls need not wait.
const BUDGET: Duration = Duration::from_millis(500);

/// Operations that are looked at at once.
const PAGE: usize = 256;

/// What came of asking.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Answered {
    /// Operations that are verified by it.
    pub(crate) verified: u64,
    /// Whether time was up before everything was asked after.
    pub(crate) is_more: bool,
}

/// The members of the groups that were asked for: by kind and name, the keys of the members' names.
type Asked = BTreeMap<(usize, Text), Option<FxHashSet<String>>>;

impl Target<'_> {
    /// Asks after what was executed, the latest first, as long as there is time.
    pub(crate) async fn ask(&self, index: &mut EntitlementIndex) -> Result<Answered, Error> {
        let mut answered = Answered::default();
        let Some(system) = self.opened.names.systems.get(self.system.id.index()) else {
            return Ok(answered);
        };
        let begin = Instant::now();
        let mut groups = Asked::new();
        let mut before = None;
        while !answered.is_more {
            let mut tx = self.opened.store.read().await?;
            let page = tx.unverified_operations(system.no, before, PAGE).await?;
            drop(tx);
            let Some(last) = page.last() else { break };
            before = Some((last.plan, last.seq));
            let mut shown = Vec::new();
            for operation in &page {
                answered.is_more = begin.elapsed() > BUDGET;
                if answered.is_more {
                    break;
                }
                let is_shown = match self.shows_membership(operation, index, &mut groups).await {
                    Some(is_shown) => is_shown,
                    None => self.is_shown(&system.accounts, operation, index).await?,
                };
                shown.extend(is_shown.then_some(operation));
            }
            if !shown.is_empty() {
                let mut tx = self.opened.store.begin().await?;
                self.verified(&mut tx, &shown).await?;
                tx.commit().await?;
                answered.verified += shown.len() as u64;
            }
        }
        Ok(answered)
    }

    /// True when the system shows the account of an operation exactly as the operation left it.
    async fn is_shown(
        &self,
        accounts: &[AccountNames],
        operation: &Operation,
        index: &mut EntitlementIndex,
    ) -> Result<bool, Error> {
        let mut types = accounts.iter().enumerate();
        let of_type = types.find(|(_, names)| operation.account_type_no == Some(names.no));
        let Some((position, names)) = of_type else { return Ok(false) };
        let account = match (operation.account, operation.entity) {
            (Some(id), _) => self.known_account(id).await?,
            (None, Some(entity)) => self.only_account(entity, names).await?,
            (None, None) => None,
        };
        let Some(account) = account.filter(|_| *operation.kind != *"delete") else {
            return Ok(false);
        };
        let class = self.system.accounts.get(position).map(|account| account.object.clone());
        let object = ObjectRef {
            class: class.unwrap_or_else(|| "".into()),
            id: account.native_id.clone(),
            name: account.name.clone(),
        };
        // Whatever is the matter, the next read finds out.
        let Ok(Some(found)) = self.connector.get(&object, &names.layout.fields).await else {
            return Ok(false);
        };
        let key = name_key(self.system.names, &found.name);
        let mut members = Members::default();
        members.insert(key, self.held_on_groups(&account, index));
        let read = ReadObject { object: found, line: 0 };
        let seen = self.observe(names, vec![read], index, Some(&members)).await?;
        Ok(seen.first().is_some_and(|seen| {
            seen.fingerprint == account.fingerprint && seen.native_id == account.native_id
        }))
    }

    /// Whether the group shows what a grant or revocation left; `None` where no group holds it.
    async fn shows_membership(
        &self,
        operation: &Operation,
        index: &EntitlementIndex,
        asked: &mut Asked,
    ) -> Option<bool> {
        let decoded = decode_operation(&operation.body).ok()?;
        let (entitlement, name, is_granted) = match &decoded.kind {
            Kind::Grant { entitlement, name } => (entitlement, name, true),
            Kind::Revoke { entitlement, name } => (entitlement, name, false),
            Kind::Create { .. }
            | Kind::Update { .. }
            | Kind::Rename { .. }
            | Kind::Enable
            | Kind::Disable
            | Kind::Delete => return None,
        };
        let mut kinds = self.system.entitlements.iter();
        let position = kinds.position(|kind| kind.name == *entitlement)?;
        let kind = self.system.entitlements.get(position)?;
        let Held::OnGroup(attribute) = &kind.held else { return None };
        let key = (position, name.clone());
        if !asked.contains_key(&key) {
            let object = self.group_object(&groups::Kind { position, kind }, name, index);
            let found = self.connector.get(&object, &[member_field(attribute)]).await;
            let members = found.ok().flatten().map(|group| {
                let names = texts(group.values.first());
                names.map(|member| name_key(self.system.names, member)).collect()
            });
            asked.insert(key.clone(), members);
        }
        let member = name_key(self.system.names, &decoded.target.name);
        let members = asked.get(&key).and_then(Option::as_ref);
        Some(members.is_some_and(|members| members.contains(&member) == is_granted))
    }

    /// What is believed to be held by membership: that is not asked for here.
    fn held_on_groups(&self, account: &Account, index: &EntitlementIndex) -> Vec<EntitlementId> {
        let is_on_group = |id: &&EntitlementId| {
            let kind = index.name(**id).and_then(|(kind, _)| self.system.entitlements.get(*kind));
            kind.is_some_and(|kind| matches!(kind.held, Held::OnGroup(_)))
        };
        account.grants.iter().filter(is_on_group).copied().collect()
    }

    async fn known_account(&self, id: AccountId) -> Result<Option<Account>, Error> {
        Ok(self.opened.store.read().await?.account(id).await?)
    }

    /// The account of an identity, when it has one of the type and no more.
    async fn only_account(
        &self,
        entity: EntityId,
        names: &AccountNames,
    ) -> Result<Option<Account>, Error> {
        let mut accounts = self.opened.store.read().await?.accounts_of(entity).await?;
        accounts.retain(|account| account.type_no == names.no);
        Ok(accounts.pop().filter(|_| accounts.is_empty()))
    }
}
