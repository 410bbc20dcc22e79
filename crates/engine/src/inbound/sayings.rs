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
    /// True for what was entered by hand: what a connected source says comes before it.
    pub(super) by_hand: bool,
    pub(super) values: Vec<(Slot, Value)>,
}

/// The reads of an entity type in all systems.
pub(crate) fn reads_of(
    opened: &Opened,
    type_id: TypeId,
) -> impl Iterator<Item = (&System, &Read, &ReadNames)> {
    opened.sources().flat_map(move |(system, names)| {
        let reads = system.reads.iter().zip(&names.reads);
        reads
            .filter(move |(read, _)| read.type_id == type_id)
            .map(move |(read, names)| (system, read, names))
    })
}

/// The reads whose records say that an entity is there: those with `absent:`, or all connected ones where none has it.
pub(super) fn presence_reads(opened: &Opened, type_id: TypeId) -> Vec<Number> {
    let connected = || reads_of(opened, type_id).filter(|(_, read, _)| !read.by_hand);
    let any = connected().any(|(_, read, _)| read.absent);
    let reads = connected().filter(|(_, read, _)| read.absent || !any);
    reads.map(|(_, _, names)| names.no).collect()
}

/// Whether its records say that an entity is there; `None` when none of them can say so. What was entered by hand counts
/// only where no connected source ever knew the entity: it must not keep somebody here whom the source let go.
pub(super) fn is_there(sayings: &[Saying], presence: &[Number]) -> Option<bool> {
    let of = |counts: &dyn Fn(&Saying) -> bool| {
        sayings.iter().filter(|saying| counts(saying)).map(|saying| saying.present).max()
    };
    of(&|saying| presence.contains(&saying.read_no)).or_else(|| of(&|saying| saying.by_hand))
}

/// Links that were entered by hand lead on to whom the other end was merged into; where it is gone, nowhere.
async fn follow_merges(tx: &mut ReadTx, values: &mut [(Slot, Value)]) -> Result<(), Error> {
    for (_, value) in values {
        if !value.items().iter().any(|item| matches!(item, Value::Link(_))) {
            continue;
        }
        let mut ends = Vec::new();
        for item in value.items() {
            let Value::Link(id) = item else {
                ends.push(item.clone());
                continue;
            };
            let mut id = *id;
            while let Some(merged) = tx.merged_entity(id).await? {
                id = merged.survivor;
            }
            ends.push(Value::Link(id));
        }
        let is_list = matches!(value, Value::List(_));
        *value =
            if is_list { Value::set(ends) } else { ends.into_iter().next().unwrap_or_default() };
    }
    Ok(())
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
                by_hand: read.by_hand,
                values,
            });
        }
        if !self.any_merged {
            return Ok(sayings);
        }
        for saying in sayings.values_mut().flatten().filter(|saying| saying.by_hand) {
            follow_merges(tx, &mut saying.values).await?;
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
        let mut by_hand = None;
        for saying in sayings.iter().filter(|saying| saying.present) {
            let value = saying.values.iter().find(|(of, _)| *of == slot);
            let Some((_, value)) = value else { continue };
            if saying.by_hand {
                by_hand = by_hand.or(Some(value));
            } else if let Some(rank) = rank(saying) {
                words.push((rank, value));
            }
        }
        if words.is_empty() {
            return by_hand.cloned();
        }
        words.sort_by_key(|(rank, _)| *rank);
        let first = words.first()?;
        let said = words.iter().find(|(_, value)| !value.is_null()).unwrap_or(first);
        Some(said.1.clone())
    }

    /// The connected system that has the say about an attribute, by name.
    pub(super) fn connected_word_on(&self, slot: Slot, sayings: &[Saying]) -> Option<&Text> {
        let authority = self.behaviour.authority.get(&slot);
        let speaks = |saying: &&Saying| {
            saying.present
                && !saying.by_hand
                && authority.is_none_or(|systems| systems.contains(&saying.system))
                && saying.values.iter().any(|(of, _)| *of == slot)
        };
        sayings.iter().find(speaks).map(|saying| self.system_name(saying))
    }

    /// The name of the system that a record is of.
    pub(super) fn system_name(&self, saying: &Saying) -> &Text {
        let system = self.opened.model.systems.get(saying.system.index());
        system.map_or(&self.opened.model.local.name, |system| &system.name)
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
