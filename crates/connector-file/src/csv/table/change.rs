//! Changes to a target file in memory.
//!
//! Everything is checked before anything is changed, so that a change happens as a whole or not at all.

use csv::ByteRecord;
use muster_connector::ConnectorError;
use muster_model::{Applied, Change, ObjectRef, Text, Value};

use super::{Place, Table, TableRow, broken};
use crate::{cell, csv::settings::CsvSettings, input::encode};

impl Table {
    /// Does one change in memory. Nothing is changed when it fails.
    pub(crate) fn apply(
        &mut self,
        settings: &CsvSettings,
        change: &Change,
    ) -> Result<Applied, ConnectorError> {
        match change {
            Change::Create { object, values, enabled } => {
                let values = values.iter().map(|(name, value)| (name, value));
                self.create(settings, &object.name, values, *enabled)
            }
            Change::Update { object, values } => {
                let values = values.iter().map(|(name, _, new)| (name, new));
                let cells = self.cells(settings, &object.name, values)?;
                let row = self.find(object)?.ok_or_else(|| not_found(object))?;
                self.set(settings, row, &cells)?;
                Ok(Applied::default())
            }
            Change::Rename { object, to } => self.rename(settings, object, to),
            Change::SetEnabled { object, enabled } => {
                let row = self.find(object)?.ok_or_else(|| not_found(object))?;
                let cells = state_cell(settings, Some(*enabled));
                self.set(settings, row, &cells.into_iter().collect::<Vec<_>>())?;
                Ok(Applied::default())
            }
            Change::Delete { object } => {
                if let Some(row) = self.find(object)? {
                    self.delete(settings, row);
                }
                Ok(Applied::default())
            }
            Change::Members { object, .. } => Err(ConnectorError::Invalid(format!(
                "`{}` has no members: a CSV file keeps entitlements in a column of the account",
                object.name
            ))),
        }
    }

    fn create<'v>(
        &mut self,
        settings: &CsvSettings,
        name: &Text,
        values: impl Iterator<Item = (&'v Text, &'v Value)>,
        enabled: Option<bool>,
    ) -> Result<Applied, ConnectorError> {
        if self.by_key.contains_key(&**name) {
            return Err(ConnectorError::AlreadyExists { name: name.clone() });
        }
        self.check_cell(settings, name, &settings.key, name)?;
        if name.is_empty() {
            return Err(ConnectorError::Invalid("an object needs a name".to_owned()));
        }
        let mut cells = vec![(settings.key.clone(), key_cell(settings, name)?)];
        cells.extend(state_cell(settings, enabled));
        cells.extend(self.cells(settings, name, values)?);
        self.check_columns(settings, &cells)?;
        check_length(settings, name, cells.iter().map(|(_, cell)| cell.as_bytes()))?;
        self.add_columns(&cells);
        let mut row: Vec<&str> = vec![""; self.header.names.len()];
        for (column, cell) in &cells {
            if let Some(place) =
                self.header.position(column).and_then(|position| row.get_mut(position))
            {
                *place = cell;
            }
        }
        let place = Place { row: self.rows.len(), n_rows: 1 };
        self.by_key.insert((&**name).into(), place);
        self.rows.push(Some(TableRow { cells: ByteRecord::from(row), is_bad: false }));
        self.is_changed = true;
        Ok(Applied { id: Some(name.clone()), ..Applied::default() })
    }

    fn rename(
        &mut self,
        settings: &CsvSettings,
        object: &ObjectRef,
        to: &Text,
    ) -> Result<Applied, ConnectorError> {
        self.check_cell(settings, to, &settings.key, to)?;
        if to.is_empty() {
            return Err(ConnectorError::Invalid(format!("`{}` needs a name", object.name)));
        }
        let done = Applied { id: Some(to.clone()), ..Applied::default() };
        let taken = self.by_key.contains_key(&**to);
        match self.find(object)? {
            // The name was given already, by this very change done before.
            None if taken => Ok(done),
            None => Err(not_found(object)),
            Some(row) if self.by_key.get(&**to).is_some_and(|place| place.row == row) => Ok(done),
            Some(_) if taken => Err(ConnectorError::AlreadyExists { name: to.clone() }),
            Some(row) => {
                let old = self.key_of(settings, row);
                let cell = key_cell(settings, to)?;
                self.set(settings, row, &[(settings.key.clone(), cell)])?;
                self.by_key.remove(&*old);
                self.by_key.insert((&**to).into(), Place { row, n_rows: 1 });
                Ok(done)
            }
        }
    }

    fn delete(&mut self, settings: &CsvSettings, row: usize) {
        let key = self.key_of(settings, row);
        self.by_key.remove(&*key);
        if let Some(place) = self.rows.get_mut(row) {
            *place = None;
        }
        self.is_changed = true;
    }

    /// The cells for `values`, checked one by one.
    fn cells<'v>(
        &self,
        settings: &CsvSettings,
        object: &Text,
        values: impl Iterator<Item = (&'v Text, &'v Value)>,
    ) -> Result<Vec<(Text, String)>, ConnectorError> {
        let mut cells = Vec::new();
        for (column, value) in values {
            let invalid = |problem: &str| ConnectorError::Invalid(format!("`{object}`: {problem}"));
            let cell = cell::write(value, settings.many)
                .map_err(|problem| invalid(&format!("column `{column}` {problem}")))?;
            if *column == settings.key {
                if cell != **object {
                    return Err(invalid(&format!(
                        "column `{column}` is the key and changes only by a rename"
                    )));
                }
                continue;
            }
            if settings.enabled.as_ref().is_some_and(|enabled| enabled.column == *column) {
                return Err(invalid(&format!(
                    "column `{column}` changes only by enabling and disabling"
                )));
            }
            let cell = settings
                .formulas
                .cell(cell)
                .map_err(|problem| invalid(&format!("column `{column}` {problem}")))?;
            self.check_cell(settings, object, column, &cell)?;
            cells.push((column.clone(), cell));
        }
        Ok(cells)
    }

    /// Refuses what the file cannot hold in its encoding or without quotes.
    fn check_cell(
        &self,
        settings: &CsvSettings,
        object: &str,
        column: &str,
        cell: &str,
    ) -> Result<(), ConnectorError> {
        let invalid = |problem: String| {
            Err(ConnectorError::Invalid(format!("`{object}`: column `{column}` {problem}")))
        };
        if let Err(missing) = encode(cell, self.form.encoding, &mut Vec::new()) {
            return invalid(format!(
                "holds `{missing}`, which {} cannot write; keep the file in UTF-8",
                self.form.encoding.name()
            ));
        }
        let delimiter = char::from(settings.dialect.delimiter);
        if settings.dialect.quote.is_none() && cell.contains(['\r', '\n', delimiter]) {
            return invalid(
                "holds a delimiter or a line end, and `quote: none` forbids to quote it".to_owned(),
            );
        }
        Ok(())
    }

    /// Refuses new columns that the file cannot take.
    fn check_columns(
        &self,
        settings: &CsvSettings,
        cells: &[(Text, String)],
    ) -> Result<(), ConnectorError> {
        for (column, _) in cells {
            if self.header.position(column).is_some() {
                continue;
            }
            if column.is_empty() {
                return Err(ConnectorError::Invalid("a column needs a name".to_owned()));
            }
            self.check_cell(settings, "header", column, column)?;
            if let Some(line) = self.first_bad_line {
                return Err(broken(
                    settings,
                    &format!(
                        "line {line} has a wrong number of cells, so column `{column}` cannot be added"
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Adds the columns that are missing, empty in every row.
    fn add_columns(&mut self, cells: &[(Text, String)]) {
        let n_before = self.header.names.len();
        for (column, _) in cells {
            if self.header.position(column).is_none() {
                self.header.names.push(column.clone());
            }
        }
        let n_new = self.header.names.len() - n_before;
        if n_new > 0 {
            self.is_changed = true;
            for row in self.rows.iter_mut().flatten().filter(|row| !row.is_bad) {
                for _ in 0..n_new {
                    row.cells.push_field(b"");
                }
            }
        }
    }

    /// Writes `cells` into a row; a row that holds them already is not touched.
    fn set(
        &mut self,
        settings: &CsvSettings,
        row: usize,
        cells: &[(Text, String)],
    ) -> Result<(), ConnectorError> {
        self.check_columns(settings, cells)?;
        // Clearing a column that the file does not have changes nothing.
        let cells: Vec<_> = cells
            .iter()
            .filter(|(column, cell)| !cell.is_empty() || self.header.position(column).is_some())
            .cloned()
            .collect();
        let new: Vec<(usize, &str)> = {
            let names = &self.header.names;
            let mut next_new = names.len();
            let place = |column: &Text| self.header.position(column);
            cells
                .iter()
                .map(|(column, cell)| {
                    let position = place(column).unwrap_or_else(|| {
                        next_new += 1;
                        next_new - 1
                    });
                    (position, cell.as_str())
                })
                .collect()
        };
        let Some(Some(present)) = self.rows.get(row) else { return Ok(()) };
        let width = new.iter().map(|(at, _)| at + 1).max().unwrap_or(0).max(present.cells.len());
        let mut row_cells: Vec<&[u8]> = present.cells.iter().collect();
        row_cells.resize(width, b"");
        let mut differs = false;
        for (position, cell) in &new {
            if let Some(place) = row_cells.get_mut(*position) {
                differs |= *place != cell.as_bytes();
                *place = cell.as_bytes();
            }
        }
        if !differs {
            return Ok(());
        }
        let name = self.key_of(settings, row);
        check_length(settings, &name, row_cells.iter().copied())?;
        let record = ByteRecord::from(row_cells);
        self.add_columns(&cells);
        if let Some(Some(place)) = self.rows.get_mut(row) {
            place.cells = record;
        }
        self.is_changed = true;
        Ok(())
    }
}

/// The cell of the key column for a name.
fn key_cell(settings: &CsvSettings, name: &str) -> Result<String, ConnectorError> {
    settings.formulas.cell(name.to_owned()).map_err(|problem| {
        ConnectorError::Invalid(format!("`{name}`: column `{}` {problem}", settings.key))
    })
}

/// The cell of the `enabled` column for a state.
fn state_cell(settings: &CsvSettings, enabled: Option<bool>) -> Option<(Text, String)> {
    let column = settings.enabled.as_ref()?;
    let state = if enabled? { &column.on } else { &column.off };
    Some((column.column.clone(), state.to_string()))
}

/// Refuses a row that could not be read back.
fn check_length<'c>(
    settings: &CsvSettings,
    name: &str,
    cells: impl Iterator<Item = &'c [u8]>,
) -> Result<(), ConnectorError> {
    let quote = settings.dialect.quote;
    let length: usize = cells
        .map(|cell| cell.len() + 3 + cell.iter().filter(|byte| Some(**byte) == quote).count())
        .sum();
    if length > settings.max_line {
        return Err(ConnectorError::Invalid(format!(
            "`{name}`: the row would be longer than {} bytes; raise `max_line`",
            settings.max_line
        )));
    }
    Ok(())
}

fn not_found(object: &ObjectRef) -> ConnectorError {
    ConnectorError::NotFound { name: object.name.clone() }
}
