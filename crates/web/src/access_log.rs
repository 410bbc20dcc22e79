//! A line in the log and a span for each request: which, who, from where, how it ended, how long it took. Never a token, a
//! body or a query: the query may hold names of people.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use muster_model::Text;
use tracing::{Instrument as _, Span, field::Empty};

use crate::{Origin, RequestId};

/// Who calls, told to the log by the extractor that finds out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known(Arc<OnceLock<Text>>);

impl Known {
    /// Says who calls.
    pub(crate) fn is(&self, actor: &Text) {
        Span::current().record("client", &**actor);
        // A request has one caller; a second extractor finds the same.
        drop(self.0.set(actor.clone()));
    }
}

/// Around everything that answers.
pub(crate) async fn log(mut request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let known = Known::default();
    request.extensions_mut().insert(known.clone());
    let extensions = request.extensions();
    let id = extensions.get::<RequestId>().map(|id| id.0.clone());
    let peer = extensions.get::<Origin>().map(|origin| origin.address);
    let route = extensions.get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let method = request.method().clone();
    // What opens something stands in the path of a link.
    let path = if route.contains("{secret}") { route } else { request.uri().path() }.to_owned();
    let span = tracing::info_span!(
        "request", otel.name = format!("{method} {route}"), otel.kind = "server", otel.status_code = Empty,
        http.request.method = %method, http.route = route, http.response.status_code = Empty,
        request = id.as_deref(), client = Empty
    );
    let headers = request.headers().clone();
    muster_telemetry::follow(&span, &|name| headers.get(name)?.to_str().ok());
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    tracing::info!(
        %method, path, route, request = id.as_deref(), client = known.0.get().map(|actor| &**actor),
        peer = peer.map(tracing::field::display), status = status.as_u16(),
        duration_ms = begin.elapsed().as_secs_f64() * 1000.0, "request"
    );
    response
}
