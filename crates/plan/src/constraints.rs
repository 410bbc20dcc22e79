//! Which operations of a plan come before which others, across systems.
//!
//! Within one system the phases keep the order. Across systems three things do: an account that is made only when the
//! person has those of the systems that come first; one that is deleted only when those that came after it are; and a
//! grant that would complete a conflict as long as what it conflicts with is not taken.

use std::collections::BTreeMap;

use muster_model::{EntityId, Text};
use muster_policy::{Conflict, Model};

use crate::{Kind, Operation};

/// For each operation the positions of those that come first, in order.
pub fn constraints(model: &Model, operations: &[Operation]) -> Vec<Vec<usize>> {
    let mut after = vec![Vec::new(); operations.len()];
    if model.systems.iter().any(|system| !system.after.is_empty()) {
        accounts(model, operations, &mut after);
    }
    for conflict in model.conflicts.iter().filter(|conflict| conflict.blocks()) {
        conflicting(model, conflict, operations, &mut after);
    }
    for own in &mut after {
        own.sort_unstable();
        own.dedup();
    }
    after
}

/// Accounts are made in the order of the systems and deleted in the reverse one.
fn accounts(model: &Model, operations: &[Operation], after: &mut [Vec<usize>]) {
    let mut made: BTreeMap<(EntityId, &Text), Vec<usize>> = BTreeMap::new();
    let mut deleted: BTreeMap<(EntityId, &Text), Vec<usize>> = BTreeMap::new();
    for (at, operation) in operations.iter().enumerate() {
        let key = (operation.identity, &operation.target.system);
        match operation.kind {
            Kind::Create { .. } => made.entry(key).or_default().push(at),
            Kind::Delete => deleted.entry(key).or_default().push(at),
            Kind::Update { .. }
            | Kind::Rename { .. }
            | Kind::Enable
            | Kind::Disable
            | Kind::Grant { .. }
            | Kind::Revoke { .. } => {}
        }
    }
    for system in &model.systems {
        let first = system.after.iter().filter_map(|id| model.systems.get(id.index()));
        for first in first {
            for ((identity, name), positions) in &made {
                if **name == system.name
                    && let Some(before) = made.get(&(*identity, &first.name))
                {
                    put(after, positions, before);
                }
            }
            for ((identity, name), before) in &deleted {
                if **name == system.name
                    && let Some(positions) = deleted.get(&(*identity, &first.name))
                {
                    put(after, positions, before);
                }
            }
        }
    }
}

/// A grant of one duty comes after what is taken of the others.
fn conflicting(
    model: &Model,
    conflict: &Conflict,
    operations: &[Operation],
    after: &mut [Vec<usize>],
) {
    let duties: Vec<usize> = conflict.between.clone();
    let mut granted: BTreeMap<EntityId, Vec<(usize, usize)>> = BTreeMap::new();
    let mut revoked: BTreeMap<EntityId, Vec<(usize, usize)>> = BTreeMap::new();
    for (at, operation) in operations.iter().enumerate() {
        let (map, entitlement, name) = match &operation.kind {
            Kind::Grant { entitlement, name } => (&mut granted, entitlement, name),
            Kind::Revoke { entitlement, name } => (&mut revoked, entitlement, name),
            Kind::Create { .. }
            | Kind::Update { .. }
            | Kind::Rename { .. }
            | Kind::Enable
            | Kind::Disable
            | Kind::Delete => continue,
        };
        for duty in &duties {
            if is_part(model, *duty, &operation.target.system, entitlement, name) {
                map.entry(operation.identity).or_default().push((at, *duty));
            }
        }
    }
    for (identity, grants) in granted {
        for (taken, old) in revoked.get(&identity).into_iter().flatten() {
            let freed = grants.iter().filter(|(_, new)| new != old).map(|(at, _)| *at);
            put(after, &freed.collect::<Vec<_>>(), &[*taken]);
        }
    }
}

fn is_part(model: &Model, duty: usize, system: &Text, kind: &Text, name: &Text) -> bool {
    let parts = model.duties.get(duty).map_or(&[][..], |duty| &duty.entitlements);
    parts.iter().any(|(id, position, part)| {
        part == name
            && model.systems.get(id.index()).is_some_and(|found| {
                found.name == *system
                    && found.entitlements.get(*position).is_some_and(|found| found.name == *kind)
            })
    })
}

fn put(after: &mut [Vec<usize>], positions: &[usize], before: &[usize]) {
    for position in positions {
        if let Some(own) = after.get_mut(*position) {
            own.extend(before.iter().filter(|at| *at != position));
        }
    }
}
