//! Comma-separated values (RFC 4180). No cell is run as a formula by a spreadsheet program.

use std::io::Write;

use muster_app::Error;
use muster_model::Language;

use super::{Sheet, unwritten};
use crate::{Cell, Column, Head, head_word, plain::harmless};

pub(super) struct Csv;

impl Csv {
    pub(super) fn begin(head: &Head, out: &mut dyn Write) -> Result<Self, Error> {
        // Programs read the English names.
        let name = |column: &Column| match head.language {
            Language::English => column.name,
            Language::German => head_word(head.language, column.name),
        };
        record(head.report.columns.iter().map(|column| name(column).as_bytes()), out)?;
        Ok(Self)
    }
}

impl Sheet for Csv {
    fn row(&mut self, head: &Head, row: &[Cell], out: &mut dyn Write) -> Result<(), Error> {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| match cell {
                Cell::Text(_) | Cell::Said(..) => harmless(&cell.shown(head.language)).into_owned(),
                Cell::Nothing
                | Cell::Number(_)
                | Cell::Seconds(_)
                | Cell::Instant(_)
                | Cell::Flag(_) => cell.shown(head.language).into_owned(),
            })
            .collect();
        record(cells.iter().map(String::as_bytes), out)
    }

    fn end(self: Box<Self>, _: &Head, _: &mut dyn Write) -> Result<(), Error> {
        Ok(())
    }
}

fn record<'a>(cells: impl Iterator<Item = &'a [u8]>, out: &mut dyn Write) -> Result<(), Error> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let failed = |_| Error::bug("a line of values cannot be put together");
    writer.write_record(cells).map_err(failed)?;
    let line = writer.into_inner().map_err(|_| Error::bug("a line of values cannot be ended"))?;
    out.write_all(&line).map_err(unwritten)
}
