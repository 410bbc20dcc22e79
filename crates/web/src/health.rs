//! Whether the process lives and can answer, for whoever watches it. Nobody has to sign in for that, and it tells nothing.

use axum::{extract::State, http::StatusCode, routing::get};

use crate::{Router, Service};

/// `/livez` and `/readyz`.
pub(crate) fn router() -> Router {
    Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(readyz))
}

/// Ready when the repository answers.
async fn readyz(State(service): State<Service>) -> (StatusCode, &'static str) {
    let read = service.opened().store.read().await;
    match read {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the repository does not answer\n"),
    }
}
