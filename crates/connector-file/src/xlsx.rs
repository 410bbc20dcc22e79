//! Workbooks (XLSX): one sheet with a header row as a source and as a target.
//!
//! Every value is text: whole numbers without a fraction, days as `2026-01-31`, instants as `2026-01-31T08:00:00`. What is
//! written is text too, never a formula, so that nothing that a person typed somewhere is run on somebody's desk. A workbook
//! is written as a whole: formats are lost, and one with more than one sheet is not written at all.

mod read;

use std::collections::{BTreeMap, BTreeSet};

use encoding_rs::Encoding;
use muster_connector::{ConnectorError, SettingReader};
use muster_model::{NameRule, Text, Value};
use rust_xlsxwriter::Workbook;

use crate::{
    cell,
    place::Place,
    whole::{Content, Format},
};

/// The most characters that a cell can hold.
const LONGEST_CELL: usize = 32_767;

/// What is special about a workbook.
#[derive(Debug, Clone)]
pub(crate) struct XlsxFormat {
    /// The sheet; the only one when it is not named.
    pub(crate) sheet: Option<Text>,
    /// The row with the names of the columns, from 1.
    pub(crate) header: u32,
    /// What separates several values in a cell.
    many: Option<char>,
    /// The largest content in bytes, unpacked.
    pub(crate) max_unpacked: u64,
}

/// What stands around the rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct SheetFrame {
    /// The sheet's name.
    pub(crate) sheet: Option<String>,
    /// The columns in order.
    pub(crate) columns: Vec<Text>,
    /// How many sheets there are besides.
    pub(crate) n_others: usize,
}

/// The cells of a row by column; empty ones are not there.
type Item = BTreeMap<Text, Text>;

impl Format for XlsxFormat {
    type Item = Item;
    type Frame = SheetFrame;

    const NAMES: NameRule = NameRule::Exact;
    const HAS_MEMBERS: bool = false;
    const KEY_IS_ATTRIBUTE: bool = true;

    fn read_settings(reader: &mut SettingReader<'_>) -> Self {
        let sheet = reader.text("sheet");
        let header = reader.number("header", 1..=1_000).unwrap_or(1);
        let max_unpacked = reader.size("max_unpacked").unwrap_or(256 << 20);
        let many = reader.text("many").and_then(|text| {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(separator), None) if separator != '\\' => Some(separator),
                _ => {
                    let message = format!(
                        "setting `many` must be one character that is not `\\`, not `{text}`"
                    );
                    reader.problem("many", message, Some("write for example `|`".to_owned()));
                    None
                }
            }
        });
        Self { sheet, header: u32::try_from(header).unwrap_or(1), many, max_unpacked }
    }

    fn read_encoding(_reader: &mut SettingReader<'_>) -> &'static Encoding {
        encoding_rs::UTF_8
    }

    fn parse(&self, place: &Place, bytes: Vec<u8>) -> Result<Content<Self>, ConnectorError> {
        read::parse(self, bytes)
            .map_err(|problem| ConnectorError::Malformed(format!("`{}`: {problem}", place.shown)))
    }

    fn render(&self, content: &Content<Self>) -> Result<Vec<u8>, String> {
        let SheetFrame { sheet, columns, n_others } = &content.frame;
        if *n_others > 0 {
            return Err(format!(
                "it has {n_others} more sheets, which would be lost; use a workbook with one sheet"
            ));
        }
        let failed = |error: rust_xlsxwriter::XlsxError| error.to_string();
        let mut book = Workbook::new();
        let page = book.add_worksheet();
        let name = sheet.as_deref().or(self.sheet.as_deref()).unwrap_or("Sheet1");
        page.set_name(name).map_err(failed)?;
        let mut all: Vec<&Text> = columns.iter().collect();
        let more: BTreeSet<&Text> = content
            .items()
            .flat_map(|item| item.keys())
            .filter(|name| !columns.contains(name))
            .collect();
        all.extend(more);
        let header = self.header - 1;
        let mut write = |row: u32, column: usize, text: &str| {
            let column = u16::try_from(column).map_err(|_| "it has too many columns".to_owned())?;
            // Text and nothing else, also when it begins with `=`.
            page.write_string(row, column, text).map(|_| ()).map_err(failed)
        };
        for (column, name) in all.iter().enumerate() {
            write(header, column, name)?;
        }
        for (row, item) in (header + 1..).zip(content.items()) {
            for (column, name) in all.iter().enumerate() {
                if let Some(text) = item.get(*name) {
                    write(row, column, text)?;
                }
            }
        }
        book.save_to_buffer().map_err(failed)
    }

    fn create(&self, _class: &str, key: &str, name: &str) -> Result<Self::Item, String> {
        let mut item = Self::Item::new();
        self.rename(&mut item, key, name)?;
        Ok(item)
    }

    fn name(&self, item: &Self::Item, key: &str) -> Text {
        item.get(key).cloned().unwrap_or_default()
    }

    fn rename(&self, item: &mut Self::Item, key: &str, to: &str) -> Result<(), String> {
        check_text(to)?;
        item.insert(key.into(), to.into());
        Ok(())
    }

    fn is_of(&self, _item: &Self::Item, _class: &str) -> bool {
        true
    }

    fn get(&self, item: &Self::Item, name: &str, many: bool) -> Result<Value, String> {
        Ok(match item.get(name) {
            None => Value::Null,
            Some(cell) if many => cell::several(cell, self.many),
            // Empty cells are not kept.
            Some(cell) => Value::Text(cell.clone()),
        })
    }

    fn set(&self, item: &mut Self::Item, name: &str, value: &Value) -> Result<(), String> {
        check_text(name)?;
        let text = cell::write(value, self.many)?;
        check_text(&text)?;
        if text.is_empty() {
            item.remove(name);
        } else {
            item.insert(name.into(), text.into());
        }
        Ok(())
    }

    fn classes(&self, content: &Content<Self>) -> Vec<(Text, Vec<Text>)> {
        vec![("".into(), content.frame.columns.clone())]
    }

    fn place_of(line: u64) -> String {
        format!("row {line}")
    }
}

/// Refuses what a cell cannot hold.
fn check_text(text: &str) -> Result<(), String> {
    if text.encode_utf16().count() > LONGEST_CELL {
        return Err(format!("is longer than the {LONGEST_CELL} characters that a cell can hold"));
    }
    let is_bad =
        |c: char| (c < ' ' && !matches!(c, '\t' | '\n')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    if let Some(bad) = text.chars().find(|c| is_bad(*c)) {
        return Err(format!(
            "holds the character U+{:04X}, which a cell cannot hold",
            u32::from(bad)
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
