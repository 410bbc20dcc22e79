//! Workbooks: the rows, and a sheet that says what they were made of. Rows go to a file beside, not into memory; texts are texts, never formulas.

use std::io::Write;

use muster_app::Error;
use muster_model::Language;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook as Book, Worksheet, XlsxError};

use super::{Sheet, unwritten};
use crate::{
    Cell, Head, Kind,
    plain::{cut, seen},
    words::{head_word, spoken},
};

/// Rows of a sheet at most, with the names of the columns.
const ROWS: u32 = 1_048_576;
/// Units of UTF-16 of a cell at most.
const LONGEST: usize = 32_767;

pub(super) struct Workbook {
    book: Book,
    /// The rows of the last sheet.
    row: u32,
    sheets: usize,
    date: Format,
}

impl Workbook {
    pub(super) fn begin(head: &Head) -> Result<Self, Error> {
        let date = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        let mut made = Self { book: Book::new(), row: 0, sheets: 0, date };
        made.sheet(head).map_err(failed)?;
        Ok(made)
    }

    /// Begins a sheet with the names of the columns.
    fn sheet(&mut self, head: &Head) -> Result<(), XlsxError> {
        self.sheets += 1;
        let name = match self.sheets {
            1 => head.report.name.to_owned(),
            n => format!("{} {n}", head.report.name),
        };
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        let bold = Format::new().set_bold();
        for (place, column) in (0_u16..).zip(head.report.columns) {
            let width = match column.kind {
                Kind::Text => 28,
                Kind::Instant => 20,
                Kind::Number | Kind::Seconds | Kind::Percent | Kind::Flag => 14,
            };
            sheet.set_column_width(place, width)?;
        }
        for (place, column) in (0_u16..).zip(head.report.columns) {
            sheet.write_string_with_format(
                0,
                place,
                head_word(head.language, column.name),
                &bold,
            )?;
        }
        self.row = 1;
        Ok(())
    }

    fn about(&mut self, head: &Head) -> Result<(), XlsxError> {
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        let word = |text| spoken(head.language, text).to_owned();
        sheet.set_name(word("about"))?;
        sheet.set_column_width(0, 28)?;
        sheet.set_column_width(1, 60)?;
        let title = (word("report"), word(head.report.title));
        let about = (word("about"), word(head.report.about));
        for (row, (name, value)) in (0_u32..).zip([title, about].into_iter().chain(head.lines())) {
            sheet.write_string(row, 0, name)?;
            sheet.write_string(row, 1, text(&value))?;
        }
        Ok(())
    }
}

impl Sheet for Workbook {
    fn row(&mut self, head: &Head, row: &[Cell], _: &mut dyn Write) -> Result<(), Error> {
        if self.row >= ROWS {
            self.sheet(head).map_err(failed)?;
        }
        let place = self.sheets - 1;
        let sheet = self.book.worksheet_from_index(place).map_err(failed)?;
        for (column, cell) in (0_u16..).zip(row) {
            let place = (self.row, column);
            write(sheet, place, (cell, head.language), &self.date).map_err(failed)?;
        }
        self.row += 1;
        Ok(())
    }

    fn end(mut self: Box<Self>, head: &Head, out: &mut dyn Write) -> Result<(), Error> {
        self.about(head).map_err(failed)?;
        let bytes = self.book.save_to_buffer().map_err(failed)?;
        out.write_all(&bytes).map_err(unwritten)
    }
}

fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    (cell, language): (&Cell, Language),
    date: &Format,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Nothing => {}
        Cell::Text(_) | Cell::Said(..) => {
            sheet.write_string(row, column, text(&cell.shown(language)))?;
        }
        Cell::Number(_) | Cell::Seconds(_) => {
            sheet.write_number(row, column, cell.number().unwrap_or_default())?;
        }
        Cell::Instant(at) => {
            let at = ExcelDateTime::from_timestamp(at.as_second())?;
            sheet.write_datetime_with_format(row, column, at, date)?;
        }
        Cell::Flag(flag) => drop(sheet.write_boolean(row, column, *flag)?),
    }
    Ok(())
}

fn text(words: &str) -> String {
    cut(&seen(words), LONGEST).into_owned()
}

fn failed(error: XlsxError) -> Error {
    Error::new(muster_app::Kind::Unavailable, "the workbook cannot be written").caused_by(error)
}
