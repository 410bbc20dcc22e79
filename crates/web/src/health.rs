//! Whether the process lives and can answer, for whoever watches it. Nobody has to sign in for that, and it tells nothing.

use axum::{extract::State, http::StatusCode, routing::get};
use jiff::SignedDuration;

use crate::{Router, Service};

/// A loop that was not seen for so long stands still.
const STILL: SignedDuration = SignedDuration::from_mins(10);

/// `/livez` and `/readyz`.
pub(crate) fn router() -> Router {
    Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(readyz))
}

/// Ready when the repository answers and the loop, where this process has one, is alive. The schema is up to date: without
/// that, the process does not begin to listen.
async fn readyz(State(service): State<Service>) -> (StatusCode, &'static str) {
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    let age = service.last_beat().map(|beat| service.clock().now().duration_since(beat));
    if age.is_some_and(|age| age > STILL) {
        return (unavailable, "the loop stands still\n");
    }
    let asked = async { service.opened().store.read().await?.facts_version().await };
    match asked.await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(_) => (unavailable, "the repository does not answer\n"),
    }
}
