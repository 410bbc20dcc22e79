//! Holds back grants that would complete a conflict.
//!
//! What counts is what the identity would hold when the plan is done: what is wanted, what stays on accounts that are only
//! kept or that nobody takes away, and what comes with either through nested groups. Conflicts that only warn, and those that
//! an exception allows this identity, hold nothing back.

use std::collections::BTreeMap;

use muster_lang::World;
use muster_model::{SystemId, Text};
use muster_policy::{AccountRef, Evaluation, Evaluator, Mode, Model, Want};

use crate::{Kind, Observed, Operation};

/// A part of a duty: the system, the kind of entitlement, its name.
type Part = (SystemId, usize, Text);

/// What an identity holds, or would.
struct Holdings<'a> {
    model: &'a Model,
    evaluation: &'a Evaluation,
    observed: &'a BTreeMap<AccountRef, &'a Observed>,
    /// What nothing wants and nobody takes away.
    stays: Vec<Part>,
    world: &'a dyn World,
}

/// Marks the grants among `operations` that belong to a conflict which would be complete. What is revoked on systems that
/// are only observed stays there.
pub(crate) fn hold_back_conflicts(
    model: &Model,
    evaluation: &Evaluation,
    observed: &BTreeMap<AccountRef, &Observed>,
    world: &dyn World,
    operations: &mut [Operation],
) {
    let is_observed = |operation: &&Operation| {
        let mut systems = model.systems.iter();
        systems.any(|of| of.name == operation.target.system && of.mode == Mode::Observe)
    };
    let stays = operations.iter().filter(is_observed).filter_map(|one| revoked(model, one));
    let stays = stays.collect();
    hold_back(&Holdings { model, evaluation, observed, stays, world }, operations);
}

/// Marks the grants among `operations` that would complete a conflict with what somebody gave outside and nobody takes away:
/// `held` are the operations that would, and that are not done.
pub fn hold_back_beside(
    evaluator: &Evaluator,
    evaluation: &Evaluation,
    held: &[Operation],
    world: &dyn World,
    operations: &mut [Operation],
) {
    let model = evaluator.model();
    let stays: Vec<Part> = held.iter().filter_map(|one| revoked(model, one)).collect();
    if !stays.is_empty() {
        let observed = &BTreeMap::new();
        hold_back(&Holdings { model, evaluation, observed, stays, world }, operations);
    }
}

/// What an operation revokes.
fn revoked(model: &Model, operation: &Operation) -> Option<Part> {
    let Kind::Revoke { entitlement, name } = &operation.kind else { return None };
    let system = model.systems.iter().find(|of| of.name == operation.target.system)?;
    let kind = system.entitlements.iter().position(|of| of.name == *entitlement)?;
    Some((system.id, kind, name.clone()))
}

fn hold_back(holdings: &Holdings<'_>, operations: &mut [Operation]) {
    if !operations.iter().any(|operation| matches!(operation.kind, Kind::Grant { .. })) {
        return;
    }
    let Holdings { model, evaluation, .. } = holdings;
    for (at, conflict) in model.conflicts.iter().enumerate() {
        if !conflict.blocks() || evaluation.is_excepted(at) {
            continue;
        }
        let duties = conflict.between.iter().filter_map(|duty| model.duties.get(*duty));
        let held: Vec<_> = duties
            .map(|duty| &duty.entitlements)
            .filter(|parts| parts.iter().any(|part| holdings.hold(part)))
            .collect();
        if held.len() < 2 {
            continue;
        }
        for operation in operations.iter_mut() {
            if held.iter().copied().flatten().any(|part| holdings.grants(operation, part)) {
                operation.blocked = Some(conflict.name.clone());
            }
        }
    }
}

impl Holdings<'_> {
    /// Whether the identity would hold `part` when everything wanted is done.
    fn hold(&self, part: &Part) -> bool {
        let (system, kind, _) = part;
        let mut stays =
            self.stays.iter().filter(|(of, of_kind, _)| (of, of_kind) == (system, kind));
        if stays.any(|(_, _, name)| self.is(name, part)) {
            return true;
        }
        let kinds = self.model.systems.get(system.index()).map(|system| &system.entitlements);
        let Some(holder) = kinds.and_then(|kinds| kinds.get(*kind)) else { return false };
        let account = AccountRef { system: *system, account: holder.account };
        let held = |entitlements: &[(usize, Text)]| {
            let of_kind = entitlements.iter().filter(|(of, _)| of == kind);
            of_kind.map(|(_, name)| name).any(|name| self.is(name, part))
        };
        let mut wanted = self.evaluation.accounts.iter();
        let wanted = wanted.find(|desired| desired.account == account);
        wanted.is_some_and(|desired| match desired.want {
            Want::Present => held(&desired.entitlements),
            Want::Retained { keep_entitlements, .. } => {
                keep_entitlements
                    && self.observed.get(&account).is_some_and(|o| held(&o.entitlements))
            }
            Want::Absent => false,
        })
    }

    /// Whether `name`, of the kind of `part`, is that or brings it.
    fn is(&self, name: &Text, (system, kind, part): &Part) -> bool {
        name == part || self.world.brings(*system, *kind, name).contains(part)
    }

    /// Whether `operation` grants `part`.
    fn grants(&self, operation: &Operation, part: &Part) -> bool {
        let Kind::Grant { entitlement, name } = &operation.kind else { return false };
        let (system, kind, _) = part;
        let system = self.model.systems.get(system.index());
        let is_kind = system.is_some_and(|system| {
            let kind = system.entitlements.get(*kind);
            system.name == operation.target.system
                && kind.is_some_and(|kind| kind.name == *entitlement)
        });
        is_kind && self.is(name, part)
    }
}
