//! The first row of a file: the names of its columns.

use std::io::Read;

use muster_connector::{ConnectorError, closest};
use muster_model::Text;

use super::{
    settings::CsvSettings,
    split::{Row, Splitter},
};
use crate::input::explain;

/// What to do about NUL characters in a file that is read as text.
pub(crate) const UTF16_HINT: &str =
    "a file that is UTF-16 without a mark needs `encoding: utf-16le`, any other one is damaged";

/// The columns of a file in order; no name is empty and none stands twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// The names exactly as written.
    pub(crate) names: Vec<Text>,
}

impl Header {
    /// Reads the first row.
    pub(crate) fn read<R: Read>(
        splitter: &mut Splitter<R>,
        settings: &CsvSettings,
    ) -> Result<Self, ConnectorError> {
        let malformed = |problem: String| {
            ConnectorError::Malformed(format!("`{}`: {problem}", settings.place.shown))
        };
        let row =
            splitter.next_row().map_err(|error| malformed(explain(&error, settings.place.gzip)))?;
        usable(&row, settings).map_err(malformed)?;
        let mut names: Vec<Text> = Vec::with_capacity(splitter.n_cells());
        for index in 0..splitter.n_cells() {
            let bytes = splitter.cell(index).unwrap_or_default();
            names.push(name(&bytes, &names, settings).map_err(malformed)?);
        }
        Ok(Self { names })
    }

    /// The position of the column `name`.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| &**known == name)
    }

    /// The position of the column `name`, or an error that names the file, its columns and the likeliest one.
    pub(crate) fn wanted(
        &self,
        name: &str,
        settings: &CsvSettings,
    ) -> Result<usize, ConnectorError> {
        self.position(name).ok_or_else(|| {
            let known = self.names.join("`, `");
            let near = closest(name, self.names.iter().map(|known| &**known))
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let delimiter = self.wrong_delimiter(settings).unwrap_or_default();
            ConnectorError::Malformed(format!(
                "`{}` has no column `{name}`; it has `{known}`{near}{delimiter}",
                settings.place.shown
            ))
        })
    }

    /// A hint when the header is a single column that holds other usual delimiters.
    fn wrong_delimiter(&self, settings: &CsvSettings) -> Option<String> {
        let [only] = self.names.as_slice() else { return None };
        let used = char::from(settings.dialect.delimiter);
        [(';', ";"), (',', ","), ('\t', "tab"), ('|', "|")]
            .into_iter()
            .find(|(c, _)| *c != used && only.contains(*c))
            .map(|(_, name)| {
                format!("; it looks as if the setting should be `delimiter: \"{name}\"`")
            })
    }
}

/// Refuses a first row that is no header.
fn usable(row: &Row, settings: &CsvSettings) -> Result<(), String> {
    match row {
        Row::Good => Ok(()),
        Row::End => Err(
            "the file is empty: not even a header; deliver it again, or write the line with the column names"
                .to_owned(),
        ),
        Row::StrayText(column) => Err(format!(
            "column {column} of the header has text after its closing quote; write a quote inside quotes twice"
        )),
        Row::Unclosed => Err("a quote in the header is opened and never closed".to_owned()),
        Row::TooLong => Err(format!(
            "the header is longer than {} bytes; check `path`, or raise `max_line`",
            settings.max_line
        )),
    }
}

/// The name of the column that comes after those with `names`.
fn name(bytes: &[u8], names: &[Text], settings: &CsvSettings) -> Result<Text, String> {
    let position = names.len() + 1;
    let Ok(name) = std::str::from_utf8(bytes) else {
        return Err(format!(
            "the name of column {position} is not valid {}; set `encoding`, for example to `windows-1252`",
            settings.place.encoding.name()
        ));
    };
    if name.contains('\0') {
        return Err(format!("the name of column {position} holds a NUL character; {UTF16_HINT}"));
    }
    if name.is_empty() {
        return Err(format!(
            "column {position} has no name; give every column of the header a name"
        ));
    }
    match names.iter().position(|known| &**known == name) {
        Some(first) => {
            Err(format!("columns {} and {position} are both named `{name}`; rename one", first + 1))
        }
        None => Ok(name.into()),
    }
}
