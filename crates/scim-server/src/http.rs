//! The addresses of the service, and how answers become HTTP.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Extension,
    body::Bytes,
    extract::{FromRequest as _, Path, Query as Parameters, Request, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};
use muster_app::{Opened, Scope};
use muster_web::{Call, Problem, Router};
use serde_json::Value as Json;

use crate::{
    answer::Answer,
    bulk::{self, Bulk, LARGEST_BULK},
    discovery,
    error::Failure,
    list::{Query, Totals, list},
    mapping::Mapping,
    quirks::{self, Quirk},
    read,
    search::search,
    select::Selection,
    view::View,
    write::{Job, Verb},
    writer::Writer,
};

/// Where the service lies.
const BASE: &str = "/scim/v2";
/// Bytes of a query.
const LONGEST_QUERY: usize = 16 * 1024;

/// What all requests share.
#[derive(Default)]
pub(crate) struct Scim {
    mapping: Mutex<Option<(Arc<Opened>, Arc<Mapping>)>>,
    writer: Writer,
    totals: Totals,
}

type Caller = Result<Call, Problem>;
type Body = Result<Bytes, BytesRejection>;
type Given = Parameters<Vec<(String, String)>>;

/// The routes under `/scim/v2`.
pub fn router() -> Router {
    let routes = Router::new()
        .route("/", any(at_root))
        .route("/ServiceProviderConfig", get(configuration))
        .route("/ResourceTypes", get(resource_types))
        .route("/ResourceTypes/{name}", get(resource_type))
        .route("/Schemas", get(schemas))
        .route("/Schemas/{urn}", get(schema))
        .route("/Me", any(me))
        .route("/Bulk", post(bulk_request))
        .route("/.search", post(search_all))
        .route("/{endpoint}", any(collection))
        .route("/{endpoint}/.search", post(search_one))
        .route("/{endpoint}/{id}", any(single))
        .fallback(|| async { reply(Failure::no_address().into()) })
        .layer(Extension(Arc::new(Scim::default())));
    axum::Router::new().nest(BASE, routes)
}

// === impl Scim ===

impl Scim {
    /// The mapping of the project as it is now.
    fn mapping(&self, opened: &Arc<Opened>) -> Arc<Mapping> {
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

    /// What a request sees, if its token may be used for this.
    fn view(&self, call: Caller, headers: &HeaderMap, scope: Scope) -> Result<View, Failure> {
        let call = call.map_err(refused)?;
        call.need(scope).map_err(refused)?;
        Ok(View {
            mapping: self.mapping(&call.opened),
            client: call.caller.client.to_string().into(),
            base: base(headers).into(),
            now: call.ctx.now(),
            opened: call.opened,
            ctx: call.ctx,
        })
    }
}

/// A problem of the layers below, as SCIM tells it.
fn refused(problem: Problem) -> Failure {
    let retry_after = problem.retry_after;
    Failure { retry_after, ..Failure::new(problem.status.as_u16(), "", problem.detail) }
}

/// The address of the service as the client sees it.
fn base(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_host = |host: &&str| {
        host.len() <= 255 && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:[]".contains(c))
    };
    let host = text("host").filter(is_host).unwrap_or("localhost");
    let is_tls = text("x-forwarded-proto").is_some_and(|proto| proto == "https");
    format!("{}://{host}{BASE}", if is_tls { "https" } else { "http" })
}

fn reply(answer: Answer) -> Response {
    let Answer { status, body, tag, location, retry_after } = answer;
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

fn respond(outcome: Result<Answer, Failure>) -> Response {
    reply(outcome.unwrap_or_else(Answer::from))
}

/// A request to an address: what its headers, its query and its body say.
struct Sent {
    method: Method,
    headers: HeaderMap,
    given: Vec<(String, String)>,
    body: Body,
}

impl Sent {
    /// Takes a request apart. A query that cannot be read says nothing.
    async fn read(request: Request) -> Self {
        let given = Given::try_from_uri(request.uri());
        Self {
            method: request.method().clone(),
            headers: request.headers().clone(),
            given: given.map(|Parameters(given)| given).unwrap_or_default(),
            body: Bytes::from_request(request, &()).await,
        }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self.given.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn selection(&self) -> Result<Selection, Failure> {
        Selection::read(self.parameter("attributes"), self.parameter("excludedAttributes"))
    }

    /// The search in the query.
    fn query(&self) -> Result<Query, Failure> {
        let number =
            |name: &str| match self.parameter(name) {
                None => Ok(None),
                Some(text) => text.trim().parse().map(Some).map_err(|_| {
                    Failure::invalid_value(format!("`{name}` must be a whole number"))
                }),
            };
        if self.given.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>()
            > LONGEST_QUERY
        {
            return Err(Failure::invalid_value("the query is too long"));
        }
        Ok(Query {
            filter: self.parameter("filter").map(str::to_owned),
            sort_by: self.parameter("sortBy").map(str::to_owned),
            descending: descending(self.parameter("sortOrder"))?,
            start: number("startIndex")?,
            count: number("count")?,
            cursor: self.parameter("cursor").map(str::to_owned),
            selection: self.selection()?,
        })
    }

    /// The search in the body.
    fn search(&self) -> Result<Query, Failure> {
        let body = self.json()?;
        let text = |name: &str| body.get(name).and_then(Json::as_str).map(str::to_owned);
        let list = |name: &str| -> Option<String> {
            let list = body.get(name)?.as_array()?.iter().filter_map(Json::as_str);
            Some(list.collect::<Vec<_>>().join(","))
        };
        let (only, without) = (list("attributes"), list("excludedAttributes"));
        Ok(Query {
            filter: text("filter"),
            sort_by: text("sortBy"),
            descending: descending(text("sortOrder").as_deref())?,
            start: body.get("startIndex").and_then(Json::as_i64),
            count: body.get("count").and_then(Json::as_i64),
            cursor: text("cursor"),
            selection: Selection::read(only.as_deref(), without.as_deref())?,
        })
    }

    /// The body as JSON.
    fn json(&self) -> Result<Json, Failure> {
        match self
            .header(header::CONTENT_TYPE)
            .map(|kind| kind.split(';').next().unwrap_or_default())
        {
            Some(kind) if is_json(kind) => {}
            None => quirks::note(Quirk::ContentType),
            Some(kind) => {
                let problem = format!("the body is `{kind}`; send `application/scim+json`");
                return Err(Failure::new(415, "", problem));
            }
        }
        let body = self
            .body
            .as_ref()
            .map_err(|rejection| Failure::new(rejection.status().as_u16(), "", too_large()))?;
        serde_json::from_slice(body)
            .map_err(|error| Failure::invalid_syntax(format!("the body is no JSON: {error}")))
    }
}

fn is_json(kind: &str) -> bool {
    let kind = kind.trim();
    ["application/scim+json", "application/json"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(kind))
}

fn too_large() -> String {
    format!("The size of the request exceeds the maxPayloadSize ({LARGEST_BULK}).")
}

fn descending(order: Option<&str>) -> Result<bool, Failure> {
    match order.map(str::to_lowercase).as_deref() {
        None | Some("" | "ascending") => Ok(false),
        Some("descending") => Ok(true),
        Some(_) => Err(Failure::invalid_value("`sortOrder` is `ascending` or `descending`")),
    }
}

fn not_allowed() -> Failure {
    Failure::new(405, "", "the address does not take this method")
}

// === discovery ===

async fn configuration(
    Extension(scim): Extension<Arc<Scim>>,
    headers: HeaderMap,
    call: Caller,
) -> Response {
    respond(scim.view(call, &headers, Scope::ScimRead).map(|view| discovery::configuration(&view)))
}

async fn resource_types(
    Extension(scim): Extension<Arc<Scim>>,
    headers: HeaderMap,
    call: Caller,
) -> Response {
    let view = scim.view(call, &headers, Scope::ScimRead);
    respond(view.and_then(|view| discovery::resource_types(&view, None)))
}

async fn resource_type(
    Extension(scim): Extension<Arc<Scim>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    call: Caller,
) -> Response {
    let view = scim.view(call, &headers, Scope::ScimRead);
    respond(view.and_then(|view| discovery::resource_types(&view, Some(&name))))
}

async fn schemas(
    Extension(scim): Extension<Arc<Scim>>,
    headers: HeaderMap,
    call: Caller,
) -> Response {
    let view = scim.view(call, &headers, Scope::ScimRead);
    respond(view.and_then(|view| discovery::schemas(&view, None)))
}

async fn schema(
    Extension(scim): Extension<Arc<Scim>>,
    Path(urn): Path<String>,
    headers: HeaderMap,
    call: Caller,
) -> Response {
    let view = scim.view(call, &headers, Scope::ScimRead);
    respond(view.and_then(|view| discovery::schemas(&view, Some(&urn))))
}

// === resources ===

/// A program has no resource of its own; people will have one when they sign in.
async fn me(Extension(scim): Extension<Arc<Scim>>, headers: HeaderMap, call: Caller) -> Response {
    let view = scim.view(call, &headers, Scope::ScimRead);
    let nobody = "the caller is a program and has no resource of its own";
    respond(view.and_then(|_| Err(Failure::new(501, "", nobody))))
}

async fn at_root(
    Extension(scim): Extension<Arc<Scim>>,
    call: Caller,
    request: Request,
) -> Response {
    let sent = Sent::read(request).await;
    let outcome = async {
        let view = scim.view(call, &sent.headers, Scope::ScimRead)?;
        if sent.method != Method::GET {
            return Err(not_allowed());
        }
        let page = search(&view, &sent.query()?, &scim.totals).await?;
        Ok(Answer::json(200, page.to_json()))
    };
    respond(outcome.await)
}

async fn search_all(
    Extension(scim): Extension<Arc<Scim>>,
    call: Caller,
    request: Request,
) -> Response {
    let sent = Sent::read(request).await;
    let outcome = async {
        let view = scim.view(call, &sent.headers, Scope::ScimRead)?;
        let page = search(&view, &sent.search()?, &scim.totals).await?;
        Ok(Answer::json(200, page.to_json()))
    };
    respond(outcome.await)
}

async fn search_one(
    Extension(scim): Extension<Arc<Scim>>,
    Path(endpoint): Path<String>,
    call: Caller,
    request: Request,
) -> Response {
    let sent = Sent::read(request).await;
    let outcome = async {
        let view = scim.view(call, &sent.headers, Scope::ScimRead)?;
        let resource = view.mapping.at(&endpoint).ok_or_else(Failure::no_address)?;
        let page = list(&view, resource, &sent.search()?, &scim.totals).await?;
        Ok(Answer::json(200, page.to_json()))
    };
    respond(outcome.await)
}

async fn collection(
    Extension(scim): Extension<Arc<Scim>>,
    Path(endpoint): Path<String>,
    call: Caller,
    request: Request,
) -> Response {
    let sent = Sent::read(request).await;
    let outcome = async {
        let reads = sent.method == Method::GET;
        let scope = if reads { Scope::ScimRead } else { Scope::Scim };
        let view = scim.view(call, &sent.headers, scope)?;
        let resource = view.mapping.at(&endpoint).ok_or_else(Failure::no_address)?;
        if reads {
            let page = list(&view, resource, &sent.query()?, &scim.totals).await?;
            return Ok(Answer::json(200, page.to_json()));
        }
        if sent.method != Method::POST {
            return Err(not_allowed());
        }
        let verb = Verb::Create(sent.json()?);
        change(&scim, view.clone(), &sent, resource.endpoint.clone(), verb).await
    };
    respond(outcome.await)
}

async fn single(
    Extension(scim): Extension<Arc<Scim>>,
    Path((endpoint, id)): Path<(String, String)>,
    call: Caller,
    request: Request,
) -> Response {
    let sent = Sent::read(request).await;
    let outcome = async {
        let reads = sent.method == Method::GET;
        let scope = if reads { Scope::ScimRead } else { Scope::Scim };
        let view = scim.view(call, &sent.headers, scope)?;
        let resource = view.mapping.at(&endpoint).ok_or_else(Failure::no_address)?;
        if reads {
            let has = sent.header(header::IF_NONE_MATCH);
            return read::get(&view, resource, &id, &sent.selection()?, has).await;
        }
        let verb = match sent.method {
            Method::PUT => Verb::Replace { id, body: sent.json()? },
            Method::PATCH => Verb::Patch { id, body: sent.json()? },
            Method::DELETE => Verb::Delete { id },
            _ => return Err(not_allowed()),
        };
        change(&scim, view.clone(), &sent, resource.endpoint.clone(), verb).await
    };
    respond(outcome.await)
}

async fn change(
    scim: &Scim,
    view: View,
    sent: &Sent,
    endpoint: String,
    verb: Verb,
) -> Result<Answer, Failure> {
    let selection = sent.selection()?;
    let if_match = sent.header(header::IF_MATCH).map(str::to_owned);
    let job = Job { view, endpoint, verb, if_match, selection };
    let lost = || Err(Failure::from(muster_app::Error::bug("a change got no answer")));
    scim.writer.change(vec![job]).await.pop().unwrap_or_else(lost)
}

async fn bulk_request(
    Extension(scim): Extension<Arc<Scim>>,
    call: Caller,
    request: Request,
) -> Response {
    let sent = Sent::read(request).await;
    let outcome = async {
        let view = scim.view(call, &sent.headers, Scope::Scim)?;
        if sent.body.as_ref().is_ok_and(|body| body.len() > LARGEST_BULK) {
            return Err(Failure::new(413, "", too_large()));
        }
        let bulk = Bulk::read(&sent.json()?)?;
        let done = bulk.carry_out(&view, &scim.writer).await;
        Ok(Answer::json(200, bulk::response(&done)))
    };
    respond(outcome.await)
}
