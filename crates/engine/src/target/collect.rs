//! Takes the objects that a connector reads, and refuses those without a name or with one that was there before.

use async_trait::async_trait;
use jiff::Timestamp;
use muster_app::Error;
use muster_connector::{BadObject, ConnectorError, Field, ReadObject, ReadRequest, Sink};
use muster_model::{NameRule, Text, name_key};
use rustc_hash::FxHashSet;
use tracing::Instrument as _;

use super::{BATCH, Target};
use crate::{progress::Task, report::ReadReport, source::finish_read};

impl Target<'_> {
    /// Reads all objects of a class, or what changed since a cursor, and notes those that are there and cannot be read;
    /// the report says whether that was all there is.
    pub(super) async fn collect(
        &self,
        class: &Text,
        fields: &[Field],
        since: Option<&Text>,
        report: &mut ReadReport,
    ) -> Result<Collected, Error> {
        let task = self.progress.begin(&format!("read {} {}", self.system.name, report.what), None);
        let mut collector = Collector {
            objects: Vec::new(),
            report,
            task: task.as_ref(),
            seen: FxHashSet::default(),
            broken: Broken::default(),
            names: self.system.names,
        };
        let request = ReadRequest {
            class: class.clone(),
            fields: fields.to_vec(),
            since: since.cloned(),
            batch: BATCH,
        };
        let span =
            tracing::info_span!("connector", otel.name = "read", system = &*self.system.name);
        let end = self.connector.read(&request, &mut collector).instrument(span).await;
        let Collector { objects, broken, .. } = collector;
        let deleted = end.iter().flat_map(|end| end.deleted.iter().cloned()).collect();
        finish_read(report, end);
        Ok(Collected { objects, broken, deleted, last_used: Vec::new() })
    }
}

/// What a read of a class yielded.
pub(super) struct Collected {
    pub(super) objects: Vec<ReadObject>,
    pub(super) broken: Broken,
    /// The ids of those that a read of changes saw deleted.
    pub(super) deleted: FxHashSet<Text>,
    /// When the accounts that the objects are were last used, where that is told.
    pub(super) last_used: Vec<Option<Timestamp>>,
}

/// Objects that are there and cannot be read.
#[derive(Debug, Default)]
pub(super) struct Broken {
    /// Their names in the form that is compared, where they can be told.
    pub(super) named: FxHashSet<String>,
    unnamed: u64,
}

impl Broken {
    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.unnamed + self.named.len() as u64
    }
}

struct Collector<'a> {
    objects: Vec<ReadObject>,
    report: &'a mut ReadReport,
    task: &'a dyn Task,
    seen: FxHashSet<String>,
    broken: Broken,
    names: NameRule,
}

#[async_trait]
impl Sink for Collector<'_> {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.task.advance(objects.len() as u64);
        for object in objects {
            self.report.objects += 1;
            let place = || {
                if object.line == 0 {
                    object.object.name.to_string()
                } else {
                    format!("line {}", object.line)
                }
            };
            if object.object.name.trim().is_empty() {
                self.broken.unnamed += 1;
                self.report.reject(place(), "it has no name");
            } else if !self.seen.insert(name_key(self.names, &object.object.name)) {
                self.report.reject(
                    place(),
                    format!("`{}` was there before; the first one counts", object.object.name),
                );
            } else {
                self.objects.push(object);
            }
        }
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        self.report.objects += 1;
        match bad.name {
            Some(name) => drop(self.broken.named.insert(name_key(self.names, &name))),
            None => self.broken.unnamed += 1,
        }
        self.report.reject(bad.place, bad.problem);
        Ok(())
    }
}
