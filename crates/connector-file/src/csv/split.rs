//! Splits bytes into rows and cells (RFC 4180), exactly and with bounded memory.
//!
//! Written here and not taken from the `csv` crate because a feed must be judged strictly: text after a closing quote, a
//! quote that is never closed, the true line number and the size of a row all matter, and that crate forgives or hides
//! them. It knows nothing of headers, encodings or values. The tests hold it against the `csv` crate row by row.

use std::{
    borrow::Cow,
    io::{self, Read},
};

pub(crate) use self::packed::Packed;
use super::settings::Dialect;

mod packed;

const FIRST_CHUNK: usize = 8 * 1024;
const CHUNK: usize = 256 * 1024;

/// A cell: where it stands in the row's bytes and whether it holds doubled quotes.
#[derive(Debug, Clone, Copy)]
struct Cell {
    start: usize,
    end: usize,
    doubled: bool,
}

/// What stood at the place of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    /// A row; its cells can be read.
    Good,
    /// A row in which this cell (from 1) goes on after its closing quote.
    StrayText(usize),
    /// The file ends inside a quoted cell.
    Unclosed,
    /// The row is longer than allowed.
    TooLong,
    /// There are no more rows.
    End,
}

/// What a cell holds.
pub(crate) enum Content<'a> {
    /// Text without NUL.
    Text(Cow<'a, str>),
    /// Bytes that nobody looked at yet.
    Bytes(Cow<'a, [u8]>),
}

/// The cells of one row.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    row: &'a [u8],
    /// The row as text, where it is text without NUL.
    text: Option<&'a str>,
    places: &'a [Cell],
    quote: Option<u8>,
}

impl<'a> Cells<'a> {
    /// The cell at `index` without its quotes; copied only when quotes in it were doubled.
    pub(crate) fn bytes(&self, index: usize) -> Option<Cow<'a, [u8]>> {
        let cell = self.places.get(index)?;
        let bytes = self.row.get(cell.start..cell.end)?;
        Some(match self.quote {
            Some(quote) if cell.doubled => Cow::Owned(single_quotes(bytes, quote)),
            Some(_) | None => Cow::Borrowed(bytes),
        })
    }

    /// What the cell at `index` holds; the row is checked once and not cell by cell.
    pub(crate) fn content(&self, index: usize) -> Content<'a> {
        let plain = self.places.get(index).filter(|cell| !cell.doubled);
        match self.text.zip(plain).and_then(|(row, cell)| row.get(cell.start..cell.end)) {
            Some(text) => Content::Text(Cow::Borrowed(text)),
            None => Content::Bytes(self.bytes(index).unwrap_or_default()),
        }
    }
}

/// `bytes` as text, where it is text without NUL.
fn plain_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// Yields row after row from a reader.
pub(crate) struct Splitter<R> {
    inner: R,
    dialect: Dialect,
    max_row: usize,
    buffer: Vec<u8>,
    /// Where the unread bytes start and end in `buffer`.
    start: usize,
    end: usize,
    at_eof: bool,
    cells: Vec<Cell>,
    /// Where the current row starts and ends in `buffer`.
    row_start: usize,
    row_end: usize,
    line: u64,
    next_line: u64,
    ended_with_newline: bool,
    is_dos: bool,
}

impl<R: Read> Splitter<R> {
    /// True when the first line ended with `\r\n`.
    pub(crate) fn is_dos(&self) -> bool {
        self.is_dos
    }

    /// Splits what `inner` yields; no row may have more than `max_row` bytes.
    pub(crate) fn new(inner: R, dialect: Dialect, max_row: usize) -> Self {
        Self {
            inner,
            dialect,
            max_row,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            at_eof: false,
            cells: Vec::new(),
            row_start: 0,
            row_end: 0,
            line: 0,
            next_line: 1,
            ended_with_newline: true,
            is_dos: false,
        }
    }

    /// Goes to the next row, passing over empty lines. After `Unclosed`, `TooLong`, `End` or an error there is nothing more.
    pub(crate) fn next_row(&mut self) -> io::Result<Row> {
        loop {
            let unread = self.buffer.get(self.start..self.end).unwrap_or(&[]);
            if unread.is_empty() && self.at_eof {
                self.cells.clear();
                return Ok(Row::End);
            }
            let scanned = scan(unread, self.at_eof, self.dialect, &mut self.cells);
            match scanned {
                Scan::More => {
                    if unread.len() > self.max_row {
                        return Ok(self.stop(Row::TooLong));
                    }
                    self.fill()?;
                }
                Scan::Unclosed => return Ok(self.stop(Row::Unclosed)),
                Scan::Row { used, newline, stray, has_quotes } => {
                    let row = unread.get(..used).unwrap_or(&[]);
                    let n_lines = if has_quotes { count_lines(row) } else { newline.into() };
                    self.is_dos |= self.next_line == 1 && row.ends_with(b"\r\n");
                    let too_long = row.len() > self.max_row;
                    self.row_start = self.start;
                    self.start += used;
                    self.row_end = self.start;
                    self.line = self.next_line;
                    self.next_line += n_lines;
                    self.ended_with_newline = newline;
                    if too_long {
                        self.next_line = self.line;
                        return Ok(self.stop(Row::TooLong));
                    }
                    let empty_line = matches!(
                        self.cells.as_slice(),
                        [Cell { start, end, .. }] if start == end && *start == 0
                    );
                    if empty_line {
                        continue;
                    }
                    return Ok(stray.map_or(Row::Good, Row::StrayText));
                }
            }
        }
    }

    /// How many cells the current row has.
    pub(crate) fn n_cells(&self) -> usize {
        self.cells.len()
    }

    /// The cell at `index` of the current row, as [`Cells::bytes`].
    pub(crate) fn cell(&self, index: usize) -> Option<Cow<'_, [u8]>> {
        let row = self.buffer.get(self.row_start..self.row_end)?;
        Cells { row, text: None, places: &self.cells, quote: self.dialect.quote }.bytes(index)
    }

    /// The cells of the current row.
    pub(crate) fn cells(&self) -> Cells<'_> {
        let row = self.buffer.get(self.row_start..self.row_end).unwrap_or(&[]);
        Cells { row, text: plain_text(row), places: &self.cells, quote: self.dialect.quote }
    }

    /// The line on which the current row starts, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// True when the current row is the last one and the file ends without a line end after it.
    pub(crate) fn is_cut_off(&self) -> bool {
        !self.ended_with_newline
    }

    fn stop(&mut self, row: Row) -> Row {
        self.line = self.next_line;
        self.start = self.end;
        self.at_eof = true;
        self.cells.clear();
        row
    }

    /// Moves the unread bytes to the front and reads more behind them.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        // Room is doubled, so that a long row is scanned few times and a small file costs little; bounded by `max_row`.
        let wanted = (self.buffer.len() * 2).clamp(FIRST_CHUNK, CHUNK).max(self.end * 2);
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        while let Some(free) = self.buffer.get_mut(self.end..) {
            match self.inner.read(free) {
                Ok(0) => {
                    self.at_eof = true;
                    return Ok(());
                }
                Ok(n) => {
                    self.end += n;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

enum Scan {
    /// A row of `used` bytes with its line end.
    Row { used: usize, newline: bool, stray: Option<usize>, has_quotes: bool },
    /// The row does not end within the bytes.
    More,
    /// The input ends inside quotes.
    Unclosed,
}

/// Finds the cells of the first row of `bytes`.
fn scan(bytes: &[u8], at_eof: bool, dialect: Dialect, cells: &mut Vec<Cell>) -> Scan {
    cells.clear();
    let mut at = 0;
    let mut stray = None;
    let mut has_quotes = false;
    loop {
        let cell_end = if dialect.quote.is_some() && bytes.get(at).copied() == dialect.quote {
            has_quotes = true;
            match scan_quoted(bytes, at, at_eof, dialect) {
                Quoted::Cell { cell, next, is_stray } => {
                    cells.push(cell);
                    if is_stray {
                        stray = stray.or(Some(cells.len()));
                    }
                    next
                }
                Quoted::More => return Scan::More,
                Quoted::Unclosed => return Scan::Unclosed,
            }
        } else {
            let Some(end) = find_end(bytes, at, at_eof, dialect) else { return Scan::More };
            cells.push(Cell { start: at, end, doubled: false });
            end
        };
        let ended = |n_bytes| {
            let used = cell_end + n_bytes;
            Scan::Row { used, newline: n_bytes > 0, stray, has_quotes }
        };
        match bytes.get(cell_end) {
            None => return ended(0),
            Some(b'\n') => return ended(1),
            Some(b'\r') => {
                return match bytes.get(cell_end + 1) {
                    Some(b'\n') => ended(2),
                    None if !at_eof => Scan::More,
                    Some(_) | None => ended(1),
                };
            }
            Some(_) => at = cell_end + 1,
        }
    }
}

/// Where the unquoted text that starts at `at` ends: at a delimiter, a line end or the end of the input.
fn find_end(bytes: &[u8], at: usize, at_eof: bool, dialect: Dialect) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let is_end = |byte: &u8| *byte == dialect.delimiter || matches!(byte, b'\n' | b'\r');
    match rest.iter().position(is_end) {
        Some(length) => Some(at + length),
        None => at_eof.then_some(bytes.len()),
    }
}

enum Quoted {
    Cell { cell: Cell, next: usize, is_stray: bool },
    More,
    Unclosed,
}

/// Reads the quoted cell that opens at `at`.
fn scan_quoted(bytes: &[u8], at: usize, at_eof: bool, dialect: Dialect) -> Quoted {
    let start = at + 1;
    let mut from = start;
    let mut doubled = false;
    let close = loop {
        let rest = bytes.get(from..).unwrap_or(&[]);
        let Some(length) = rest.iter().position(|byte| Some(*byte) == dialect.quote) else {
            return if at_eof { Quoted::Unclosed } else { Quoted::More };
        };
        let quote_at = from + length;
        match bytes.get(quote_at + 1) {
            next if next.is_some() && next.copied() == dialect.quote => {
                doubled = true;
                from = quote_at + 2;
            }
            None if !at_eof => return Quoted::More,
            Some(_) | None => break quote_at,
        }
    };
    let Some(next) = find_end(bytes, close + 1, at_eof, dialect) else { return Quoted::More };
    let cell = Cell { start, end: close, doubled };
    Quoted::Cell { cell, next, is_stray: next != close + 1 }
}

/// Each doubled quote as one.
fn single_quotes(bytes: &[u8], quote: u8) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut after_quote = false;
    for byte in bytes {
        after_quote = *byte == quote && !after_quote;
        if !after_quote {
            plain.push(*byte);
        }
    }
    plain
}

/// How many line ends (`\n`, `\r\n` or `\r`) a row has, its own included.
fn count_lines(row: &[u8]) -> u64 {
    let mut n_lines = 0;
    let mut previous = 0;
    for byte in row {
        if *byte == b'\r' || (*byte == b'\n' && previous != b'\r') {
            n_lines += 1;
        }
        previous = *byte;
    }
    n_lines
}

#[cfg(test)]
mod tests;
