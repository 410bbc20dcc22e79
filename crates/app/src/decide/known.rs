//! Subjects and resources of the repository, evaluated, and kept while nothing changed.

use std::{mem, sync::Arc};

use jiff::Timestamp;
use muster_decision::Holder;
use muster_model::{EntityId, Row, Text, TypeId};
use muster_policy::MemoryWorld;
use muster_store::ReadTx;
use rustc_hash::FxHashMap;

use crate::{Error, Opened, load_identities, load_world_near, people::find_entity};

/// Entities kept in each of the two halves of the cache.
const KEPT: usize = 50_000;

/// An entity, evaluated at one state of the repository.
pub(super) struct Known {
    pub(super) holder: Holder,
    /// What its links lead to.
    pub(super) world: Arc<MemoryWorld>,
    version: i64,
    from: Timestamp,
    until: Option<Timestamp>,
}

impl Known {
    /// Its attributes, computed ones filled in.
    pub(super) fn row(&self) -> &Row {
        self.holder.row()
    }

    /// Whether it is still right: the same facts, and nothing became due in between.
    pub(super) fn holds(&self, version: i64, now: Timestamp) -> bool {
        self.version == version && self.from <= now && self.until.is_none_or(|until| now < until)
    }
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
        Known { holder, world: Arc::clone(&world), version, from: now, until }
    });
    Ok(known.collect())
}

/// The type, where only one was meant, and the id as asked.
type Key = (Option<TypeId>, Text);

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
