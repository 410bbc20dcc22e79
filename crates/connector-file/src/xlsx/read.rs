//! Reads one sheet of a workbook, cell by cell, after its archive was found to be harmless.
//!
//! Nothing is unpacked to disk, so paths inside the archive lead nowhere. What the archive says about the size of its parts
//! is not believed: they are unpacked and counted first. A sheet's own word about its extent is not used either.

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read as _},
};

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx};

use muster_model::Text;

use super::{Item, SheetFrame, XlsxFormat};
use crate::whole::Content;

/// More parts than any workbook has.
const MOST_PARTS: usize = 10_000;
/// More columns than a sheet can have.
const MOST_COLUMNS: usize = 16_384;

/// Reads the sheet; the error is for a file that cannot be read as a workbook.
pub(super) fn parse(format: &XlsxFormat, bytes: Vec<u8>) -> Result<Content<XlsxFormat>, String> {
    check_archive(&bytes, format.max_unpacked)?;
    let not_a_book = |error: calamine::XlsxError| format!("it is not a workbook (XLSX): {error}");
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(not_a_book)?;
    let names = book.sheet_names();
    let sheet = choose(format, &names)?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(not_a_book)?;
    let header_row = format.header - 1;
    let mut found: Vec<Cell> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(not_a_book)? {
        let place = cell.get_position();
        if place.0 >= header_row
            && let Some(text) = text_of(cell.get_value())
        {
            found.push(Cell { place, text });
        }
    }
    // They come in this order but from strange programs.
    found.sort_by_key(|cell| cell.place);
    let mut rows = found.chunk_by(|one, next| one.place.0 == next.place.0).peekable();
    let header = rows.next_if(|row| row.iter().all(|cell| cell.place.0 == header_row));
    let columns = columns(header.unwrap_or_default(), &sheet, format.header)?;
    let n_others = names.len() - 1;
    let mut content = Content::default();
    for row in rows {
        let line = row.first().map_or(0, |cell| u64::from(cell.place.0) + 1);
        match item(row, &columns) {
            Ok(item) => content.push(item, line),
            Err((problem, item)) => {
                let key = item.values().next().filter(|_| item.len() == 1);
                content.push_bad(line, problem, key.map(|key| &**key));
            }
        }
    }
    content.frame =
        SheetFrame { sheet: Some(sheet), columns: columns.into_values().collect(), n_others };
    Ok(content)
}

/// Unpacks every part into nothing and counts, so that a small file cannot become a large one.
fn check_archive(bytes: &[u8], limit: u64) -> Result<(), String> {
    if bytes.is_empty() {
        return Err("the file is empty; deliver it again".to_owned());
    }
    let broken = |error: zip::result::ZipError| format!("it is not a workbook (XLSX): {error}");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() > MOST_PARTS {
        return Err(format!("it holds {} parts, and a workbook has far fewer", archive.len()));
    }
    let mut left = limit;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(broken)?;
        let n_bytes = io::copy(&mut part.take(left + 1), &mut io::sink())
            .map_err(|error| format!("it is damaged: {error}; fetch it again"))?;
        left = left.checked_sub(n_bytes).ok_or_else(|| {
            format!("it unpacks to more than {limit} bytes; raise `max_unpacked` if that is right")
        })?;
    }
    Ok(())
}

fn choose(format: &XlsxFormat, names: &[String]) -> Result<String, String> {
    let list = || format!("`{}`", names.join("`, `"));
    match (&format.sheet, names) {
        (Some(wanted), _) => {
            let found = names.iter().find(|name| name.as_str() == &**wanted);
            found.cloned().ok_or_else(|| format!("it has no sheet `{wanted}`; it has {}", list()))
        }
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err("it has no sheet".to_owned()),
        (None, _) => Err(format!("it has the sheets {}; choose one with `sheet`", list())),
    }
}

/// A cell that is not empty: its row and column, and its text or what is wrong with it.
struct Cell {
    place: (u32, u32),
    text: Result<Text, String>,
}

/// The names of the columns by their place.
fn columns(header: &[Cell], sheet: &str, row: u32) -> Result<BTreeMap<u32, Text>, String> {
    if header.is_empty() {
        return Err(format!(
            "row {row} of sheet `{sheet}` should hold the names of the columns and is empty; set `header` to their row"
        ));
    }
    if header.len() > MOST_COLUMNS {
        return Err("it has more columns than a sheet can have".to_owned());
    }
    let mut columns: BTreeMap<u32, Text> = BTreeMap::new();
    for Cell { place, text } in header {
        let name = text.clone()?;
        if columns.values().any(|known| *known == name) {
            return Err(format!("two columns are named `{name}`; rename one"));
        }
        columns.insert(place.1, name);
    }
    Ok(columns)
}

/// The cells of a row by column; the error has those before the problem.
fn item(row: &[Cell], columns: &BTreeMap<u32, Text>) -> Result<Item, (String, Item)> {
    let mut item = Item::new();
    for Cell { place: (_, column), text } in row {
        let Some(name) = columns.get(column) else {
            let problem = format!("the cell in column {} stands under no name", letters(*column));
            return Err((problem, item));
        };
        match text {
            Ok(text) => item.insert(name.clone(), text.clone()),
            Err(problem) => return Err((format!("column `{name}` {problem}"), item)),
        };
    }
    Ok(item)
}

/// `A`, `B` … `AA`.
fn letters(place: u32) -> String {
    let mut left = place + 1;
    let mut letters = Vec::new();
    while left > 0 {
        let digit = u8::try_from((left - 1) % 26).unwrap_or(0);
        letters.push(char::from(b'A' + digit));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// A cell as text; nothing for an empty one, an error for one that holds an error.
fn text_of(value: &DataRef<'_>) -> Option<Result<Text, String>> {
    let text: Text = match value {
        DataRef::Empty => return None,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.as_str().into()
        }
        DataRef::SharedString(text) => (*text).into(),
        DataRef::Int(number) => number.to_string().into(),
        DataRef::Float(number) => number.to_string().into(),
        DataRef::Bool(value) => value.to_string().into(),
        DataRef::DateTime(at) => moment(*at).into(),
        DataRef::Error(error) => {
            return Some(Err(format!("holds the error `{error}` of a formula")));
        }
    };
    (!text.is_empty()).then_some(Ok(text))
}

/// A day, an instant, or a time of so many hours.
fn moment(at: ExcelDateTime) -> String {
    if at.is_duration() || at.as_f64() < 1.0 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a number of seconds; the cast keeps within its range"
        )]
        let seconds = (at.as_f64() * 86_400.0).round() as i64;
        let (hours, minutes) = (seconds / 3600, seconds.rem_euclid(3600) / 60);
        return format!("{hours:02}:{minutes:02}:{:02}", seconds.rem_euclid(60));
    }
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) {
        date
    } else {
        format!("{date}T{hour:02}:{minute:02}:{second:02}")
    }
}
