//! A result of a command, once as data, rendered in every format.

use serde_json::Value as Json;

use super::{Format, Paint, Width, table};

/// A result: a table, a JSON document, and for people a text of its own where a table does not do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    /// The names of the columns, for text tables, CSV and Markdown.
    pub(crate) columns: Vec<String>,
    /// The rows, one cell for each column.
    pub(crate) rows: Vec<Vec<String>>,
    /// The whole result as one document.
    pub(crate) json: Json,
    /// The documents of `jsonl`; without them it is the whole document on one line.
    pub(crate) lines: Option<Vec<Json>>,
    /// The text for people; without it the table.
    pub(crate) text: Option<String>,
    /// The Markdown; without it the table.
    pub(crate) markdown: Option<String>,
    /// What is shown instead of a table without rows.
    pub(crate) empty: &'static str,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
}

impl Report {
    /// A list: each item as a row and as a document; `json` is `{"items": […], "next": …}`.
    pub(crate) fn list(
        columns: &[&str],
        items: impl IntoIterator<Item = (Vec<String>, Json)>,
        next: Option<String>,
    ) -> Self {
        let (rows, lines): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        Self {
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            rows,
            json: muster_app::json::list(&lines, next.as_deref()),
            lines: Some(lines),
            empty: "nothing found",
            next,
            ..Self::default()
        }
    }

    /// One thing: names and values as a table of two columns, and its document.
    pub(crate) fn one(fields: Vec<(&str, String)>, json: Json) -> Self {
        Self {
            columns: vec!["name".to_owned(), "value".to_owned()],
            rows: fields.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect(),
            json,
            ..Self::default()
        }
    }

    /// Sets the text for people.
    #[must_use]
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Sets what is shown when there are no rows.
    #[must_use]
    pub(crate) fn empty(mut self, empty: &'static str) -> Self {
        self.empty = empty;
        self
    }

    /// The result in `format`; always ends with a line end unless it is empty.
    pub(crate) fn render(&self, format: Format, paint: Paint, width: Width) -> String {
        let text = match format {
            Format::Text => match &self.text {
                Some(text) => text.clone(),
                None if self.rows.is_empty() => self.empty.to_owned(),
                None => table::text(&self.columns, &self.rows, paint, width),
            },
            Format::Json => format!("{:#}", self.json),
            Format::Jsonl => match &self.lines {
                Some(lines) => lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
                None => self.json.to_string(),
            },
            Format::Csv => table::csv(&self.columns, &self.rows),
            Format::Md => match &self.markdown {
                Some(markdown) => markdown.clone(),
                None => table::markdown(&self.columns, &self.rows),
            },
        };
        if text.is_empty() || text.ends_with('\n') { text } else { format!("{text}\n") }
    }
}

#[cfg(test)]
mod tests;
