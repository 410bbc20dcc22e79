//! Answers, before they become HTTP.

use serde_json::Value as Json;

use crate::error::Failure;

/// An answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Option<Json>,
    /// The entity tag.
    pub(crate) tag: Option<String>,
    /// Where the resource is.
    pub(crate) location: Option<String>,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
}

impl Answer {
    /// Some JSON.
    pub(crate) fn json(status: u16, body: Json) -> Self {
        Self { status, body: Some(body), ..Self::default() }
    }

    /// A resource with its tag and its address.
    pub(crate) fn resource(status: u16, body: Json, tag: String) -> Self {
        let location = body.pointer("/meta/location").and_then(Json::as_str).map(str::to_owned);
        Self { status, body: Some(body), tag: Some(tag), location, retry_after: None }
    }

    /// Nothing to say.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The client knows this state.
    pub(crate) fn not_modified(tag: String) -> Self {
        Self { status: 304, tag: Some(tag), ..Self::default() }
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        let Failure { error, retry_after } = failure;
        Self { retry_after, ..Self::json(error.status, error.to_json()) }
    }
}
