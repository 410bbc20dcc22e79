//! Files of a report, written row by row while it is read: no file is twice in memory.

mod csv;
mod font;
mod json;
mod pdf;
mod xlsx;

use std::{io::Write, str::FromStr};

use muster_app::Error;

use crate::{
    Cell, ChartWords, Head, Reader, head_word,
    words::{said, spoken},
};

/// Rows that are read together.
const STEP: usize = 1000;
/// Bytes of a file that is made in memory, at most.
const MOST: usize = 100 << 20;

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

/// A whole report as a file that is sent to somebody, and so is made in memory.
///
/// # Errors
///
/// As [`write_report`], and `Invalid` when it is larger than 100 MiB.
pub async fn report_file(reader: &mut Reader, format: Format) -> Result<Vec<u8>, Error> {
    let mut file = Short { bytes: Vec::new(), is_full: false };
    match write_report(reader, format, &mut file, |_| {}).await {
        Ok(_) => Ok(file.bytes),
        Err(_) if file.is_full => Err(too_large(reader.head().report.name, format)),
        Err(error) => Err(error),
    }
}

fn too_large(report: &str, format: Format) -> Error {
    let mib = MOST / (1 << 20);
    let message = format!("the report `{report}` is larger than {mib} MiB as {}", format.word());
    Error::invalid(message).hint(format!(
        "narrow it by its filters, or write it on the machine of the project: muster report {report} --to {report}.{}",
        format.word()
    ))
}

/// A file in memory that takes so much and no more.
struct Short {
    bytes: Vec<u8>,
    is_full: bool,
}

impl Write for Short {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.is_full |= self.bytes.len() + bytes.len() > MOST;
        if self.is_full {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The picture of a report; `None` where there is nothing to show.
pub fn chart_svg(head: &Head) -> Option<String> {
    let (chart, language) = (head.chart.as_ref()?, head.language);
    let measure = head_word(language, chart.measure);
    let title = said(language, "{}: {}", &[head.report.title_in(language), measure]);
    let part = chart.part.map(|part| head_word(language, part));
    Some(chart.svg(ChartWords { title: &title, part, others: spoken(language, "others") }))
}

fn unwritten(error: std::io::Error) -> Error {
    Error::new(muster_app::Kind::Unavailable, "the file cannot be written").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_memory_takes_so_much_and_what_is_more_says_where_it_can_be_made() {
        let mut file = Short { bytes: Vec::new(), is_full: false };
        file.write_all(b"person,role\n").unwrap();
        assert!(!file.is_full);
        let error = file.write_all(&vec![0; MOST]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
        assert!(file.is_full && file.bytes.len() == 12);
        let told = too_large("access", Format::Csv);
        assert_eq!(told.to_string(), "the report `access` is larger than 100 MiB as csv");
        assert!(told.hints()[0].ends_with("muster report access --to access.csv"));
    }
}
