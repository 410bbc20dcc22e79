//! Whose entries a change can concern.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::{Error, Opened, entity_type};
use muster_model::{AttributeKind, EntityId, TypeId, ValueType};
use muster_store::ReadTx;

/// Looking at more than these again costs as much as looking at everything.
const MANY: usize = 2_000;

/// Those who changed, those for whom something became due, and whoever may read something of them through links. `None` when
/// these are many, or when they cannot be found without knowing where links led before.
pub(super) async fn reached(
    tx: &mut ReadTx,
    opened: &Opened,
    changed: Vec<EntityId>,
    due: Vec<EntityId>,
) -> Result<Option<BTreeSet<EntityId>>, Error> {
    let projection = opened.evaluator.projection();
    let mut reached: BTreeSet<EntityId> = changed.into_iter().chain(due).collect();
    let mut ahead: Vec<EntityId> = reached.iter().copied().collect();
    for _ in 0..projection.depth {
        if reached.len() > MANY {
            return Ok(None);
        }
        let by_type = by_type(tx, opened, &ahead).await?;
        if by_type.keys().any(|of| projection.inverses.iter().any(|(holder, _)| holder == of)) {
            return Ok(None);
        }
        let read = by_type.into_iter().filter(|(of, _)| projection.slots.contains_key(of));
        ahead = sources_of(tx, opened, read.collect()).await?;
        ahead.retain(|id| reached.insert(*id));
    }
    Ok((reached.len() <= MANY).then_some(reached))
}

/// Whoever has a link to one of these.
pub(super) async fn sources(
    tx: &mut ReadTx,
    opened: &Opened,
    ids: &[EntityId],
) -> Result<Vec<EntityId>, Error> {
    let by_type = by_type(tx, opened, ids).await?;
    sources_of(tx, opened, by_type).await
}

pub(super) async fn by_type(
    tx: &mut ReadTx,
    opened: &Opened,
    ids: &[EntityId],
) -> Result<BTreeMap<TypeId, Vec<EntityId>>, Error> {
    let mut by_type: BTreeMap<TypeId, Vec<EntityId>> = BTreeMap::new();
    for entity in tx.entities(ids).await? {
        if let Some(of) = entity_type(opened, entity.type_no) {
            by_type.entry(of).or_default().push(entity.id);
        }
    }
    Ok(by_type)
}

async fn sources_of(
    tx: &mut ReadTx,
    opened: &Opened,
    targets: BTreeMap<TypeId, Vec<EntityId>>,
) -> Result<Vec<EntityId>, Error> {
    let mut found = Vec::new();
    for holder in &opened.model.schema.types {
        for attribute in &holder.attributes {
            let ValueType::Link(to) = attribute.value_type else { continue };
            let number = opened.names.attribute_no(holder.id, attribute.slot);
            let is_kept = !matches!(attribute.kind, AttributeKind::Inverse { .. });
            if let (Some(targets), Some(number), true) = (targets.get(&to), number, is_kept) {
                let links = tx.sources_of_many(number, targets).await?;
                found.extend(links.into_iter().map(|link| link.source));
            }
        }
    }
    Ok(found)
}
