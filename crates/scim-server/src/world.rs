//! What computed attributes and lifecycle rules of a few entities read of others: as much as can be reached, no more.

use std::collections::BTreeSet;

use muster_app::{decode_facts, entity_type};
use muster_lang::Program;
use muster_model::{AttributeKind, EntityId, Row, Slot, TypeId, Value, ValueType};
use muster_policy::MemoryWorld;
use muster_store::ReadTx;

use crate::{error::Failure, mapping::Resource, view::View};

/// Links that are followed one after the other.
const DEEPEST: usize = 4;
/// Entities that link to one.
const MOST_SOURCES: usize = 1000;

/// The links that rules of a type read.
#[derive(Debug, Default)]
struct Reads {
    links: BTreeSet<(TypeId, Slot)>,
    inverses: BTreeSet<(TypeId, Slot)>,
}

/// What the rules of a resource's type read around these entities.
pub(crate) async fn around(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    rows: &[Row],
) -> Result<MemoryWorld, Failure> {
    let mut world = MemoryWorld::default();
    let reads = reads(view, resource.type_id);
    if reads.links.is_empty() && reads.inverses.is_empty() {
        return Ok(world);
    }
    let mut seen: BTreeSet<EntityId> = rows.iter().map(|row| row.id).collect();
    let mut edge: Vec<Row> = rows.to_vec();
    for _ in 0..DEEPEST {
        let mut next = BTreeSet::new();
        for row in &edge {
            for (_, slot) in reads.links.iter().filter(|(of, _)| *of == row.type_id) {
                let items = row.get(*slot).items().iter();
                next.extend(
                    items.filter_map(
                        |item| {
                            if let Value::Link(id) = item { Some(*id) } else { None }
                        },
                    ),
                );
            }
            for (of, slot) in &reads.inverses {
                let leads = view.opened.model.schema.attribute(*of, *slot).map(|a| a.value_type);
                if leads != Some(ValueType::Link(row.type_id)) {
                    continue;
                }
                let Some(no) = view.opened.names.attribute_no(*of, *slot) else { continue };
                for source in tx.sources_of(no, row.id, None, MOST_SOURCES).await? {
                    world.insert_link(*of, *slot, source, row.id);
                    next.insert(source);
                }
            }
        }
        next.retain(|id| seen.insert(*id));
        if next.is_empty() {
            break;
        }
        let ids: Vec<EntityId> = next.into_iter().collect();
        edge = Vec::with_capacity(ids.len());
        for entity in tx.entities(&ids).await? {
            let Some(type_id) = entity_type(&view.opened, entity.type_no) else { continue };
            let (model, names) = (&view.opened.model, &view.opened.names);
            edge.push(decode_facts(model, names, entity.id, type_id, &entity.facts)?);
        }
        for row in &edge {
            world.insert(row.clone());
        }
    }
    world.complete(&view.opened.evaluator, view.now);
    Ok(world)
}

/// The links that computed attributes and lifecycle rules read, beginning at a type.
fn reads(view: &View, type_id: TypeId) -> Reads {
    let mut reads = Reads::default();
    let mut seen = BTreeSet::new();
    let mut types = vec![type_id];
    while let Some(of) = types.pop() {
        if !seen.insert(of) {
            continue;
        }
        let Some(behaviour) = view.opened.model.types.get(of.index()) else { continue };
        let computed = behaviour.computed.iter().map(|(_, rule)| &rule.program);
        let states = behaviour.lifecycle.iter().map(|state| &state.when.program);
        for path in computed.chain(states).flat_map(Program::paths) {
            for (of, slot) in &path.steps {
                let Some(attribute) = view.opened.model.schema.attribute(*of, *slot) else {
                    continue;
                };
                if let AttributeKind::Inverse { of, slot } = attribute.kind {
                    reads.inverses.insert((of, slot));
                    types.push(of);
                } else if let ValueType::Link(to) = attribute.value_type {
                    reads.links.insert((*of, *slot));
                    types.push(to);
                }
            }
        }
    }
    reads
}
