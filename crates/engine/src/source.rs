//! Reads one entity type from a source: finds out what changed, asks the guards, has it applied or held.
//!
//! Where the system can tell what changed, only that is read, after the cursor of the read before. `collect` takes what
//! the connector hands over, `guard` judges it, `remap` finds records that the model maps differently now.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Opened, ReadNames};
use muster_connector::{Connector, ConnectorError, Field, ReadEnd, ReadRequest};
use muster_model::{Fingerprint, Text};
use muster_policy::{Read, System};
use muster_store::{
    AppliedChange, ChangeCounts, MatchCase, Matched, Number, ReadMapping, ReadTx, RecordId,
    RecordMark, Tx,
};
use rustc_hash::{FxHashMap, FxHashSet};
use tracing::Instrument as _;

use crate::{
    change_set,
    inbound::{Inbound, Preview},
    progress::Progress,
    report::ReadReport,
};

mod collect;
mod cursor;
mod guard;
mod remap;

use collect::Collector;
pub(crate) use collect::fingerprint;
pub(crate) use guard::EXAMPLES;

const BATCH: usize = 4096;
/// The rolling window of guards.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// How long it is remembered what was applied.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A record that is new, changed or back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Staged {
    /// Its key at the source.
    pub(crate) key: Text,
    /// The source's own id, where it is not the key; empty otherwise.
    pub(crate) native_id: Text,
    /// Where it stands.
    pub(crate) line: u64,
    /// The hash of its values.
    pub(crate) fingerprint: Fingerprint,
    /// Its values by column, encoded.
    pub(crate) content: Vec<u8>,
}

impl Staged {
    /// The record of a case.
    pub(crate) fn of_case(case: &MatchCase) -> Self {
        Self {
            key: case.key.clone(),
            native_id: case.native_id.clone(),
            line: u64::try_from(case.line).unwrap_or(0),
            fingerprint: case.fingerprint,
            content: case.content.clone(),
        }
    }
}

/// Everything that one read would change.
#[derive(Debug, Default)]
pub(crate) struct Staging {
    /// Records that are new, changed or back, in order of the source.
    pub(crate) records: Vec<Staged>,
    /// Records that a complete read no longer holds, or that the system says are gone.
    pub(crate) absent: Vec<RecordId>,
}

/// A source, one of its reads, and the numbers of both.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) system: &'a System,
    pub(crate) read: &'a Read,
    pub(crate) names: &'a ReadNames,
    /// What is read, in words.
    pub(crate) what: &'a Text,
}

/// How a source is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What changed, where that can be told and nothing is due.
    #[default]
    Changes,
    /// Everything.
    Complete,
}

/// Reads `source` and applies what changed, unless a guard holds it.
pub(crate) async fn read_source(
    ctx: &Ctx,
    opened: &Opened,
    source: Source<'_>,
    connector: &dyn Connector,
    extent: Extent,
    progress: &dyn Progress,
) -> Result<(ReadReport, Noted), Error> {
    let mut report = ReadReport::new(&source.system.name, source.what.clone());
    let mut tx = opened.store.read().await?;
    let since = match extent {
        Extent::Changes => cursor::since(&mut tx, opened, source, connector, ctx.now()).await?,
        Extent::Complete => None,
    };
    let Known { mut marks, cases, mut noted, mapped } =
        Known::load(&mut tx, opened, source).await?;
    drop(tx);
    let present = present(&marks).count() as u64;
    let collected = collect(source, connector, since, &marks, &mut report, progress).await;
    let Collected { mut staged, mut seen, unnamed, renamed, end } = collected;
    let (deleted, next) = told(&end);
    report.incremental = end.as_ref().is_ok_and(|end| end.incremental);
    if !finish_read(&mut report, end) && staged.is_empty() {
        return Ok((report, noted));
    }
    rename(&mut marks, renamed);
    let mut absent = gone(&marks, &cases, &seen, &deleted, &report);
    if report.lacks_some(unnamed, absent.len()) {
        absent.clear();
    }
    let obsolete = settle_cases(&cases, &seen, &deleted, &report, &mut staged);
    if mapped.differs() && report.problem.is_none() {
        staged.extend(remap::records(opened, source, &marks, &staged).await?);
    }
    let counts = counts(&marks, &staged, &absent, present);
    (report.created, report.changed, report.absent) =
        (counts.n_create, counts.n_update, counts.n_absent);
    let staging = Staging { records: staged, absent };
    let maps_anew = mapped.differs() && report.problem.is_none();
    let done = Noted {
        cursor: if report.complete { next } else { noted.cursor.clone() },
        mapping: maps_anew.then(|| mapped.now.clone()),
        obsolete,
        applied: Vec::new(),
    };
    if staging.records.is_empty() && staging.absent.is_empty() {
        if report.complete {
            change_set::supersede(ctx, opened, source.names.no).await?;
        }
        return Ok((report, done));
    }
    if report.incremental {
        seen.extend(self::present(&marks).map(|mark| mark.key.clone()));
    }
    let sample = keys_of(&marks, &staging.absent);
    let mut inbound = Inbound::new(ctx, opened, source, marks, &seen).await?;
    let judged = Judging { counts, sample, mapped: &mapped };
    if let Some(reason) = judged.reason(ctx, opened, source, &mut inbound, &staging).await? {
        report.held = Some(change_set::hold(ctx, opened, source, &staging, counts, reason).await?);
        return Ok((report, noted));
    }
    inbound.apply(&staging, &mut report, progress).await?;
    noted = Noted { applied: inbound.applied(), ..done };
    // What is there for the first time is no surprise the day after.
    noted.applied.retain(|change| present > 0 || &*change.kind != "create");
    change_set::supersede(ctx, opened, source.names.no).await?;
    Ok((report, noted))
}

/// What is known of a source before it is read.
struct Known {
    marks: FxHashMap<Text, RecordMark>,
    cases: Vec<MatchCase>,
    /// What stays written down when nothing is applied.
    noted: Noted,
    mapped: remap::Mapped,
}

impl Known {
    async fn load(tx: &mut ReadTx, opened: &Opened, source: Source<'_>) -> Result<Self, Error> {
        Ok(Self {
            marks: load_marks(tx, source.names.no).await?,
            cases: tx.match_cases_of(Matched::Record, source.names.no).await?,
            noted: Noted { cursor: cursor::last(tx, opened, source).await?, ..Noted::default() },
            mapped: remap::Mapped::load(tx, opened, source).await?,
        })
    }
}

/// The records that are there, as far as is known.
fn present(marks: &FxHashMap<Text, RecordMark>) -> impl Iterator<Item = &RecordMark> {
    marks.values().filter(|mark| mark.absent_since.is_none())
}

/// What a connector handed over, and how the read ended.
struct Collected {
    staged: Vec<Staged>,
    /// The keys of records that are there, legible or not.
    seen: FxHashSet<Text>,
    unnamed: u64,
    renamed: Vec<(Text, Text)>,
    end: Result<ReadEnd, ConnectorError>,
}

/// Reads what changed since a cursor, or everything where there is none or it is lost.
async fn collect(
    source: Source<'_>,
    connector: &dyn Connector,
    since: Option<Text>,
    marks: &FxHashMap<Text, RecordMark>,
    report: &mut ReadReport,
    progress: &dyn Progress,
) -> Collected {
    let task = progress.begin(&format!("read {} {}", source.system.name, source.what), None);
    let mut collector = Collector::new(source, marks, report, task.as_ref());
    let request = request(source.read, since);
    let span = tracing::info_span!("connector", otel.name = "read", system = &*source.system.name);
    let mut end = connector.read(&request, &mut collector).instrument(span).await;
    if request.since.is_some() && cursor::is_lost(&end) && collector.seen.is_empty() {
        collector = Collector::new(source, marks, report, task.as_ref());
        end = connector.read(&ReadRequest { since: None, ..request }, &mut collector).await;
    }
    let Collector { staged, mut seen, broken, unnamed, renamed, .. } = collector;
    seen.extend(broken);
    Collected { staged, seen, unnamed, renamed, end }
}

/// What is written down together with the run, once a read is applied or held.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    /// Where the next read may go on.
    pub(crate) cursor: Option<Text>,
    /// How records are mapped now, when that is news.
    mapping: Option<ReadMapping>,
    /// Cases whose records are gone.
    obsolete: Vec<Text>,
    /// What was changed without anybody's approval.
    applied: Vec<AppliedChange>,
}

impl Noted {
    /// The read did not even begin: the next one goes on where this one would have.
    pub(crate) async fn unchanged(opened: &Opened, source: Source<'_>) -> Result<Self, Error> {
        let mut tx = opened.store.read().await?;
        let cursor = cursor::last(&mut tx, opened, source).await?;
        Ok(Self { cursor, ..Self::default() })
    }

    /// Writes it down. Lost in a crash, it costs another look at the records and nothing else.
    pub(crate) async fn save(
        &self,
        tx: &mut Tx,
        read_no: Number,
        now: Timestamp,
    ) -> Result<(), Error> {
        if let Some(mapping) = &self.mapping {
            tx.save_read_mapping(mapping).await?;
        }
        if !self.obsolete.is_empty() {
            tx.delete_match_cases(Matched::Record, read_no, &self.obsolete).await?;
        }
        if !self.applied.is_empty() {
            let forget = now.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
            tx.add_applied_changes(read_no, now, &self.applied, forget).await?;
        }
        Ok(())
    }
}

/// What the guards judge.
struct Judging<'a> {
    counts: ChangeCounts,
    sample: Vec<Text>,
    mapped: &'a remap::Mapped,
}

impl Judging<'_> {
    async fn reason(
        self,
        ctx: &Ctx,
        opened: &Opened,
        source: Source<'_>,
        inbound: &mut Inbound<'_>,
        staging: &Staging,
    ) -> Result<Option<String>, Error> {
        let since = ctx.now().saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
        let mut tx = opened.store.read().await?;
        let recent = guard::recent(tx.applied_changes(source.names.no, since).await?);
        drop(tx);
        let preview = if guard::is_small(source.read, self.counts.n_update, &recent) {
            Preview::default()
        } else {
            inbound.preview(&staging.records, &self.mapped.new_slots(opened, source)).await?
        };
        let judged =
            guard::Judged { counts: self.counts, gone: self.sample, preview: &preview, recent };
        Ok(guard::crossed(source.read, &judged))
    }
}

/// Why the guards hold a few records that were pushed, if they do.
pub(crate) async fn judge(
    source: Source<'_>,
    tx: &mut Tx,
    inbound: &mut Inbound<'_>,
    (staging, counts): (&Staging, ChangeCounts),
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let since = now.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
    let recent = guard::recent(tx.applied_changes(source.names.no, since).await?);
    let preview = if guard::is_small(source.read, counts.n_update, &recent) {
        Preview::default()
    } else {
        inbound.preview_in(tx, &staging.records).await?
    };
    let judged = guard::Judged { counts, gone: Vec::new(), preview: &preview, recent };
    Ok(guard::crossed(source.read, &judged))
}

/// Writes down what was pushed, hour by hour, for the guards of the next day.
pub(crate) async fn remember(
    tx: &mut Tx,
    source: Source<'_>,
    mut applied: Vec<AppliedChange>,
    (n_present, now): (u64, Timestamp),
) -> Result<(), Error> {
    // What is there for the first time is no surprise the day after.
    applied.retain(|change| n_present > 0 || &*change.kind != "create");
    if applied.is_empty() {
        return Ok(());
    }
    let hour = now.as_second().div_euclid(3600) * 3600;
    let at = Timestamp::from_second(hour).unwrap_or(now);
    let forget = now.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
    tx.add_applied_changes(source.names.no, at, &applied, forget).await?;
    Ok(())
}

/// What the system says is gone, and where the next read may go on.
fn told(end: &Result<ReadEnd, ConnectorError>) -> (FxHashSet<Text>, Option<Text>) {
    match end {
        Ok(end) => (end.deleted.iter().cloned().collect(), end.cursor.clone()),
        Err(_) => (FxHashSet::default(), None),
    }
}

/// Notes how a read ended; true when it yielded anything to work with.
pub(crate) fn finish_read(report: &mut ReadReport, end: Result<ReadEnd, ConnectorError>) -> bool {
    match end {
        Ok(end) => {
            report.complete = end.complete;
            report.incremental = end.incremental;
            report.cursor = end.cursor.filter(|_| end.complete);
            report.problem = end.problem;
            true
        }
        Err(error) => {
            report.complete = false;
            report.problem = Some(error.to_string());
            false
        }
    }
}

fn request(read: &Read, since: Option<Text>) -> ReadRequest {
    let field = |(name, value_type, many): &(Text, muster_model::ValueType, bool)| Field {
        name: name.clone(),
        value_type: *value_type,
        many: *many,
    };
    ReadRequest {
        class: read.class.clone(),
        fields: read.columns.iter().map(field).collect(),
        since,
        batch: BATCH,
    }
}

pub(crate) async fn load_marks(
    tx: &mut ReadTx,
    read_no: Number,
) -> Result<FxHashMap<Text, RecordMark>, Error> {
    let mut marks = FxHashMap::default();
    let mut after = None;
    loop {
        let page = tx.scan_record_marks(read_no, after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(marks) };
        after = Some(last.id);
        marks.extend(page.into_iter().map(|mark| (mark.key.clone(), mark)));
    }
}

/// Records whose key changed at the source stay the same records.
fn rename(marks: &mut FxHashMap<Text, RecordMark>, renamed: Vec<(Text, Text)>) {
    for (from, to) in renamed {
        if let Some(mut mark) = marks.remove(&from) {
            mark.key = to.clone();
            marks.insert(to, mark);
        }
    }
}

/// The records that were there and are not any more: unseen by a complete read, or said to be deleted.
fn gone(
    marks: &FxHashMap<Text, RecordMark>,
    cases: &[MatchCase],
    seen: &FxHashSet<Text>,
    deleted: &FxHashSet<Text>,
    report: &ReadReport,
) -> Vec<RecordId> {
    // The record may wait with the id of an object that has taken its place since.
    let waiting: FxHashMap<&Text, &Text> =
        cases.iter().map(|case| (&case.key, &case.native_id)).collect();
    let is_gone = |mark: &&RecordMark| {
        let id = waiting.get(&mark.key).copied().unwrap_or(&mark.native_id);
        let id = if id.is_empty() { &mark.key } else { id };
        let unseen = report.complete && !report.incremental && !seen.contains(&mark.key);
        let told = report.incremental && deleted.contains(id) && !seen.contains(&mark.key);
        mark.absent_since.is_none() && (unseen || told)
    };
    let mut ids: Vec<RecordId> = marks.values().filter(is_gone).map(|mark| mark.id).collect();
    ids.sort_unstable();
    ids
}

/// Records that waited and were not read this time are tried again; answers those that are gone for good.
fn settle_cases(
    cases: &[MatchCase],
    seen: &FxHashSet<Text>,
    deleted: &FxHashSet<Text>,
    report: &ReadReport,
    staged: &mut Vec<Staged>,
) -> Vec<Text> {
    let mut obsolete = Vec::new();
    for case in cases.iter().filter(|case| !seen.contains(&case.key)) {
        let id = if case.native_id.is_empty() { &case.key } else { &case.native_id };
        if deleted.contains(id) || (report.complete && !report.incremental) {
            obsolete.push(case.key.clone());
        } else {
            staged.push(Staged::of_case(case));
        }
    }
    obsolete
}

fn keys_of(marks: &FxHashMap<Text, RecordMark>, ids: &[RecordId]) -> Vec<Text> {
    let wanted: FxHashSet<RecordId> = ids.iter().take(EXAMPLES).copied().collect();
    let mut keys: Vec<Text> = marks
        .values()
        .filter(|mark| wanted.contains(&mark.id))
        .map(|mark| mark.key.clone())
        .collect();
    keys.sort_unstable();
    keys
}

fn counts(
    marks: &FxHashMap<Text, RecordMark>,
    staged: &[Staged],
    absent: &[RecordId],
    present: u64,
) -> ChangeCounts {
    let known = staged.iter().filter(|record| marks.contains_key(&record.key)).count() as u64;
    ChangeCounts {
        n_create: staged.len() as u64 - known,
        n_update: known,
        n_absent: absent.len() as u64,
        n_present: present,
    }
}
