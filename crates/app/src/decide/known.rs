//! Subjects and resources of the repository, evaluated, and kept while nothing changed.

use std::{mem, sync::Arc};

use jiff::Timestamp;
use muster_decision::Holder;
use muster_lang::{Binding, Clock, Frame, Program};
use muster_model::{EntityId, Row, Text, TypeId, Value};
use muster_policy::MemoryWorld;
use muster_store::ReadTx;
use rustc_hash::FxHashMap;

use crate::{Error, Opened, entity_type, load_identities, load_world_near, people::find_entity};

/// Entities kept in each of the two halves of the cache.
const KEPT: usize = 50_000;

/// An entity, evaluated at one state of the repository.
pub struct Known {
    pub(super) holder: Holder,
    /// What its links lead to.
    pub(super) world: Arc<MemoryWorld>,
    pub(super) key: Text,
    version: i64,
    from: Timestamp,
    until: Option<Timestamp>,
}

impl Known {
    /// Its attributes, computed ones filled in.
    pub fn row(&self) -> &Row {
        self.holder.row()
    }

    /// Its key, which names it to people.
    pub fn key(&self) -> &Text {
        &self.key
    }

    /// What it holds, and in which state it is.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// The value of an expression about it, which is of the model: others read what is not loaded as missing.
    pub fn value(&self, opened: &Opened, program: &Program, now: Timestamp) -> Value {
        let clock = Clock::new(now);
        let bindings = [Binding::Row(self.row())];
        let (world, timezone) = (self.world.as_ref(), &opened.model.timezone);
        program.eval(&Frame { bindings: &bindings, world, clock: &clock, timezone })
    }

    /// Whether it is still right: the same facts, and nothing became due in between.
    pub(super) fn holds(&self, version: i64, now: Timestamp) -> bool {
        self.version == version && self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("id", &self.row().id).finish_non_exhaustive()
    }
}

/// Evaluates an entity by its id; `None` when there is none, or when it is of a type without identities.
pub(super) async fn load_one(
    tx: &mut ReadTx,
    opened: &Opened,
    id: EntityId,
    version: i64,
    now: Timestamp,
) -> Result<Option<Known>, Error> {
    let Some(entity) = tx.entity(id).await? else { return Ok(None) };
    let Some(type_id) = entity_type(opened, entity.type_no) else { return Ok(None) };
    if !opened.model.schema.get(type_id).is_some_and(|of| of.identity) {
        return Ok(None);
    }
    let loaded = load_some(tx, opened, type_id, &[id], version, now).await?;
    Ok(loaded.into_iter().next())
}

/// Finds and evaluates an entity of one of these types.
pub(super) async fn load(
    tx: &mut ReadTx,
    opened: &Opened,
    types: &[TypeId],
    text: &str,
    version: i64,
    now: Timestamp,
) -> Result<Option<Known>, Error> {
    for type_id in types {
        let Some(entity_type) = opened.model.schema.get(*type_id) else { continue };
        let Some(id) = find_entity(opened, tx, entity_type, text).await? else { continue };
        let loaded = load_some(tx, opened, *type_id, &[id], version, now).await?;
        return Ok(loaded.into_iter().next());
    }
    Ok(None)
}

/// Evaluates entities of a type.
pub(super) async fn load_some(
    tx: &mut ReadTx,
    opened: &Opened,
    type_id: TypeId,
    ids: &[EntityId],
    version: i64,
    now: Timestamp,
) -> Result<Vec<Known>, Error> {
    let world = Arc::new(load_world_near(tx, opened, ids, now).await?);
    let found = load_identities(tx, opened, type_id, ids, now).await?;
    let known = found.iter().map(|facts| {
        let evaluation = opened.evaluator.evaluate(&facts.identity(), world.as_ref(), now);
        let until = evaluation.next_change;
        let holder = Holder::new(&opened.model, evaluation);
        let (world, key) = (Arc::clone(&world), facts.key.clone());
        Known { holder, world, key, version, from: now, until }
    });
    Ok(known.collect())
}

/// Under what somebody is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The type, where only one was meant, and the id as asked.
    Asked(Option<TypeId>, Text),
    /// The id of the entity.
    Entity(EntityId),
}

/// What was asked about lately. When the young half is full, the old one is forgotten.
#[derive(Default)]
pub(super) struct Cache {
    young: FxHashMap<Key, Arc<Known>>,
    old: FxHashMap<Key, Arc<Known>>,
}

impl Cache {
    pub(super) fn get(&mut self, key: &Key) -> Option<Arc<Known>> {
        if let Some(found) = self.young.get(key) {
            return Some(Arc::clone(found));
        }
        let found = self.old.remove(key)?;
        self.put(key.clone(), Arc::clone(&found));
        Some(found)
    }

    pub(super) fn put(&mut self, key: Key, known: Arc<Known>) {
        if self.young.len() >= KEPT {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, known);
    }
}
