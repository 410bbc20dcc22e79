//! Reads a file as a stream of objects, batch by batch: a thread of its own splits rows, the task makes objects of them.

use std::{borrow::Cow, io::Read, sync::Arc};

use muster_connector::{BadObject, ConnectorError, Field, ReadEnd, ReadObject, ReadRequest, Sink};
use muster_model::{Object, Text, Value};
use tokio::sync::mpsc;

use super::{
    header::{Header, UTF16_HINT},
    settings::CsvSettings,
    split::{Cells, Content, Packed, Row, Splitter},
};
use crate::{
    cell,
    feed::{Batch, complete, deliver},
    input::{Input, Stamp, explain, missing_target},
};

/// Reads the whole file into `sink`.
pub(crate) async fn read(
    settings: CsvSettings,
    request: &ReadRequest,
    sink: &mut dyn Sink,
) -> Result<ReadEnd, ConnectorError> {
    let fields = request.fields.clone();
    let size = request.batch.max(1);
    deliver(sink, move |sender| produce(settings, &fields, size, sender), Part::batch).await
}

/// How the rows of a file are understood.
struct Layout {
    settings: CsvSettings,
    header: Header,
    plan: Plan,
}

/// What the reading thread hands over at once.
struct Part {
    layout: Arc<Layout>,
    rows: Packed,
    bad: Vec<BadObject>,
}

impl Part {
    fn batch(self) -> Batch {
        let Layout { settings, header, plan } = &*self.layout;
        let mut batch = Batch { objects: Vec::with_capacity(self.rows.len()), bad: self.bad };
        for (line, row) in self.rows.rows() {
            match plan.object(settings, header, &|index| row.content(index)) {
                Ok(object) => batch.objects.push(ReadObject { object, line }),
                Err(problem) => batch.bad.push(bad(line, problem, plan.name(row))),
            }
        }
        batch
    }
}

fn bad(line: u64, problem: String, name: Option<Text>) -> BadObject {
    BadObject { place: format!("line {line}"), problem, name }
}

/// Where in a row the wanted values stand.
pub(crate) struct Plan {
    key: usize,
    enabled: Option<usize>,
    /// Position and whether several values are wanted; no position for a column that a target does not have yet.
    columns: Vec<(Option<usize>, bool)>,
}

impl Plan {
    /// Finds the columns of `fields`. Only a file that muster writes may lack some; they read as empty.
    pub(crate) fn new(
        header: &Header,
        fields: &[Field],
        settings: &CsvSettings,
    ) -> Result<Self, ConnectorError> {
        let find = |name: &str| {
            if settings.place.writable {
                Ok(header.position(name))
            } else {
                header.wanted(name, settings).map(Some)
            }
        };
        let key = header.wanted(&settings.key, settings)?;
        let enabled = match &settings.enabled {
            Some(enabled) => find(&enabled.column)?,
            None => None,
        };
        let columns = fields
            .iter()
            .map(|field| find(&field.name).map(|position| (position, field.many)))
            .collect::<Result<_, _>>()?;
        Ok(Self { key, enabled, columns })
    }

    /// Makes an object of a row whose cells `cell` hands out; the error says what is wrong with the row.
    pub(crate) fn object<'a>(
        &self,
        settings: &CsvSettings,
        header: &Header,
        cell: &impl Fn(usize) -> Content<'a>,
    ) -> Result<Object, String> {
        let name: Text = text(self.key, settings, header, cell)?.into();
        let enabled = match (&settings.enabled, self.enabled) {
            (Some(column), Some(position)) => {
                column.state(&text(position, settings, header, cell)?)?
            }
            (Some(_) | None, None) | (None, Some(_)) => None,
        };
        let mut values = Vec::with_capacity(self.columns.len());
        for (position, many) in &self.columns {
            values.push(match (position, many) {
                (None, _) => Value::Null,
                (Some(position), false) => cell::single(&text(*position, settings, header, cell)?),
                (Some(position), true) => {
                    cell::several(&text(*position, settings, header, cell)?, settings.many)
                }
            });
        }
        Ok(Object { id: name.clone(), name, enabled, values })
    }

    /// What stands where the key should be, in a row that is broken somewhere.
    fn name(&self, row: Cells<'_>) -> Option<Text> {
        let cell = row.bytes(self.key)?;
        std::str::from_utf8(&cell).ok().filter(|name| !name.trim().is_empty()).map(Text::from)
    }
}

/// The cell at `position` as text.
#[inline]
fn text<'a>(
    position: usize,
    settings: &CsvSettings,
    header: &Header,
    cell: &impl Fn(usize) -> Content<'a>,
) -> Result<Cow<'a, str>, String> {
    match cell(position) {
        Content::Text(text) => Ok(settings.formulas.text(text)),
        Content::Bytes(bytes) => checked(position, settings, header, bytes),
    }
}

/// The bytes of a cell as text; the error says why they are none.
fn checked<'a>(
    position: usize,
    settings: &CsvSettings,
    header: &Header,
    bytes: Cow<'a, [u8]>,
) -> Result<Cow<'a, str>, String> {
    let checked = match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|e| e.utf8_error()),
    };
    let name = || header.names.get(position).map_or("?", |name| &**name);
    if let Ok(text) = &checked
        && text.contains('\0')
    {
        return Err(format!("column `{}` holds a NUL character; {UTF16_HINT}", name()));
    }
    checked.map(|text| settings.formulas.text(text)).map_err(|error| {
        let name = name();
        let encoding = settings.place.encoding.name();
        let after = error.valid_up_to();
        format!(
            "column `{name}` is not valid {encoding} after {after} bytes; save the file as UTF-8, or set `encoding`, for example to `windows-1252`"
        )
    })
}

/// What is wrong with a row of `n_cells` cells under `header`, if its count is wrong.
pub(crate) fn wrong_count(n_cells: usize, header: &Header) -> Option<String> {
    let wanted = header.names.len();
    (n_cells != wanted).then(|| {
        format!(
            "the row has {n_cells} cells and the header {wanted}; quote cells that hold a delimiter or a line end"
        )
    })
}

/// Why a row with stray text is bad.
pub(crate) fn stray_text(column: usize) -> String {
    format!("column {column} has text after its closing quote; write a quote inside quotes twice")
}

fn produce(
    settings: CsvSettings,
    fields: &[Field],
    size: usize,
    sender: &mpsc::Sender<Part>,
) -> Result<ReadEnd, ConnectorError> {
    if settings.place.writable && matches!(Stamp::at(&settings.place.path), Ok(None)) {
        return missing_target(&settings.place);
    }
    let input = Input::open(&settings.place)?;
    let watch = input.watch().map_err(|error| {
        ConnectorError::Unreachable(format!("cannot watch `{}`: {error}", settings.place.shown))
    })?;
    let mut splitter = Splitter::new(input.reader, settings.dialect, settings.max_line);
    let header = Header::read(&mut splitter, &settings)?;
    let plan = Plan::new(&header, fields, &settings)?;
    let layout = Arc::new(Layout { settings, header, plan });
    let mut feed = Feed { layout: &layout, size, rows: Packed::default(), bad: Vec::new(), sender };
    let mut problem = feed.rows(&mut splitter);
    if problem.is_none() && watch.has_changed() {
        problem = Some("the file changed while it was read; read it again".to_owned());
    }
    // The last rows; that nobody listens any more is seen by the caller.
    _ = feed.flush();
    let problem = problem.map(|problem| format!("`{}`: {problem}", layout.settings.place.shown));
    Ok(complete(problem))
}

/// Finds the object called `name` in a file that muster does not write; a row that is broken does not count.
pub(crate) fn find(
    settings: &CsvSettings,
    fields: &[Field],
    name: &str,
) -> Result<Option<Object>, ConnectorError> {
    let input = Input::open(&settings.place)?;
    let mut splitter = Splitter::new(input.reader, settings.dialect, settings.max_line);
    let header = Header::read(&mut splitter, settings)?;
    let plan = Plan::new(&header, fields, settings)?;
    loop {
        let row = splitter.next_row().map_err(|error| {
            let problem = explain(&error, settings.place.gzip);
            ConnectorError::Malformed(format!("cannot read `{}`: {problem}", settings.place.shown))
        })?;
        match row {
            Row::Good if splitter.n_cells() == header.names.len() => {
                let key = splitter.cell(plan.key).unwrap_or_default();
                let key = String::from_utf8_lossy(&key);
                if settings.formulas.text(key) == name {
                    let row = splitter.cells();
                    return plan
                        .object(settings, &header, &|at| row.content(at))
                        .map(Some)
                        .map_err(|problem| {
                            let line = splitter.line();
                            ConnectorError::Malformed(format!(
                                "`{}`, line {line}: {problem}",
                                settings.place.shown
                            ))
                        });
                }
            }
            Row::Good | Row::StrayText(_) => {}
            Row::End => return Ok(None),
            Row::Unclosed | Row::TooLong => {
                return Err(ConnectorError::Malformed(format!(
                    "`{}` is broken at line {} and cannot be searched further",
                    settings.place.shown,
                    splitter.line()
                )));
            }
        }
    }
}

/// Hands over rows, many at once.
struct Feed<'a> {
    layout: &'a Arc<Layout>,
    size: usize,
    rows: Packed,
    bad: Vec<BadObject>,
    sender: &'a mpsc::Sender<Part>,
}

impl Feed<'_> {
    /// Reads all rows; answers why the read is not complete.
    fn rows<R: Read>(&mut self, splitter: &mut Splitter<R>) -> Option<String> {
        let Layout { settings, header, .. } = &**self.layout;
        let mut last_is_short = false;
        loop {
            let row = match splitter.next_row() {
                Ok(row) => row,
                Err(error) => return Some(explain(&error, settings.place.gzip)),
            };
            let line = splitter.line();
            let problem = match row {
                Row::Good => wrong_count(splitter.n_cells(), header),
                Row::StrayText(column) => Some(stray_text(column)),
                Row::End if last_is_short => {
                    return Some("the file is cut off in its last line".to_owned());
                }
                Row::End => return None,
                Row::Unclosed => {
                    let problem = "a quote is opened and never closed; the file is cut off or a quote is missing";
                    self.bad.push(bad(line, problem.to_owned(), None));
                    return Some(format!("line {line}: {problem}"));
                }
                Row::TooLong => {
                    return Some(format!(
                        "line {line} is longer than {} bytes; a quote that is never closed looks like this, else raise `max_line`",
                        settings.max_line
                    ));
                }
            };
            last_is_short = splitter.is_cut_off() && splitter.n_cells() < header.names.len();
            let row = splitter.cells();
            match problem {
                None => self.rows.push(row, line),
                Some(problem) => self.bad.push(bad(line, problem, self.layout.plan.name(row))),
            }
            let is_full = self.rows.len().max(self.bad.len()) >= self.size;
            if is_full && !self.flush() {
                return Some("the reader was stopped".to_owned());
            }
        }
    }

    /// Hands over what there is; false when nobody listens any more.
    fn flush(&mut self) -> bool {
        let (rows, bad) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.bad));
        let part = Part { layout: Arc::clone(self.layout), rows, bad };
        self.sender.blocking_send(part).is_ok()
    }
}
