//! The settings of a CSV system, as written and checked.

use std::path::Path;

use muster_connector::SettingReader;
use muster_model::{Capabilities, NameRule, SettingProblem, Settings, Text};

use super::formula::Formulas;
use crate::place::{EnabledColumn, Place, has_extension, read_enabled, read_encoding};

/// How many bytes one row may have unless `max_line` says otherwise.
pub(crate) const DEFAULT_MAX_LINE: u64 = 1 << 20;

/// What `settings:` says, with defaults filled in.
#[derive(Debug, Clone)]
pub(crate) struct CsvSettings {
    /// The file.
    pub(crate) place: Place,
    /// The column that names the object.
    pub(crate) key: Text,
    /// How cells are separated and quoted.
    pub(crate) dialect: Dialect,
    /// The column that says whether an account is enabled.
    pub(crate) enabled: Option<EnabledColumn>,
    /// What separates several values in one cell.
    pub(crate) many: Option<char>,
    /// How many bytes one row may have.
    pub(crate) max_line: usize,
    /// What is done with values that look like formulas.
    pub(crate) formulas: Formulas,
}

/// How cells are separated and quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Stands between cells.
    pub(crate) delimiter: u8,
    /// Stands around cells that hold delimiters or line ends; `None` when cells are never quoted.
    pub(crate) quote: Option<u8>,
}

impl CsvSettings {
    /// Reads the settings; relative paths are relative to `base`.
    pub(crate) fn read(settings: &Settings, base: &Path) -> Result<Self, Vec<SettingProblem>> {
        let mut reader = SettingReader::new(settings);
        let path = reader.required("path");
        let key = reader.required("key");
        let shown = path.clone().unwrap_or_else(|| "".into());
        let delimiter = read_delimiter(&mut reader, &shown);
        let quote = read_quote(&mut reader);
        if quote == Some(delimiter) {
            let message = "settings `quote` and `delimiter` are the same character";
            reader.problem("quote", message, Some("choose another quote".to_owned()));
        }
        let encoding = read_encoding(&mut reader);
        let enabled = reader.map("enabled", read_enabled);
        if let (Some(enabled), Some(key)) = (&enabled, &key)
            && enabled.column == *key
        {
            let message = "setting `enabled.column` names the key column";
            reader.problem("enabled", message, Some("use a column of its own".to_owned()));
        }
        let many = read_many(&mut reader, delimiter, quote);
        let formulas = Formulas::read(&mut reader);
        let max_line = reader.size("max_line").unwrap_or(DEFAULT_MAX_LINE);
        if !(64..=1 << 30).contains(&max_line) {
            let message = "setting `max_line` must be between 64 bytes and 1GiB";
            reader.problem("max_line", message, Some("the default is 1MiB".to_owned()));
        }
        let writable = reader.boolean("writable").unwrap_or(false);
        let problems = reader.finish();
        match (path, key, problems.is_empty()) {
            (Some(path), Some(key), true) => Ok(Self {
                place: Place::new(path, base, encoding, writable),
                key,
                dialect: Dialect { delimiter, quote },
                enabled,
                many,
                formulas,
                max_line: usize::try_from(max_line).unwrap_or(usize::MAX),
            }),
            _ => Err(problems),
        }
    }

    /// What can be done with a file that has these settings.
    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities {
            read: true,
            create: self.place.writable,
            update: self.place.writable,
            rename: self.place.writable,
            enable: self.place.writable && self.enabled.is_some(),
            delete: self.place.writable,
            members: false,
            incremental: false,
            text_only: true,
            names: NameRule::Exact,
            parallel: 1,
        }
    }
}

/// As written (`tab`, `;`), else a tab for `.tsv` and `.tsv.gz` and a comma for everything else.
fn read_delimiter(reader: &mut SettingReader<'_>, path: &str) -> u8 {
    let plain = path.strip_suffix(".gz").unwrap_or(path);
    let by_name = if has_extension(plain, "tsv") { b'\t' } else { b',' };
    let Some(text) = reader.text("delimiter") else { return by_name };
    match (&*text, text.as_bytes()) {
        ("tab" | "\\t", _) => b'\t',
        (_, &[byte]) if is_separator(byte) => byte,
        _ => {
            let message = format!("setting `delimiter` must be one ASCII character, not `{text}`");
            let help = "write for example `;`, `|` or `tab`".to_owned();
            reader.problem("delimiter", message, Some(help));
            by_name
        }
    }
}

fn read_quote(reader: &mut SettingReader<'_>) -> Option<u8> {
    let Some(text) = reader.text("quote") else { return Some(b'"') };
    match (&*text, text.as_bytes()) {
        ("none", _) => None,
        (_, &[byte]) if is_separator(byte) => Some(byte),
        _ => {
            let message = format!("setting `quote` must be one ASCII character, not `{text}`");
            let help = "write for example `'`, or `none` when cells are never quoted".to_owned();
            reader.problem("quote", message, Some(help));
            None
        }
    }
}

/// A byte that stands for itself and can separate: ASCII, but no letter, digit or line end.
fn is_separator(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'\n' | b'\r' | 0)
}

fn read_many(reader: &mut SettingReader<'_>, delimiter: u8, quote: Option<u8>) -> Option<char> {
    let text = reader.text("many")?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(separator), None)
            if separator != '\\'
                && separator != char::from(delimiter)
                && quote.map(char::from) != Some(separator) =>
        {
            Some(separator)
        }
        _ => {
            let message = format!(
                "setting `many` must be one character that is not the delimiter, the quote or `\\`, not `{text}`"
            );
            reader.problem("many", message, Some("write for example `|`".to_owned()));
            None
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
