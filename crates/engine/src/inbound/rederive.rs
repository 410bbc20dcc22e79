//! Works entities out again from the records they have: when one vanished, was taken away or given.

use jiff::Timestamp;
use muster_app::Error;
use muster_model::{AttributeKind, EntityId, Slot, Value};
use muster_store::{Entity, Tx};
use rustc_hash::FxHashSet;
use serde_json::json;

use super::{
    Arrival, Inbound,
    refused::Outcome,
    sayings::{is_there, presence_reads},
};
use crate::report::ReadReport;

impl Inbound<'_> {
    /// Works entities of the read's type out again. `orphaned` are attributes of which the last one to speak was taken
    /// away: without a word from anybody else they are cleared.
    pub(crate) async fn rederive(
        &mut self,
        tx: &mut Tx,
        ids: &[EntityId],
        why: &str,
        orphaned: &[Slot],
    ) -> Result<(), Error> {
        let mut sayings = self.sayings(tx, ids, &FxHashSet::default()).await?;
        let mut seen = FxHashSet::default();
        let mut entities = tx.entities(ids).await?;
        entities.retain(|entity| entity.type_no == self.type_names.no && seen.insert(entity.id));
        let presence = presence_reads(self.opened, self.entity_type.id);
        let mut arrivals: Vec<Arrival<'static>> = Vec::with_capacity(entities.len());
        for entity in entities {
            let mut sayings = sayings.remove(&entity.id).unwrap_or_default();
            let is_there = is_there(&sayings, &presence);
            let had_any = is_there.is_some() || !orphaned.is_empty();
            let absent_since = if is_there == Some(true) {
                None
            } else {
                entity.absent_since.or(had_any.then_some(self.now))
            };
            arrivals.push(self.again(entity, absent_since, &mut sayings, orphaned)?);
        }
        self.resolve_links(tx, &mut arrivals).await?;
        let mut report = ReadReport::default();
        let mut outcome = Outcome::new(&mut report);
        self.take_unique(tx, &mut arrivals, &mut outcome).await?;
        self.write(tx, &arrivals).await?;
        for arrival in &arrivals {
            let was = arrival.before.as_ref().and_then(|(entity, _)| entity.absent_since);
            if was.is_none() && arrival.absent_since.is_some() {
                let by = self.entered_by(arrival.row.id);
                let detail = json!({ "id": arrival.row.id.0, "why": why });
                self.entry(tx, by, "entity.absent", &arrival.key, detail).await?;
            }
        }
        Ok(())
    }

    fn again(
        &self,
        entity: Entity,
        absent_since: Option<Timestamp>,
        sayings: &mut [super::sayings::Saying],
        orphaned: &[Slot],
    ) -> Result<Arrival<'static>, Error> {
        let mut arrival = self.arrival(entity.id, Some(entity), sayings)?;
        arrival.absent_since = absent_since;
        if !self.several && orphaned.is_empty() {
            // Nobody else may speak: what was said last stays.
            if let Some((_, before)) = &arrival.before {
                arrival.row = before.clone();
            }
            arrival.derived.clear();
            return Ok(arrival);
        }
        for slot in orphaned {
            let still_said = sayings.iter().any(|s| s.values.iter().any(|(of, _)| of == slot));
            if !still_said && !arrival.derived.contains(slot) {
                arrival.row.set(*slot, Value::Null);
                arrival.derived.push(*slot);
            }
        }
        let Some((_, before)) = &arrival.before else { return Ok(arrival) };
        // What an entity cannot be without stays, whoever took the word away.
        let needed = self.entity_type.attributes.iter().filter(|attribute| {
            attribute.kind == AttributeKind::Stored
                && (attribute.required || attribute.slot == self.entity_type.key)
        });
        for attribute in needed {
            let is_key = attribute.slot == self.entity_type.key;
            if is_key || arrival.row.get(attribute.slot).is_null() {
                arrival.row.set(attribute.slot, before.get(attribute.slot).clone());
            }
        }
        Ok(arrival)
    }
}

impl Arrival<'_> {
    /// Leaves the values as they were, since the new ones cannot be had.
    pub(super) fn stay(&mut self) {
        if let Some((_, before)) = &self.before {
            self.row = before.clone();
        }
        self.derived.clear();
        self.pending.clear();
    }
}
