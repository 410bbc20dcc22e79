//! From staged records to arrivals: whose each record is, what it maps to, and whether that is complete.

use muster_app::{Error, decode_facts};
use muster_lang::Clock;
use muster_model::{AttributeKind, EntityId, Row, Text, TypeId, Value, decode_row};
use muster_store::{Entity, Sequence, Tx};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Arrival, Inbound, place};
use crate::{correlate::Found, mapping::map_record, report::ReadReport, source::Staged};

/// The entity a record belongs to.
#[derive(Debug, Clone, Copy)]
enum Whose {
    /// One that is made for it.
    New,
    /// A known one, with the confidence of the correlation.
    Known(EntityId, u8),
}

/// Why it cannot be told which entity a record belongs to.
#[derive(Debug)]
struct Undecided {
    problem: String,
    /// True when a person can decide it.
    by_person: bool,
}

impl Inbound<'_> {
    /// Correlates and maps; what cannot be used goes to the report.
    pub(super) async fn arrivals<'s>(
        &mut self,
        tx: &mut Tx,
        chunk: &'s [Staged],
        report: &mut ReadReport,
    ) -> Result<Vec<Arrival<'s>>, Error> {
        let clock = Clock::new(self.now);
        let mut arrivals: Vec<Arrival<'s>> = Vec::with_capacity(chunk.len());
        let mut owners: Vec<Whose> = Vec::with_capacity(chunk.len());
        let mut claimed_here = FxHashSet::default();
        for staged in chunk {
            let values = self.record_values(staged)?;
            let mapped = match map_record(
                &self.opened.model.schema,
                self.source.read,
                &values,
                &clock,
                &self.opened.model.timezone,
            ) {
                Ok(mapped) => mapped,
                Err(problem) => {
                    report.reject(place(staged), problem);
                    continue;
                }
            };
            let whose = match self.whose(staged, &values, &mut claimed_here) {
                Ok(whose) => whose,
                Err(Undecided { problem, by_person }) => {
                    report.undecided += u64::from(by_person);
                    report.reject(place(staged), problem);
                    continue;
                }
            };
            let mut row =
                Row::empty(EntityId(0), self.entity_type.id, self.entity_type.attributes.len());
            for (slot, value) in mapped {
                row.set(slot, value);
            }
            arrivals.push(Arrival {
                staged,
                record: self.marks.get(&staged.key).map(|mark| mark.id),
                before: None,
                row,
                key: "".into(),
                confidence: match whose {
                    Whose::New => 100,
                    Whose::Known(_, confidence) => confidence,
                },
                pending: Vec::new(),
            });
            owners.push(whose);
        }
        self.join_entities(tx, &mut arrivals, &owners).await?;
        self.check_complete(tx, arrivals, report).await
    }

    fn record_values(&self, staged: &Staged) -> Result<Vec<Value>, Error> {
        let mut row = Row::empty(EntityId(0), TypeId(0), self.source.read.columns.len());
        decode_row(&staged.content, &self.source.names.numbers, &mut row).map_err(|error| {
            Error::bug(format!("record `{}` cannot be read", staged.key)).caused_by(error)
        })?;
        Ok(row.values)
    }

    /// The entity a record belongs to, or why that cannot be told.
    fn whose(
        &self,
        staged: &Staged,
        values: &[Value],
        claimed_here: &mut FxHashSet<EntityId>,
    ) -> Result<Whose, Undecided> {
        if let Some(id) = self.marks.get(&staged.key).and_then(|mark| mark.entity) {
            claimed_here.insert(id);
            return Ok(Whose::Known(id, 100));
        }
        let key = &staged.key;
        let problem = match self.correlator.find(self.opened, values, self.now) {
            Found::Nobody => return Ok(Whose::New),
            Found::One(id, _) if self.claimed.contains(&id) || !claimed_here.insert(id) => {
                let problem = "fits an identity that another record stands for";
                let problem = format!("record `{key}` {problem}");
                return Err(Undecided { problem, by_person: false });
            }
            Found::One(id, confidence) if confidence >= 100 => {
                return Ok(Whose::Known(id, confidence));
            }
            Found::One(_, confidence) => format!("an identity with confidence {confidence}"),
            Found::Several(ids) => format!("{} identities equally", ids.len()),
        };
        let problem = format!("record `{key}` fits {problem}; a person decides");
        Err(Undecided { problem, by_person: true })
    }

    /// Gives new entities their ids; lays what was mapped over what known entities hold.
    async fn join_entities(
        &self,
        tx: &mut Tx,
        arrivals: &mut [Arrival<'_>],
        owners: &[Whose],
    ) -> Result<(), Error> {
        let id_of = |whose: &Whose| match whose {
            Whose::New => None,
            Whose::Known(id, _) => Some(*id),
        };
        let known: Vec<EntityId> = owners.iter().filter_map(id_of).collect();
        let n_new = owners.len() - known.len();
        let mut next = if n_new > 0 { tx.take_ids(Sequence::Entity, n_new).await? } else { 0 };
        let mut stored: FxHashMap<EntityId, Entity> =
            tx.entities(&known).await?.into_iter().map(|entity| (entity.id, entity)).collect();
        for (arrival, whose) in arrivals.iter_mut().zip(owners) {
            let id = id_of(whose);
            let Some(entity) = id.and_then(|id| stored.remove(&id)) else {
                arrival.row.id = id.unwrap_or(EntityId(next));
                next += i64::from(id.is_none());
                continue;
            };
            let before = decode_facts(
                &self.opened.model,
                &self.opened.names,
                entity.id,
                self.entity_type.id,
                &entity.facts,
            )?;
            let mut row = before.clone();
            for (slot, _) in &self.source.read.owns {
                row.set(*slot, arrival.row.get(*slot).clone());
            }
            arrival.row = row;
            arrival.before = Some((entity, before));
        }
        Ok(())
    }

    /// Refuses records without a key or a required value, and keys that another entity has.
    async fn check_complete<'s>(
        &mut self,
        tx: &mut Tx,
        arrivals: Vec<Arrival<'s>>,
        report: &mut ReadReport,
    ) -> Result<Vec<Arrival<'s>>, Error> {
        let key_of = |row: &Row| row.get(self.entity_type.key).to_wire_text();
        let keys: Vec<Text> = arrivals
            .iter()
            .map(|a| key_of(&a.row).as_text().cloned().unwrap_or_else(|| "".into()))
            .collect();
        let holders = tx.entity_ids_by_key(self.type_names.no, &keys).await?;
        let mut here: FxHashSet<Text> = FxHashSet::default();
        let mut complete = Vec::with_capacity(arrivals.len());
        for ((mut arrival, key), holder) in arrivals.into_iter().zip(keys).zip(holders) {
            let missing = self.entity_type.attributes.iter().find(|attribute| {
                attribute.required
                    && attribute.kind == AttributeKind::Stored
                    && arrival.row.get(attribute.slot).is_null()
            });
            if key.is_empty() {
                report.reject(place(arrival.staged), "the entity would have no key");
            } else if let Some(attribute) = missing {
                report.reject(
                    place(arrival.staged),
                    format!("`{}` is required and has no value", attribute.name),
                );
            } else if holder.is_some_and(|holder| holder != arrival.row.id)
                || !here.insert(key.clone())
            {
                report.reject(
                    place(arrival.staged),
                    format!("key `{key}` belongs to another entity"),
                );
            } else {
                arrival.key = key;
                complete.push(arrival);
            }
        }
        Ok(complete)
    }
}
