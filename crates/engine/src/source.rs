//! Reads one entity type from a source: finds out what changed, asks the guards, has it applied or held.

use async_trait::async_trait;
use muster_app::{Ctx, Error, Opened, ReadNames};
use muster_connector::{
    BadObject, Connector, ConnectorError, Field, ReadEnd, ReadObject, ReadRequest, Sink,
};
use muster_model::{EntityId, Fingerprint, Hasher, Row, Text, TypeId, Value, encode_row};
use muster_policy::{Limit, Read, System};
use muster_store::{ChangeCounts, ReadTx, RecordId, RecordMark};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    change_set,
    inbound::Inbound,
    progress::{Progress, Task},
    report::ReadReport,
};

const BATCH: usize = 4096;

/// A record that is new, changed or back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Staged {
    /// Its key at the source.
    pub(crate) key: Text,
    /// Where it stands.
    pub(crate) line: u64,
    /// The hash of its values.
    pub(crate) fingerprint: Fingerprint,
    /// Its values by column, encoded.
    pub(crate) content: Vec<u8>,
}

/// Everything that one read would change.
#[derive(Debug, Default)]
pub(crate) struct Staging {
    /// Records that are new, changed or back, in order of the source.
    pub(crate) records: Vec<Staged>,
    /// Records that a complete read no longer holds.
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

/// Reads `source` and applies what changed, unless a guard holds it.
pub(crate) async fn read_source(
    ctx: &Ctx,
    opened: &Opened,
    source: Source<'_>,
    connector: &dyn Connector,
    progress: &dyn Progress,
) -> Result<ReadReport, Error> {
    let mut report = ReadReport::new(&source.system.name, source.what.clone());
    let marks = load_marks(&mut opened.store.read().await?, source.names.no).await?;
    let present = marks.values().filter(|mark| mark.absent_since.is_none()).count() as u64;
    let task = progress.begin(&format!("read {} {}", source.system.name, source.what), None);
    let mut collector = Collector::new(source, &marks, &mut report, task.as_ref());
    let end = connector.read(&request(source.read), &mut collector).await;
    let Collector { staged, mut seen, broken, unnamed, .. } = collector;
    seen.extend(broken);
    drop(task);
    if !finish_read(&mut report, end) && staged.is_empty() {
        return Ok(report);
    }
    let mut absent = if report.complete { vanished(&marks, &seen) } else { Vec::new() };
    if report.lacks_some(unnamed, absent.len()) {
        absent.clear();
    }
    let counts = counts(&marks, &staged, &absent, present);
    (report.created, report.changed, report.absent) =
        (counts.n_create, counts.n_update, counts.n_absent);
    let staging = Staging { records: staged, absent };
    if staging.records.is_empty() && staging.absent.is_empty() {
        if report.complete {
            change_set::supersede(ctx, opened, source.names.no).await?;
        }
        return Ok(report);
    }
    if let Some(reason) = crossed(source.read, counts) {
        report.held = Some(change_set::hold(ctx, opened, source, &staging, counts, reason).await?);
        return Ok(report);
    }
    let mut inbound = Inbound::new(ctx, opened, source, marks, seen).await?;
    inbound.apply(&staging, &mut report, progress).await?;
    change_set::supersede(ctx, opened, source.names.no).await?;
    Ok(report)
}

/// Notes how a read ended; true when it yielded anything to work with.
pub(crate) fn finish_read(report: &mut ReadReport, end: Result<ReadEnd, ConnectorError>) -> bool {
    match end {
        Ok(end) => {
            report.complete = end.complete;
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

fn request(read: &Read) -> ReadRequest {
    let field = |(name, value_type, many): &(Text, muster_model::ValueType, bool)| Field {
        name: name.clone(),
        value_type: *value_type,
        many: *many,
    };
    ReadRequest {
        class: read.class.clone(),
        fields: read.columns.iter().map(field).collect(),
        since: None,
        batch: BATCH,
    }
}

pub(crate) async fn load_marks(
    tx: &mut ReadTx,
    read_no: muster_store::Number,
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

/// The records that were there and are not seen any more.
fn vanished(marks: &FxHashMap<Text, RecordMark>, seen: &FxHashSet<Text>) -> Vec<RecordId> {
    let gone =
        marks.values().filter(|mark| mark.absent_since.is_none() && !seen.contains(&mark.key));
    let mut ids: Vec<RecordId> = gone.map(|mark| mark.id).collect();
    ids.sort_unstable();
    ids
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

/// Why the guards hold a change set, if they do. The first read of all is not limited by what is not there yet.
fn crossed(read: &Read, counts: ChangeCounts) -> Option<String> {
    let parts =
        [("create", counts.n_create), ("update", counts.n_update), ("absent", counts.n_absent)];
    let crossed = parts.into_iter().filter_map(|(kind, n)| {
        let Limit { max, percent } = *read.guards.limits.get(kind)?;
        let share = u128::from(counts.n_present) * u128::from(percent);
        let is_first = kind == "create" && counts.n_present == 0;
        let crossed = !is_first && n > max && u128::from(n) * 100 > share;
        let what = match kind {
            "create" => "new",
            "update" => "changed",
            _ => "gone",
        };
        crossed.then(|| {
            format!(
                "{n} of {} records are {what}; the limit is {max} or {percent} %",
                counts.n_present
            )
        })
    });
    let reasons: Vec<String> = crossed.collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

/// Takes what the connector reads and keeps what differs from the marks.
struct Collector<'a> {
    source: Source<'a>,
    marks: &'a FxHashMap<Text, RecordMark>,
    report: &'a mut ReadReport,
    task: &'a dyn Task,
    hasher: Hasher,
    seen: FxHashSet<Text>,
    /// Known records that are there and cannot be read.
    broken: FxHashSet<Text>,
    /// Objects of which not even the key can be told.
    unnamed: u64,
    staged: Vec<Staged>,
}

impl<'a> Collector<'a> {
    fn new(
        source: Source<'a>,
        marks: &'a FxHashMap<Text, RecordMark>,
        report: &'a mut ReadReport,
        task: &'a dyn Task,
    ) -> Self {
        Self {
            source,
            marks,
            report,
            task,
            hasher: Hasher::new(),
            seen: FxHashSet::default(),
            broken: FxHashSet::default(),
            unnamed: 0,
            staged: Vec::new(),
        }
    }

    fn take(&mut self, object: ReadObject) {
        let ReadObject { object, line } = object;
        self.report.objects += 1;
        if object.name.trim().is_empty() {
            self.unnamed += 1;
            self.report.reject(place(line), "it has no key");
            return;
        }
        if !self.seen.insert(object.name.clone()) {
            self.report.reject(
                place(line),
                format!("key `{}` was there before; the first one counts", object.name),
            );
            return;
        }
        let fingerprint = fingerprint(&mut self.hasher, &object.values);
        let mark = self.marks.get(&object.name);
        if mark.is_some_and(|mark| {
            mark.fingerprint == fingerprint && mark.absent_since.is_none() && mark.entity.is_some()
        }) {
            return;
        }
        let row =
            Row { id: EntityId(0), type_id: TypeId(0), values: object.values, next_change: None };
        let content = encode_row(&row, &self.source.names.numbers, |_| true);
        self.staged.push(Staged { key: object.name, line, fingerprint, content });
    }
}

fn place(line: u64) -> String {
    if line == 0 { "record".to_owned() } else { format!("line {line}") }
}

pub(crate) fn fingerprint(hasher: &mut Hasher, values: &[Value]) -> Fingerprint {
    hasher.reset();
    for value in values {
        value.fingerprint(hasher);
    }
    hasher.finish()
}

#[async_trait]
impl Sink for Collector<'_> {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.task.advance(objects.len() as u64);
        for object in objects {
            self.take(object);
        }
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        self.report.objects += 1;
        match bad.name.filter(|name| self.marks.contains_key(name)) {
            Some(name) => drop(self.broken.insert(name)),
            None => self.unnamed += 1,
        }
        self.report.reject(bad.place, bad.problem);
        Ok(())
    }
}
