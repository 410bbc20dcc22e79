//! What somebody holds, as a review sees it: roles with how they came, and entitlements that no role grants.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{
    EntitlementIndex, Error, IdentityFacts, Opened, brought_along, nested_entitlements,
    observed_account,
};
use muster_model::{AccountId, SystemId, Text};
use muster_plan::Observed;
use muster_policy::{Evaluation, Grant, GrantName, Via, Want};
use muster_store::{Account, AccountStatus, EntitlementId, ItemKind, ReadTx};

/// An entitlement: system, position of the kind, name.
pub(crate) type Right = (SystemId, usize, Text);

/// Something that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) kind: ItemKind,
    /// The role, or the entitlement as `system.kind:name`.
    pub(crate) thing: Text,
    /// The account that holds it; `None` for roles.
    pub(crate) account: Option<AccountId>,
    /// How it came, for people.
    pub(crate) why: String,
    /// The assignments by which a role is held.
    pub(crate) assignments: Vec<i64>,
    /// When it ends by itself.
    pub(crate) until: Option<Timestamp>,
    pub(crate) risk: Option<u8>,
    /// When accounts were last used on which it stands, where that is known.
    pub(crate) last_used: Option<Timestamp>,
    /// The entitlement, or those that bring it; empty for roles.
    pub(crate) rights: Vec<Right>,
    /// The systems that it is about.
    pub(crate) systems: Vec<SystemId>,
}

impl Held {
    /// Equal as long as nothing about it changed.
    pub(crate) fn mark(&self) -> String {
        let mut hasher = muster_model::Hasher::new();
        hasher.text(self.kind.word());
        hasher.text(&self.thing);
        for id in &self.assignments {
            hasher.int(*id);
        }
        hasher.int(self.until.map_or(-1, Timestamp::as_microsecond));
        hasher.int(self.account.map_or(-1, |account| account.0));
        self.rights.iter().for_each(|(_, _, name)| hasher.text(name));
        muster_store::hex(&hasher.finish().to_bytes())
    }
}

/// Somebody's accounts as last read, with when they were last used.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    pub(crate) observed: Vec<(Account, Observed)>,
    pub(crate) uses: BTreeMap<AccountId, Timestamp>,
}

/// What is the same for everybody.
pub(crate) struct Ground<'a> {
    pub(crate) opened: &'a Opened,
    index: EntitlementIndex,
    outer: BTreeMap<EntitlementId, Vec<EntitlementId>>,
    /// What each role grants with all that it includes.
    grants: Vec<BTreeSet<Right>>,
    systems: Vec<Vec<SystemId>>,
}

impl<'a> Ground<'a> {
    pub(crate) async fn load(tx: &mut ReadTx, opened: &'a Opened) -> Result<Self, Error> {
        let index = EntitlementIndex::load(tx, opened).await?;
        let outer = nested_entitlements(tx, opened).await?;
        let n = opened.model.roles.len();
        let (grants, systems) = (0..n).map(|role| granted(opened, role)).unzip();
        Ok(Self { opened, index, outer, grants, systems })
    }

    /// What a role grants, by name.
    pub(crate) fn grants(&self, role: usize) -> Option<&BTreeSet<Right>> {
        self.grants.get(role)
    }

    /// Adds an account of somebody; those that are not linked do not count.
    pub(crate) fn add(&self, accounts: &mut Accounts, account: Account) -> Result<(), Error> {
        if account.status == AccountStatus::Linked {
            let observed = observed_account(self.opened, &self.index, &account)?;
            accounts.observed.push((account, observed));
        }
        Ok(())
    }

    /// Everything that somebody holds: roles in their order, then entitlements by account.
    pub(crate) fn held(
        &self,
        facts: &IdentityFacts,
        evaluation: &Evaluation,
        accounts: &Accounts,
        now: Timestamp,
    ) -> Vec<Held> {
        let mut held: Vec<Held> = evaluation
            .roles
            .iter()
            .filter_map(|of| self.role(facts, (of.role, of.via), accounts, now))
            .collect();
        for (account, observed) in &accounts.observed {
            let wanted = evaluation.accounts.iter().find(|of| of.account == observed.account);
            // What is taken away anyway needs no judgement.
            let stays = wanted.is_none_or(|of| match of.want {
                Want::Present => true,
                Want::Retained { keep_entitlements, .. } => keep_entitlements,
                Want::Absent => false,
            });
            if !stays {
                continue;
            }
            let is_wanted = |right: &(usize, Text)| {
                wanted.is_some_and(|of| of.entitlements.binary_search(right).is_ok())
            };
            let used = accounts.uses.get(&account.id).copied();
            let extras = observed.entitlements.iter().filter(|right| !is_wanted(right));
            held.extend(extras.map(|(kind, name)| {
                let right = (observed.account.system, *kind, name.clone());
                let why = format!("on account {}, and no role grants it", account.name);
                self.entitlement(
                    ItemKind::Extra,
                    &right,
                    (account.id, used),
                    (why, vec![right.clone()]),
                )
            }));
            for (right, through) in self.nested(account, observed) {
                let names: Vec<&str> = through.iter().map(|(_, _, name)| &**name).collect();
                let why = format!("on account {}, through {}", account.name, names.join(", "));
                held.push(self.entitlement(
                    ItemKind::Nested,
                    &right,
                    (account.id, used),
                    (why, through),
                ));
            }
        }
        held
    }

    fn role(
        &self,
        facts: &IdentityFacts,
        (role, via): (usize, Via),
        accounts: &Accounts,
        now: Timestamp,
    ) -> Option<Held> {
        let of = self.opened.model.roles.get(role)?;
        let holding: Vec<_> = facts
            .assignments
            .iter()
            .filter(|one| {
                one.role == role
                    && one.from.is_none_or(|from| from <= now)
                    && one.until.is_none_or(|until| now < until)
            })
            .collect();
        let why = match (holding.first(), via) {
            (Some(first), Via::Rule) => {
                format!("{} (by {}); its rule gives it too", first.reason, first.by)
            }
            (Some(first), _) => format!("{} (by {})", first.reason, first.by),
            (None, Via::Included(by)) => {
                let name = self.opened.model.roles.get(by).map_or("?", |role| &role.name);
                format!("role {name} includes it")
            }
            (None, Via::Rule | Via::Assigned(_)) => "its rule gives it".to_owned(),
        };
        let systems = self.systems.get(role).cloned().unwrap_or_default();
        let on = accounts.observed.iter().filter(|(_, at)| systems.contains(&at.account.system));
        let is_open = holding.iter().any(|one| one.until.is_none());
        Some(Held {
            kind: if holding.is_empty() { ItemKind::Rule } else { ItemKind::Assigned },
            thing: of.name.clone(),
            account: None,
            why,
            assignments: holding.iter().map(|one| one.id.0).collect(),
            until: holding.iter().filter_map(|one| one.until).max().filter(|_| !is_open),
            risk: of.risk,
            last_used: on.filter_map(|(account, _)| accounts.uses.get(&account.id)).max().copied(),
            rights: Vec::new(),
            systems,
        })
    }

    fn entitlement(
        &self,
        kind: ItemKind,
        right: &Right,
        (account, last_used): (AccountId, Option<Timestamp>),
        (why, rights): (String, Vec<Right>),
    ) -> Held {
        let roles = self.opened.model.roles.iter().zip(&self.grants);
        Held {
            kind,
            thing: shown(self.opened, right),
            account: Some(account),
            why,
            assignments: Vec::new(),
            until: None,
            risk: roles
                .filter(|(_, grants)| grants.contains(right))
                .filter_map(|(of, _)| of.risk)
                .max(),
            last_used,
            rights,
            systems: vec![right.0],
        }
    }

    /// What an account holds only through what it holds, with what brings it.
    fn nested(&self, account: &Account, observed: &Observed) -> BTreeMap<Right, Vec<Right>> {
        let system = observed.account.system;
        let right = |id: &EntitlementId| {
            self.index.name(*id).map(|(kind, name)| (system, *kind, name.clone()))
        };
        let mut found: BTreeMap<Right, Vec<Right>> = BTreeMap::new();
        for (direct, outer) in brought_along(&self.outer, &account.grants) {
            if let (Some(brought), Some(by)) = (right(&outer), right(&direct)) {
                found.entry(brought).or_default().push(by);
            }
        }
        found
    }
}

/// `ledger.profile:approve-payment`.
pub(crate) fn shown(opened: &Opened, (system, kind, name): &Right) -> Text {
    let system = opened.model.systems.get(system.index());
    let kind = system.and_then(|system| system.entitlements.get(*kind));
    let (system, kind) = (system.map_or("?", |of| &of.name), kind.map_or("?", |of| &of.name));
    format!("{system}.{kind}:{name}").into()
}

/// What a role grants with all that it includes: entitlements that are named, and systems.
fn granted(opened: &Opened, role: usize) -> (BTreeSet<Right>, Vec<SystemId>) {
    let (mut rights, mut systems) = (BTreeSet::new(), BTreeSet::new());
    for next in opened.model.brought_by(role) {
        let Some(role) = opened.model.roles.get(next) else { continue };
        for grant in &role.grants {
            match grant {
                Grant::Account { system, .. } => _ = systems.insert(*system),
                Grant::Entitlement { system, kind, name, .. } => {
                    systems.insert(*system);
                    if let GrantName::Literal(name) = name {
                        rights.insert((*system, *kind, name.clone()));
                    }
                }
            }
        }
    }
    (rights, systems.into_iter().collect())
}
