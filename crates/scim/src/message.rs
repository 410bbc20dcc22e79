//! Answers: pages of results and errors.

use serde_json::{Map, Value, json};

use crate::{access::member, urn};

/// The values of `scimType` (RFC 7644, table 9; RFC 9865, 2.1).
pub mod error_types {
    /// A value that must be unique is taken.
    pub const UNIQUENESS: &str = "uniqueness";
    /// The filter cannot be read or is not supported.
    pub const INVALID_FILTER: &str = "invalidFilter";
    /// No value matches the path.
    pub const NO_TARGET: &str = "noTarget";
    /// The attribute cannot be changed.
    pub const MUTABILITY: &str = "mutability";
    /// The search finds more than the server gives.
    pub const TOO_MANY: &str = "tooMany";
    /// The cursor was not issued by this server.
    pub const INVALID_CURSOR: &str = "invalidCursor";
    /// The cursor is too old.
    pub const EXPIRED_CURSOR: &str = "expiredCursor";
}

/// A page of results.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListResponse {
    /// How many results there are on all pages; `None` when the server does not say.
    pub total: Option<u64>,
    /// The index of the first one on this page, counted from 1.
    pub start_index: Option<u64>,
    /// The resources.
    pub resources: Vec<Value>,
    /// The cursor of the next page (RFC 9865).
    pub next_cursor: Option<String>,
}

impl ListResponse {
    /// Reads a page. A bare list and a missing `Resources` are understood; `None` for anything else.
    pub fn from_json(value: Value) -> Option<Self> {
        if let Value::Array(resources) = value {
            return Some(Self { resources, ..Self::default() });
        }
        let total = member(&value, "totalResults").and_then(number);
        let start_index = member(&value, "startIndex").and_then(number);
        let next_cursor = member(&value, "nextCursor").and_then(Value::as_str);
        let next_cursor = next_cursor.filter(|cursor| !cursor.is_empty()).map(str::to_owned);
        let Value::Object(mut map) = value else { return None };
        let key = crate::key_of(&map, "Resources");
        let resources = match map.remove(&key) {
            Some(Value::Array(resources)) => resources,
            Some(Value::Null) | None if total.is_some() => Vec::new(),
            Some(
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Object(_),
            )
            | None => return None,
        };
        Some(Self { total, start_index, resources, next_cursor })
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        map.insert("schemas".to_owned(), json!([urn::LIST]));
        map.insert("totalResults".to_owned(), json!(self.total.unwrap_or(0)));
        map.insert("itemsPerPage".to_owned(), json!(self.resources.len()));
        if let Some(start) = self.start_index {
            map.insert("startIndex".to_owned(), json!(start));
        }
        if let Some(cursor) = &self.next_cursor {
            map.insert("nextCursor".to_owned(), json!(cursor));
        }
        map.insert("Resources".to_owned(), Value::Array(self.resources.clone()));
        Value::Object(map)
    }
}

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScimError {
    /// The HTTP status.
    pub status: u16,
    /// What kind of error, see [`error_types`].
    pub scim_type: Option<String>,
    /// For people.
    pub detail: Option<String>,
}

impl ScimError {
    /// Reads an error, from the place of the RFC or of older servers (`Errors[0]`).
    pub fn from_json(value: &Value) -> Self {
        let older = member(value, "Errors").and_then(Value::as_array).and_then(|list| list.first());
        let inner = older.unwrap_or(value);
        let text = |name: &str| member(inner, name).and_then(Value::as_str).map(str::to_owned);
        let status = member(inner, "status").or_else(|| member(inner, "code")).and_then(number);
        Self {
            status: status.and_then(|status| u16::try_from(status).ok()).unwrap_or(0),
            scim_type: text("scimType"),
            detail: text("detail").or_else(|| text("description")),
        }
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        map.insert("schemas".to_owned(), json!([urn::ERROR]));
        map.insert("status".to_owned(), json!(self.status.to_string()));
        if let Some(kind) = &self.scim_type {
            map.insert("scimType".to_owned(), json!(kind));
        }
        if let Some(detail) = &self.detail {
            map.insert("detail".to_owned(), json!(detail));
        }
        Value::Object(map)
    }
}

/// A number, also one that is written as a text.
pub(crate) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}
