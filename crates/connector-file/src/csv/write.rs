//! The bytes of a CSV file: header and rows, in the form that the file had.

use std::io::{self, Write};

use csv::{ByteRecord, QuoteStyle, Terminator, WriterBuilder};

use super::{settings::CsvSettings, table::Table};
use crate::input::encode;

/// Writes header and rows in the form that the file had.
pub(crate) fn write_rows(
    settings: &CsvSettings,
    table: &Table,
    out: &mut dyn Write,
) -> io::Result<()> {
    let encoding = table.form.encoding;
    let mut bytes = Vec::new();
    if table.form.has_mark && encode("\u{feff}", encoding, &mut bytes).is_ok() {
        out.write_all(&bytes)?;
    }
    let header: ByteRecord = table.header.names.iter().map(|name| name.as_bytes()).collect();
    let mut plain = Vec::new();
    for row in std::iter::once(&header).chain(table.rows()) {
        plain.clear();
        format_row(settings, table, row, &mut plain)?;
        match std::str::from_utf8(&plain) {
            Ok(text) if encoding != encoding_rs::UTF_8 => {
                bytes.clear();
                encode(text, encoding, &mut bytes).map_err(|c| {
                    let message = format!("`{c}` cannot be written in {}", encoding.name());
                    io::Error::new(io::ErrorKind::InvalidData, message)
                })?;
                out.write_all(&bytes)?;
            }
            Ok(_) | Err(_) => out.write_all(&plain)?,
        }
    }
    Ok(())
}

/// One row with its line end, as UTF-8.
fn format_row(
    settings: &CsvSettings,
    table: &Table,
    row: &ByteRecord,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let quote_style =
        if settings.dialect.quote.is_some() { QuoteStyle::Necessary } else { QuoteStyle::Never };
    let terminator = if table.is_dos { Terminator::CRLF } else { Terminator::Any(b'\n') };
    let mut writer = WriterBuilder::new()
        .delimiter(settings.dialect.delimiter)
        .quote(settings.dialect.quote.unwrap_or(b'"'))
        .quote_style(quote_style)
        .terminator(terminator)
        .flexible(true)
        .buffer_capacity(1024)
        .from_writer(out);
    writer.write_byte_record(row)?;
    writer.flush()
}
