//! Which duties of conflicts accesses make up: what comes with them through nested groups, and what systems hold of them.

use std::collections::{BTreeMap, BTreeSet};

use muster_model::{EntityId, SystemId, Text};
use muster_policy::{Conflict, Evaluation};
use muster_store::{Account, AccountStatus, EntitlementId, Number, ReadTx};

use crate::{
    Error, HeldAccess, Opened,
    nested::{kind_no, nested},
};

/// Accounts that are looked at together.
const BATCH: usize = 4096;

/// An entitlement: system, kind by position in it, name.
pub(crate) type Access = (SystemId, usize, Text);

/// By identity, the accesses that systems hold of what makes up duties.
pub(crate) type Held = BTreeMap<EntityId, BTreeSet<Access>>;

/// The accesses that make up duties of conflicts, as the systems were last read: the past of nested groups is not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Duties {
    /// The duties, by position, of each access.
    of: BTreeMap<Access, BTreeSet<usize>>,
    known: BTreeMap<EntitlementId, Access>,
}

impl Duties {
    /// Loads them all.
    pub(crate) async fn load(tx: &mut ReadTx, opened: &Opened) -> Result<Self, Error> {
        let mut of: BTreeMap<Access, BTreeSet<usize>> = BTreeMap::new();
        for position in opened.model.conflicts.iter().flat_map(|conflict| &conflict.between) {
            let duty = opened.model.duties.get(*position);
            for access in duty.into_iter().flat_map(|duty| &duty.entitlements) {
                of.entry(access.clone()).or_default().insert(*position);
            }
        }
        let own = of.clone();
        for ((system, kind), brings) in nested(tx, opened).await? {
            for (outer, parts) in brings {
                let parts = parts.into_iter().filter_map(|part| own.get(&(system, kind, part)));
                let duties: Vec<usize> = parts.flatten().copied().collect();
                of.entry((system, kind, outer)).or_default().extend(duties);
            }
        }
        let mut known = BTreeMap::new();
        let mut names: BTreeMap<(SystemId, usize), Vec<Text>> = BTreeMap::new();
        for (system, kind, name) in of.keys() {
            names.entry((*system, *kind)).or_default().push(name.clone());
        }
        for ((system, kind), names) in names {
            let Some(kind_no) = kind_no(opened, system, kind) else { continue };
            for found in tx.entitlements_by_name(kind_no, &names).await?.into_iter().flatten() {
                known.insert(found.id, (system, kind, found.name));
            }
        }
        Ok(Self { of, known })
    }

    /// What the systems hold of these identities.
    pub(crate) async fn held_by(&self, tx: &mut ReadTx, ids: &[EntityId]) -> Result<Held, Error> {
        if self.known.is_empty() {
            return Ok(Held::new());
        }
        Ok(self.held_on(&tx.accounts_of_many(ids).await?))
    }

    /// What accounts hold.
    pub(crate) fn held_on(&self, accounts: &[Account]) -> Held {
        let mut held = Held::new();
        for account in accounts {
            self.note(account, &mut held);
        }
        held
    }

    /// What the systems hold of everybody.
    pub(crate) async fn held_by_all(
        &self,
        tx: &mut ReadTx,
        opened: &Opened,
    ) -> Result<Held, Error> {
        let mut held = Held::new();
        let kinds: BTreeSet<(SystemId, usize)> =
            self.known.values().map(|(system, kind, _)| (*system, *kind)).collect();
        let types: BTreeSet<Number> =
            kinds.iter().filter_map(|(system, kind)| type_no(opened, *system, *kind)).collect();
        for type_no in types {
            let mut after = None;
            loop {
                let accounts = tx.scan_accounts(type_no, after, BATCH).await?;
                let Some(last) = accounts.last() else { break };
                after = Some(last.id);
                for account in &accounts {
                    self.note(account, &mut held);
                }
            }
        }
        Ok(held)
    }

    /// Notes what an account that can be used holds.
    fn note(&self, account: &Account, held: &mut Held) {
        let Some(entity) = account.entity else { return };
        if account.status != AccountStatus::Linked || account.enabled == Some(false) {
            return;
        }
        let mut found = account.grants.iter().filter_map(|id| self.known.get(id)).peekable();
        if found.peek().is_some() {
            held.entry(entity).or_default().extend(found.cloned());
        }
    }

    /// The conflicts, by position and in order, of somebody of whom this is wanted and whose accounts hold that.
    pub(crate) fn conflicts(
        &self,
        opened: &Opened,
        evaluation: &Evaluation,
        held: Option<&BTreeSet<Access>>,
    ) -> Vec<usize> {
        let Some(held) = held else {
            return evaluation.conflicts.iter().map(|found| found.conflict).collect();
        };
        let wanted = wanted(evaluation);
        let all = wanted.iter().chain(held).filter_map(|access| self.of.get(access)).flatten();
        let duties: BTreeSet<usize> = all.copied().collect();
        let is_held = |conflict: &Conflict| {
            conflict.between.iter().filter(|duty| duties.contains(duty)).count() > 1
        };
        let conflicts = opened.model.conflicts.iter().enumerate();
        conflicts.filter(|(_, conflict)| is_held(conflict)).map(|(position, _)| position).collect()
    }

    /// The duties of a conflict, by position, that somebody holds, each with the accesses that make it up. `None` where it is
    /// not a conflict of theirs.
    pub(crate) fn of_conflict(
        &self,
        opened: &Opened,
        conflict: usize,
        evaluation: &Evaluation,
        held: Option<&BTreeSet<Access>>,
    ) -> Option<Vec<(Text, Vec<HeldAccess>)>> {
        let wanted = wanted(evaluation);
        let all: BTreeSet<&Access> = wanted.iter().chain(held.into_iter().flatten()).collect();
        let mut duties = Vec::new();
        for position in &opened.model.conflicts.get(conflict)?.between {
            let makes_up = |access: &&&Access| {
                self.of.get(**access).is_some_and(|duties| duties.contains(position))
            };
            let parts = all.iter().filter(makes_up);
            let parts: Vec<HeldAccess> = parts
                .filter_map(|access| {
                    let system = opened.model.systems.get(access.0.index())?;
                    let is_outside = !wanted.contains(*access);
                    Some(HeldAccess { access: format!("{}:{}", system.name, access.2), is_outside })
                })
                .collect();
            if !parts.is_empty() {
                duties.push((opened.model.duties.get(*position)?.name.clone(), parts));
            }
        }
        (duties.len() > 1).then_some(duties)
    }
}

/// What is wanted of somebody's accounts.
fn wanted(evaluation: &Evaluation) -> BTreeSet<Access> {
    let accounts = evaluation.accounts.iter();
    accounts
        .flat_map(|desired| {
            let system = desired.account.system;
            desired.entitlements.iter().map(move |(kind, name)| (system, *kind, name.clone()))
        })
        .collect()
}

/// The number of the account type that holds a kind of entitlements, by position in its system.
fn type_no(opened: &Opened, system: SystemId, kind: usize) -> Option<Number> {
    let account = opened.model.systems.get(system.index())?.entitlements.get(kind)?.account;
    Some(opened.names.systems.get(system.index())?.accounts.get(account)?.no)
}
