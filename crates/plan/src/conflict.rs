//! Holds back grants that would complete a conflict.
//!
//! What counts is what the identity would hold when the plan is done: what is wanted, and what stays on accounts that are
//! only kept. Conflicts that only warn hold nothing back.

use std::collections::BTreeMap;

use muster_model::{SystemId, Text};
use muster_policy::{AccountRef, Evaluation, Model, Want};

use crate::{Kind, Observed, Operation};

/// A part of a duty: the system, the kind of entitlement, its name.
type Part = (SystemId, usize, Text);

/// Marks the grants among `operations` that belong to a conflict which would be complete.
pub(crate) fn hold_back_conflicts(
    model: &Model,
    evaluation: &Evaluation,
    observed: &BTreeMap<AccountRef, &Observed>,
    operations: &mut [Operation],
) {
    if !operations.iter().any(|operation| matches!(operation.kind, Kind::Grant { .. })) {
        return;
    }
    for conflict in model.conflicts.iter().filter(|conflict| conflict.blocks()) {
        let duties = conflict.between.iter().filter_map(|duty| model.duties.get(*duty));
        let held: Vec<_> = duties
            .map(|duty| &duty.entitlements)
            .filter(|parts| parts.iter().any(|part| holds(model, evaluation, observed, part)))
            .collect();
        if held.len() < 2 {
            continue;
        }
        for operation in operations.iter_mut() {
            if held.iter().copied().flatten().any(|part| grants(model, operation, part)) {
                operation.blocked = Some(conflict.name.clone());
            }
        }
    }
}

/// Whether the identity would hold `part` when everything wanted is done.
fn holds(
    model: &Model,
    evaluation: &Evaluation,
    observed: &BTreeMap<AccountRef, &Observed>,
    (system, kind, name): &Part,
) -> bool {
    let kinds = model.systems.get(system.index()).map(|system| &system.entitlements);
    let Some(holder) = kinds.and_then(|kinds| kinds.get(*kind)) else { return false };
    let account = AccountRef { system: *system, account: holder.account };
    let held = |entitlements: &[(usize, Text)]| {
        entitlements.iter().any(|(held_kind, held)| held_kind == kind && held == name)
    };
    let wanted = evaluation.accounts.iter().find(|desired| desired.account == account);
    wanted.is_some_and(|desired| match desired.want {
        Want::Present => held(&desired.entitlements),
        Want::Retained { keep_entitlements, .. } => {
            keep_entitlements && observed.get(&account).is_some_and(|o| held(&o.entitlements))
        }
        Want::Absent => false,
    })
}

/// Whether `operation` grants `part`.
fn grants(model: &Model, operation: &Operation, (system, kind, part): &Part) -> bool {
    let Kind::Grant { entitlement, name } = &operation.kind else { return false };
    let system = model.systems.get(system.index());
    part == name
        && system.is_some_and(|system| {
            let kind = system.entitlements.get(*kind);
            system.name == operation.target.system
                && kind.is_some_and(|kind| kind.name == *entitlement)
        })
}
