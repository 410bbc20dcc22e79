//! Applies staged records to the repository, chunk by chunk, each chunk in one transaction.
//!
//! A chunk correlates its records, maps them, resolves links, makes unique values, writes entities with their history,
//! and notes whom to look at again. Interrupted between two chunks, the next read finds the rest still changed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, TypeNames, decode_facts};
use muster_lang::Clock;
use muster_model::{
    EntityId, EntityType, Row, Slot, Text, TypeId, Value, ValueType, decode_row, encode_row,
};
use muster_policy::MemoryWorld;
use muster_store::{
    Entity, Entry, Evaluation, Link, LinkSet, PendingLink, Record, RecordId, RecordMark, Sequence,
    Tx,
};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::json;

use crate::{
    correlate::{Correlator, Found},
    dependents::dependents,
    mapping::map_record,
    progress::{Progress, Task},
    report::ReadReport,
    source::{Source, Staged, Staging},
};

mod unique;

/// Records in one transaction.
const CHUNK: usize = 2000;

/// The state of applying one read.
pub(crate) struct Inbound<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    source: Source<'a>,
    entity_type: &'a EntityType,
    type_names: &'a TypeNames,
    marks: FxHashMap<Text, RecordMark>,
    /// Entities that a present record of this read stands for.
    claimed: FxHashSet<EntityId>,
    correlator: Correlator<'a>,
    now: Timestamp,
}

/// A record on its way to an entity.
pub(super) struct Arrival<'s> {
    staged: &'s Staged,
    /// The record's id, when it was known before.
    record: Option<RecordId>,
    /// The entity before, when there is one.
    before: Option<(Entity, Row)>,
    /// The entity as it will be.
    row: Row,
    key: Text,
    confidence: u8,
    pending: Vec<(Slot, TypeId, Text)>,
}

impl<'a> Inbound<'a> {
    pub(crate) async fn new(
        ctx: &'a Ctx,
        opened: &'a Opened,
        source: Source<'a>,
        marks: FxHashMap<Text, RecordMark>,
        seen: FxHashSet<Text>,
    ) -> Result<Self, Error> {
        let type_id = source.read.type_id;
        let entity_type =
            opened.model.schema.get(type_id).ok_or_else(|| Error::bug("a read has no type"))?;
        let type_names =
            opened.names.type_names(type_id).ok_or_else(|| Error::bug("a type has no number"))?;
        let now = ctx.now();
        let matches = &source.read.matches;
        let correlator =
            Correlator::build(&mut opened.store.read().await?, opened, type_id, matches, now)
                .await?;
        let claimed = marks
            .values()
            .filter(|mark| seen.contains(&mark.key))
            .filter_map(|mark| mark.entity)
            .collect();
        Ok(Self { ctx, opened, source, entity_type, type_names, marks, claimed, correlator, now })
    }

    /// Applies everything staged, chunk by chunk.
    pub(crate) async fn apply(
        &mut self,
        staging: &Staging,
        report: &mut ReadReport,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let task = self.task(staging, progress);
        for chunk in staging.records.chunks(CHUNK) {
            let mut tx = self.opened.store.begin().await?;
            let arrived = self.chunk(&mut tx, chunk, report).await?;
            tx.commit().await?;
            self.claimed.extend(arrived);
            task.advance(chunk.len() as u64);
        }
        for chunk in staging.absent.chunks(CHUNK) {
            let mut tx = self.opened.store.begin().await?;
            self.absent(&mut tx, chunk).await?;
            tx.commit().await?;
            task.advance(chunk.len() as u64);
        }
        Ok(())
    }

    /// Applies everything staged as part of `tx`, so that it happens whole or not at all.
    pub(crate) async fn apply_whole(
        &mut self,
        tx: &mut Tx,
        staging: &Staging,
        report: &mut ReadReport,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let task = self.task(staging, progress);
        for chunk in staging.records.chunks(CHUNK) {
            let arrived = self.chunk(tx, chunk, report).await?;
            self.claimed.extend(arrived);
            task.advance(chunk.len() as u64);
        }
        for chunk in staging.absent.chunks(CHUNK) {
            self.absent(tx, chunk).await?;
            task.advance(chunk.len() as u64);
        }
        Ok(())
    }

    fn task(&self, staging: &Staging, progress: &dyn Progress) -> Box<dyn Task> {
        let total = staging.records.len() + staging.absent.len();
        let what = format!("apply {} {}", self.source.system.name, self.source.what);
        progress.begin(&what, Some(total as u64))
    }

    /// Answers the entities that the records stand for.
    async fn chunk(
        &mut self,
        tx: &mut Tx,
        chunk: &[Staged],
        report: &mut ReadReport,
    ) -> Result<Vec<EntityId>, Error> {
        let mut arrivals = self.arrivals(tx, chunk, report).await?;
        self.resolve_links(tx, &mut arrivals).await?;
        self.generate_values(tx, &mut arrivals, report).await?;
        self.take_unique(tx, &mut arrivals, report).await?;
        self.write(tx, &arrivals).await?;
        self.arrive_late(tx, &arrivals).await?;
        Ok(arrivals.iter().map(|arrival| arrival.row.id).collect())
    }

    /// Correlates and maps; what cannot be used goes to the report.
    async fn arrivals<'s>(
        &mut self,
        tx: &mut Tx,
        chunk: &'s [Staged],
        report: &mut ReadReport,
    ) -> Result<Vec<Arrival<'s>>, Error> {
        let clock = Clock::new(self.now);
        let mut arrivals: Vec<Arrival<'s>> = Vec::with_capacity(chunk.len());
        let mut entities: Vec<Option<(EntityId, u8)>> = Vec::with_capacity(chunk.len());
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
            let Some(entity) = self.entity_of(staged, &values, &mut claimed_here, report) else {
                continue;
            };
            let mut row =
                Row::empty(EntityId(0), self.entity_type.id, self.entity_type.attributes.len());
            mapped.into_iter().for_each(|(slot, value)| row.set(slot, value));
            let record = self.marks.get(&staged.key).map(|mark| mark.id);
            let confidence = entity.map_or(100, |(_, confidence)| confidence);
            arrivals.push(Arrival {
                staged,
                record,
                before: None,
                row,
                key: "".into(),
                confidence,
                pending: Vec::new(),
            });
            entities.push(entity);
        }
        self.join_entities(tx, &mut arrivals, &entities).await?;
        self.check_complete(tx, arrivals, report).await
    }

    fn record_values(&self, staged: &Staged) -> Result<Vec<Value>, Error> {
        let mut row = Row::empty(EntityId(0), TypeId(0), self.source.read.columns.len());
        decode_row(&staged.content, &self.source.names.numbers, &mut row).map_err(|error| {
            Error::bug(format!("record `{}` cannot be read", staged.key)).caused_by(error)
        })?;
        Ok(row.values)
    }

    /// The entity a record belongs to (`Some(None)`: a new one), or `None` when a person has to decide.
    #[expect(clippy::option_option, reason = "undecided, new and known are three answers")]
    fn entity_of(
        &self,
        staged: &Staged,
        values: &[Value],
        claimed_here: &mut FxHashSet<EntityId>,
        report: &mut ReadReport,
    ) -> Option<Option<(EntityId, u8)>> {
        if let Some(id) = self.marks.get(&staged.key).and_then(|mark| mark.entity) {
            claimed_here.insert(id);
            return Some(Some((id, 100)));
        }
        match self.correlator.find(self.opened, values, self.now) {
            Found::Nobody => Some(None),
            Found::One(id, _) if self.claimed.contains(&id) || !claimed_here.insert(id) => {
                report.reject(
                    place(staged),
                    format!(
                        "record `{}` fits an identity that another record stands for",
                        staged.key
                    ),
                );
                None
            }
            Found::One(id, confidence) if confidence >= 100 => Some(Some((id, confidence))),
            Found::One(_, confidence) => {
                report.undecided += 1;
                report.reject(place(staged), format!("record `{}` fits an identity with confidence {confidence}; a person decides", staged.key));
                None
            }
            Found::Several(ids) => {
                report.undecided += 1;
                report.reject(
                    place(staged),
                    format!(
                        "record `{}` fits {} identities equally; a person decides",
                        staged.key,
                        ids.len()
                    ),
                );
                None
            }
        }
    }

    /// Gives new entities their ids; lays what was mapped over what known entities hold.
    async fn join_entities(
        &self,
        tx: &mut Tx,
        arrivals: &mut [Arrival<'_>],
        entities: &[Option<(EntityId, u8)>],
    ) -> Result<(), Error> {
        let n_new = entities.iter().filter(|entity| entity.is_none()).count();
        let mut next = if n_new > 0 { tx.take_ids(Sequence::Entity, n_new).await? } else { 0 };
        let known: Vec<EntityId> = entities.iter().flatten().map(|(id, _)| *id).collect();
        let mut stored: FxHashMap<EntityId, Entity> =
            tx.entities(&known).await?.into_iter().map(|entity| (entity.id, entity)).collect();
        for (arrival, entity) in arrivals.iter_mut().zip(entities) {
            let found = entity.and_then(|(id, _)| stored.remove(&id));
            let Some(entity) = found else {
                arrival.row.id = entity.map_or(EntityId(next), |(id, _)| id);
                next += i64::from(entity.is_none());
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
                    && attribute.kind == muster_model::AttributeKind::Stored
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

    /// Turns references by key into links; those that lead nowhere yet are remembered.
    async fn resolve_links(&self, tx: &mut Tx, arrivals: &mut [Arrival<'_>]) -> Result<(), Error> {
        let mut wanted: BTreeMap<TypeId, BTreeSet<Text>> = BTreeMap::new();
        for reference in
            arrivals.iter().flat_map(|arrival| &arrival.row.values).flat_map(Value::items)
        {
            if let Value::Reference(reference) = reference {
                wanted.entry(reference.to).or_default().insert(reference.key.clone());
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let mut ids: FxHashMap<(TypeId, Text), EntityId> = FxHashMap::default();
        for (type_id, keys) in wanted {
            let Some(names) = self.opened.names.type_names(type_id) else { continue };
            let keys: Vec<Text> = keys.into_iter().collect();
            let found = tx.entity_ids_by_key(names.no, &keys).await?;
            ids.extend(
                keys.into_iter().zip(found).filter_map(|(key, id)| Some(((type_id, key), id?))),
            );
        }
        for arrival in arrivals.iter() {
            ids.insert((self.entity_type.id, arrival.key.clone()), arrival.row.id);
        }
        for arrival in arrivals {
            resolve(arrival, &ids);
        }
        Ok(())
    }

    /// Writes entities, links, records and whom to look at again.
    async fn write(&mut self, tx: &mut Tx, arrivals: &[Arrival<'_>]) -> Result<(), Error> {
        let kept = |slot: Slot| {
            self.entity_type.attribute(slot).is_some_and(|attribute| attribute.kind.is_kept())
        };
        let mut new = Vec::new();
        let mut changed = Vec::new();
        for arrival in arrivals {
            let facts = encode_row(&arrival.row, &self.type_names.numbers, kept);
            let entity = Entity {
                id: arrival.row.id,
                type_no: self.type_names.no,
                key: arrival.key.clone(),
                version: arrival.before.as_ref().map_or(1, |(entity, _)| entity.version),
                facts,
                absent_since: None,
                effective_at: self.now,
                recorded_at: self.now,
            };
            match &arrival.before {
                None => new.push(entity),
                Some((before, _))
                    if before.facts != entity.facts
                        || before.absent_since.is_some()
                        || before.key != entity.key =>
                {
                    changed.push(entity);
                }
                Some(_) => {}
            }
        }
        tx.insert_entities(&new).await?;
        let lost = tx.update_entities(&changed).await?;
        if let Some(id) = lost.first() {
            return Err(Error::new(
                muster_app::Kind::Conflict,
                format!("entity {id} was changed by somebody else during the run"),
            )
            .hint("run it again"));
        }
        self.write_links(tx, arrivals).await?;
        self.write_records(tx, arrivals).await?;
        let changed: FxHashSet<EntityId> = changed.iter().map(|entity| entity.id).collect();
        self.look_again(tx, arrivals, &changed).await?;
        self.journal(tx, arrivals, &changed).await
    }

    async fn write_links(&self, tx: &mut Tx, arrivals: &[Arrival<'_>]) -> Result<(), Error> {
        let mut fresh = Vec::new();
        let mut sets = Vec::new();
        let mut pending = Vec::new();
        let mut obsolete = Vec::new();
        for arrival in arrivals {
            for attribute in self
                .entity_type
                .attributes
                .iter()
                .filter(|a| a.kind.is_kept() && matches!(a.value_type, ValueType::Link(_)))
            {
                let Some(attribute_no) =
                    self.type_names.attributes.get(attribute.slot.index()).copied()
                else {
                    continue;
                };
                let targets: Vec<EntityId> = arrival
                    .row
                    .get(attribute.slot)
                    .items()
                    .iter()
                    .filter_map(|v| if let Value::Link(id) = v { Some(*id) } else { None })
                    .collect();
                match &arrival.before {
                    None => fresh.extend(targets.iter().map(|target| Link {
                        source: arrival.row.id,
                        attribute_no,
                        target: *target,
                    })),
                    Some((_, before))
                        if before.get(attribute.slot) != arrival.row.get(attribute.slot) =>
                    {
                        sets.push(LinkSet { source: arrival.row.id, attribute_no, targets });
                    }
                    Some(_) => {}
                }
            }
            if arrival.before.is_some() {
                obsolete.extend(tx.pending_links_of(arrival.row.id).await?);
            }
            for (slot, to, key) in &arrival.pending {
                let numbers = self
                    .type_names
                    .attributes
                    .get(slot.index())
                    .zip(self.opened.names.type_names(*to));
                let Some((attribute_no, target)) = numbers else { continue };
                pending.push(PendingLink {
                    source: arrival.row.id,
                    attribute_no: *attribute_no,
                    target_type: target.no,
                    target_key: key.clone(),
                });
            }
        }
        obsolete.retain(|link| !pending.contains(link));
        tx.delete_pending_links(&obsolete).await?;
        tx.insert_links(&fresh).await?;
        tx.replace_links(&sets).await?;
        tx.insert_pending_links(&pending).await?;
        Ok(())
    }

    async fn write_records(&self, tx: &mut Tx, arrivals: &[Arrival<'_>]) -> Result<(), Error> {
        let n_new = arrivals.iter().filter(|arrival| arrival.record.is_none()).count();
        let mut next = if n_new > 0 { tx.take_ids(Sequence::Record, n_new).await? } else { 0 };
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for arrival in arrivals {
            let id = arrival.record.unwrap_or(RecordId(next));
            let record = Record {
                id,
                read_no: self.source.names.no,
                key: arrival.staged.key.clone(),
                entity: Some(arrival.row.id),
                fingerprint: arrival.staged.fingerprint,
                content: arrival.staged.content.clone(),
                absent_since: None,
                confidence: arrival.confidence,
                line: i64::try_from(arrival.staged.line).unwrap_or(0),
            };
            if arrival.record.is_some() {
                known.push(record);
            } else {
                next += 1;
                new.push(record);
            }
        }
        tx.insert_records(&new).await?;
        tx.update_records(&known).await?;
        Ok(())
    }

    /// New identities are to be evaluated; changed ones, and whoever reads them, again.
    async fn look_again(
        &self,
        tx: &mut Tx,
        arrivals: &[Arrival<'_>],
        changed: &FxHashSet<EntityId>,
    ) -> Result<(), Error> {
        let new = arrivals.iter().filter(|arrival| arrival.before.is_none());
        if self.entity_type.identity {
            let fresh: Vec<Evaluation> = new
                .clone()
                .map(|arrival| Evaluation {
                    entity: arrival.row.id,
                    state_no: None,
                    state_since: None,
                    settled: None,
                    next_change: None,
                    evaluated_at: self.now,
                })
                .collect();
            tx.save_evaluations(&fresh).await?;
        }
        let rows: Vec<(Option<&Row>, &Row)> = arrivals
            .iter()
            .filter(|arrival| arrival.before.is_none() || changed.contains(&arrival.row.id))
            .map(|arrival| (arrival.before.as_ref().map(|(_, row)| row), &arrival.row))
            .collect();
        let mut again = dependents(tx, self.opened, self.entity_type.id, &rows).await?;
        again.extend(changed);
        tx.unsettle(&again.into_iter().collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// Links that waited for the new entities of this chunk are made now.
    async fn arrive_late(&mut self, tx: &mut Tx, arrivals: &[Arrival<'_>]) -> Result<(), Error> {
        let keys: BTreeMap<Text, EntityId> = arrivals
            .iter()
            .filter(|a| a.before.is_none())
            .map(|a| (a.key.clone(), a.row.id))
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        let wanted: Vec<Text> = keys.keys().cloned().collect();
        let waiting = tx.pending_links_to(self.type_names.no, &wanted).await?;
        late_links(tx, self.opened, &waiting, &keys, self.now).await?;
        let world = MemoryWorld::default();
        for arrival in arrivals.iter().filter(|arrival| arrival.before.is_none()) {
            self.correlator.add(self.opened, &arrival.row, &world, self.now);
        }
        Ok(())
    }

    async fn absent(&mut self, tx: &mut Tx, records: &[RecordId]) -> Result<(), Error> {
        let by_id: FxHashMap<RecordId, &RecordMark> =
            self.marks.values().map(|mark| (mark.id, mark)).collect();
        let gone: Vec<EntityId> = records
            .iter()
            .filter_map(|id| by_id.get(id)?.entity)
            .filter(|id| !self.claimed.contains(id))
            .collect();
        tx.set_records_absent(records, Some(self.now)).await?;
        let mut entities = tx.entities(&gone).await?;
        entities.retain(|entity| entity.absent_since.is_none());
        for entity in &mut entities {
            (entity.absent_since, entity.effective_at, entity.recorded_at) =
                (Some(self.now), self.now, self.now);
        }
        tx.update_entities(&entities).await?;
        let of_type = self.entity_type.id;
        let rows = entities.iter().map(|entity| {
            decode_facts(&self.opened.model, &self.opened.names, entity.id, of_type, &entity.facts)
        });
        let rows = rows.collect::<Result<Vec<Row>, Error>>()?;
        // Whoever reads their lifecycle has another next change now.
        let rows: Vec<(Option<&Row>, &Row)> = rows.iter().map(|row| (Some(row), row)).collect();
        let mut again = dependents(tx, self.opened, of_type, &rows).await?;
        again.extend(gone);
        tx.unsettle(&again.into_iter().collect::<Vec<_>>()).await?;
        for entity in &entities {
            let why = format!("its record is gone from {}", self.source.system.name);
            self.entry(tx, "entity.absent", &entity.key, json!({ "why": why })).await?;
        }
        Ok(())
    }

    async fn journal(
        &self,
        tx: &mut Tx,
        arrivals: &[Arrival<'_>],
        changed: &FxHashSet<EntityId>,
    ) -> Result<(), Error> {
        let new: Vec<&str> =
            arrivals.iter().filter(|a| a.before.is_none()).map(|a| &*a.key).collect();
        if !new.is_empty() {
            let subject = format!("{} {}", self.source.system.name, self.source.what);
            self.entry(tx, "entity.create", &subject, json!({ "keys": new })).await?;
        }
        for arrival in arrivals.iter().filter(|arrival| changed.contains(&arrival.row.id)) {
            let Some((_, before)) = &arrival.before else { continue };
            let mut changes = serde_json::Map::new();
            for attribute in &self.entity_type.attributes {
                let (old, new) = (before.get(attribute.slot), arrival.row.get(attribute.slot));
                if old != new {
                    changes.insert(
                        attribute.name.to_string(),
                        json!([muster_plan::value_json(old), muster_plan::value_json(new)]),
                    );
                }
            }
            let why = format!("{} line {}", self.source.system.name, arrival.staged.line);
            self.entry(
                tx,
                "entity.update",
                &arrival.key,
                json!({ "changes": changes, "why": why }),
            )
            .await?;
        }
        Ok(())
    }

    async fn entry(
        &self,
        tx: &mut Tx,
        action: &str,
        subject: &str,
        detail: serde_json::Value,
    ) -> Result<(), Error> {
        tx.append_journal(&Entry {
            at: self.now,
            actor: self.ctx.actor.clone(),
            on_behalf_of: None,
            action: action.into(),
            subject: subject.into(),
            detail: detail.to_string().into(),
            correlation: Some(self.ctx.correlation.clone()),
        })
        .await?;
        Ok(())
    }
}

fn place(staged: &Staged) -> String {
    if staged.line == 0 {
        format!("record `{}`", staged.key)
    } else {
        format!("line {}", staged.line)
    }
}

fn resolve(arrival: &mut Arrival<'_>, ids: &FxHashMap<(TypeId, Text), EntityId>) {
    for (index, value) in arrival.row.values.iter_mut().enumerate() {
        if !value.items().iter().any(|item| matches!(item, Value::Reference(_))) {
            continue;
        }
        let slot = Slot(u16::try_from(index).unwrap_or(u16::MAX));
        let is_list = matches!(value, Value::List(_));
        let mut links = Vec::new();
        for item in value.items() {
            match item {
                Value::Reference(reference) => {
                    match ids.get(&(reference.to, reference.key.clone())) {
                        Some(id) => links.push(Value::Link(*id)),
                        None => arrival.pending.push((slot, reference.to, reference.key.clone())),
                    }
                }
                other => links.push(other.clone()),
            }
        }
        *value = if is_list {
            Value::set(links)
        } else {
            links.into_iter().next().unwrap_or(Value::Null)
        };
    }
}

/// Makes links whose other end has arrived.
async fn late_links(
    tx: &mut Tx,
    opened: &Opened,
    waiting: &[PendingLink],
    arrived: &BTreeMap<Text, EntityId>,
    now: Timestamp,
) -> Result<(), Error> {
    for link in waiting {
        let Some(target) = arrived.get(&link.target_key) else { continue };
        let Some(mut entity) = tx.entity(link.source).await? else { continue };
        let Some(type_id) = muster_app::entity_type(opened, entity.type_no) else { continue };
        let Some(names) = opened.names.type_names(type_id) else { continue };
        let Some(entity_type) = opened.model.schema.get(type_id) else { continue };
        let position = names.attributes.iter().position(|number| *number == link.attribute_no);
        let Some(attribute) = position.and_then(|position| entity_type.attributes.get(position))
        else {
            continue;
        };
        let before = decode_facts(&opened.model, &opened.names, entity.id, type_id, &entity.facts)?;
        let mut row = before.clone();
        let ends =
            row.get(attribute.slot).items().iter().cloned().chain([Value::Link(*target)]).collect();
        let value = if attribute.many { Value::set(ends) } else { Value::Link(*target) };
        let targets = value
            .items()
            .iter()
            .filter_map(|v| if let Value::Link(id) = v { Some(*id) } else { None })
            .collect();
        row.set(attribute.slot, value);
        entity.facts = encode_row(&row, &names.numbers, |slot| {
            entity_type.attribute(slot).is_some_and(|a| a.kind.is_kept())
        });
        (entity.effective_at, entity.recorded_at) = (now, now);
        tx.update_entities(std::slice::from_ref(&entity)).await?;
        tx.replace_links(&[LinkSet {
            source: entity.id,
            attribute_no: link.attribute_no,
            targets,
        }])
        .await?;
        let mut again = dependents(tx, opened, type_id, &[(Some(&before), &row)]).await?;
        again.insert(entity.id);
        tx.unsettle(&again.into_iter().collect::<Vec<_>>()).await?;
    }
    tx.delete_pending_links(waiting).await?;
    Ok(())
}
