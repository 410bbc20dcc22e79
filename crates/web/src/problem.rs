//! Trouble as programs read it: problem details (RFC 9457) with a stable code.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use muster_app::{Error, Kind};
use serde::Serialize;

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
    pub detail: String,
    /// What helps, best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// Seconds after which it makes sense to ask again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem with this code; `title` says what the code means, `detail` what happened.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let kind = format!("/api/v1/problems/{code}").into();
        let (hints, retry_after) = (Vec::new(), None);
        Self { kind, status, code, title, detail: detail.into(), hints, retry_after }
    }

    /// Adds a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says when to ask again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The caller did not say who they are, or not so that we know them. It says the same whatever the reason.
    pub fn unauthenticated() -> Self {
        let title = "A valid token is needed";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", title, "no valid token was given")
            .hint("send `Authorization: Bearer TOKEN`; muster token create makes one")
    }

    /// The caller is known and may not.
    pub fn denied(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "denied", "The caller may not do this", detail)
    }

    /// What was sent makes no sense.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", "The request makes no sense", detail)
    }

    /// There is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (status, code, title) = match error.kind() {
            Kind::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            Kind::Invalid => (StatusCode::BAD_REQUEST, "invalid", "The request makes no sense"),
            Kind::Project => (StatusCode::UNPROCESSABLE_ENTITY, "project", "The model has errors"),
            Kind::Conflict => {
                (StatusCode::CONFLICT, "conflict", "Somebody else changed it in between")
            }
            Kind::Denied => (StatusCode::FORBIDDEN, "denied", "The caller may not do this"),
            Kind::Busy => (StatusCode::CONFLICT, "busy", "Somebody else is doing it right now"),
            Kind::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The repository or a system cannot be reached",
            ),
            Kind::Held => (StatusCode::CONFLICT, "held", "A guard holds it"),
            Kind::Stale => (StatusCode::CONFLICT, "stale", "The world changed since"),
            Kind::BrokenChain => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "broken-chain",
                "The journal is not what was written",
            ),
            Kind::Bug => return Self::bug(&error),
        };
        let mut problem = Self::new(status, code, title, error.to_string());
        problem.hints = error.hints().to_vec();
        if matches!(error.kind(), Kind::Busy | Kind::Unavailable) {
            tracing::warn!(error = %with_causes(&error), code, "request failed");
            problem.retry_after = Some(1);
        }
        problem
    }
}

impl Problem {
    /// Our mistake: the log has the whole, the caller nothing of it.
    fn bug(error: &Error) -> Self {
        tracing::error!(error = %with_causes(error), "request met a bug");
        let title = "A mistake of ours";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", title, "something went wrong here")
            .hint("the log has more under the request id")
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
