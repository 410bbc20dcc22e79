//! Why a request of OAuth is refused: the codes and the form of RFC 6749.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use muster_app::{Error, Kind};
use serde_json::json;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The word of the standard.
    pub(crate) code: &'static str,
    /// What to do about it, for whoever builds the application. Holds nothing of the request.
    pub(crate) detail: &'static str,
    status: StatusCode,
    /// What the next proof of possession has to hold.
    nonce: Option<String>,
    /// When to come again, in seconds.
    retry_after: Option<u32>,
}

impl Refused {
    /// A refusal with this word.
    pub(crate) const fn new(code: &'static str, detail: &'static str) -> Self {
        Self { code, detail, status: StatusCode::BAD_REQUEST, nonce: None, retry_after: None }
    }

    /// The request is not as it has to be.
    pub(crate) const fn request(detail: &'static str) -> Self {
        Self::new("invalid_request", detail)
    }

    /// The code or token is not valid, whatever the reason.
    pub(crate) const fn grant() -> Self {
        Self::new("invalid_grant", "the code or the refresh token is not valid, or not for this")
    }

    /// The application did not prove who it is, whatever the reason.
    pub(crate) fn client() -> Self {
        let detail = "the application is not known, or did not prove that it is the one";
        let status = StatusCode::UNAUTHORIZED;
        Self { status, ..Self::new("invalid_client", detail) }
    }

    /// From where it is, applications that did not prove who they are came too often.
    pub(crate) fn too_often(wait: Duration) -> Self {
        let detail = "too many applications that did not prove who they are come from this network";
        let retry_after = Some(u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX));
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { status, retry_after, ..Self::new("invalid_client", detail) }
    }

    /// The proof of possession has to hold this nonce (RFC 9449, 8).
    pub(crate) fn nonce(nonce: String) -> Self {
        let detail = "send the proof again with the nonce of the header `DPoP-Nonce`";
        Self { nonce: Some(nonce), ..Self::new("use_dpop_nonce", detail) }
    }

    /// Somebody has to mend something here.
    fn ours(code: &'static str, status: StatusCode) -> Self {
        Self { status, ..Self::new(code, "the log has more under the request id") }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        if matches!(error.kind(), Kind::Busy | Kind::Unavailable) {
            tracing::warn!(%error, cause, "request failed");
            return Self::ours("temporarily_unavailable", StatusCode::SERVICE_UNAVAILABLE);
        }
        tracing::error!(%error, cause, "request met a bug");
        Self::ours("server_error", StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<muster_store::StoreError> for Refused {
    fn from(error: muster_store::StoreError) -> Self {
        Error::from(error).into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self { code, detail, status, nonce, retry_after } = self;
        let body = Json(json!({ "error": code, "error_description": detail }));
        let mut response = (status, body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let basic = HeaderValue::from_static("Basic realm=\"applications\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok()) {
            response.headers_mut().insert("dpop-nonce", nonce);
        }
        response
    }
}
