//! From stored rows to resources as they are known: values, what clients said beside them, lifecycle, other ends of links.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{decode_facts, entity_type, fact_kind, fact_name, lifecycle_facts};
use muster_model::{EntityId, Row, Text, TypeId, Value};
use muster_policy::{FactKind, Identity, LifecycleFact, MemoryWorld};
use muster_store::{Entity, ReadTx};
use serde_json::{Map, Value as Json};

use crate::{error::Failure, mapping::Resource, view::View, world};

/// A resource with everything that may be shown of it, except the members of a group.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) entity: Entity,
    /// Its values, what is computed filled in.
    pub(crate) row: Row,
    /// What clients said that no attribute holds.
    pub(crate) extras: Map<String, Json>,
    /// What counts changes beside the version of the entity.
    pub(crate) changes: i64,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) external_id: Option<Text>,
    /// Whether it is active; `None` where that does not follow from a lifecycle.
    pub(crate) active: Option<bool>,
    /// Whether an SCIM client has suspended it.
    pub(crate) suspended_here: bool,
}

/// The other end of a link.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) type_id: TypeId,
    pub(crate) key: Text,
    pub(crate) display: Text,
}

/// The other ends of the links of several resources.
pub(crate) type Ends = BTreeMap<EntityId, End>;

/// What a suspension by an SCIM client says where it comes from.
pub(crate) const ORIGIN: &str = "scim";

/// Everything that is known of these entities, which are of one type; those that are gone for SCIM are left out.
pub(crate) async fn load(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    entities: Vec<Entity>,
) -> Result<Vec<Known>, Failure> {
    let entities: Vec<Entity> =
        entities.into_iter().filter(|entity| entity.absent_since.is_none()).collect();
    let ids: Vec<EntityId> = entities.iter().map(|entity| entity.id).collect();
    let mut said = BTreeMap::new();
    for kept in tx.scim_resources(&ids).await? {
        said.insert(kept.entity, kept);
    }
    let external = tx.external_ids_of(&view.client, &ids).await?;
    let mut external: BTreeMap<EntityId, Text> =
        external.into_iter().map(|known| (known.entity, known.external_id)).collect();
    let changed: Vec<EntityId> =
        entities.iter().filter(|entity| entity.version > 1).map(|entity| entity.id).collect();
    let first = tx.first_recorded(&changed).await?;
    let first: BTreeMap<EntityId, Timestamp> =
        first.into_iter().map(|first| (first.entity, first.at)).collect();
    let mut lifecycles = lifecycles(view, tx, resource, &ids).await?;
    let rows = rows(view, resource, &entities)?;
    let world = world::around(view, tx, resource, &rows).await?;
    let mut known = Vec::with_capacity(entities.len());
    for (entity, row) in entities.into_iter().zip(rows) {
        let lifecycle = lifecycles.remove(&entity.id).unwrap_or_default();
        if lifecycle.is_gone {
            continue;
        }
        let (row, active) = complete(view, resource, &row, &lifecycle.facts, &world);
        let kept = said.remove(&entity.id);
        let (extras, changes, changed_at) = match kept {
            Some(kept) => (object(&kept.body), kept.changes, Some(kept.changed_at)),
            None => (Map::new(), 0, None),
        };
        known.push(Known {
            created: first.get(&entity.id).copied().unwrap_or(entity.recorded_at),
            modified: changed_at.map_or(entity.recorded_at, |at| at.max(entity.recorded_at)),
            external_id: external.remove(&entity.id),
            suspended_here: lifecycle.suspended_here,
            row,
            extras,
            changes,
            active,
            entity,
        });
    }
    Ok(known)
}

fn rows(view: &View, resource: &Resource, entities: &[Entity]) -> Result<Vec<Row>, Failure> {
    let (model, names) = (&view.opened.model, &view.opened.names);
    let decode = |entity: &Entity| {
        decode_facts(model, names, entity.id, resource.type_id, &entity.facts)
            .map_err(Failure::from)
    };
    entities.iter().map(decode).collect()
}

/// What was said about a lifecycle.
#[derive(Debug, Default)]
struct Lifecycle {
    facts: Vec<LifecycleFact>,
    suspended_here: bool,
    /// True when it was deleted or erased by hand.
    is_gone: bool,
}

async fn lifecycles(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    ids: &[EntityId],
) -> Result<BTreeMap<EntityId, Lifecycle>, Failure> {
    let mut found: BTreeMap<EntityId, Vec<muster_store::Assignment>> = BTreeMap::new();
    if resource.active.is_none() {
        return Ok(BTreeMap::new());
    }
    for assignment in tx.assignments_of_many(ids, view.now).await? {
        if fact_kind(&assignment.role).is_some() {
            found.entry(assignment.entity).or_default().push(assignment);
        }
    }
    let lifecycle = |assignments: Vec<muster_store::Assignment>| {
        let facts = lifecycle_facts(&assignments);
        let is_gone = facts.iter().any(|fact| {
            matches!(fact.kind, FactKind::Deleted | FactKind::Erased) && fact.from <= view.now
        });
        let suspended_here = assignments.iter().any(|assignment| {
            &*assignment.origin == ORIGIN
                && fact_kind(&assignment.role) == Some(FactKind::Suspended)
        });
        Lifecycle { facts, suspended_here, is_gone }
    };
    Ok(found.into_iter().map(|(id, assignments)| (id, lifecycle(assignments))).collect())
}

/// The row with what is computed, and whether it is active.
fn complete(
    view: &View,
    resource: &Resource,
    row: &Row,
    facts: &[LifecycleFact],
    world: &MemoryWorld,
) -> (Row, Option<bool>) {
    let identity = Identity {
        row,
        assignments: &[],
        facts,
        withheld: &[],
        exceptions: &[],
        absent_since: None,
        known_state: None,
    };
    let row = view.opened.evaluator.complete(&identity, world, view.now);
    let active = resource.active.as_ref().map(|active| {
        let state = row.get(active.slot).as_text();
        state.is_some_and(|state| active.states.contains(state))
    });
    (row, active)
}

fn object(text: &str) -> Map<String, Json> {
    match serde_json::from_str(text) {
        Ok(Json::Object(map)) => map,
        Ok(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_))
        | Err(_) => Map::new(),
    }
}

/// The other ends of the links of these resources.
pub(crate) async fn ends(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    known: &[Known],
) -> Result<Ends, Failure> {
    let slots =
        resource.fields.iter().map(|field| field.slot).chain(resource.groups.iter().copied());
    let slots: BTreeSet<_> = slots.collect();
    let mut ids = BTreeSet::new();
    for one in known {
        for slot in &slots {
            for item in one.row.get(*slot).items() {
                if let Value::Link(id) = item {
                    ids.insert(*id);
                }
            }
        }
    }
    let ids: Vec<EntityId> = ids.into_iter().collect();
    ends_of(view, tx, &ids).await
}

/// What these entities are called; those that are gone are left out.
pub(crate) async fn ends_of(
    view: &View,
    tx: &mut ReadTx,
    ids: &[EntityId],
) -> Result<Ends, Failure> {
    let mut ends = Ends::new();
    for entity in tx.entities(ids).await? {
        let Some(type_id) = entity_type(&view.opened, entity.type_no) else { continue };
        if entity.absent_since.is_some() {
            continue;
        }
        let display = display(view, type_id, &entity)?;
        ends.insert(entity.id, End { type_id, key: entity.key, display });
    }
    Ok(ends)
}

fn display(view: &View, type_id: TypeId, entity: &Entity) -> Result<Text, Failure> {
    let (model, names) = (&view.opened.model, &view.opened.names);
    let row = decode_facts(model, names, entity.id, type_id, &entity.facts)?;
    let shown = model.types.get(type_id.index()).and_then(|behaviour| behaviour.display.as_ref());
    let Some(rule) = shown else { return Ok(entity.key.clone()) };
    let clock = muster_lang::Clock::new(view.now);
    let bindings = [muster_lang::Binding::Row(&row)];
    let frame = muster_lang::Frame {
        bindings: &bindings,
        world: &muster_lang::EmptyWorld,
        clock: &clock,
        timezone: &model.timezone,
    };
    let shown = rule.program.eval(&frame);
    Ok(shown.as_text().cloned().unwrap_or_else(|| entity.key.clone()))
}

/// How many entities of a resource type are there and yet gone for SCIM: deleted or erased by hand.
pub(crate) async fn gone(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
) -> Result<u64, Failure> {
    if resource.active.is_none() {
        return Ok(0);
    }
    let names = view.opened.names.type_names(resource.type_id);
    let mut gone = BTreeSet::new();
    for kind in [FactKind::Deleted, FactKind::Erased] {
        let mut after = None;
        loop {
            let page = tx.assignments_of_role(&fact_name(kind), after, 1000).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.entity, last.id));
            let in_force = page.iter().filter(|fact| {
                fact.valid_from.is_none_or(|from| from <= view.now)
                    && fact.valid_until.is_none_or(|until| until > view.now)
            });
            gone.extend(in_force.map(|fact| fact.entity));
        }
    }
    let gone: Vec<EntityId> = gone.into_iter().collect();
    let entities = tx.entities(&gone).await?;
    let counted = entities.iter().filter(|entity| {
        entity.absent_since.is_none() && names.is_some_and(|names| names.no == entity.type_no)
    });
    Ok(counted.count() as u64)
}
