//! The layers around all faces.

use axum::{
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::{
    Code, Origin, Problem, Router, Service, access_log, health, metrics, origin, request_id,
};

/// What every answer says unless its handler said otherwise.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// All faces together, with the layers around them, ready to [`serve`](crate::serve).
pub fn finish(faces: Router, service: Service) -> axum::Router {
    let limits = service.limits().clone();
    let late = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limits.answer_time);
    faces
        .merge(health::router())
        .merge(metrics::router())
        .fallback(|| async { Problem::not_found("there is nothing at this address") })
        .method_not_allowed_fallback(|| async {
            Problem::new(Code::METHOD, "the `Allow` header names the methods")
        })
        .layer(late)
        .layer(CatchPanicLayer::custom(|_| Problem::bug().into_response()))
        .layer(DefaultBodyLimit::max(limits.body))
        .layer(middleware::from_fn_with_state(service.clone(), metrics::time))
        .layer(middleware::from_fn(harden))
        .layer(middleware::from_fn(access_log::log))
        .layer(middleware::from_fn_with_state(service.clone(), origin::find))
        .layer(middleware::from_fn(request_id::identify))
        .with_state(service)
}

async fn harden(request: Request, next: Next) -> Response {
    let is_tls = request.extensions().get::<Origin>().is_some_and(|origin| origin.is_tls);
    let mut response = next.run(request).await;
    if is_tls {
        let year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
