//! Requests and answers, in words of our own.

use bytes::Bytes;
use muster_connector::{ConnectorError, Secret};
use reqwest::header::HeaderMap;
use serde::{
    Deserialize, Deserializer as _, Serialize,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::{error, retry_after};

/// What is to be done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or asks.
    Post,
    /// Replaces.
    Put,
    /// Changes in part.
    Patch,
    /// Removes.
    Delete,
}

/// One request. The path lies below the client's base URL; an absolute address must be on the same host.
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Bytes>,
}

impl Request {
    /// A request without a body. Parts of `path` that come from data must have gone through [`crate::encode`].
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), headers: Vec::new(), body: None }
    }

    /// Adds a parameter to the query; it gets encoded.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header. One with line ends in it is refused when the request is sent.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Gives it a body of that type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    /// Gives it a JSON body of that type (`application/json`, `application/scim+json`).
    pub fn json(self, content_type: &str, value: &impl Serialize) -> Result<Self, ConnectorError> {
        let body = serde_json::to_vec(value).map_err(|error| {
            ConnectorError::Invalid(format!("the change cannot be written as JSON: {error}"))
        })?;
        Ok(self.body(content_type, body))
    }
}

/// An answer with its whole body.
pub struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What must not be shown when a part of the body is.
    pub(crate) hidden: Vec<Secret>,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let n_bytes = self.body.len();
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &n_bytes)
            .finish_non_exhaustive()
    }
}

impl Response {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// True for 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of that name, in any case; a value that is not ASCII counts as absent.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as JSON; [`ConnectorError::Malformed`] with the place when it is none.
    pub fn json<'b, T: Deserialize<'b>>(&'b self) -> Result<T, ConnectorError> {
        serde_json::from_slice(&self.body).map_err(|error| self.not_json(&error))
    }

    /// Those members of the JSON object in the body whose names are `wanted`; the others are passed over.
    /// [`ConnectorError::Malformed`] with the place when there is no object.
    pub fn json_members(
        &self,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Map<String, Value>, ConnectorError> {
        let mut reader = serde_json::Deserializer::from_slice(&self.body);
        let members = reader.deserialize_map(Members(wanted));
        members.and_then(|members| reader.end().map(|()| members)).map_err(|e| self.not_json(&e))
    }

    fn not_json(&self, error: &serde_json::Error) -> ConnectorError {
        let kind = self.header("content-type").unwrap_or("unknown type");
        ConnectorError::Malformed(format!(
            "the answer is not the JSON that it should be ({error}; it is of type `{kind}`)"
        ))
    }

    /// How long the server asks to wait, if it does.
    pub fn retry_after(&self) -> Option<std::time::Duration> {
        retry_after::parse(self.header("retry-after")?, self.header("date"))
    }

    /// What the server said about a problem: at most 300 characters in one line, without secrets; empty if nothing.
    pub fn problem(&self) -> String {
        error::problem(&self.body, &self.hidden)
    }

    /// The error that a status other than success means for the object `name`.
    pub fn error(&self, name: &str) -> ConnectorError {
        error::from_status(self, name)
    }

    /// The answer itself, or its error.
    pub fn success(self, name: &str) -> Result<Self, ConnectorError> {
        if self.is_success() { Ok(self) } else { Err(self.error(name)) }
    }
}

/// Keeps the members of an object that are wanted.
struct Members<W>(W);

impl<'de, W: Fn(&str) -> bool> Visitor<'de> for Members<W> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut kept = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            if (self.0)(&name) {
                kept.insert(name, object.next_value()?);
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &'static str) -> Response {
        Response { status: 200, headers: HeaderMap::new(), body: body.into(), hidden: Vec::new() }
    }

    #[test]
    fn members_that_nobody_wants_are_passed_over_but_have_to_be_right() {
        let wanted = |name: &str| name == "id";
        let kept = answer(r#"{ "a": { "id": [1] }, "id": "7" }"#).json_members(wanted).unwrap();
        assert_eq!(Value::Object(kept), serde_json::json!({ "id": "7" }));
        for wrong in ["[]", "", r#"{ "id": 7 "#, r#"{ "a": tru, "id": 7 }"#, r#"{ "id": 7 } 8"#] {
            assert!(answer(wrong).json_members(wanted).is_err(), "{wrong}");
        }
    }
}
