//! A search in the body of a request (RFC 7644, 3.4.3). What asks for something else than it seems to is refused: an answer
//! with everybody would look like one.

use serde_json::{Map, Value as Json};

use super::asked::descending;
use crate::{error::Failure, list::Query, select::Selection};

/// What a search may say.
const KEYS: &[&str] = &[
    "schemas",
    "attributes",
    "excludedAttributes",
    "filter",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "cursor",
];

/// Reads a search.
pub(super) fn read(body: &Json) -> Result<Query, Failure> {
    let Json::Object(said) = body else {
        return Err(Failure::invalid_syntax("a search is an object"));
    };
    let is_known = |key: &String| KEYS.iter().any(|known| known.eq_ignore_ascii_case(key));
    let unknown = said.keys().find(|key| !is_known(key));
    let asks = said.keys().any(|key| is_known(key) && !key.eq_ignore_ascii_case("schemas"));
    if let (Some(key), false) = (unknown, asks) {
        let problem = format!("`{key}` is no part of a search; it has {}", KEYS.join(", "));
        return Err(Failure::invalid_syntax(problem));
    }
    let said = Said(said);
    let (only, without) = (said.list("attributes")?, said.list("excludedAttributes")?);
    Ok(Query {
        filter: said.text("filter")?,
        sort_by: said.text("sortBy")?,
        descending: descending(said.text("sortOrder")?.as_deref())?,
        start: said.number("startIndex")?,
        count: said.number("count")?,
        cursor: said.text("cursor")?,
        selection: Selection::read(only.as_deref(), without.as_deref())?,
    })
}

/// The members of a search; `null` says nothing.
struct Said<'b>(&'b Map<String, Json>);

impl Said<'_> {
    fn get<T>(
        &self,
        name: &str,
        what: &str,
        read: impl Fn(&Json) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let found = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        match found.map(|(_, value)| value).filter(|value| !value.is_null()) {
            None => Ok(None),
            Some(value) => read(value)
                .map(Some)
                .ok_or_else(|| Failure::invalid_value(format!("`{name}` must be {what}"))),
        }
    }

    fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        self.get(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    fn number(&self, name: &str) -> Result<Option<i64>, Failure> {
        self.get(name, "a whole number", Json::as_i64)
    }

    /// Names with a comma between them. One alone may stand without a list.
    fn list(&self, name: &str) -> Result<Option<String>, Failure> {
        self.get(name, "a list of texts", |value| {
            let one = std::slice::from_ref(value);
            let items = value.as_array().map_or(one, Vec::as_slice);
            let names: Option<Vec<&str>> = items.iter().map(Json::as_str).collect();
            Some(names?.join(","))
        })
    }
}
