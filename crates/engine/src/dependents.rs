//! Who has to be looked at again when an entity changed: everybody whose evaluation reads it through links.

use std::collections::BTreeSet;

use muster_app::{Error, Opened};
use muster_model::{EntityId, Row, TypeId, Value, ValueType};
use muster_store::Tx;

/// Finds the entities that read one of `changed` through links. Each comes with its row before and after.
///
/// Finds too many rather than too few: it follows every link that a rule could follow.
pub(crate) async fn dependents(
    tx: &mut Tx,
    opened: &Opened,
    type_id: TypeId,
    changed: &[(Option<&Row>, &Row)],
) -> Result<BTreeSet<EntityId>, Error> {
    let projection = opened.evaluator.projection();
    let mut found = BTreeSet::new();
    let mut frontier: Vec<(TypeId, EntityId)> = Vec::new();
    for (before, after) in changed {
        if is_read(opened, type_id, *before, after) {
            frontier.push((type_id, after.id));
        }
        for (of, slot) in projection.inverses.iter().filter(|(of, _)| *of == type_id) {
            let Some(ValueType::Link(to)) =
                opened.model.schema.attribute(*of, *slot).map(|a| a.value_type)
            else {
                continue;
            };
            for row in before.iter().copied().chain([*after]) {
                let ends = row.get(*slot).items().iter();
                frontier.extend(ends.filter_map(|end| {
                    if let Value::Link(id) = end { Some((to, *id)) } else { None }
                }));
            }
        }
    }
    found.extend(frontier.iter().map(|(_, id)| *id));
    for _ in 0..projection.depth {
        let mut next = Vec::new();
        for (source_type, slot, target_type) in links(opened) {
            let targets: Vec<EntityId> =
                frontier.iter().filter(|(t, _)| *t == target_type).map(|(_, id)| *id).collect();
            let Some(attribute_no) =
                opened.names.attribute_no(source_type, slot).filter(|_| !targets.is_empty())
            else {
                continue;
            };
            for link in tx.sources_of_many(attribute_no, &targets).await? {
                if found.insert(link.source) {
                    next.push((source_type, link.source));
                }
            }
        }
        frontier = next;
    }
    Ok(found)
}

/// Whether something that others read of this type differs.
fn is_read(opened: &Opened, type_id: TypeId, before: Option<&Row>, after: &Row) -> bool {
    let Some(slots) = opened.evaluator.projection().slots.get(&type_id) else { return false };
    let Some(before) = before else { return true };
    let computed = |slot: &muster_model::Slot| {
        opened.model.schema.attribute(type_id, *slot).is_none_or(|a| !a.kind.is_kept())
    };
    slots.iter().any(|slot| computed(slot) || before.get(*slot) != after.get(*slot))
}

/// Every link attribute of the model: the type that holds it, the attribute, the type it leads to.
fn links(opened: &Opened) -> impl Iterator<Item = (TypeId, muster_model::Slot, TypeId)> {
    opened.model.schema.types.iter().flat_map(|entity_type| {
        entity_type.attributes.iter().filter(|attribute| attribute.kind.is_kept()).filter_map(
            |attribute| match attribute.value_type {
                ValueType::Link(to) => Some((entity_type.id, attribute.slot, to)),
                ValueType::Bool
                | ValueType::Int
                | ValueType::Float
                | ValueType::Text
                | ValueType::Date
                | ValueType::DateTime
                | ValueType::Binary
                | ValueType::Uuid => None,
            },
        )
    })
}
