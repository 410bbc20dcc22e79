//! Which rows of a column hold three bytes in a row, so that a piece from within a value is found without a look at all of them.
//!
//! Each byte of a value begins such a gram, since two zero bytes follow the value: a piece of one or two bytes is where the
//! grams begin with it, and a piece at the end is one with a zero byte behind it. A gram takes a byte or two for each row.

use super::Pieces;

/// What follows a value.
const END: [u8; 2] = [0, 0];
/// After all grams.
const LAST: u32 = u32::MAX;

/// The grams of a column.
#[derive(Debug)]
pub(super) struct Grams {
    /// Each gram in order, and where its rows start; in the end `LAST` with the end of the rows.
    starts: Vec<(u32, usize)>,
    /// The rows of each gram, rising: by how much each is more than the one before, seven bits a byte, the low ones first.
    rows: Vec<u8>,
}

impl Grams {
    /// The grams of values, which stand in rows from zero on.
    pub(super) fn of<'v>(values: impl Iterator<Item = &'v str>) -> Self {
        let mut found: Vec<(u32, u32)> = Vec::new();
        for (row, value) in (0..).zip(values) {
            let bytes: Vec<u8> = value.bytes().chain(END).collect();
            found.extend(bytes.windows(3).map(|three| (number(three, 0), row)));
        }
        found.sort_unstable();
        found.dedup();
        let (mut starts, mut rows) = (Vec::new(), Vec::new());
        for same in found.chunk_by(|(one, _), (other, _)| one == other) {
            starts.extend(same.first().map(|(gram, _)| (*gram, rows.len())));
            let mut before = 0;
            for (_, row) in same {
                push(&mut rows, row - before);
                before = *row;
            }
        }
        starts.push((LAST, rows.len()));
        starts.shrink_to_fit();
        rows.shrink_to_fit();
        Self { starts, rows }
    }

    /// The memory that it takes.
    #[cfg(test)]
    pub(super) fn n_bytes(&self) -> usize {
        self.rows.len() + size_of_val(self.starts.as_slice())
    }

    /// Rows among which all are that hold these pieces anywhere or at the end, if those are fewer than `others`. One may come
    /// several times.
    pub(super) fn rows(&self, pieces: &Pieces, others: usize) -> Option<impl Iterator<Item = u32>> {
        let last = Some(&pieces.last).filter(|last| !last.is_empty());
        let last = last.map(|last| last.bytes().chain([0]).collect());
        let all = pieces.any.iter().map(|any| any.as_bytes().to_vec()).chain(last);
        let least = all.filter_map(|piece| self.rarest(&piece)).min_by_key(|lists| size(lists))?;
        // A row takes a byte or more.
        (size(least) < others).then(|| {
            least.windows(2).flat_map(|pair| match pair {
                [(_, start), (_, end)] => read(self.rows.get(*start..*end).unwrap_or_default()),
                _ => read(&[]),
            })
        })
    }

    /// The lists of the part of a piece that the fewest rows hold.
    fn rarest(&self, piece: &[u8]) -> Option<&[(u32, usize)]> {
        let parts = piece.windows(piece.len().clamp(1, 3));
        parts.map(|part| self.lists(part)).min_by_key(|lists| size(lists))
    }

    /// Where the rows of all grams start that begin like this, and where those of the last one end.
    fn lists(&self, begin: &[u8]) -> &[(u32, usize)] {
        let from = self.starts.partition_point(|(gram, _)| *gram < number(begin, 0));
        let to = self.starts.partition_point(|(gram, _)| *gram <= number(begin, u8::MAX));
        self.starts.get(from..=to).unwrap_or_default()
    }
}

/// How many bytes the rows of neighbouring grams take.
fn size(lists: &[(u32, usize)]) -> usize {
    match (lists.first(), lists.last()) {
        (Some((_, start)), Some((_, end))) => end - start,
        _ => 0,
    }
}

/// Up to three bytes as a number, filled up with others.
fn number(bytes: &[u8], fill: u8) -> u32 {
    let three = bytes.iter().copied().chain(std::iter::repeat(fill)).take(3);
    three.fold(0, |number, byte| number << 8 | u32::from(byte))
}

fn push(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        let [low, ..] = number.to_le_bytes();
        bytes.push(low | 0x80);
        number >>= 7;
    }
    let [low, ..] = number.to_le_bytes();
    bytes.push(low);
}

/// The rows that a list holds.
fn read(list: &[u8]) -> impl Iterator<Item = u32> {
    let mut row = 0;
    let (mut more, mut shift) = (0, 0);
    list.iter().filter_map(move |byte| {
        more |= u32::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 != 0 {
            return None;
        }
        row += more;
        (more, shift) = (0, 0);
        Some(row)
    })
}
