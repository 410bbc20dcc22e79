//! Applies staged records to the repository, chunk by chunk, each chunk in one transaction.
//!
//! A chunk correlates its records, maps them, resolves links, makes unique values, writes entities with their history,
//! and notes whom to look at again. Interrupted between two chunks, the next read finds the rest still changed.
//! The steps are the parts of this module: `arrivals`, `links`, `unique`, `write`, `journal`.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, TypeNames, decode_facts};
use muster_model::{EntityId, EntityType, Row, Slot, Text, TypeId};
use muster_store::{Entity, RecordId, RecordMark, Tx};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::json;

use crate::{
    correlate::Correlator,
    dependents::dependents,
    progress::{Progress, Task},
    report::ReadReport,
    source::{Source, Staged, Staging},
};

mod arrivals;
mod journal;
mod links;
mod unique;
mod write;

use write::replace;

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

    /// Records that a complete read no longer holds: their entities are absent from now on.
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
        replace(tx, &entities).await?;
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
}

/// Where a record stands, for the report.
fn place(staged: &Staged) -> String {
    if staged.line == 0 {
        format!("record `{}`", staged.key)
    } else {
        format!("line {}", staged.line)
    }
}
