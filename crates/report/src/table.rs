//! What a report is made of: cells, totals, and where and when it was made.

use std::borrow::Cow;

use jiff::Timestamp;
use muster_model::{Language, Text};
use serde_json::{Map, Value as Json, json};

use crate::{
    Chart, Report,
    words::{head_word, known, said, spoken},
};

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing is known, or there is nothing.
    Nothing,
    /// Words that others wrote.
    Text(Text),
    /// Fixed words of a language; each `{}` in them is a cell of these.
    Said(&'static str, Vec<Self>),
    /// A count, a share of a hundred, or a time in whole seconds.
    Number(i64),
    /// A time in seconds, counted in thousandths.
    Seconds(i64),
    /// A moment.
    Instant(Timestamp),
    /// Yes or no.
    Flag(bool),
}

/// The cells of a row, one for each column.
pub type Row = Vec<Cell>;

/// A number about the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// What is counted.
    pub name: &'static str,
    /// How much.
    pub value: i64,
}

/// What stands above the rows.
#[derive(Debug, Clone)]
pub struct Head {
    /// Which report.
    pub report: &'static Report,
    /// The language of its fixed words.
    pub language: Language,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: Text,
    /// The revision of the model that it was made with.
    pub revision: i64,
    /// What narrowed it: name and value.
    pub filter: Vec<(&'static str, String)>,
    /// Numbers about the whole.
    pub totals: Vec<Total>,
    /// The whole as a picture.
    pub chart: Option<Chart>,
}

/// Some rows, and where the next ones begin.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// The rows.
    pub rows: Vec<Row>,
    /// The place to go on after.
    pub next: Option<i64>,
}

impl Cell {
    /// As text, for files and terminals.
    pub fn shown(&self, language: Language) -> Cow<'_, str> {
        match self {
            Self::Nothing => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Said(text, with) if with.is_empty() => Cow::Borrowed(spoken(language, text)),
            Self::Said(text, with) => {
                let with: Vec<Cow<'_, str>> = with.iter().map(|of| of.shown(language)).collect();
                let with: Vec<&str> = with.iter().map(AsRef::as_ref).collect();
                Cow::Owned(said(language, text, &with))
            }
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Seconds(_) => Cow::Owned(format!("{:.3}", self.number().unwrap_or_default())),
            Self::Instant(at) => Cow::Owned(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            Self::Flag(true) => Cow::Borrowed(spoken(language, "yes")),
            Self::Flag(false) => Cow::Borrowed(spoken(language, "no")),
        }
    }

    /// As JSON.
    pub fn json(&self) -> Json {
        match self {
            Self::Nothing => Json::Null,
            Self::Text(text) => json!(&**text),
            Self::Said(..) => json!(self.shown(Language::English)),
            Self::Number(number) => json!(number),
            Self::Seconds(_) => json!(self.number()),
            Self::Instant(at) => json!(at.to_string()),
            Self::Flag(flag) => json!(flag),
        }
    }

    /// As a number, where it is one.
    #[expect(clippy::cast_precision_loss, reason = "a workbook has no other numbers")]
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number as f64),
            Self::Seconds(thousandths) => Some(*thousandths as f64 / 1000.0),
            Self::Nothing | Self::Text(_) | Self::Said(..) | Self::Instant(_) | Self::Flag(_) => {
                None
            }
        }
    }

    /// Fixed words.
    pub(crate) fn word(text: &'static str) -> Self {
        Self::Said(text, Vec::new())
    }

    /// Fixed words around what others wrote.
    pub(crate) fn said(text: &'static str, with: impl IntoIterator<Item = Self>) -> Self {
        Self::Said(text, with.into_iter().collect())
    }

    /// A text that may be one of the fixed words.
    pub(crate) fn perhaps_word(text: &str) -> Self {
        known(text).map_or_else(|| Self::words(text), Self::word)
    }

    /// Words, or nothing where there are none.
    pub(crate) fn words(text: impl Into<Text>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Nothing } else { Self::Text(text) }
    }

    /// Words that may be missing.
    pub(crate) fn maybe(text: Option<impl Into<Text>>) -> Self {
        text.map_or(Self::Nothing, Self::words)
    }

    /// A moment that may be missing.
    pub(crate) fn at(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Nothing, Self::Instant)
    }

    /// A count.
    pub(crate) fn count(n: impl TryInto<i64>) -> Self {
        Self::Number(n.try_into().unwrap_or(i64::MAX))
    }
}

impl Head {
    /// A row as a document: values by the names of the columns.
    pub fn row_json(&self, row: &[Cell]) -> Json {
        let named = self.report.columns.iter().zip(row);
        Json::Object(named.map(|(column, cell)| (column.name.to_owned(), cell.json())).collect())
    }

    /// The head as a document.
    pub fn json(&self) -> Map<String, Json> {
        let Self { report, language: _, made_at, made_by, revision, filter, totals, chart } = self;
        let filter: Map<String, Json> =
            filter.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let totals: Map<String, Json> =
            totals.iter().map(|total| (total.name.to_owned(), json!(total.value))).collect();
        let mut head = Map::new();
        head.insert("report".into(), json!(report.name));
        head.insert("title".into(), json!(report.title));
        head.insert("made_at".into(), json!(made_at.to_string()));
        head.insert("made_by".into(), json!(&**made_by));
        head.insert("revision".into(), json!(revision));
        head.insert("filter".into(), Json::Object(filter));
        head.insert("totals".into(), Json::Object(totals));
        head.insert("chart".into(), chart.as_ref().map_or(Json::Null, Chart::json));
        head
    }

    /// Some rows under the head, as one document; `next` is the place as whoever asks is told it.
    pub fn page_json(&self, part: &Part, next: Option<&str>) -> Json {
        let mut page = self.json();
        let items = part.rows.iter().map(|row| self.row_json(row)).collect();
        page.insert("items".into(), Json::Array(items));
        page.insert("next".into(), json!(next));
        Json::Object(page)
    }

    /// What is written under the title: when and of what it was made, and what narrowed it.
    pub(crate) fn lines(&self) -> Vec<(String, String)> {
        let language = self.language;
        let line = |name, value: String| (spoken(language, name).to_owned(), value);
        let mut lines = vec![
            line("made at", Cell::Instant(self.made_at).shown(language).into_owned()),
            line("made by", self.made_by.to_string()),
            line("revision of the model", self.revision.to_string()),
        ];
        let head = |name| head_word(language, name).to_owned();
        lines.extend(self.filter.iter().map(|(name, value)| (head(name), value.clone())));
        lines.extend(self.totals.iter().map(|of| (head(of.name), of.value.to_string())));
        lines
    }
}
