//! Templates: a text or a JSON document with `{placeholders}`, which are substituted and nothing more.
//!
//! There is no code in a template: no condition, no loop, no function. A placeholder that is a whole JSON text keeps the type
//! of its value; in a path it is percent-encoded. A value can never end the text, the segment or the document it stands in.
//! `{{` and `}}` stand for the braces themselves.

use std::collections::BTreeMap;

use muster_http::encode;
use serde_json::{Map, Value as Json};

/// What placeholders stand for: `id`, `name`, `to`, `enabled`, `member`, `since`, `values`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    values: BTreeMap<&'static str, Json>,
}

impl Scope {
    /// Adds a placeholder.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Json>) -> Self {
        self.values.insert(name, value.into());
        self
    }

    fn get(&self, place: &Placeholder) -> Json {
        let value = self.values.get(place.name.as_str());
        let found = match (&place.inner, value) {
            (None, value) => value,
            (Some(inner), Some(Json::Object(map))) => map.get(inner),
            (Some(_), _) => None,
        };
        found.cloned().unwrap_or(Json::Null)
    }
}

/// A name in braces: `{id}`, `{values.mail}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placeholder {
    name: String,
    inner: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(Placeholder),
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// Reads a template in which only the placeholders `known` may stand; the error says what is wrong.
    pub(crate) fn parse(text: &str, known: &[&str]) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' | '}' if chars.peek() == Some(&c) => {
                    chars.next();
                    plain.push(c);
                }
                '{' => {
                    let mut name = String::new();
                    loop {
                        match chars.next() {
                            Some('}') => break,
                            Some(c) => name.push(c),
                            None => return Err(format!("`{{{name}` is never closed")),
                        }
                    }
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(Part::Place(placeholder(&name, known)?));
                }
                '}' => {
                    return Err("a `}` closes nothing; write `}}` for the brace itself".to_owned());
                }
                c => plain.push(c),
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    /// True when `{name}` stands in it.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Place(place) if place.name == name))
    }

    /// The text for a path: values are percent-encoded. `None` when a value is empty, `.` or `..`, which would lead to
    /// another resource.
    pub(crate) fn path(&self, scope: &Scope) -> Option<String> {
        let mut path = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => path.push_str(text),
                Part::Place(place) => {
                    let text = plain(&scope.get(place));
                    if matches!(text.as_str(), "" | "." | "..") {
                        return None;
                    }
                    path.push_str(&encode(&text));
                }
            }
        }
        Some(path)
    }

    /// The text as it is.
    pub(crate) fn text(&self, scope: &Scope) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Place(place) => plain(&scope.get(place)),
        };
        self.parts.iter().map(part).collect()
    }

    /// The JSON for a text in a document: a single placeholder keeps its type.
    fn json(&self, scope: &Scope) -> Json {
        match self.parts.as_slice() {
            [Part::Place(place)] => scope.get(place),
            _ => Json::String(self.text(scope)),
        }
    }
}

fn placeholder(name: &str, known: &[&str]) -> Result<Placeholder, String> {
    let (outer, inner) = match name.split_once('.') {
        Some(("values", inner)) if !inner.is_empty() => ("values", Some(inner.to_owned())),
        Some(_) | None => (name, None),
    };
    if known.contains(&outer) {
        return Ok(Placeholder { name: outer.to_owned(), inner });
    }
    if known.is_empty() {
        return Err(format!("`{{{name}}}` is unknown here, where no placeholder can stand"));
    }
    let list: Vec<String> = known.iter().map(|name| format!("{{{name}}}")).collect();
    let near = muster_connector::closest(name, known.iter().copied())
        .map_or_else(String::new, |near| format!("; did you mean `{{{near}}}`?"));
    Err(format!("`{{{name}}}` is unknown here; there are `{}`{near}", list.join("`, `")))
}

/// A value in a text.
fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => value.to_string(),
    }
}

/// A JSON document in whose texts placeholders stand.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Document {
    /// Nothing to substitute.
    Plain(Json),
    /// A text.
    Text(Template),
    /// A list.
    List(Vec<Self>),
    /// A map; names are as written.
    Map(Vec<(String, Self)>),
}

impl Document {
    /// Reads a document from JSON text.
    pub(crate) fn parse(text: &str, known: &[&str]) -> Result<Self, String> {
        let json: Json = serde_json::from_str(text).map_err(|error| {
            format!(
                "is not JSON: {error}; write it as a text, such as '{{\"login\": \"{{name}}\"}}'"
            )
        })?;
        Self::build(&json, known)
    }

    fn build(json: &Json, known: &[&str]) -> Result<Self, String> {
        Ok(match json {
            Json::Null | Json::Bool(_) | Json::Number(_) => Self::Plain(json.clone()),
            Json::String(text) => Self::Text(Template::parse(text, known)?),
            Json::Array(items) => Self::List(
                items.iter().map(|item| Self::build(item, known)).collect::<Result<_, _>>()?,
            ),
            Json::Object(map) => {
                let entry = |(key, value): (&String, &Json)| {
                    Self::build(value, known).map(|value| (key.clone(), value))
                };
                Self::Map(map.iter().map(entry).collect::<Result<_, _>>()?)
            }
        })
    }

    /// The document with its values.
    pub(crate) fn json(&self, scope: &Scope) -> Json {
        match self {
            Self::Plain(json) => json.clone(),
            Self::Text(template) => template.json(scope),
            Self::List(items) => Json::Array(items.iter().map(|item| item.json(scope)).collect()),
            Self::Map(entries) => {
                let entry = |(key, value): &(String, Self)| (key.clone(), value.json(scope));
                Json::Object(entries.iter().map(entry).collect::<Map<_, _>>())
            }
        }
    }
}

#[cfg(test)]
mod tests;
