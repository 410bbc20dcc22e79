//! Trouble as programs read it: problem details (RFC 9457) with a stable code.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use muster_app::{Error, Kind};
use serde::Serialize;

use crate::Code;

/// What a handler answers.
pub type Answer<T> = Result<T, Problem>;

/// A problem document. `code` never changes its meaning; `detail` is for people.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// Where the code is explained.
    #[serde(rename = "type")]
    pub kind: Box<str>,
    /// The HTTP status.
    #[serde(serialize_with = "number")]
    pub status: StatusCode,
    /// The code, for programs.
    pub code: &'static str,
    /// What the code says, in short.
    pub title: &'static str,
    /// What happened this time.
    pub detail: Box<str>,
    /// What helps, best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// What is wrong with a model, each with its place.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub errors: Box<[serde_json::Value]>,
    /// Seconds after which it makes sense to ask again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem with this code; `detail` says what happened.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let Code { word, status, title, .. } = code;
        let kind = format!("/api/v1/problems/{word}").into();
        let (hints, errors, retry_after) = (Vec::new(), Box::default(), None);
        Self {
            kind,
            status,
            code: word,
            title,
            detail: detail.into().into(),
            hints,
            errors,
            retry_after,
        }
    }

    /// A problem of a kind that a standard defines.
    #[must_use]
    pub fn of_kind(self, uri: &str) -> Self {
        Self { kind: uri.into(), ..self }
    }

    /// Adds a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says when to ask again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The caller did not say who they are, or not so that we know them. It says the same whatever the reason.
    pub fn unauthenticated() -> Self {
        Self::new(Code::UNAUTHENTICATED, "no valid token was given")
            .hint("send `Authorization: Bearer TOKEN`; muster token create makes one")
    }

    /// The caller is known and may not.
    pub fn denied(detail: impl Into<String>) -> Self {
        Self::new(Code::DENIED, detail)
    }

    /// What was sent is not what the document describes.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(Code::INVALID, detail)
    }

    /// What was sent fits the document, and makes no sense for this project at this time.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(Code::UNPROCESSABLE, detail)
    }

    /// There is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(Code::NOT_FOUND, detail)
    }

    /// Our mistake. The caller is told nothing of it.
    pub(crate) fn bug() -> Self {
        Self::new(Code::BUG, "something went wrong here")
            .hint("the log has more under the request id")
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            Kind::NotFound => Code::NOT_FOUND,
            Kind::Invalid => Code::UNPROCESSABLE,
            Kind::Project => Code::PROJECT,
            Kind::Conflict => Code::CONFLICT,
            Kind::Denied => Code::DENIED,
            Kind::Busy => Code::BUSY,
            Kind::Unavailable => Code::UNAVAILABLE,
            Kind::Held => Code::HELD,
            Kind::Stale => Code::STALE,
            Kind::BrokenChain => Code::BROKEN_CHAIN,
            Kind::Bug => {
                tracing::error!(error = %with_causes(&error), "request met a bug");
                return Self::bug();
            }
        };
        let mut problem = Self::new(code, error.to_string());
        problem.hints = error.hints().to_vec();
        problem.errors =
            error.loaded().map(muster_app::json::diagnostics).unwrap_or_default().into();
        if matches!(error.kind(), Kind::Busy | Kind::Unavailable) {
            tracing::warn!(error = %with_causes(&error), code = code.word, "request failed");
            problem.retry_after = Some(1);
        }
        problem
    }
}

fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
