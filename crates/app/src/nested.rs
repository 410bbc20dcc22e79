//! What comes with entitlements through nested groups, as far as duties are concerned.

use std::collections::{BTreeMap, BTreeSet};

use muster_model::{SystemId, Text};
use muster_policy::MemoryWorld;
use muster_store::{EntitlementId, Number, ReadTx};

use crate::{Error, Opened};

/// By kind of entitlements, what some of them bring with them.
pub(crate) type Nested = BTreeMap<(SystemId, usize), BTreeMap<Text, Vec<Text>>>;

/// Notes in `world` which entitlements bring one with them that belongs to a duty of a conflict.
///
/// It is as the systems were last read: the past of nested groups is not kept.
pub(crate) async fn load_nested(
    tx: &mut ReadTx,
    opened: &Opened,
    world: &mut MemoryWorld,
) -> Result<(), Error> {
    for ((system, kind), brings) in nested(tx, opened).await? {
        world.insert_nested(system, kind, brings.into_iter().collect());
    }
    Ok(())
}

/// Which entitlements bring one with them that belongs to a duty of a conflict.
pub(crate) async fn nested(tx: &mut ReadTx, opened: &Opened) -> Result<Nested, Error> {
    let mut nested = Nested::new();
    for ((system, kind), names) in parts_of_duties(opened) {
        let Some(kind_no) = kind_no(opened, system, kind) else { continue };
        let names: Vec<Text> = names.into_iter().collect();
        let brings = brings(tx, kind_no, &names).await?;
        if !brings.is_empty() {
            nested.insert((system, kind), brings);
        }
    }
    Ok(nested)
}

/// The number of a kind of entitlements, by position in its system.
pub(crate) fn kind_no(opened: &Opened, system: SystemId, kind: usize) -> Option<Number> {
    opened.names.systems.get(system.index())?.kinds.get(kind).copied()
}

/// The entitlements that belong to duties of conflicts, by kind.
fn parts_of_duties(opened: &Opened) -> BTreeMap<(SystemId, usize), BTreeSet<Text>> {
    let mut parts: BTreeMap<(SystemId, usize), BTreeSet<Text>> = BTreeMap::new();
    let duties = opened.model.conflicts.iter().flat_map(|conflict| &conflict.between);
    for duty in duties.filter_map(|duty| opened.model.duties.get(*duty)) {
        for (system, kind, name) in &duty.entitlements {
            parts.entry((*system, *kind)).or_default().insert(name.clone());
        }
    }
    parts
}

/// By name of an entitlement those of `names` that it brings with it.
async fn brings(
    tx: &mut ReadTx,
    kind_no: Number,
    names: &[Text],
) -> Result<BTreeMap<Text, Vec<Text>>, Error> {
    let mut bringing: BTreeMap<EntitlementId, BTreeSet<Text>> = BTreeMap::new();
    let found = tx.entitlements_by_name(kind_no, names).await?;
    let mut frontier: Vec<(EntitlementId, Text)> =
        found.into_iter().flatten().map(|outer| (outer.id, outer.name)).collect();
    while !frontier.is_empty() {
        let outer: Vec<EntitlementId> = frontier.iter().map(|(id, _)| *id).collect();
        let mut next = Vec::new();
        let mut inner: BTreeMap<EntitlementId, Vec<EntitlementId>> = BTreeMap::new();
        for nesting in tx.nestings_in(&outer).await? {
            inner.entry(nesting.outer).or_default().push(nesting.inner);
        }
        for (outer, part) in frontier {
            for inner in inner.get(&outer).into_iter().flatten() {
                if bringing.entry(*inner).or_default().insert(part.clone()) {
                    next.push((*inner, part.clone()));
                }
            }
        }
        frontier = next;
    }
    let ids: Vec<EntitlementId> = bringing.keys().copied().collect();
    let names = tx.entitlements(&ids).await?.into_iter().map(|found| (found.id, found.name));
    let names: BTreeMap<EntitlementId, Text> = names.collect();
    let named = bringing.into_iter().filter_map(|(id, parts)| {
        let name = names.get(&id)?.clone();
        Some((name.clone(), parts.into_iter().filter(|part| *part != name).collect()))
    });
    Ok(named.collect())
}
