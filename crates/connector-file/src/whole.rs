//! Formats that are read and written as a whole: workbooks, LDIF, JSON.
//!
//! A format only parses, renders and knows how one of its items holds values; everything else (keys, changes one by
//! one, replacing the file, what the sink gets) is here, once. A file is limited in size, also when it is compressed.

mod change;
mod settings;

use std::{
    collections::HashMap,
    fmt,
    io::{Read as _, Write},
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use encoding_rs::Encoding;
use muster_connector::{
    BadObject, Connector, ConnectorError, Discovered, DiscoveredClass, Field, ReadEnd, ReadObject,
    ReadRequest, SettingReader, Sink, refuse_unclaimed, settings_error,
};
use muster_model::{
    Applied, Capabilities, Change, NameRule, Object, ObjectRef, SettingProblem, Settings, Text,
    Value, ValueType, name_key,
};
use tokio::{
    sync::{Mutex, mpsc},
    task::spawn_blocking,
};

pub(crate) use self::settings::WholeSettings;
use crate::{
    feed::{Batch, complete, deliver, stopped},
    input::{Input, Stamp, explain, missing_target},
    place::{Place, read_encoding},
    replace::{self, Paths},
};

/// One format with its own settings.
pub(crate) trait Format: fmt::Debug + Clone + Send + Sync + 'static {
    /// One object as the file holds it.
    type Item: fmt::Debug + Clone + Send + 'static;
    /// What stands around the objects.
    type Frame: fmt::Debug + Clone + Default + Send + 'static;

    /// How names compare.
    const NAMES: NameRule;
    /// True when groups are kept in such a file.
    const HAS_MEMBERS: bool;
    /// True when the name is the value of an attribute, and not a thing of its own.
    const KEY_IS_ATTRIBUTE: bool;

    /// Reads the name of the key.
    fn read_key(reader: &mut SettingReader<'_>) -> Option<Text> {
        reader.required("key")
    }
    /// Reads the encoding, where the format has one.
    fn read_encoding(reader: &mut SettingReader<'_>) -> &'static Encoding {
        read_encoding(reader)
    }
    /// Takes from the file's name what the settings did not say.
    fn see_path(&mut self, path: &str) {
        _ = path;
    }
    /// Reads the settings that only this format has.
    fn read_settings(reader: &mut SettingReader<'_>) -> Self;
    /// Reads a whole file.
    fn parse(&self, place: &Place, bytes: Vec<u8>) -> Result<Content<Self>, ConnectorError>;
    /// Writes a whole file; the error says why it cannot be written.
    fn render(&self, content: &Content<Self>) -> Result<Vec<u8>, String>;
    /// A new object without values but its name.
    fn create(&self, class: &str, key: &str, name: &str) -> Result<Self::Item, String>;
    /// The object's name; empty when it has none.
    fn name(&self, item: &Self::Item, key: &str) -> Text;
    /// Gives it another name.
    fn rename(&self, item: &mut Self::Item, key: &str, to: &str) -> Result<(), String>;
    /// True when the object is of `class`.
    fn is_of(&self, item: &Self::Item, class: &str) -> bool;
    /// The values of an attribute.
    fn get(&self, item: &Self::Item, name: &str, many: bool) -> Result<Value, String>;
    /// Sets the values of an attribute, or removes them.
    fn set(&self, item: &mut Self::Item, name: &str, value: &Value) -> Result<(), String>;
    /// The classes with the names of their attributes.
    fn classes(&self, content: &Content<Self>) -> Vec<(Text, Vec<Text>)>;
    /// Where an object stands, for messages.
    fn place_of(line: u64) -> String {
        format!("line {line}")
    }
}

/// A file in memory.
#[derive(Debug, Clone)]
pub(crate) struct Content<F: Format> {
    /// The objects in order, with their lines; `None` for a deleted one.
    pub(crate) items: Vec<Option<(F::Item, u64)>>,
    /// What could not be read.
    pub(crate) bad: Vec<BadObject>,
    /// What stands around the objects.
    pub(crate) frame: F::Frame,
    /// Why the file is not complete.
    pub(crate) problem: Option<String>,
}

impl<F: Format> Default for Content<F> {
    fn default() -> Self {
        Self { items: Vec::new(), bad: Vec::new(), frame: F::Frame::default(), problem: None }
    }
}

impl<F: Format> Content<F> {
    /// The objects that are left.
    pub(crate) fn items(&self) -> impl Iterator<Item = &F::Item> {
        self.items.iter().flatten().map(|(item, _)| item)
    }

    /// Adds an object.
    pub(crate) fn push(&mut self, item: F::Item, line: u64) {
        self.items.push(Some((item, line)));
    }

    /// Notes an object that could not be read.
    pub(crate) fn push_bad(&mut self, line: u64, problem: impl Into<String>, name: Option<&str>) {
        let name = name.filter(|name| !name.trim().is_empty()).map(Text::from);
        self.bad.push(BadObject { place: F::place_of(line), problem: problem.into(), name });
    }
}

/// A file in memory with its keys and its state on disk.
#[derive(Debug)]
struct Loaded<F: Format> {
    content: Content<F>,
    /// Where each name stands.
    by_name: HashMap<String, Vec<usize>>,
    stamp: Option<Stamp>,
    is_changed: bool,
}

/// What can be done with these settings, or every problem in them.
pub(crate) fn capabilities<F: Format>(
    settings: &Settings,
) -> Result<Capabilities, Vec<SettingProblem>> {
    WholeSettings::<F>::read(settings, Path::new("")).map(|settings| settings.capabilities())
}

/// Makes a connector for the file that `settings` names.
pub(crate) fn open<F: Format>(
    settings: &Settings,
    base: &Path,
) -> Result<Arc<dyn Connector>, ConnectorError> {
    let settings =
        WholeSettings::<F>::read(settings, base).map_err(|problems| settings_error(&problems))?;
    Ok(Arc::new(Whole { settings: Arc::new(settings), kept: Mutex::new(None) }))
}

/// One file.
#[derive(Debug)]
struct Whole<F: Format> {
    settings: Arc<WholeSettings<F>>,
    /// The content as last read or written; also keeps writes in order.
    kept: Mutex<Option<Loaded<F>>>,
}

/// Reads the whole file; an error when it is larger than the limit.
fn load_bytes<F: Format>(
    settings: &WholeSettings<F>,
) -> Result<(Vec<u8>, Stamp, bool), ConnectorError> {
    let place = &settings.place;
    let input = Input::open(place)?;
    let watch = input.watch().map_err(|error| {
        ConnectorError::Unreachable(format!("cannot watch `{}`: {error}", place.shown))
    })?;
    let (stamp, mut bytes) = (input.stamp, Vec::new());
    let read = input.reader.take(settings.max_size + 1).read_to_end(&mut bytes);
    read.map_err(|error| {
        let problem = explain(&error, place.gzip);
        ConnectorError::Malformed(format!("cannot read `{}`: {problem}", place.shown))
    })?;
    if bytes.len() as u64 > settings.max_size {
        return Err(ConnectorError::Malformed(format!(
            "`{}` holds more than {} bytes; raise `max_size` if that is right",
            place.shown, settings.max_size
        )));
    }
    Ok((bytes, stamp, watch.has_changed()))
}

/// Reads the file as it is now, with its state on disk; a target that is not there is empty.
fn load<F: Format>(
    settings: &WholeSettings<F>,
) -> Result<(Content<F>, Option<Stamp>), ConnectorError> {
    let place = &settings.place;
    if place.writable && matches!(Stamp::at(&place.path), Ok(None)) {
        return Ok((Content::default(), None));
    }
    let (bytes, stamp, has_changed) = load_bytes(settings)?;
    let mut content = settings.format.parse(place, bytes)?;
    if has_changed {
        let problem = "the file changed while it was read; read it again".to_owned();
        content.problem = Some(problem);
    }
    Ok((content, Some(stamp)))
}

impl<F: Format> Loaded<F> {
    /// Reads the file and notes where each name stands.
    fn load(settings: &WholeSettings<F>) -> Result<Self, ConnectorError> {
        let (content, stamp) = load(settings)?;
        let mut loaded = Self { content, by_name: HashMap::new(), stamp, is_changed: false };
        for (index, entry) in loaded.content.items.iter().enumerate() {
            if let Some((item, _)) = entry {
                let name = settings.format.name(item, &settings.key);
                loaded.by_name.entry(name_key(F::NAMES, &name)).or_default().push(index);
            }
        }
        Ok(loaded)
    }

    /// The content: `kept` while the file is as it was, else what it holds now.
    fn fresh(settings: &WholeSettings<F>, kept: Option<Self>) -> Result<Self, ConnectorError> {
        let now = Stamp::at(&settings.place.path).ok().flatten();
        match kept {
            Some(loaded) if loaded.stamp == now && now.is_some() => Ok(loaded),
            Some(_) | None => Self::load(settings),
        }
    }
}

/// An object of an item; the error says what is wrong with it.
fn object_of<F: Format>(
    settings: &WholeSettings<F>,
    item: &F::Item,
    fields: &[Field],
) -> Result<Object, String> {
    let name = settings.format.name(item, &settings.key);
    let enabled = match &settings.enabled {
        None => None,
        Some(column) => {
            let held = settings.format.get(item, &column.column, false)?;
            if held.is_null() { None } else { column.state(&held.to_string())? }
        }
    };
    let values: Result<Vec<Value>, String> =
        fields.iter().map(|field| settings.format.get(item, &field.name, field.many)).collect();
    Ok(Object { id: name.clone(), name, enabled, values: values? })
}

fn produce<F: Format>(
    settings: &WholeSettings<F>,
    request: &ReadRequest,
    sender: &mpsc::Sender<Batch>,
) -> Result<ReadEnd, ConnectorError> {
    if settings.place.writable && matches!(Stamp::at(&settings.place.path), Ok(None)) {
        return missing_target(&settings.place);
    }
    let Content { items, bad, frame: _, problem } = load(settings)?.0;
    let size = request.batch.max(1);
    let mut batch = Batch { objects: Vec::new(), bad };
    for (item, line) in items.into_iter().flatten() {
        if !settings.format.is_of(&item, &request.class) {
            continue;
        }
        match object_of(settings, &item, &request.fields) {
            Ok(object) => batch.objects.push(ReadObject { object, line }),
            Err(problem) => {
                let name = settings.format.name(&item, &settings.key);
                let name = (!name.is_empty()).then_some(name);
                batch.bad.push(BadObject { place: F::place_of(line), problem, name });
            }
        }
        if batch.is_full(size) && !batch.flush(size, sender) {
            return Ok(complete(Some("the reader was stopped".to_owned())));
        }
    }
    // That nobody listens any more is seen by the caller.
    _ = batch.flush(size, sender);
    let shown = &settings.place.shown;
    Ok(complete(problem.map(|problem| format!("`{shown}`: {problem}"))))
}

#[async_trait]
impl<F: Format> Connector for Whole<F> {
    fn capabilities(&self) -> Capabilities {
        self.settings.capabilities()
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        let settings = Arc::clone(&self.settings);
        spawn_blocking(move || {
            let shown = &settings.place.shown;
            if settings.place.writable && matches!(Stamp::at(&settings.place.path), Ok(None)) {
                return Ok(format!("`{shown}` is not there yet and will be created"));
            }
            let (content, _) = load(&settings)?;
            Ok(format!("`{shown}` has {} objects", content.items.len()))
        })
        .await
        .map_err(|error| stopped(&error))?
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        let settings = Arc::clone(&self.settings);
        spawn_blocking(move || {
            let (content, _) = load(&settings)?;
            let class = |(name, attributes): (Text, Vec<Text>)| DiscoveredClass {
                name,
                attributes: attributes
                    .into_iter()
                    .map(|name| (name.clone(), ValueType::Text, false, name == settings.key))
                    .collect(),
            };
            let classes = settings.format.classes(&content);
            Ok(Discovered { classes: classes.into_iter().map(class).collect() })
        })
        .await
        .map_err(|error| stopped(&error))?
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        let (settings, request) = (Arc::clone(&self.settings), request.clone());
        deliver(sink, move |sender| produce(&settings, &request, sender), |batch| batch).await
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        let settings = Arc::clone(&self.settings);
        let (object, fields) = (object.clone(), fields.to_vec());
        let mut kept = self.kept.lock().await;
        let loaded = kept.take();
        let (loaded, found) = spawn_blocking(move || {
            let loaded = Loaded::fresh(&settings, loaded)?;
            let found = loaded.get(&settings, &object, &fields);
            Ok((loaded, found))
        })
        .await
        .map_err(|error| stopped(&error))??;
        *kept = Some(loaded);
        found
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        let capabilities = self.capabilities();
        let refusals: Vec<Option<ConnectorError>> =
            changes.iter().map(|change| refuse_unclaimed(&capabilities, change)).collect();
        let claimed: Vec<Change> = changes
            .iter()
            .zip(&refusals)
            .filter(|(_, refusal)| refusal.is_none())
            .map(|(change, _)| change.clone())
            .collect();
        let done = if claimed.is_empty() { Vec::new() } else { self.rewrite(claimed).await };
        let mut done = done.into_iter();
        let lost = || Err(ConnectorError::Unreachable("the change was not answered".to_owned()));
        refusals
            .into_iter()
            .map(|refusal| refusal.map_or_else(|| done.next().unwrap_or_else(lost), Err))
            .collect()
    }
}

impl<F: Format> Whole<F> {
    /// Does `changes` in memory and replaces the file once; when that fails, none of them happened.
    async fn rewrite(&self, changes: Vec<Change>) -> Vec<Result<Applied, ConnectorError>> {
        let n_changes = changes.len();
        let all = |error: &ConnectorError| vec![Err(error.clone()); n_changes];
        let mut kept = self.kept.lock().await;
        let paths = Paths::of(&self.settings.place.path);
        let lock = match replace::lock(&self.settings.place, &paths).await {
            Ok(lock) => lock,
            Err(error) => return all(&error),
        };
        let loaded = kept.take();
        let settings = Arc::clone(&self.settings);
        let outcome = spawn_blocking(move || {
            let mut loaded = Loaded::fresh(&settings, loaded)?;
            loaded.refuse_broken(&settings)?;
            let answers: Vec<_> =
                changes.iter().map(|change| loaded.apply(&settings, change)).collect();
            if loaded.is_changed {
                let place = &settings.place;
                let bytes = settings.format.render(&loaded.content).map_err(|problem| {
                    ConnectorError::Invalid(format!(
                        "`{}` cannot be written: {problem}",
                        place.shown
                    ))
                })?;
                let content = |out: &mut dyn Write| out.write_all(&bytes);
                loaded.stamp = Some(replace::replace(place, &paths, loaded.stamp, &content)?);
                loaded.is_changed = false;
            }
            drop(lock);
            Ok((loaded, answers))
        })
        .await
        .unwrap_or_else(|error| Err(stopped(&error)));
        match outcome {
            Ok((loaded, answers)) => {
                *kept = Some(loaded);
                answers
            }
            Err(error) => all(&error),
        }
    }
}
