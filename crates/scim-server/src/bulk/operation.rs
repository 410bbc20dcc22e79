//! One operation of a bulk request, the references in it, and what came of it.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::ledger::Line;
use crate::{
    answer::Answer,
    error::Failure,
    select::Selection,
    view::View,
    write::{Job, Verb},
    writer::Outcome,
};

/// What a reference to the resource of another operation begins with.
const REFERENCE: &str = "bulkId:";

/// An operation as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) bulk_id: Option<String>,
    version: Option<String>,
    pub(super) data: Json,
}

/// What became of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    method: String,
    pub(super) bulk_id: Option<String>,
    pub(super) answer: Answer,
}

// === impl Operation ===

impl Operation {
    pub(super) fn read(json: &Json) -> Self {
        let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        Self {
            method: text("method").unwrap_or_default().to_uppercase(),
            path: text("path").unwrap_or_default(),
            bulk_id: text("bulkId"),
            version: text("version"),
            data: json.get("data").cloned().unwrap_or_default(),
        }
    }

    /// The same without its data.
    pub(super) fn head(&self) -> Self {
        let Self { method, path, bulk_id, version, data: _ } = self.clone();
        Self { method, path, bulk_id, version, data: Json::Null }
    }

    /// The references in its path and its data.
    pub(super) fn references(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let in_path = self.path.split('/').filter_map(|part| part.strip_prefix(REFERENCE));
        found.extend(in_path.map(str::to_owned));
        collect(&self.data, &mut found);
        found
    }

    /// Puts the id of what was made in the place of a reference.
    pub(super) fn refer(&mut self, reference: &str, id: &str) {
        self.path = self.path.replace(&format!("{REFERENCE}{reference}"), id);
        replace(&mut self.data, reference, id);
    }

    /// The change that it asks for; what comes of it is written down in `line`.
    pub(super) fn job(&self, view: &View, line: Option<Line>) -> Result<Job, Failure> {
        let mut parts = self.path.trim_matches('/').splitn(2, '/');
        let endpoint = parts.next().unwrap_or_default().to_owned();
        let id = parts.next().map(str::to_owned);
        let body = self.data.clone();
        let verb = match (self.method.as_str(), id) {
            ("POST", None) if self.bulk_id.as_ref().is_none_or(String::is_empty) => {
                return Err(Failure::invalid_syntax("a POST needs a `bulkId`"));
            }
            ("POST", None) => Verb::Create(body),
            ("PUT", Some(id)) => Verb::Replace { id, body },
            ("PATCH", Some(id)) => Verb::Patch { id, body },
            ("DELETE", Some(id)) => Verb::Delete { id },
            _ => {
                let problem = format!("`{} {}` is no operation", self.method, self.path);
                return Err(Failure::invalid_syntax(problem));
            }
        };
        if view.mapping.at(&endpoint).is_none() {
            return Err(Failure::not_found(&self.path));
        }
        let (if_match, selection) = (self.version.clone(), Selection::Default);
        Ok(Job { view: view.clone(), endpoint, verb, if_match, selection, line })
    }

    /// What became of it. Also what failed says where (RFC 7644, 3.7.3).
    pub(super) fn done(&self, base: &str, outcome: Outcome) -> Done {
        let mut answer = outcome.unwrap_or_else(Answer::from);
        if self.method != "POST" && answer.location.is_none() {
            answer.location = Some(format!("{base}/{}", self.path.trim_matches('/')));
        }
        Done { method: self.method.clone(), bulk_id: self.bulk_id.clone(), answer }
    }
}

// === impl Done ===

impl Done {
    /// After what was cut off has been added, or could not be.
    pub(super) fn closed(mut self, outcome: Outcome) -> Self {
        match outcome {
            Ok(answer) => self.answer.tag = answer.tag,
            Err(failure) => self.answer = failure.into(),
        }
        self
    }

    pub(crate) fn failed(&self) -> bool {
        self.answer.status >= 400
    }

    /// The id of what it made or changed.
    pub(super) fn id(&self) -> Option<&str> {
        let location = self.answer.location.as_deref().filter(|_| !self.failed());
        location.and_then(|location| location.rsplit('/').next())
    }

    pub(super) fn to_json(&self) -> Json {
        let mut map = Map::new();
        let mut put = |key: &str, value: Json| drop(map.insert(key.to_owned(), value));
        put("method", json!(self.method));
        if let Some(bulk_id) = &self.bulk_id {
            put("bulkId", json!(bulk_id));
        }
        if let Some(location) = &self.answer.location {
            put("location", json!(location));
        }
        if let Some(tag) = &self.answer.tag {
            put("version", json!(tag));
        }
        put("status", json!(self.answer.status.to_string()));
        if self.answer.status >= 400
            && let Some(body) = &self.answer.body
        {
            put("response", body.clone());
        }
        Json::Object(map)
    }

    /// Reads what [`Done::to_json`] wrote.
    pub(super) fn from_json(json: &Json) -> Self {
        let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        let answer = Answer {
            status: text("status").and_then(|status| status.parse().ok()).unwrap_or(500),
            body: json.get("response").cloned(),
            tag: text("version"),
            location: text("location"),
            retry_after: None,
        };
        Self { method: text("method").unwrap_or_default(), bulk_id: text("bulkId"), answer }
    }
}

// === references ===

fn collect(json: &Json, found: &mut BTreeSet<String>) {
    match json {
        Json::String(text) => found.extend(text.strip_prefix(REFERENCE).map(str::to_owned)),
        Json::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Json::Object(map) => map.values().for_each(|item| collect(item, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Puts an id in the place of a reference.
pub(super) fn replace(json: &mut Json, reference: &str, id: &str) {
    match json {
        Json::String(text) if text.strip_prefix(REFERENCE) == Some(reference) => {
            id.clone_into(text);
        }
        Json::Array(items) => items.iter_mut().for_each(|item| replace(item, reference, id)),
        Json::Object(map) => map.values_mut().for_each(|item| replace(item, reference, id)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Takes the attributes with references to what is not there yet out of `data`; of a list only the values.
pub(super) fn cut(data: &mut Json, known: &dyn Fn(&str) -> bool) -> Json {
    let is_open = |json: &Json| {
        let mut found = BTreeSet::new();
        collect(json, &mut found);
        found.iter().any(|id| !known(id))
    };
    let mut later = Map::new();
    let Json::Object(map) = data else { return Json::Object(later) };
    let names: Vec<String> = map.keys().cloned().collect();
    for name in names {
        let Some(value) = map.get_mut(&name) else { continue };
        if !is_open(value) {
            continue;
        }
        if let Json::Array(items) = value {
            let (open, rest): (Vec<Json>, Vec<Json>) = items.drain(..).partition(is_open);
            *items = rest;
            later.insert(name, Json::Array(open));
        } else if let Some(value) = map.remove(&name) {
            later.insert(name, value);
        }
    }
    Json::Object(later)
}
