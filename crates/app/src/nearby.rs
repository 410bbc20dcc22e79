//! What evaluation reads of others for a few identities: only what their links lead to, and not the whole world.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_model::{AttributeKind, EntityId, Row, Slot, TypeId, Value, ValueType};
use muster_policy::{MemoryWorld, Projection};
use muster_store::{Entity, ReadTx};

use crate::{
    Error, Opened, decode_facts,
    facts::{add_to_world, assignments_by_entity, reads_lifecycle, type_of_number},
    lifecycle_facts, load_world,
    nested::load_nested,
};

/// For more identities than these the whole world is loaded.
const FEW: usize = 1000;
/// What is near is more than this: then the whole world costs less.
const NEAR: usize = 20_000;

/// As [`load_world`], where only `ids` are evaluated. What they can read is there, of the rest at most a part.
pub async fn load_world_near(
    tx: &mut ReadTx,
    opened: &Opened,
    ids: &[EntityId],
    now: Timestamp,
) -> Result<MemoryWorld, Error> {
    let projection = opened.evaluator.projection();
    if projection.slots.is_empty() {
        let mut world = MemoryWorld::default();
        load_nested(tx, opened, &mut world).await?;
        return Ok(world);
    }
    if ids.len() <= FEW
        && let Some(mut world) = near(tx, opened, projection, ids).await?
    {
        load_nested(tx, opened, &mut world).await?;
        world.complete(&opened.evaluator, now);
        return Ok(world);
    }
    load_world(tx, opened, now, None).await
}

/// Follows the links step by step; `None` when that leads to too many.
async fn near(
    tx: &mut ReadTx,
    opened: &Opened,
    projection: &Projection,
    ids: &[EntityId],
) -> Result<Option<MemoryWorld>, Error> {
    let mut world = MemoryWorld::default();
    let mut seen: BTreeSet<EntityId> = ids.iter().copied().collect();
    let mut frontier = rows(tx, opened, ids).await?;
    for distance in 0..=projection.depth {
        let mut next: BTreeSet<EntityId> = BTreeSet::new();
        for (row, _) in &frontier {
            let slots = projection.slots.get(&row.type_id);
            let is_followed =
                |slot: Slot| distance == 0 || slots.is_some_and(|s| s.contains(&slot));
            next.extend(ends(opened, row, is_followed));
        }
        next.extend(sources(tx, opened, projection, &frontier, &mut world).await?);
        for (row, entity) in frontier {
            if let Some(slots) = projection.slots.get(&row.type_id) {
                add_to_world(&mut world, row, slots, entity.absent_since);
            }
        }
        next.retain(|id| seen.insert(*id));
        if distance == projection.depth || next.is_empty() {
            break;
        }
        if seen.len() > NEAR {
            return Ok(None);
        }
        frontier = rows(tx, opened, &next.into_iter().collect::<Vec<_>>()).await?;
    }
    if reads_lifecycle(opened, projection) {
        let ids: Vec<EntityId> = seen.into_iter().collect();
        let stored = tx.assignments_of_many(&ids, Timestamp::MIN).await?;
        for (id, stored) in assignments_by_entity(stored) {
            for fact in lifecycle_facts(&stored) {
                world.insert_fact(id, fact);
            }
        }
    }
    Ok(Some(world))
}

async fn rows(
    tx: &mut ReadTx,
    opened: &Opened,
    ids: &[EntityId],
) -> Result<Vec<(Row, Entity)>, Error> {
    let mut rows = Vec::with_capacity(ids.len());
    for entity in tx.entities(ids).await? {
        let Some(type_id) = type_of_number(&opened.names, entity.type_no) else { continue };
        let row = decode_facts(&opened.model, &opened.names, entity.id, type_id, &entity.facts)?;
        rows.push((row, entity));
    }
    Ok(rows)
}

/// The ends of the links of a row.
fn ends(
    opened: &Opened,
    row: &Row,
    is_followed: impl Fn(Slot) -> bool,
) -> impl Iterator<Item = EntityId> {
    let of = opened.model.schema.get(row.type_id);
    let attributes = of.map_or(&[][..], |of| &of.attributes).iter();
    let links = attributes.filter(move |attribute| {
        matches!(attribute.value_type, ValueType::Link(_))
            && !matches!(attribute.kind, AttributeKind::Inverse { .. })
            && is_followed(attribute.slot)
    });
    let values = links.flat_map(|attribute| row.get(attribute.slot).items());
    values.filter_map(|value| if let Value::Link(id) = value { Some(*id) } else { None })
}

/// Who links to the rows by attributes whose inverse is read; noted in the world.
async fn sources(
    tx: &mut ReadTx,
    opened: &Opened,
    projection: &Projection,
    rows: &[(Row, Entity)],
    world: &mut MemoryWorld,
) -> Result<Vec<EntityId>, Error> {
    let mut by_type: BTreeMap<TypeId, Vec<EntityId>> = BTreeMap::new();
    for (row, _) in rows {
        by_type.entry(row.type_id).or_default().push(row.id);
    }
    let mut found = Vec::new();
    for (of, slot) in &projection.inverses {
        let attribute = opened.model.schema.attribute(*of, *slot);
        let Some(ValueType::Link(to)) = attribute.map(|attribute| attribute.value_type) else {
            continue;
        };
        let (Some(targets), Some(number)) =
            (by_type.get(&to), opened.names.attribute_no(*of, *slot))
        else {
            continue;
        };
        for link in tx.sources_of_many(number, targets).await? {
            world.insert_link(*of, *slot, link.source, link.target);
            found.push(link.source);
        }
    }
    Ok(found)
}
