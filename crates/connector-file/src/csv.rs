//! CSV and TSV files.
//!
//! As a source, a file is read as a stream and judged strictly: a broken row is named and passed over, a file that is cut
//! off or changes while it is read is an incomplete read. As a target (`writable: true`), the file is the state: each batch
//! of changes replaces it as a whole.
//! It holds one kind of object, has no groups, and takes no guess at types: every value is text.

mod formula;
mod header;
mod read;
mod settings;
mod split;
mod table;
mod write;

use std::{io::Write, path::Path, sync::Arc};

use async_trait::async_trait;
use muster_connector::{
    Connector, ConnectorError, Discovered, DiscoveredClass, Field, ReadEnd, ReadRequest, Sink,
    refuse_unclaimed, settings_error,
};
use muster_model::{
    Applied, Capabilities, Change, Object, ObjectRef, SettingProblem, Settings, ValueType,
};
use tokio::{sync::Mutex, task::spawn_blocking};

use self::{header::Header, settings::CsvSettings, split::Splitter, table::Table};
use crate::{
    feed::stopped,
    input::{Input, Stamp},
    replace::{self, Paths},
};

/// What can be done with these settings, or every problem in them.
pub(crate) fn capabilities(settings: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
    CsvSettings::read(settings, Path::new("")).map(|settings| settings.capabilities())
}

/// Makes a connector for the file that `settings` names.
pub(crate) fn open(settings: &Settings, base: &Path) -> Result<Arc<dyn Connector>, ConnectorError> {
    let settings =
        CsvSettings::read(settings, base).map_err(|problems| settings_error(&problems))?;
    Ok(Arc::new(CsvFile { settings, table: Mutex::new(None) }))
}

/// One file.
#[derive(Debug)]
struct CsvFile {
    settings: CsvSettings,
    /// The target's content as last read or written; also keeps writes in order.
    table: Mutex<Option<Table>>,
}

impl CsvFile {
    /// The content of a target: `kept` while the file is as it was, else what it holds now.
    fn fresh(settings: &CsvSettings, kept: Option<Table>) -> Result<Table, ConnectorError> {
        let now = Stamp::at(&settings.place.path).ok().flatten();
        match kept {
            Some(table) if table.stamp == now => Ok(table),
            Some(_) | None => Table::load(settings),
        }
    }
}

#[async_trait]
impl Connector for CsvFile {
    fn capabilities(&self) -> Capabilities {
        self.settings.capabilities()
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        let settings = self.settings.clone();
        spawn_blocking(move || {
            if settings.place.writable && matches!(Stamp::at(&settings.place.path), Ok(None)) {
                return Ok(format!(
                    "`{}` is not there yet and will be created",
                    settings.place.shown
                ));
            }
            let header = open_header(&settings)?;
            header.wanted(&settings.key, &settings)?;
            Ok(format!("`{}` has {} columns", settings.place.shown, header.names.len()))
        })
        .await
        .map_err(|error| stopped(&error))?
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        let settings = self.settings.clone();
        let header = spawn_blocking(move || open_header(&settings))
            .await
            .map_err(|error| stopped(&error))??;
        let attributes = header
            .names
            .iter()
            .map(|name| (name.clone(), ValueType::Text, false, *name == self.settings.key))
            .collect();
        Ok(Discovered { classes: vec![DiscoveredClass { name: "".into(), attributes }] })
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        read::read(self.settings.clone(), request, sink).await
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        let settings = self.settings.clone();
        let (object, fields) = (object.clone(), fields.to_vec());
        if !settings.place.writable {
            let name = if object.id.is_empty() { object.name } else { object.id };
            return spawn_blocking(move || read::find(&settings, &fields, &name))
                .await
                .map_err(|error| stopped(&error))?;
        }
        let mut kept = self.table.lock().await;
        let table = kept.take();
        let (table, found) = spawn_blocking(move || {
            let table = Self::fresh(&settings, table)?;
            let found = table.get(&settings, &object, &fields);
            Ok((table, found))
        })
        .await
        .map_err(|error| stopped(&error))??;
        *kept = Some(table);
        found
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        let capabilities = self.capabilities();
        let mut answers: Vec<Option<Result<Applied, ConnectorError>>> =
            changes.iter().map(|change| refuse_unclaimed(&capabilities, change).map(Err)).collect();
        let claimed: Vec<Change> = changes
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| answer.is_none())
            .map(|(change, _)| change.clone())
            .collect();
        let mut done =
            if claimed.is_empty() { Vec::new() } else { self.rewrite(claimed).await }.into_iter();
        for answer in &mut answers {
            if answer.is_none() {
                *answer = done.next();
            }
        }
        let lost = || Err(ConnectorError::Unreachable("the change was not answered".to_owned()));
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }
}

impl CsvFile {
    /// Does `changes` in memory and replaces the file once; when that fails, none of them happened.
    async fn rewrite(&self, changes: Vec<Change>) -> Vec<Result<Applied, ConnectorError>> {
        let n_changes = changes.len();
        let all = |error: &ConnectorError| vec![Err(error.clone()); n_changes];
        let mut kept = self.table.lock().await;
        let paths = Paths::of(&self.settings.place.path);
        let lock = match replace::lock(&self.settings.place, &paths).await {
            Ok(lock) => lock,
            Err(error) => return all(&error),
        };
        let table = kept.take();
        let settings = self.settings.clone();
        let outcome = spawn_blocking(move || {
            let mut table = Self::fresh(&settings, table)?;
            let answers: Vec<_> =
                changes.iter().map(|change| table.apply(&settings, change)).collect();
            if table.is_changed {
                let content = |out: &mut dyn Write| write::write_rows(&settings, &table, out);
                let stamp = replace::replace(&settings.place, &paths, table.stamp, &content)?;
                table.stamp = Some(stamp);
                table.is_changed = false;
            }
            drop(lock);
            Ok((table, answers))
        })
        .await
        .unwrap_or_else(|error| Err(stopped(&error)));
        match outcome {
            Ok((table, answers)) => {
                *kept = Some(table);
                answers
            }
            Err(error) => all(&error),
        }
    }
}

/// The header of the file as it is now.
fn open_header(settings: &CsvSettings) -> Result<Header, ConnectorError> {
    let input = Input::open(&settings.place)?;
    let mut splitter = Splitter::new(input.reader, settings.dialect, settings.max_line);
    Header::read(&mut splitter, settings)
}

#[cfg(test)]
mod tests;
