//! The entities that links lead to, held in memory.

use jiff::Timestamp;
use muster_lang::{Clock, World};
use muster_model::{EntityId, Row, Slot, SystemId, Text, TypeId, Value};
use rustc_hash::FxHashMap;

use crate::{Evaluator, LifecycleFact};

/// Entities by id and the inverses of links. Filled first, then [`MemoryWorld::complete`] computes what is computed.
#[derive(Debug, Default)]
pub struct MemoryWorld {
    rows: FxHashMap<EntityId, Row>,
    absent: FxHashMap<EntityId, Timestamp>,
    facts: FxHashMap<EntityId, Vec<LifecycleFact>>,
    inverses: FxHashMap<(TypeId, Slot, EntityId), Vec<EntityId>>,
    brings: FxHashMap<(SystemId, usize), FxHashMap<Text, Vec<Text>>>,
}

impl MemoryWorld {
    /// Adds or replaces an entity.
    pub fn insert(&mut self, row: Row) {
        self.rows.insert(row.id, row);
    }

    /// Notes since when an entity's record is missing from its source.
    pub fn insert_absent(&mut self, id: EntityId, since: Timestamp) {
        self.absent.insert(id, since);
    }

    /// Notes what was said about the lifecycle of an entity by hand.
    pub fn insert_fact(&mut self, id: EntityId, fact: LifecycleFact) {
        self.facts.entry(id).or_default().push(fact);
    }

    /// Notes that `source`'s link attribute `slot` of type `of` leads to `target`. Sources come in order of id.
    pub fn insert_link(&mut self, of: TypeId, slot: Slot, source: EntityId, target: EntityId) {
        let sources = self.inverses.entry((of, slot, target)).or_default();
        if let Err(at) = sources.binary_search(&source) {
            sources.insert(at, source);
        }
    }

    /// Notes what the entitlements of a kind, by position in its system, bring with them.
    pub fn insert_nested(
        &mut self,
        system: SystemId,
        kind: usize,
        brings: FxHashMap<Text, Vec<Text>>,
    ) {
        self.brings.insert((system, kind), brings);
    }

    /// How many entities it holds.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True without any entity.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Computes the computed attributes and lifecycle states of all entities, as of `now`.
    ///
    /// Types come in the order of `Evaluator::computing_order`, so that a value that reads through a link finds it done.
    /// Done again, it is as if it had been done for this instant only.
    pub fn complete(&mut self, evaluator: &Evaluator, now: Timestamp) {
        #[expect(clippy::iter_over_hash_type, reason = "every row is treated alike")]
        for row in self.rows.values_mut() {
            row.next_change = None;
        }
        for (type_id, slot) in evaluator.computing_order() {
            let mut done: Vec<(EntityId, Value, Option<Timestamp>)> = Vec::new();
            for row in self.rows.values().filter(|row| row.type_id == *type_id) {
                let clock = Clock::new(now);
                let absent = self.absent.get(&row.id).copied();
                let facts = self.facts.get(&row.id).map_or(&[][..], Vec::as_slice);
                let value = evaluator.compute(row, *slot, (absent, facts), self, &clock);
                done.push((row.id, value, clock.next_change()));
            }
            for (id, value, next_change) in done {
                if let Some(row) = self.rows.get_mut(&id) {
                    row.set(*slot, value);
                    row.next_change = earliest(row.next_change, next_change);
                }
            }
        }
    }
}

/// The earlier of two instants, where `None` is never.
pub(crate) fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

impl World for MemoryWorld {
    fn row(&self, id: EntityId) -> Option<&Row> {
        self.rows.get(&id)
    }

    fn inverse(&self, id: EntityId, of: TypeId, slot: Slot) -> &[EntityId] {
        self.inverses.get(&(of, slot, id)).map_or(&[], Vec::as_slice)
    }

    fn brings(&self, system: SystemId, kind: usize, name: &Text) -> &[Text] {
        let of_kind = self.brings.get(&(system, kind));
        of_kind.and_then(|of_kind| of_kind.get(name)).map_or(&[], Vec::as_slice)
    }
}
