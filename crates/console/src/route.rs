//! The way of a request: who asks, whether the page is there for them, what they sent, the answer.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{FromRequest as _, FromRequestParts as _, RawForm, RawPathParams, Request, State},
    http::{Method, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
    routing::{MethodFilter, MethodRouter, get, on},
};
use muster_app::Error;
use muster_signin::Own;
use muster_web::{Code, Problem, Router, Service};
use tokio::runtime::Handle;
use tracing::Instrument as _;

use crate::{
    address, assets, by_link, frame,
    table::{Page, pages},
    visit::Visit,
};

/// Everything below `/` that is the console's.
pub fn router() -> Router {
    let mut routes: BTreeMap<&str, MethodRouter<Service>> = BTreeMap::new();
    for page in pages() {
        let Ok(filter) = MethodFilter::try_from(page.method.clone()) else { continue };
        let (path, page) = (page.path, Arc::new(page));
        let handler = move |State(service): State<Service>, request: Request| {
            answer(Arc::clone(&page), service, request)
        };
        let route = routes.remove(path).unwrap_or_default();
        routes.insert(path, route.merge(on(filter, handler)));
    }
    let router = Router::new()
        .route("/console/style.css", get(assets::style))
        .route("/console/keys.js", get(assets::script))
        .merge(by_link::router());
    routes.into_iter().fold(router, |router, (path, route)| router.route(path, route))
}

async fn answer(page: Arc<Page>, service: Service, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let visit = match Visit::of(&parts, &service).await {
        Ok(Some(visit)) => visit,
        Ok(None) => return to_sign_in(&parts),
        Err(problem) => return problem.into_response(),
    };
    let visit = match read(visit.clone(), &service, &mut parts, body).await {
        Ok(read) => read,
        Err(problem) => return frame::problem(&visit, problem, &page.method),
    };
    match carry_out(&page, visit.clone()).await {
        Ok(response) => response,
        Err(problem) => frame::problem(&visit, problem, &page.method),
    }
}

/// Whoever is not signed in does that first, and comes back to what they wanted to see.
fn to_sign_in(parts: &Parts) -> Response {
    let wanted = parts.uri.path_and_query().filter(|_| parts.method == Method::GET);
    let back = wanted.map_or("/", |wanted| wanted.as_str());
    Redirect::to(&address::with("/signin", &[("return_to", back)])).into_response()
}

/// Reads what was sent. A form is taken from a page of ours only.
async fn read(
    mut visit: Visit,
    service: &Service,
    parts: &mut Parts,
    body: axum::body::Body,
) -> Result<Visit, Problem> {
    if parts.method == Method::POST {
        Own::from_request_parts(parts, service).await?;
    }
    let path = RawPathParams::from_request_parts(parts, service).await;
    let path = path.map_err(|_| Problem::invalid("the address is not right"))?;
    visit.given.add(path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    if parts.method == Method::POST {
        let request = Request::from_parts(parts.clone(), body);
        let RawForm(form) = RawForm::from_request(request, service)
            .await
            .map_err(|rejection| Problem::new(Code::MEDIA_TYPE, rejection.body_text()))?;
        visit.given.add_form(&form)?;
    } else {
        visit.given.add_query(&parts.uri)?;
    }
    Ok(visit)
}

/// Runs the handler on a thread of its own: on SQLite nothing in it ever waits.
async fn carry_out(page: &Page, visit: Visit) -> Result<Response, Problem> {
    let (runtime, handler) = (Handle::current(), Arc::clone(&page.handler));
    let span = tracing::info_span!("use_case", otel.name = page.path);
    let work = move || runtime.block_on(handler(visit).instrument(span));
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Error::bug("a page ended with a panic").into()))
}
