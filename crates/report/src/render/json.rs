//! JSON: the whole as one document, or a document for each row.

use std::io::Write;

use muster_app::Error;
use serde_json::Value as Json;

use super::{Sheet, unwritten};
use crate::{Cell, Head};

/// One document, with the rows as `items`.
pub(super) struct Document {
    is_first: bool,
}

/// A document for each row.
pub(super) struct Lines;

impl Document {
    pub(super) fn begin(head: &Head, out: &mut dyn Write) -> Result<Self, Error> {
        let text = Json::Object(head.json()).to_string();
        let open = text.strip_suffix('}').unwrap_or(&text);
        write!(out, "{open},\"items\":[").map_err(unwritten)?;
        Ok(Self { is_first: true })
    }
}

impl Sheet for Document {
    fn row(&mut self, head: &Head, row: &[Cell], out: &mut dyn Write) -> Result<(), Error> {
        let end = if self.is_first { "\n" } else { ",\n" };
        self.is_first = false;
        write!(out, "{end}{}", head.row_json(row)).map_err(unwritten)
    }

    fn end(self: Box<Self>, _: &Head, out: &mut dyn Write) -> Result<(), Error> {
        writeln!(out, "]}}").map_err(unwritten)
    }
}

impl Sheet for Lines {
    fn row(&mut self, head: &Head, row: &[Cell], out: &mut dyn Write) -> Result<(), Error> {
        writeln!(out, "{}", head.row_json(row)).map_err(unwritten)
    }

    fn end(self: Box<Self>, _: &Head, _: &mut dyn Write) -> Result<(), Error> {
        Ok(())
    }
}
