//! A target file in memory: its rows as they are, found by key, and changed one change at a time.
//!
//! It never loses what it does not understand: unknown columns and broken rows are kept as they were.

use std::{borrow::Cow, collections::HashMap};

use csv::ByteRecord;
use muster_connector::{ConnectorError, Field};
use muster_model::{Object, ObjectRef};

use super::{
    header::Header,
    read::{Plan, wrong_count},
    settings::CsvSettings,
    split::{Content, Row, Splitter},
};
use crate::input::{Form, Input, Stamp, explain};

mod change;

/// The content of a target file.
#[derive(Debug)]
pub(crate) struct Table {
    /// The columns.
    pub(crate) header: Header,
    /// How the file is written.
    pub(crate) form: Form,
    /// True when lines end with `\r\n`.
    pub(crate) is_dos: bool,
    /// The state of the file that this was read from or written to; `None` when there is no file yet.
    pub(crate) stamp: Option<Stamp>,
    /// True when the file has to be written.
    pub(crate) is_changed: bool,
    rows: Vec<Option<TableRow>>,
    by_key: HashMap<Box<str>, Place>,
    first_bad_line: Option<u64>,
}

#[derive(Debug)]
struct TableRow {
    cells: ByteRecord,
    is_bad: bool,
}

/// Where a key stands: the row, and how many rows have the key.
#[derive(Debug, Clone, Copy)]
struct Place {
    row: usize,
    n_rows: usize,
}

impl Table {
    /// Loads the file, or starts an empty table when there is none.
    pub(crate) fn load(settings: &CsvSettings) -> Result<Self, ConnectorError> {
        let stamp = Stamp::at(&settings.place.path).map_err(|error| {
            let shown = &settings.place.shown;
            ConnectorError::Unreachable(format!("cannot look at `{shown}`: {error}"))
        })?;
        if stamp.is_none() {
            return Ok(Self::empty(settings));
        }
        let input = Input::open(&settings.place)?;
        let (form, stamp) = (input.form, input.stamp);
        let mut splitter = Splitter::new(input.reader, settings.dialect, settings.max_line);
        let header = Header::read(&mut splitter, settings)?;
        let key = header.wanted(&settings.key, settings)?;
        let mut table = Self {
            header,
            form,
            is_dos: splitter.is_dos(),
            stamp: Some(stamp),
            is_changed: false,
            rows: Vec::new(),
            by_key: HashMap::new(),
            first_bad_line: None,
        };
        loop {
            let row = splitter
                .next_row()
                .map_err(|error| broken(settings, &explain(&error, settings.place.gzip)))?;
            let line = splitter.line();
            let is_bad = match row {
                Row::Good => wrong_count(splitter.n_cells(), &table.header).is_some(),
                Row::StrayText(_) => {
                    return Err(broken(
                        settings,
                        &format!("line {line} has text after a closing quote"),
                    ));
                }
                Row::End => return Ok(table),
                Row::Unclosed => {
                    return Err(broken(
                        settings,
                        &format!("line {line} opens a quote that is never closed"),
                    ));
                }
                Row::TooLong => {
                    return Err(broken(
                        settings,
                        &format!("line {line} is longer than `max_line`"),
                    ));
                }
            };
            let cells: ByteRecord =
                (0..splitter.n_cells()).filter_map(|index| splitter.cell(index)).collect();
            if form.encoding != encoding_rs::UTF_8
                && cells.iter().any(|cell| std::str::from_utf8(cell).is_err())
            {
                let encoding = form.encoding.name();
                return Err(broken(settings, &format!("line {line} is not valid {encoding}")));
            }
            table.push(settings, cells, is_bad, (line, key));
        }
    }

    fn empty(settings: &CsvSettings) -> Self {
        let mut names = vec![settings.key.clone()];
        names.extend(settings.enabled.as_ref().map(|enabled| enabled.column.clone()));
        let is_utf16 =
            [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].contains(&settings.place.encoding);
        Self {
            header: Header { names },
            form: Form { encoding: settings.place.encoding, has_mark: is_utf16 },
            is_dos: false,
            stamp: None,
            is_changed: false,
            rows: Vec::new(),
            by_key: HashMap::new(),
            first_bad_line: None,
        }
    }

    fn push(
        &mut self,
        settings: &CsvSettings,
        cells: ByteRecord,
        is_bad: bool,
        (line, key): (u64, usize),
    ) {
        if is_bad {
            self.first_bad_line = self.first_bad_line.or(Some(line));
        } else if let Some(name) = cells.get(key).and_then(|cell| std::str::from_utf8(cell).ok()) {
            let row = self.rows.len();
            self.by_key
                .entry(settings.formulas.text(Cow::Borrowed(name)).into())
                .and_modify(|place| place.n_rows += 1)
                .or_insert(Place { row, n_rows: 1 });
        }
        self.rows.push(Some(TableRow { cells, is_bad }));
    }

    /// The rows that are left, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &ByteRecord> {
        self.rows.iter().flatten().map(|row| &row.cells)
    }

    /// The object that `object` names, with the values of `fields`.
    pub(crate) fn get(
        &self,
        settings: &CsvSettings,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        let Some(row) = self.find(object)? else { return Ok(None) };
        let plan = Plan::new(&self.header, fields, settings)?;
        let Some(Some(row)) = self.rows.get(row) else { return Ok(None) };
        let cell = |at| Content::Bytes(row.cells.get(at).map(Cow::Borrowed).unwrap_or_default());
        plan.object(settings, &self.header, &cell)
            .map(Some)
            .map_err(|problem| broken(settings, &format!("object `{}`: {problem}", object.name)))
    }

    fn key_of(&self, settings: &CsvSettings, row: usize) -> String {
        let Some(Some(row)) = self.rows.get(row) else { return String::new() };
        let cell = self.header.position(&settings.key).and_then(|key| row.cells.get(key));
        let cell = cell.map(String::from_utf8_lossy).unwrap_or_default();
        settings.formulas.text(cell).into_owned()
    }

    /// The row of `object`: by id, failing that by name.
    fn find(&self, object: &ObjectRef) -> Result<Option<usize>, ConnectorError> {
        let by_id = if object.id.is_empty() { None } else { self.by_key.get(&*object.id) };
        let Some(place) = by_id.or_else(|| self.by_key.get(&*object.name)) else {
            return Ok(None);
        };
        if place.n_rows > 1 {
            return Err(ConnectorError::Invalid(format!(
                "`{}` stands on {} rows; remove all but one of them",
                object.name, place.n_rows
            )));
        }
        Ok(Some(place.row))
    }
}

/// The error for a target that must be repaired by hand before muster writes it.
fn broken(settings: &CsvSettings, problem: &str) -> ConnectorError {
    ConnectorError::Malformed(format!(
        "`{}` is not changed: {problem}; repair the file first",
        settings.place.shown
    ))
}
