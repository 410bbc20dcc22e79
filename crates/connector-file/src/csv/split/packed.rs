//! Rows copied out of a splitter, many in one piece, so that another thread can make objects of them.
//!
//! A text that one thread makes and another frees costs more than splitting the row does.

use super::{Cell, Cells, plain_text};

/// Rows that stand one after the other.
#[derive(Default)]
pub(crate) struct Packed {
    bytes: Vec<u8>,
    cells: Vec<Cell>,
    ends: Vec<End>,
    quote: Option<u8>,
}

/// The line of a row, and where its bytes and its cells end.
struct End {
    line: u64,
    bytes: usize,
    cells: usize,
}

impl Packed {
    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds a row that began on `line`.
    pub(crate) fn push(&mut self, row: Cells<'_>, line: u64) {
        self.bytes.extend_from_slice(row.row);
        self.cells.extend_from_slice(row.places);
        self.ends.push(End { line, bytes: self.bytes.len(), cells: self.cells.len() });
        self.quote = row.quote;
    }

    /// The rows with their lines.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u64, Cells<'_>)> {
        let all = plain_text(&self.bytes);
        let (mut at, mut first) = (0, 0);
        self.ends.iter().map(move |end| {
            let row = self.bytes.get(at..end.bytes).unwrap_or(&[]);
            let text = match all {
                Some(all) => all.get(at..end.bytes),
                None => plain_text(row),
            };
            let places = self.cells.get(first..end.cells).unwrap_or(&[]);
            (at, first) = (end.bytes, end.cells);
            (end.line, Cells { row, text, places, quote: self.quote })
        })
    }
}
