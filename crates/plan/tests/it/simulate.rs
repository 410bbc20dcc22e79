//! Systems that do exactly what operations say, in memory: `apply(plan) = what was wanted` is tested with it.
//!
//! Deliberately naive and written without the code it checks.

use jiff::Timestamp;
use muster_model::{AccountId, Text, Value};
use muster_plan::{Kind, Observed, Operation, Plan};
use muster_policy::Model;

use crate::support::{Accounts, account_named};

/// Does the operations of a plan in its order, those that a conflict holds back left out. Returns how many were done.
pub(crate) fn apply(model: &Model, accounts: &mut Accounts, plan: &Plan, now: Timestamp) -> usize {
    plan.to_do().map(|operation| perform(model, accounts, operation, now)).count()
}

fn perform(model: &Model, accounts: &mut Accounts, operation: &Operation, now: Timestamp) {
    let target = &operation.target;
    let account = account_named(model, &format!("{}.{}", target.system, target.account_type));
    let system = &model.systems[account.system.index()];
    let set = &system.accounts[account.account].set;
    let place = |attribute: &str| set.iter().position(|m| *m.attribute == *attribute).unwrap();
    let kind_of = |name: &str| system.entitlements.iter().position(|k| *k.name == *name).unwrap();
    if let Kind::Create { values, enabled } = &operation.kind {
        return create(model, accounts, operation, values, *enabled, now);
    }
    let own = accounts.get_mut(&operation.identity).expect("somebody with accounts");
    let at = own.iter().position(|other| other.account == account).expect("an account");
    let observed = &mut own[at];
    assert_eq!(observed.name, target.name, "the operation names the account as it is by then");
    match &operation.kind {
        Kind::Create { .. } => {}
        Kind::Update { changes } => {
            for change in changes {
                assert_ne!(change.old, change.new, "`{}` does not change", change.attribute);
                observed.values[place(&change.attribute)] = change.new.clone();
            }
        }
        Kind::Rename { to } => observed.name = to.clone(),
        Kind::Enable => {
            assert_eq!(observed.enabled, Some(false), "it is enabled already");
            (observed.enabled, observed.disabled_since) = (Some(true), None);
        }
        Kind::Disable => {
            assert_eq!(observed.enabled, Some(true), "it is disabled already");
            (observed.enabled, observed.disabled_since) = (Some(false), Some(now));
        }
        Kind::Delete => {
            assert!(observed.entitlements.is_empty(), "entitlements go first");
            own.remove(at);
        }
        Kind::Grant { entitlement, name } => {
            let grant = (kind_of(entitlement), name.clone());
            assert!(!observed.entitlements.contains(&grant), "it is granted already");
            observed.entitlements.push(grant);
            observed.entitlements.sort_unstable();
        }
        Kind::Revoke { entitlement, name } => {
            let grant = (kind_of(entitlement), name.clone());
            let before = observed.entitlements.len();
            observed.entitlements.retain(|held| *held != grant);
            assert_eq!(observed.entitlements.len() + 1, before, "it is not held");
        }
    }
}

fn create(
    model: &Model,
    accounts: &mut Accounts,
    operation: &Operation,
    values: &[(Text, Value)],
    enabled: bool,
    now: Timestamp,
) {
    let target = &operation.target;
    let account = account_named(model, &format!("{}.{}", target.system, target.account_type));
    let set = &model.systems[account.system.index()].accounts[account.account].set;
    let next = accounts.values().flatten().map(|observed| observed.id.0).max().unwrap_or(0) + 1;
    let mut created = Observed {
        id: AccountId(next),
        account,
        native_id: format!("#{next}").into(),
        name: target.name.clone(),
        enabled: Some(enabled),
        values: vec![Value::Null; set.len()],
        entitlements: Vec::new(),
        disabled_since: (!enabled).then_some(now),
        last_used: None,
    };
    for (attribute, value) in values {
        assert!(!value.is_null(), "`{attribute}` is created without a value");
        let place = set.iter().position(|mapping| mapping.attribute == *attribute).unwrap();
        created.values[place] = value.clone();
    }
    let own = accounts.entry(operation.identity).or_default();
    assert!(own.iter().all(|other| other.account != account), "there is an account already");
    own.push(created);
}
