//! The addresses of the service, and how answers become HTTP.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Extension,
    extract::Path,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use muster_app::{Opened, Scope};
use muster_web::{Router, Service};

use crate::{
    answer::Answer,
    bulk::{self, Bulk},
    discovery,
    error::Failure,
    inbox::{self, Inbox},
    list::{Totals, list},
    mapping::{Mapping, Resource},
    read,
    search::search,
    view::View,
    write::Verb,
    writer::Writer,
};

mod asked;
mod searched;

use asked::Asked;

/// Where the service lies.
const BASE: &str = "/scim/v2";

/// What all requests share.
#[derive(Default)]
pub(crate) struct Scim {
    mapping: Mutex<Option<(Arc<Opened>, Arc<Mapping>)>>,
    pub(crate) writer: Writer,
    pub(crate) inbox: Inbox,
    totals: Totals,
}

type Answered = Result<Answer, Failure>;

/// The routes under `/scim/v2`. From now on, within the runtime that calls this, bulk requests that wait are worked off.
pub fn router(service: &Service) -> Router {
    let scim = Arc::new(Scim::default());
    tokio::spawn(inbox::keep_going(Arc::downgrade(&scim), service.clone()));
    let routes = Router::new()
        .route("/", any(at_root))
        .route("/ServiceProviderConfig", get(configuration))
        .route("/ResourceTypes", get(resource_types))
        .route("/ResourceTypes/{name}", get(resource_type))
        .route("/Schemas", get(schemas))
        .route("/Schemas/{urn}", get(schema))
        .route("/Me", any(me))
        .route("/Bulk", post(bulk_request))
        .route("/BulkResults/{id}", get(bulk_result))
        .route("/.search", post(search_all))
        .route("/{endpoint}", any(collection))
        .route("/{endpoint}/.search", post(search_one))
        .route("/{endpoint}/{id}", any(single))
        .fallback(|| async { Answer::from(Failure::no_address()) })
        .layer(Extension(scim));
    axum::Router::new().nest(BASE, routes)
}

// === impl Scim ===

impl Scim {
    /// The mapping of the project as it is now.
    pub(crate) fn mapping(&self, opened: &Arc<Opened>) -> Arc<Mapping> {
        let mut known = self.mapping.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, mapping)) = &*known
            && Arc::ptr_eq(of, opened)
        {
            return Arc::clone(mapping);
        }
        let mapping = Arc::new(Mapping::of(&opened.model));
        *known = Some((Arc::clone(opened), Arc::clone(&mapping)));
        mapping
    }
}

// === answers ===

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let Self { status, body, tag, location, retry_after } = self;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match body {
            Some(body) => (status, body.to_string()).into_response(),
            None => status.into_response(),
        };
        let has_body = response.headers().contains_key(header::CONTENT_TYPE);
        let headers = response.headers_mut();
        if has_body {
            let json = HeaderValue::from_static("application/scim+json");
            headers.insert(header::CONTENT_TYPE, json);
        }
        let mut put = |name, text: Option<String>| {
            if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
                headers.insert(name, value);
            }
        };
        put(header::ETAG, tag);
        put(header::LOCATION, location);
        put(header::RETRY_AFTER, retry_after.map(|seconds| seconds.to_string()));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        Answer::from(self).into_response()
    }
}

fn not_allowed() -> Failure {
    Failure::new(405, "", "the address does not take this method")
}

fn resource_at<'v>(view: &'v View, endpoint: &str) -> Result<&'v Resource, Failure> {
    view.mapping.at(endpoint).ok_or_else(Failure::no_address)
}

// === discovery ===

async fn configuration(asked: Asked) -> Answered {
    Ok(discovery::configuration(&asked.view(Scope::ScimRead)?))
}

async fn resource_types(asked: Asked) -> Answered {
    discovery::resource_types(&asked.view(Scope::ScimRead)?, None)
}

async fn resource_type(Path(name): Path<String>, asked: Asked) -> Answered {
    discovery::resource_types(&asked.view(Scope::ScimRead)?, Some(&name))
}

async fn schemas(asked: Asked) -> Answered {
    discovery::schemas(&asked.view(Scope::ScimRead)?, None)
}

async fn schema(Path(urn): Path<String>, asked: Asked) -> Answered {
    discovery::schemas(&asked.view(Scope::ScimRead)?, Some(&urn))
}

// === resources ===

/// A program has no resource of its own; people will have one when they sign in.
async fn me(asked: Asked) -> Answered {
    asked.view(Scope::ScimRead)?;
    Err(Failure::new(501, "", "the caller is a program and has no resource of its own"))
}

async fn at_root(asked: Asked) -> Answered {
    let view = asked.view(Scope::ScimRead)?;
    if !asked.reads() {
        return Err(not_allowed());
    }
    let page = search(&view, &asked.query()?, &asked.scim.totals).await?;
    Ok(Answer::json(200, page.to_json()))
}

async fn search_all(asked: Asked) -> Answered {
    let view = asked.view(Scope::ScimRead)?;
    let page = search(&view, &asked.search()?, &asked.scim.totals).await?;
    Ok(Answer::json(200, page.to_json()))
}

async fn search_one(Path(endpoint): Path<String>, asked: Asked) -> Answered {
    let view = asked.view(Scope::ScimRead)?;
    let resource = resource_at(&view, &endpoint)?;
    let page = list(&view, resource, &asked.search()?, &asked.scim.totals).await?;
    Ok(Answer::json(200, page.to_json()))
}

async fn collection(Path(endpoint): Path<String>, asked: Asked) -> Answered {
    let view = asked.view_for_method()?;
    let resource = resource_at(&view, &endpoint)?;
    if asked.reads() {
        let page = list(&view, resource, &asked.query()?, &asked.scim.totals).await?;
        return Ok(Answer::json(200, page.to_json()));
    }
    if asked.method != Method::POST {
        return Err(not_allowed());
    }
    asked.change(&view, &resource.endpoint, Verb::Create(asked.json()?)).await
}

async fn single(Path((endpoint, id)): Path<(String, String)>, asked: Asked) -> Answered {
    let view = asked.view_for_method()?;
    let resource = resource_at(&view, &endpoint)?;
    if asked.reads() {
        let has = asked.header(header::IF_NONE_MATCH);
        return read::get(&view, resource, &id, &asked.selection()?, has).await;
    }
    let verb = match asked.method {
        Method::PUT => Verb::Replace { id, body: asked.json()? },
        Method::PATCH => Verb::Patch { id, body: asked.json()? },
        Method::DELETE => Verb::Delete { id },
        _ => return Err(not_allowed()),
    };
    asked.change(&view, &resource.endpoint, verb).await
}

async fn bulk_request(asked: Asked) -> Answered {
    let view = asked.view(Scope::Scim)?;
    let body = asked.bulk_json()?;
    if asked.prefers_async() {
        return asked.scim.inbox.take(&view, body).await;
    }
    let done = Bulk::read(&body)?.carry_out(&view, &asked.scim.writer, None).await?;
    Ok(Answer::json(200, bulk::response(&done)))
}

async fn bulk_result(Path(id): Path<String>, asked: Asked) -> Answered {
    let view = asked.view(Scope::ScimRead)?;
    let query = asked.query()?;
    inbox::result(&view, &id, (query.start, query.count)).await
}
