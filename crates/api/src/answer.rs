//! What a handler answers.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use muster_web::Problem;
use serde_json::Value as Json;

/// What came of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// Its media type.
    pub(crate) media: &'static str,
    /// Where what was made is found.
    pub(crate) location: Option<String>,
    /// What a file is called.
    pub(crate) name: Option<String>,
}

/// JSON, as everything but an export is.
const JSON: &str = "application/json";

impl Told {
    /// A document.
    pub(crate) fn document(status: StatusCode, document: &Json) -> Self {
        let body = document.to_string().into_bytes();
        Self { status, body, media: JSON, location: None, name: None }
    }

    /// Something was made.
    pub(crate) fn made(document: &Json) -> Self {
        Self::document(StatusCode::CREATED, document)
    }

    /// JSON lines.
    pub(crate) fn lines(body: Vec<u8>) -> Self {
        let media = "application/x-ndjson";
        Self { status: StatusCode::OK, body, media, location: None, name: None }
    }

    /// A file to keep.
    pub(crate) fn file(body: Vec<u8>, media: &'static str, name: &str) -> Self {
        let name = Some(name.to_owned());
        Self { status: StatusCode::OK, body, media, location: None, name }
    }

    /// Says where what was made, or is being made, is found.
    #[must_use]
    pub(crate) fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// The HTTP answer.
    pub(crate) fn response(self) -> Response {
        let Self { status, body, media, location, name } = self;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        if let Some(location) = location.and_then(|at| HeaderValue::from_str(&at).ok()) {
            headers.insert(header::LOCATION, location);
        }
        let kept = name.map(|name| format!("attachment; filename=\"{name}\""));
        if let Some(kept) = kept.and_then(|kept| HeaderValue::from_str(&kept).ok()) {
            headers.insert(header::CONTENT_DISPOSITION, kept);
        }
        response
    }
}

impl From<Json> for Told {
    fn from(document: Json) -> Self {
        Self::document(StatusCode::OK, &document)
    }
}

/// A problem as it is kept for a call that comes again, or for a job.
pub(crate) fn problem_body(problem: &Problem) -> Vec<u8> {
    serde_json::to_vec(problem).unwrap_or_default()
}
