//! The evaluator: a model prepared for evaluating many identities fast.
//!
//! Rules are indexed by the attribute values they test, so that thousands of roles cost what the few candidates cost;
//! includes are closed over once; what an evaluation reads of other entities is known beforehand.

use std::{collections::BTreeSet, sync::Arc};

use muster_lang::Program;
use muster_model::{Fingerprint, Hasher, NameRule, Slot, Text, TypeId};
use rustc_hash::FxHashMap;

use crate::{
    AccountRef, AccountType, Grant, GrantName, Lookups, Model, Projection, System,
    projection::projection,
};

/// A model prepared for evaluation. Cheap to share, immutable.
#[derive(Debug)]
pub struct Evaluator {
    model: Arc<Model>,
    types: Vec<TypePlan>,
    projection: Projection,
    computing_order: Vec<(TypeId, Slot)>,
}

/// What is prepared for one identity type.
#[derive(Debug, Default)]
pub(crate) struct TypePlan {
    /// The conditions of roles that are given by rule.
    pub(crate) rules: Lookups,
    /// All roles each role brings, itself included, in order.
    pub(crate) closure: Vec<Vec<usize>>,
    /// The account types of this identity type.
    pub(crate) accounts: Vec<AccountPlan>,
    /// What each role grants itself: position in `accounts`, and entitlement if it is one.
    pub(crate) grants: Vec<Vec<PlannedGrant>>,
    /// Values each role contributes: position in `accounts`, mapping, position in `Role::values`.
    pub(crate) values: Vec<Vec<(usize, usize, usize)>>,
    /// Duties by what is granted; empty when the model has none.
    pub(crate) duties: FxHashMap<(AccountRef, usize, Text), Vec<usize>>,
    pub(crate) lifecycle: Option<Slot>,
}

#[derive(Debug)]
pub(crate) struct AccountPlan {
    pub(crate) account: AccountRef,
    /// Stands for the names of system, account type, attributes and kinds, so that fingerprints of other shapes differ.
    pub(crate) salt: Fingerprint,
}

#[derive(Debug, Clone)]
pub(crate) enum PlannedGrant {
    Account(usize),
    Entitlement { account: usize, kind: usize, name: Text },
    Computed { account: usize, kind: usize, names: Program },
}

impl Evaluator {
    /// Prepares `model`.
    pub fn new(model: Arc<Model>) -> Self {
        Self::reading(model, &[])
    }

    /// As [`Evaluator::new`], for a world that also holds what `more` reads: conditions over identities that are asked
    /// besides the model's own.
    pub fn reading(model: Arc<Model>, more: &[Program]) -> Self {
        let types = model
            .schema
            .types
            .iter()
            .map(|entity_type| type_plan(&model, entity_type.id))
            .collect();
        let (projection, computing_order) = projection(&model, more);
        Self { model, types, projection, computing_order }
    }

    /// The model it was made from.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// What has to be in the world before identities can be evaluated.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// Computed attributes and lifecycles that are read through links, in an order in which each finds its inputs done.
    pub fn computing_order(&self) -> &[(TypeId, Slot)] {
        &self.computing_order
    }

    pub(crate) fn plan_of(&self, type_id: TypeId) -> Option<&TypePlan> {
        self.types.get(type_id.index())
    }

    pub(crate) fn lifecycle_slot(&self, type_id: TypeId) -> Option<Slot> {
        self.plan_of(type_id)?.lifecycle
    }
}

fn type_plan(model: &Model, type_id: TypeId) -> TypePlan {
    let accounts: Vec<AccountPlan> = model
        .systems
        .iter()
        .flat_map(|system| {
            system
                .accounts
                .iter()
                .enumerate()
                .filter(|(_, account)| account.identity == type_id)
                .map(|(position, account)| AccountPlan {
                    account: AccountRef { system: system.id, account: position },
                    salt: salt(system, account),
                })
        })
        .collect();
    let position_of =
        |account: AccountRef| accounts.iter().position(|plan| plan.account == account);
    let mut plan = TypePlan {
        closure: (0..model.roles.len()).map(|role| model.brought_by(role)).collect(),
        lifecycle: model
            .schema
            .get(type_id)
            .and_then(|t| t.lifecycle())
            .map(|attribute| attribute.slot),
        ..TypePlan::default()
    };
    for role in &model.roles {
        let of_type = role.type_id == type_id;
        plan.grants.push(
            role.grants
                .iter()
                .filter(|_| of_type)
                .filter_map(|g| planned_grant(model, g, &position_of))
                .collect(),
        );
        plan.values.push(
            role.values
                .iter()
                .enumerate()
                .filter(|_| of_type)
                .filter_map(|(i, value)| {
                    let account =
                        position_of(AccountRef { system: value.system, account: value.account })?;
                    Some((account, value.mapping, i))
                })
                .collect(),
        );
    }
    for (position, role) in model.roles.iter().enumerate() {
        if let Some(when) = role.when.as_ref().filter(|_| role.type_id == type_id) {
            plan.rules.add(position, Some(&when.program));
        }
    }
    plan.duties = duties(model);
    plan.accounts = accounts;
    plan
}

/// The fingerprint of everything that decides how an account compares, beside what is wanted of it.
fn salt(system: &System, account: &AccountType) -> Fingerprint {
    let mut hasher = Hasher::new();
    hasher.text(&system.name);
    hasher.text(&account.name);
    hasher.text(system.settings.scalar("base").map_or("", |base| base));
    hasher.byte(u8::from(system.text_only));
    hasher.byte(match system.names {
        NameRule::Exact => 0,
        NameRule::CaseInsensitive => 1,
        NameRule::DistinguishedName => 2,
    });
    system.entitlements.iter().for_each(|kind| hasher.text(&kind.name));
    hasher.int(i64::try_from(account.set.len()).unwrap_or(i64::MAX));
    for mapping in &account.set {
        hasher.text(&mapping.attribute);
        hasher.byte(u8::from(mapping.many) + 2 * u8::from(mapping.on_create));
    }
    if let Some(idle) = &account.idle {
        hasher.int(idle.after.as_secs());
        hasher.int(idle.warn.map_or(-1, |warn| warn.as_secs()));
    }
    hasher.finish()
}

fn planned_grant(
    model: &Model,
    grant: &Grant,
    position_of: &dyn Fn(AccountRef) -> Option<usize>,
) -> Option<PlannedGrant> {
    match grant {
        Grant::Account { system, account, at: _ } => {
            position_of(AccountRef { system: *system, account: *account })
                .map(PlannedGrant::Account)
        }
        Grant::Entitlement { system, kind, name, at: _ } => {
            let holder = model.systems.get(system.index())?.entitlements.get(*kind)?.account;
            let account = position_of(AccountRef { system: *system, account: holder })?;
            Some(match name {
                GrantName::Literal(name) => {
                    PlannedGrant::Entitlement { account, kind: *kind, name: name.clone() }
                }
                GrantName::Computed(names) => {
                    PlannedGrant::Computed { account, kind: *kind, names: names.clone() }
                }
            })
        }
    }
}

impl Model {
    /// A role, by position, and all roles that come with it, in order.
    pub fn brought_by(&self, role: usize) -> Vec<usize> {
        let mut seen = BTreeSet::from([role]);
        let mut todo = vec![role];
        while let Some(next) = todo.pop() {
            let includes = self.roles.get(next).map_or(&[][..], |role| &role.includes);
            todo.extend(includes.iter().copied().filter(|included| seen.insert(*included)));
        }
        seen.into_iter().collect()
    }
}

fn duties(model: &Model) -> FxHashMap<(AccountRef, usize, Text), Vec<usize>> {
    let mut map: FxHashMap<_, Vec<usize>> = FxHashMap::default();
    if model.conflicts.is_empty() {
        return map;
    }
    for (position, duty) in model.duties.iter().enumerate() {
        for (system, kind, name) in &duty.entitlements {
            let holder = model
                .systems
                .get(system.index())
                .and_then(|s| s.entitlements.get(*kind))
                .map(|e| e.account);
            if let Some(account) = holder {
                map.entry((AccountRef { system: *system, account }, *kind, name.clone()))
                    .or_default()
                    .push(position);
            }
        }
    }
    map
}
