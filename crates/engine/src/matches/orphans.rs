//! Accounts of nobody, with whose they may be: the best candidates of correlation and why.
//!
//! Among them are those that correlation passes over without asking: who has an account of the type already, and who was
//! found by a rule that is not sure enough.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::Timestamp;
use muster_app::{
    AccountNames, AccountQuery, AccountView, Ctx, Error, Opened, Page, list_accounts,
    orphan_decisions,
};
use muster_model::{AccountId, EntityId, Text, Value};
use muster_policy::AccountType;
use muster_store::{Account, AccountStatus, Matched, OrphanDecision, ReadTx};

use super::{CandidateView, SHOWN};
use crate::{
    correlate::{Candidate, Correlator},
    decisions::Decisions,
    target::{account_key, match_columns, observed_values},
};

/// An account of nobody, for people.
#[derive(Debug, Clone)]
pub struct OrphanView {
    /// The account.
    pub account: AccountView,
    /// What was decided about it.
    pub decision: Option<OrphanDecision>,
    /// The best candidates, the surest first.
    pub candidates: Vec<CandidateView>,
}

/// Accounts with one of these statuses, in order of their number.
///
/// With several statuses a page may hold less than the limit of each.
pub async fn list_orphans(
    ctx: &Ctx,
    opened: &Opened,
    query: &AccountQuery,
    statuses: &[AccountStatus],
) -> Result<Page<OrphanView>, Error> {
    let mut accounts = Vec::new();
    let mut next: Option<i64> = None;
    for status in statuses {
        let query = AccountQuery { status: Some(*status), ..query.clone() };
        let page = list_accounts(ctx, opened, &query).await?;
        next = next.into_iter().chain(page.next).min();
        accounts.extend(page.items);
    }
    // One place for all sorts: what lies beyond it comes with the next page.
    accounts.retain(|account| next.is_none_or(|next| account.id.0 <= next));
    accounts.sort_by_key(|account| account.id);
    let decisions = orphan_decisions(opened).await?.into_iter();
    let mut decisions: BTreeMap<AccountId, OrphanDecision> =
        decisions.map(|decision| (decision.account, decision)).collect();
    let mut candidates = candidates(opened, &accounts, ctx.now()).await?;
    let view = |account: AccountView| OrphanView {
        decision: decisions.remove(&account.id),
        candidates: candidates.remove(&account.id).unwrap_or_default(),
        account,
    };
    Ok(Page { items: accounts.into_iter().map(view).collect(), next })
}

async fn candidates(
    opened: &Opened,
    accounts: &[AccountView],
    now: Timestamp,
) -> Result<BTreeMap<AccountId, Vec<CandidateView>>, Error> {
    let mut tx = opened.store.read().await?;
    let mut found = BTreeMap::new();
    for (system, numbers) in opened.model.systems.iter().zip(&opened.names.systems) {
        for (account_type, names) in system.accounts.iter().zip(&numbers.accounts) {
            let is_of_type = |view: &&AccountView| {
                view.system == system.name && view.account_type == account_type.name
            };
            let ids: Vec<AccountId> =
                accounts.iter().filter(is_of_type).map(|view| view.id).collect();
            if !ids.is_empty() && !account_type.matches.is_empty() {
                let of = OfType { opened, account_type, names, now };
                found.extend(of.candidates(&mut tx, &ids).await?);
            }
        }
    }
    Ok(found)
}

/// The accounts of one type.
struct OfType<'a> {
    opened: &'a Opened,
    account_type: &'a AccountType,
    names: &'a AccountNames,
    now: Timestamp,
}

impl OfType<'_> {
    async fn candidates(
        &self,
        tx: &mut ReadTx,
        ids: &[AccountId],
    ) -> Result<Vec<(AccountId, Vec<CandidateView>)>, Error> {
        let accounts = tx.accounts(ids).await?;
        let columns = |account| {
            let values = observed_values(self.names, account)?;
            Ok::<_, Error>(match_columns(self.names, &values))
        };
        let columns = accounts.iter().map(columns).collect::<Result<Vec<Vec<Value>>, Error>>()?;
        let rules = (self.account_type.identity, self.account_type.matches.as_slice());
        let correlator = Correlator::seek(tx, self.opened, rules, &columns, self.now).await?;
        let decisions = Decisions::load(tx, Matched::Account, self.names.no).await?;
        let mut all = Vec::with_capacity(accounts.len());
        for (account, columns) in accounts.iter().zip(&columns) {
            let key = account_key(&account.native_id, &account.name_key);
            let mut found = correlator.find(self.opened, columns, self.now);
            found.retain(|candidate| !decisions.rules_out(&key, candidate.entity));
            found.sort_by_key(|candidate| Reverse(candidate.confidence));
            let mut views = Vec::new();
            for candidate in found.iter().take(SHOWN) {
                let why = correlator.why(self.opened, candidate.rule, columns, self.now);
                views.push(self.view(tx, candidate, why).await?);
            }
            all.push((account.id, views));
        }
        Ok(all)
    }

    async fn view(
        &self,
        tx: &mut ReadTx,
        candidate: &Candidate,
        mut why: String,
    ) -> Result<CandidateView, Error> {
        if let Some(has) = self.has(tx, candidate.entity).await? {
            why = format!("{why}; has `{has}` already");
        }
        let key =
            tx.entity(candidate.entity).await?.map_or_else(|| "?".into(), |entity| entity.key);
        Ok(CandidateView { key, confidence: u64::from(candidate.confidence), why })
    }

    /// The account of the type that an identity has already.
    async fn has(&self, tx: &mut ReadTx, entity: EntityId) -> Result<Option<Text>, Error> {
        let linked = |account: &Account| {
            account.type_no == self.names.no && account.status == AccountStatus::Linked
        };
        Ok(tx.accounts_of(entity).await?.into_iter().find(linked).map(|account| account.name))
    }
}
