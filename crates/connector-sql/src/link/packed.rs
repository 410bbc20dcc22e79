//! The rows of a page in few allocations.
//!
//! A text of its own for each cell would lie about until an object is made of it, long out of the processor's cache, and
//! what one thread allocates is dear for another to free. So texts stand one after the other until then.

use crate::cell::Cell;

/// Rows with texts that stand one after the other.
#[derive(Debug)]
pub(crate) struct Packed {
    /// Cells in a row.
    width: usize,
    slots: Vec<Slot>,
    texts: String,
}

/// A cell; of a text, where it ends.
#[derive(Debug)]
enum Slot {
    Text(usize),
    Cell(Cell),
}

impl Packed {
    /// No rows yet, of so many cells each; `n_rows` are expected.
    pub(super) fn new(width: usize, n_rows: usize) -> Self {
        Self { width, slots: Vec::with_capacity(width * n_rows), texts: String::new() }
    }

    /// Adds a cell that is a text.
    pub(super) fn push_text(&mut self, text: &str) {
        self.texts.push_str(text);
        self.slots.push(Slot::Text(self.texts.len()));
    }

    /// Adds any other cell.
    pub(super) fn push(&mut self, cell: Cell) {
        self.slots.push(Slot::Cell(cell));
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len().checked_div(self.width).unwrap_or(0)
    }

    /// The cells of the last row.
    pub(super) fn last(&self) -> Option<Vec<Cell>> {
        let (before, row) = self.slots.split_at(self.slots.len().checked_sub(self.width)?);
        let end = |slot: &Slot| match slot {
            Slot::Text(end) => Some(*end),
            Slot::Cell(_) => None,
        };
        let mut start = before.iter().rev().find_map(end).unwrap_or(0);
        let cell = |slot: &Slot| match slot {
            Slot::Text(end) => text(&self.texts, &mut start, *end),
            Slot::Cell(cell) => cell.clone(),
        };
        Some(row.iter().map(cell).collect())
    }

    /// The cells of each row.
    pub(super) fn rows(self) -> impl Iterator<Item = Vec<Cell>> {
        let Self { width, slots, texts } = self;
        let (mut slots, mut start) = (slots.into_iter(), 0);
        std::iter::from_fn(move || {
            let mut row = Vec::with_capacity(width);
            row.extend(slots.by_ref().take(width).map(|slot| match slot {
                Slot::Text(end) => text(&texts, &mut start, end),
                Slot::Cell(cell) => cell,
            }));
            (!row.is_empty()).then_some(row)
        })
    }
}

/// The text from `start` to `end`, where the next one starts.
fn text(texts: &str, start: &mut usize, end: usize) -> Cell {
    let text = texts.get(*start..end).unwrap_or("");
    *start = end;
    Cell::Text(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_as_they_went_in_and_the_last_one_alone() {
        let mut packed = Packed::new(3, 2);
        for row in 0..3_i64 {
            packed.push_text(&format!("text {row}"));
            packed.push(if row == 1 { Cell::Null } else { Cell::Int(row) });
            packed.push_text("");
        }
        let row = |row: i64| {
            let number = if row == 1 { Cell::Null } else { Cell::Int(row) };
            vec![Cell::Text(format!("text {row}").into()), number, Cell::Text("".into())]
        };
        assert_eq!((packed.len(), packed.last()), (3, Some(row(2))));
        assert_eq!(packed.rows().collect::<Vec<_>>(), [row(0), row(1), row(2)]);
        let nothing = Packed::new(3, 2);
        assert_eq!((nothing.len(), nothing.last()), (0, None));
    }
}
