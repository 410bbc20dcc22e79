//! Files of a report, written row by row while it is read: no file is twice in memory.

mod csv;
mod font;
mod json;
mod pdf;
mod xlsx;

use std::{io::Write, str::FromStr};

use muster_app::Error;

use crate::{Cell, ChartWords, Head, Reader, table::spaced};

/// Rows that are read together.
const STEP: usize = 1000;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180), the rows alone.
    Csv,
    /// One document: what it was made of, and the rows as `items`.
    Json,
    /// A document for each row.
    Jsonl,
    /// A workbook.
    Xlsx,
    /// Pages to print.
    Pdf,
    /// The picture alone.
    Svg,
}

impl Format {
    /// Every form.
    pub const ALL: [Self; 6] =
        [Self::Csv, Self::Json, Self::Jsonl, Self::Xlsx, Self::Pdf, Self::Svg];

    /// The end of a file's name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Xlsx => "xlsx",
            Self::Pdf => "pdf",
            Self::Svg => "svg",
        }
    }

    /// The media type.
    pub const fn media(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
            Self::Jsonl => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pdf => "application/pdf",
            Self::Svg => "image/svg+xml",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.word() == text).ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.iter().map(|format| format.word()).collect();
            format!("the formats are: {}", words.join(", "))
        })
    }
}

/// What takes rows and makes a file of them.
trait Sheet {
    fn row(&mut self, head: &Head, row: &[Cell], out: &mut dyn Write) -> Result<(), Error>;

    fn end(self: Box<Self>, head: &Head, out: &mut dyn Write) -> Result<(), Error>;
}

/// Writes a whole report; `told` is given the rows that are there after each step. Returns how many there are.
///
/// # Errors
///
/// When the repository cannot be read or the file not be written, and `Invalid` where a PDF would have too many pages or a picture
/// has nothing to show.
pub async fn write_report(
    reader: &mut Reader,
    format: Format,
    out: &mut (dyn Write + Send),
    mut told: impl FnMut(u64),
) -> Result<u64, Error> {
    let head = reader.head().clone();
    if format == Format::Svg {
        let picture = chart_svg(&head).ok_or_else(|| {
            Error::invalid(format!("the report `{}` has nothing to draw now", head.report.name))
        })?;
        out.write_all(picture.as_bytes()).map_err(unwritten)?;
        return Ok(0);
    }
    let mut sheet: Box<dyn Sheet> = match format {
        Format::Csv => Box::new(csv::Csv::begin(&head, out)?),
        Format::Json => Box::new(json::Document::begin(&head, out)?),
        Format::Jsonl | Format::Svg => Box::new(json::Lines),
        Format::Xlsx => Box::new(xlsx::Workbook::begin(&head)?),
        Format::Pdf => Box::new(pdf::Paper::begin(&head)?),
    };
    let (mut after, mut n) = (None, 0);
    loop {
        let part = reader.rows(after, STEP).await?;
        for row in &part.rows {
            sheet.row(&head, row, out)?;
        }
        n += part.rows.len() as u64;
        told(n);
        after = part.next;
        if after.is_none() {
            break;
        }
    }
    sheet.end(&head, out)?;
    Ok(n)
}

/// The picture of a report, in English; `None` where there is nothing to show.
pub fn chart_svg(head: &Head) -> Option<String> {
    let chart = head.chart.as_ref()?;
    let (title, part) = (format!("{}: {}", head.report.title, spaced(chart.measure)), chart.part);
    Some(chart.svg(ChartWords { title: &title, part, others: "others" }))
}

fn unwritten(error: std::io::Error) -> Error {
    Error::new(muster_app::Kind::Unavailable, "the file cannot be written").caused_by(error)
}
