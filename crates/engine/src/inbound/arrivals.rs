//! From staged records to arrivals: whose each record is, what it maps to, and whether that is complete.

use muster_app::{Error, decode_facts};
use muster_lang::Clock;
use muster_model::{AttributeKind, EntityId, Row, Slot, Text, Value};
use muster_policy::{Pair, Standing, settle};
use muster_store::{CaseStatus, Entity, RecordId, Sequence, Tx};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Arrival, Inbound,
    refused::{Outcome, Problem, Refused},
    sayings::Saying,
};
use crate::{
    correlate::Candidate,
    decisions::Decided,
    mapping::{map_record, record_values},
    matches::{Shown, candidates_json},
    source::Staged,
};

/// The entity a record belongs to.
#[derive(Debug, Clone, Copy)]
enum Whose {
    /// One that is made for it.
    New,
    /// A known one, with the confidence of the correlation.
    Known(EntityId, u8),
    /// Nobody: somebody decided that it does not count.
    Nobody,
}

/// Why it cannot be told which entity a record belongs to.
struct Undecided {
    problem: String,
    /// True when a person can decide it.
    by_person: bool,
    candidates: Vec<Candidate>,
}

/// A record with what it maps to.
struct Mapped<'s> {
    staged: &'s Staged,
    values: Vec<(Slot, Value)>,
    whose: Whose,
}

impl Inbound<'_> {
    /// Correlates and maps; what cannot be used goes to the report.
    pub(super) async fn arrivals<'s>(
        &mut self,
        tx: &mut Tx,
        chunk: impl Iterator<Item = &'s Staged>,
        outcome: &mut Outcome<'_, 's>,
    ) -> Result<Vec<Arrival<'s>>, Error> {
        let mut mapped: Vec<Mapped<'s>> = Vec::with_capacity(chunk.size_hint().0);
        let mut claimed_here = FxHashSet::default();
        for staged in chunk {
            let record = record_values(self.source.read, self.source.names, &staged.content)?;
            let clock = Clock::new(self.now);
            let (schema, timezone) = (&self.opened.model.schema, &self.opened.model.timezone);
            let values = match map_record(schema, self.source.read, &record, &clock, timezone) {
                Ok(values) => values,
                Err(problem) => {
                    outcome.refuse(staged, Problem::invalid(None, problem));
                    continue;
                }
            };
            match self.whose(staged, &record, &mut claimed_here) {
                Ok(Whose::Nobody) => outcome.passed.push(staged.key.clone()),
                Ok(whose) => mapped.push(Mapped { staged, values, whose }),
                Err(undecided) => self.undecided(staged, &record, undecided, outcome),
            }
        }
        let mut arrivals = self.join_entities(tx, mapped, outcome).await?;
        self.generate_keys(tx, &mut arrivals, outcome).await?;
        self.check_complete(tx, arrivals, outcome).await
    }

    fn undecided<'s>(
        &self,
        staged: &'s Staged,
        record: &[Value],
        undecided: Undecided,
        outcome: &mut Outcome<'_, 's>,
    ) {
        let Undecided { problem, by_person, candidates } = undecided;
        outcome.report.undecided += u64::from(by_person);
        let shown = candidates.iter().map(|candidate| Shown {
            entity: candidate.entity,
            confidence: candidate.confidence,
            why: self.correlator.why(self.opened, candidate.rule, record, self.now),
        });
        let status = if by_person { CaseStatus::Undecided } else { CaseStatus::Refused };
        let problem = Problem::conflict(Some(self.entity_type.key), problem);
        outcome.keep(Refused { staged, status, problem, candidates: candidates_json(shown) });
    }

    /// The entity a record belongs to, or why that cannot be told.
    fn whose(
        &self,
        staged: &Staged,
        record: &[Value],
        claimed_here: &mut FxHashSet<EntityId>,
    ) -> Result<Whose, Undecided> {
        if let Some(id) = self.marks.get(&staged.key).and_then(|mark| mark.entity) {
            claimed_here.insert(id);
            return Ok(Whose::Known(id, 100));
        }
        let key = &staged.key;
        match self.decisions.about(key) {
            Some(Decided::Nobody) => return Ok(Whose::Nobody),
            Some(Decided::New) => return Ok(Whose::New),
            Some(Decided::Link(id)) if claimed_here.insert(id) => {
                return Ok(Whose::Known(id, 100));
            }
            Some(Decided::Link(_)) | None => {}
        }
        let mut found = self.correlator.find(self.opened, record, self.now);
        let n_found = found.len();
        found.retain(|candidate| !self.decisions.rules_out(key, candidate.entity));
        if found.is_empty() && n_found == 0 {
            return Ok(Whose::New);
        }
        let refuse = |problem: String, by_person: bool, candidates: Vec<Candidate>| {
            Err(Undecided { problem, by_person, candidates })
        };
        if found.is_empty() {
            let problem = format!("record `{key}` was taken from whom it fits; a person decides");
            return refuse(problem, true, found);
        }
        let pair = |candidate: &Candidate| Pair {
            subject: 0,
            entity: candidate.entity,
            confidence: candidate.confidence,
            first: candidate.first,
        };
        let pairs: Vec<Pair> = found.iter().map(pair).collect();
        let taken = |id| self.claimed.contains(&id) || claimed_here.contains(&id);
        let standings = settle(false, self.source.read.suggest, &pairs, taken);
        let of = |wanted| {
            let with = found.iter().zip(&standings).filter(move |(_, found)| **found == wanted);
            with.map(|(candidate, _)| *candidate).collect::<Vec<Candidate>>()
        };
        if let [one] = of(Standing::Correlated).as_slice() {
            claimed_here.insert(one.entity);
            return Ok(Whose::Known(one.entity, one.confidence));
        }
        let suggested = of(Standing::Suggested);
        let n_first = suggested.iter().filter(|candidate| candidate.first).count();
        let problem = match suggested.as_slice() {
            [] => {
                let problem = "fits an identity that another record stands for";
                // Below certainty it may well be somebody else of the same name.
                let by_person = found.iter().all(|candidate| candidate.confidence < 100);
                let asks = if by_person { "; a person decides" } else { "" };
                return refuse(format!("record `{key}` {problem}{asks}"), by_person, found);
            }
            [one] => format!("an identity with confidence {}", one.confidence),
            _ if n_first > 1 => format!("{n_first} identities equally"),
            all => format!("{} identities", all.len()),
        };
        refuse(format!("record `{key}` fits {problem}; a person decides"), true, suggested)
    }

    /// Gives new entities their ids; lays what was mapped over what known entities hold.
    async fn join_entities<'s>(
        &self,
        tx: &mut Tx,
        mapped: Vec<Mapped<'s>>,
        outcome: &mut Outcome<'_, 's>,
    ) -> Result<Vec<Arrival<'s>>, Error> {
        let id_of = |whose: &Whose| match whose {
            Whose::New | Whose::Nobody => None,
            Whose::Known(id, _) => Some(*id),
        };
        let known: Vec<EntityId> = mapped.iter().filter_map(|one| id_of(&one.whose)).collect();
        let n_new = mapped.len() - known.len();
        let mut next = if n_new > 0 { tx.take_ids(Sequence::Entity, n_new).await? } else { 0 };
        let mut stored: FxHashMap<EntityId, Entity> =
            tx.entities(&known).await?.into_iter().map(|entity| (entity.id, entity)).collect();
        let mut others = if self.several {
            let own = mapped.iter().map(|one| &one.staged.key).collect();
            self.sayings(tx, &known, &own).await?
        } else {
            FxHashMap::default()
        };
        let mut arrivals = Vec::with_capacity(mapped.len());
        for Mapped { staged, values, whose } in mapped {
            let id = id_of(&whose);
            let id = id.unwrap_or_else(|| {
                next += 1;
                EntityId(next - 1)
            });
            let entity = stored.remove(&id);
            let mut sayings = others.remove(&id).unwrap_or_default();
            outcome.report.ignored += self.ignored(&values);
            let record = self.marks.get(&staged.key).map(|mark| mark.id);
            sayings.push(self.saying(record, values));
            let mut arrival = self.arrival(id, entity, &mut sayings)?;
            arrival.staged = Some(staged);
            arrival.record = record;
            if let Whose::Known(_, confidence) = whose {
                arrival.confidence = confidence;
            }
            if self.says_presence {
                arrival.absent_since = None;
            }
            arrivals.push(arrival);
        }
        Ok(arrivals)
    }

    /// What a record of this read says.
    pub(super) fn saying(&self, record: Option<RecordId>, values: Vec<(Slot, Value)>) -> Saying {
        Saying {
            read_no: self.source.names.no,
            system: self.source.system.id,
            record: record.map_or(i64::MAX, |id| id.0),
            present: true,
            by_hand: self.source.read.by_hand,
            values,
        }
    }

    /// An entity with what its records say laid over what it holds.
    pub(super) fn arrival<'s>(
        &self,
        id: EntityId,
        entity: Option<Entity>,
        sayings: &mut [Saying],
    ) -> Result<Arrival<'s>, Error> {
        let of = self.entity_type;
        let before = match entity {
            None => None,
            Some(entity) => {
                let (model, names) = (&self.opened.model, &self.opened.names);
                let row = decode_facts(model, names, entity.id, of.id, &entity.facts)?;
                Some((entity, row))
            }
        };
        let mut row = match &before {
            Some((_, row)) => row.clone(),
            None => Row::empty(id, of.id, of.attributes.len()),
        };
        let key = before.as_ref().map(|(entity, _)| entity.key.clone());
        let derived = self.lay_over(&mut row, key.as_ref(), sayings);
        Ok(Arrival {
            staged: None,
            record: None,
            absent_since: before.as_ref().and_then(|(entity, _)| entity.absent_since),
            before,
            row,
            key: key.unwrap_or_else(|| "".into()),
            confidence: 100,
            derived,
            pending: Vec::new(),
        })
    }

    /// Refuses records without a key or a required value, and keys that another entity has.
    pub(super) async fn check_complete<'s>(
        &mut self,
        tx: &mut Tx,
        arrivals: Vec<Arrival<'s>>,
        outcome: &mut Outcome<'_, 's>,
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
            let of_key = Some(self.entity_type.key);
            let problem = if key.is_empty() {
                Problem::invalid(of_key, "the entity would have no key")
            } else if let Some(attribute) = missing {
                let text = format!("`{}` is required and has no value", attribute.name);
                Problem::invalid(Some(attribute.slot), text)
            } else if holder.is_some_and(|holder| holder != arrival.row.id)
                || !here.insert(key.clone())
            {
                Problem::conflict(of_key, format!("key `{key}` belongs to another entity"))
            } else {
                arrival.key = key;
                complete.push(arrival);
                continue;
            };
            outcome.turn_away(&arrival, problem);
        }
        Ok(complete)
    }
}
