//! Applies staged records to the repository, chunk by chunk, each chunk in one transaction.
//!
//! A chunk correlates its records, maps them, resolves links, makes unique values, writes entities with their history,
//! and notes whom to look at again. Interrupted between two chunks, the next read finds the rest still changed.
//! The steps are the parts of this module: `arrivals`, `sayings`, `links`, `unique`, `write`, `refused`, `journal`.
//! `rederive` works entities out again without a new record, `preview` tells what would change.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, TypeNames};
use muster_model::{EntityId, EntityType, Row, Slot, Text, TypeId};
use muster_policy::TypeModel;
use muster_store::{AppliedChange, Entity, MatchCase, Matched, ReadTx, RecordId, RecordMark, Tx};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    correlate::Correlator,
    decisions::{Decided, Decisions},
    progress::{Progress, Task},
    report::ReadReport,
    source::{Source, Staged, Staging},
};

mod arrivals;
mod by_hand;
mod generate;
mod journal;
mod links;
mod preview;
mod pushed;
mod rederive;
mod refused;
mod sayings;
mod unique;
mod write;

pub(crate) use by_hand::{Arrived, Hand, How};
pub(crate) use preview::Preview;
pub(crate) use pushed::PushEnd;
use refused::Outcome;
pub(crate) use refused::Problem;
pub(crate) use sayings::reads_of;
pub(crate) use unique::value_key;
pub(crate) use write::replace;

/// Records in one transaction.
const CHUNK: usize = 2000;

/// The state of applying one read.
pub(crate) struct Inbound<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    source: Source<'a>,
    entity_type: &'a EntityType,
    behaviour: &'a TypeModel,
    type_names: &'a TypeNames,
    marks: FxHashMap<Text, RecordMark>,
    /// Entities that a present record of this read stands for.
    claimed: FxHashSet<EntityId>,
    correlator: Correlator<'a>,
    decisions: Decisions,
    /// Records of this read that wait, by key.
    cases: FxHashMap<Text, MatchCase>,
    /// True when other records may have a say in the values of an entity.
    several: bool,
    /// True when a record of this read says that its entity is there.
    says_presence: bool,
    /// Who entered what, where it is not the run itself that says so.
    entered_by: FxHashMap<EntityId, &'a Ctx>,
    /// True when two identities were ever merged.
    any_merged: bool,
    /// What was changed so far, by kind.
    applied: BTreeMap<Text, u64>,
    now: Timestamp,
}

/// An entity on its way to another version: with a record, or worked out again from those it has.
pub(super) struct Arrival<'s> {
    staged: Option<&'s Staged>,
    /// The record's id, when it was known before.
    record: Option<RecordId>,
    /// The entity before, when there is one.
    before: Option<(Entity, Row)>,
    /// The entity as it will be.
    row: Row,
    key: Text,
    confidence: u8,
    /// Since when it is missing from its sources.
    absent_since: Option<Timestamp>,
    /// The attributes that were worked out.
    derived: Vec<Slot>,
    pending: Vec<(Slot, TypeId, Text)>,
}

impl<'a> Inbound<'a> {
    pub(crate) async fn new(
        ctx: &'a Ctx,
        opened: &'a Opened,
        source: Source<'a>,
        marks: FxHashMap<Text, RecordMark>,
        seen: &FxHashSet<Text>,
    ) -> Result<Self, Error> {
        let now = ctx.now();
        let matches = &source.read.matches;
        let mut tx = opened.store.read().await?;
        let correlator =
            Correlator::build(&mut tx, opened, source.read.type_id, matches, now).await?;
        drop(tx);
        Self::with(ctx, opened, source, (marks, seen), correlator).await
    }

    /// As [`Inbound::new`], for records about which everything is decided: nothing is correlated.
    pub(crate) async fn decided(
        ctx: &'a Ctx,
        opened: &'a Opened,
        source: Source<'a>,
        marks: FxHashMap<Text, RecordMark>,
    ) -> Result<Self, Error> {
        let correlator = Correlator::empty(&source.read.matches);
        let seen = FxHashSet::default();
        Self::with(ctx, opened, source, (marks, &seen), correlator).await
    }

    async fn with(
        ctx: &'a Ctx,
        opened: &'a Opened,
        source: Source<'a>,
        (marks, seen): (FxHashMap<Text, RecordMark>, &FxHashSet<Text>),
        correlator: Correlator<'a>,
    ) -> Result<Self, Error> {
        let type_id = source.read.type_id;
        let claimed = marks
            .values()
            .filter(|mark| seen.contains(&mark.key))
            .filter_map(|mark| mark.entity)
            .collect();
        let mut tx = opened.store.read().await?;
        let decisions = Decisions::load(&mut tx, Matched::Record, source.names.no).await?;
        let cases = tx.match_cases_of(Matched::Record, source.names.no).await?;
        let any_merged = tx.any_merged().await?;
        let any_by_hand = any_by_hand(&mut tx, opened, type_id).await?;
        let made = Self::made(ctx, opened, source, correlator)?;
        Ok(Self {
            marks,
            claimed,
            decisions,
            cases: cases.into_iter().map(|case| (case.key.clone(), case)).collect(),
            several: !made.behaviour.authority.is_empty() || any_merged || any_by_hand,
            any_merged,
            ..made
        })
    }

    /// As [`Inbound::new`], for what is entered by hand: it says itself whom it is about, nothing has to be looked up.
    pub(crate) fn by_hand(
        ctx: &'a Ctx,
        opened: &'a Opened,
        source: Source<'a>,
        any_merged: bool,
    ) -> Result<Self, Error> {
        let correlator = Correlator::empty(&source.read.matches);
        let made = Self::made(ctx, opened, source, correlator)?;
        Ok(Self { several: true, any_merged, ..made })
    }

    pub(super) fn made(
        ctx: &'a Ctx,
        opened: &'a Opened,
        source: Source<'a>,
        correlator: Correlator<'a>,
    ) -> Result<Self, Error> {
        let type_id = source.read.type_id;
        let missing = || Error::bug("a read has no type");
        let entity_type = opened.model.schema.get(type_id).ok_or_else(missing)?;
        let behaviour = opened.model.types.get(type_id.index()).ok_or_else(missing)?;
        let type_names =
            opened.names.type_names(type_id).ok_or_else(|| Error::bug("a type has no number"))?;
        Ok(Self {
            ctx,
            opened,
            source,
            entity_type,
            behaviour,
            type_names,
            marks: FxHashMap::default(),
            claimed: FxHashSet::default(),
            correlator,
            decisions: Decisions::default(),
            cases: FxHashMap::default(),
            several: false,
            says_presence: sayings::presence_reads(opened, type_id).contains(&source.names.no),
            entered_by: FxHashMap::default(),
            any_merged: false,
            applied: BTreeMap::new(),
            now: ctx.now(),
        })
    }

    /// Lets every record of an entity have its say, and takes in what was decided in this very transaction.
    pub(crate) fn knowing(mut self, decided: Option<(Text, Decided)>) -> Self {
        self.several = true;
        if let Some((key, decided)) = decided {
            self.decisions.note(key, decided);
        }
        self
    }

    /// Applies everything staged, chunk by chunk.
    pub(crate) async fn apply(
        &mut self,
        staging: &Staging,
        report: &mut ReadReport,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let task = self.task(staging, progress);
        for chunk in self.chunks(&staging.records) {
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
        for chunk in self.chunks(&staging.records) {
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

    /// What was changed so far, for the guards of the next day.
    pub(crate) fn applied(&self) -> Vec<AppliedChange> {
        let changes = self.applied.iter();
        changes.map(|(kind, n)| AppliedChange { kind: kind.clone(), n: *n }).collect()
    }

    /// Chunks in which no entity comes twice: two records may stand for one after a merge.
    fn chunks<'s>(&self, records: &'s [Staged]) -> Vec<&'s [Staged]> {
        let mut chunks = Vec::new();
        let mut rest = records;
        while !rest.is_empty() {
            let mut here = FxHashSet::default();
            let is_again = |staged: &Staged| {
                let entity = self.marks.get(&staged.key).and_then(|mark| mark.entity);
                entity.is_some_and(|entity| !here.insert(entity))
            };
            let n = rest.iter().take(CHUNK).position(is_again).unwrap_or(CHUNK).min(rest.len());
            let (chunk, after) = rest.split_at(n);
            chunks.push(chunk);
            rest = after;
        }
        chunks
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
        let mut outcome = Outcome::new(report);
        let mut arrivals = self.arrivals(tx, chunk.iter(), &mut outcome).await?;
        self.resolve_links(tx, &mut arrivals).await?;
        self.generate_values(tx, &mut arrivals, &mut outcome).await?;
        self.take_unique(tx, &mut arrivals, &mut outcome).await?;
        self.write(tx, &arrivals).await?;
        self.keep_refused(tx, &arrivals, outcome).await?;
        self.arrive_late(tx, &arrivals).await?;
        Ok(arrivals.iter().map(|arrival| arrival.row.id).collect())
    }

    /// Records that a complete read no longer holds, or that the system says are gone.
    async fn absent(&mut self, tx: &mut Tx, records: &[RecordId]) -> Result<(), Error> {
        let by_id: FxHashMap<RecordId, &RecordMark> =
            self.marks.values().map(|mark| (mark.id, mark)).collect();
        let gone: Vec<EntityId> = records.iter().filter_map(|id| by_id.get(id)?.entity).collect();
        tx.set_records_absent(records, Some(self.now)).await?;
        let why = format!("its record is gone from {}", self.source.system.name);
        self.rederive(tx, &gone, &why, &[]).await?;
        self.count("absent", gone.len() as u64);
        Ok(())
    }

    fn count(&mut self, kind: &str, n: u64) {
        if n > 0 {
            *self.applied.entry(kind.into()).or_default() += n;
        }
    }
}

/// True when anything of the type was ever entered by hand.
async fn any_by_hand(tx: &mut ReadTx, opened: &Opened, type_id: TypeId) -> Result<bool, Error> {
    for (_, _, names) in reads_of(opened, type_id).filter(|(_, read, _)| read.by_hand) {
        if !tx.scan_record_marks(names.no, None, 1).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Arrival<'_> {
    /// Where it stands, for the report.
    fn place(&self) -> String {
        self.staged.map_or_else(|| format!("`{}`", self.key), place)
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
