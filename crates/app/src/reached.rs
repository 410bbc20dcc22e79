//! Whom a change can concern: for whoever keeps something that was made of facts, and does not want to make all of it anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use muster_model::{AttributeKind, EntityId, TypeId, ValueType};
use muster_store::ReadTx;

use crate::{Error, Opened, entity_type};

/// How long a commit may be seen before this process says what it changed.
const HEARSAY: Duration = Duration::from_millis(20);

/// A transaction that reads, the state of the repository that it sees, and who changed since state `from`; `None` where that
/// is not known.
pub async fn changes_since(
    opened: &Opened,
    from: i64,
) -> Result<(ReadTx, i64, Option<Vec<EntityId>>), Error> {
    let mut tx = opened.store.read().await?;
    let mut version = tx.facts_version().await?;
    let mut changed = opened.store.changed_between(from, version);
    if changed.is_none() {
        // It may have been committed, and not said yet.
        drop(tx);
        tokio::time::sleep(HEARSAY).await;
        tx = opened.store.read().await?;
        version = tx.facts_version().await?;
        changed = opened.store.changed_between(from, version);
    }
    Ok((tx, version, changed))
}

/// Those who changed, those for whom something became due, and whoever may read something of them through links. `None` when
/// these are more than `most`, or when they cannot be found without knowing where links led before.
pub async fn reached(
    tx: &mut ReadTx,
    opened: &Opened,
    changed: Vec<EntityId>,
    due: Vec<EntityId>,
    most: usize,
) -> Result<Option<BTreeSet<EntityId>>, Error> {
    let projection = opened.evaluator.projection();
    let mut reached: BTreeSet<EntityId> = changed.into_iter().chain(due).collect();
    let mut ahead: Vec<EntityId> = reached.iter().copied().collect();
    for _ in 0..projection.depth {
        if reached.len() > most {
            return Ok(None);
        }
        let by_type = entities_by_type(tx, opened, &ahead).await?;
        if by_type.keys().any(|of| projection.inverses.iter().any(|(holder, _)| holder == of)) {
            return Ok(None);
        }
        let read = by_type.into_iter().filter(|(of, _)| projection.slots.contains_key(of));
        ahead = sources_of(tx, opened, read.collect()).await?;
        ahead.retain(|id| reached.insert(*id));
    }
    Ok((reached.len() <= most).then_some(reached))
}

/// Whoever has a link to one of these.
pub async fn linking_to(
    tx: &mut ReadTx,
    opened: &Opened,
    ids: &[EntityId],
) -> Result<Vec<EntityId>, Error> {
    let by_type = entities_by_type(tx, opened, ids).await?;
    sources_of(tx, opened, by_type).await
}

/// Those of these entities that are there, by type.
pub async fn entities_by_type(
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
