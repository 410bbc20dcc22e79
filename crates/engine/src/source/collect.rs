//! Takes what a connector reads of a source and keeps what differs from what is known.

use async_trait::async_trait;
use muster_connector::{BadObject, ConnectorError, ReadObject, Sink};
use muster_model::{EntityId, Fingerprint, Hasher, Row, Text, TypeId, Value, encode_row};
use muster_store::RecordMark;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Source, Staged};
use crate::{progress::Task, report::ReadReport};

/// Takes what the connector reads and keeps what differs from the marks.
pub(super) struct Collector<'a> {
    source: Source<'a>,
    marks: &'a FxHashMap<Text, RecordMark>,
    report: &'a mut ReadReport,
    task: &'a dyn Task,
    hasher: Hasher,
    pub(super) seen: FxHashSet<Text>,
    /// Known records that are there and cannot be read.
    pub(super) broken: FxHashSet<Text>,
    /// Objects of which not even the key can be told.
    pub(super) unnamed: u64,
    pub(super) staged: Vec<Staged>,
    /// Known records by the source's own id, where it is not the key.
    by_id: FxHashMap<&'a Text, &'a Text>,
    /// Records that have another key than before: the old one and the new one.
    pub(super) renamed: Vec<(Text, Text)>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(
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
            by_id: marks
                .values()
                .filter(|mark| !mark.native_id.is_empty())
                .map(|mark| (&mark.native_id, &mark.key))
                .collect(),
            renamed: Vec::new(),
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
        let native_id = if object.id == object.name { "".into() } else { object.id };
        let mut mark = self.marks.get(&object.name);
        if mark.is_none()
            && let Some(former) = self.by_id.get(&native_id)
        {
            mark = self.marks.get(*former);
            self.renamed.push(((*former).clone(), object.name.clone()));
        }
        if mark.is_some_and(|mark| {
            mark.fingerprint == fingerprint
                && mark.absent_since.is_none()
                && mark.entity.is_some()
                && mark.key == object.name
        }) {
            return;
        }
        let row =
            Row { id: EntityId(0), type_id: TypeId(0), values: object.values, next_change: None };
        let content = encode_row(&row, &self.source.names.numbers, |_| true);
        self.staged.push(Staged { key: object.name, native_id, line, fingerprint, content });
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
