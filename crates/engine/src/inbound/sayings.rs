//! What the records of an entity say of its attributes, and whose word counts.
//!
//! Records keep their content, so values can be worked out again whenever one of them changes, vanishes or is taken away.

use muster_app::{Error, Opened, ReadNames};
use muster_lang::Clock;
use muster_model::{EntityId, Row, Slot, SystemId, Text, TypeId, Value};
use muster_policy::{Read, System};
use muster_store::{Number, ReadTx};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Inbound;
use crate::mapping::{map_record, record_values};

/// What one record says.
#[derive(Debug, Clone)]
pub(super) struct Saying {
    pub(super) read_no: Number,
    pub(super) system: SystemId,
    /// The record's number: of two equally good ones the older counts.
    pub(super) record: i64,
    /// Whether the record is there; one that vanished keeps its last word until another one speaks.
    pub(super) present: bool,
    pub(super) values: Vec<(Slot, Value)>,
}

/// The reads of an entity type in all systems.
pub(crate) fn reads_of(
    opened: &Opened,
    type_id: TypeId,
) -> impl Iterator<Item = (&System, &Read, &ReadNames)> {
    opened.model.systems.iter().zip(&opened.names.systems).flat_map(move |(system, names)| {
        let reads = system.reads.iter().zip(&names.reads);
        reads
            .filter(move |(read, _)| read.type_id == type_id)
            .map(move |(read, names)| (system, read, names))
    })
}

/// The reads whose records say that an entity is there: those with `absent:`, or all where none has it.
pub(super) fn presence_reads(opened: &Opened, type_id: TypeId) -> Vec<Number> {
    let any = reads_of(opened, type_id).any(|(_, read, _)| read.absent);
    let reads = reads_of(opened, type_id).filter(|(_, read, _)| read.absent || !any);
    reads.map(|(_, _, names)| names.no).collect()
}

impl Inbound<'_> {
    /// What the stored records of entities say; those of this read with the keys in `without` are left out.
    pub(super) async fn sayings(
        &self,
        tx: &mut ReadTx,
        entities: &[EntityId],
        without: &FxHashSet<&Text>,
    ) -> Result<FxHashMap<EntityId, Vec<Saying>>, Error> {
        let mut sayings: FxHashMap<EntityId, Vec<Saying>> = FxHashMap::default();
        let (schema, timezone) = (&self.opened.model.schema, &self.opened.model.timezone);
        let clock = Clock::new(self.now);
        for record in tx.records_of_many(entities).await? {
            let Some(entity) = record.entity else { continue };
            if record.read_no == self.source.names.no && without.contains(&record.key) {
                continue;
            }
            let place = reads_of(self.opened, self.entity_type.id)
                .find(|(_, _, names)| names.no == record.read_no);
            let Some((system, read, names)) = place else { continue };
            let columns = record_values(read, names, &record.content)?;
            // What cannot be read any more says nothing; the read of that system reports it.
            let Ok(values) = map_record(schema, read, &columns, &clock, timezone) else { continue };
            sayings.entry(entity).or_default().push(Saying {
                read_no: record.read_no,
                system: system.id,
                record: record.id.0,
                present: record.absent_since.is_none(),
                values,
            });
        }
        Ok(sayings)
    }

    /// Lays what the records say over a row; answers the attributes that somebody present speaks of.
    pub(super) fn lay_over(
        &self,
        row: &mut Row,
        key: Option<&Text>,
        sayings: &mut [Saying],
    ) -> Vec<Slot> {
        // After a merge two records of one read may speak: the one that the entity is named after comes first.
        let names_it = |saying: &Saying| {
            let own = saying.values.iter().find(|(slot, _)| *slot == self.entity_type.key);
            key.is_some()
                && own.and_then(|(_, value)| value.to_wire_text().as_text().cloned()).as_ref()
                    == key
        };
        sayings.sort_by_key(|saying| (!names_it(saying), saying.record));
        let mut derived: Vec<Slot> = sayings
            .iter()
            .filter(|saying| saying.present)
            .flat_map(|saying| saying.values.iter().map(|(slot, _)| *slot))
            .collect();
        derived.sort_unstable();
        derived.dedup();
        derived.retain(|slot| match self.word_on(*slot, sayings) {
            Some(value) => {
                row.set(*slot, value);
                true
            }
            None => false,
        });
        derived
    }

    /// The value of the best present record that has one; `null` when all of them say so; nothing when nobody may speak.
    fn word_on(&self, slot: Slot, sayings: &[Saying]) -> Option<Value> {
        let authority = self.behaviour.authority.get(&slot);
        let rank = |saying: &Saying| match authority {
            Some(systems) => systems.iter().position(|system| *system == saying.system),
            None => Some(0),
        };
        let mut words: Vec<(usize, &Value)> = Vec::new();
        for saying in sayings.iter().filter(|saying| saying.present) {
            let value = saying.values.iter().find(|(of, _)| *of == slot);
            if let (Some(rank), Some((_, value))) = (rank(saying), value) {
                words.push((rank, value));
            }
        }
        words.sort_by_key(|(rank, _)| *rank);
        let first = words.first()?;
        let said = words.iter().find(|(_, value)| !value.is_null()).unwrap_or(first);
        Some(said.1.clone())
    }

    /// How many of these values count for nothing, because this system is no authority for them.
    pub(super) fn ignored(&self, values: &[(Slot, Value)]) -> u64 {
        let is_ignored = |slot: &Slot| {
            let systems = self.behaviour.authority.get(slot);
            systems.is_some_and(|systems| !systems.contains(&self.source.system.id))
        };
        values.iter().filter(|(slot, value)| !value.is_null() && is_ignored(slot)).count() as u64
    }
}
