//! The way of a request: who calls, whether they may, what they sent, whether it was answered before, the answer.
//!
//! Rights come before everything that reads the request: whoever may not is told so whatever they sent.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{
        FromRequest as _, FromRequestParts as _, RawPathParams, Request, rejection::BytesRejection,
    },
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use muster_app::Error;
use muster_web::{Call, Code, Problem, Service};
use serde_json::{Map, Value as Json};
use tokio::runtime::Handle;
use tracing::Instrument as _;

use crate::{
    Form, Operation, Shape,
    answer::Told,
    asked::{Asked, Whence},
    etag,
    idempotency::{self, Begun},
    jobs::Jobs,
};

/// Values in a query at most.
const MOST_VALUES: usize = 50;

/// Answers a request for an operation; `seen` is the operation that shows what this one changes.
pub(crate) async fn answer(
    operation: Arc<Operation>,
    seen: Option<Arc<Operation>>,
    service: Service,
    jobs: Jobs,
    request: Request,
) -> Response {
    match carry_out(&operation, seen, service, jobs, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn carry_out(
    operation: &Arc<Operation>,
    seen: Option<Arc<Operation>>,
    service: Service,
    jobs: Jobs,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let call = if operation.is_open {
        Call::of_stranger(&parts, &service)
    } else {
        let mut call = Call::from_request_parts(&mut parts, &service).await?;
        match operation.right {
            Some(right) => call.allow(right)?,
            None => call.need(operation.scope())?,
        }
        call
    };
    let from = Whence::of(&parts);
    let path = RawPathParams::from_request_parts(&mut parts, &service).await;
    let path = path.map_err(|_| Problem::invalid("the address is not right"))?;
    let mut values = Map::new();
    for (name, value) in &path {
        put(&mut values, name, &Operation::path_shape(name), value)
            .map_err(|_| Problem::not_found("there is nothing at this address"))?;
    }
    let headers = parts.headers.clone();
    query(&operation.query, &parts.uri, &mut values)?;
    let body = Bytes::from_request(Request::from_parts(parts, body), &service).await;
    document(operation.body.as_ref(), &headers, body, &mut values)?;
    let if_match = etag::wanted(&headers, &header::IF_MATCH);
    if operation.only_as_seen && !headers.contains_key(header::IF_MATCH) {
        let detail = "`If-Match` has to say what it takes the place of";
        return Err(Problem::new(Code::UNSEEN, detail));
    }
    let Call { ctx, opened, caller } = call;
    let asked = Asked { ctx, opened, caller, jobs, service, values, if_match, from };
    if operation.method == Method::GET {
        return show(operation, &headers, asked).await;
    }
    // Strangers have no name of their own under which an answer could be kept.
    let key = if operation.is_open { None } else { idempotency::key(&headers)? };
    change(operation, seen, key, asked).await
}

async fn show(
    operation: &Arc<Operation>,
    headers: &HeaderMap,
    asked: Asked,
) -> Result<Response, Problem> {
    let told = run(operation, asked).await?;
    if !operation.tagged {
        return Ok(told.response());
    }
    let tag = etag::of(&told.body);
    let known = etag::wanted(headers, &header::IF_NONE_MATCH);
    let mut response = if known.is_some_and(|known| etag::is_among(&known, &tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        told.response()
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

async fn change(
    operation: &Arc<Operation>,
    seen: Option<Arc<Operation>>,
    key: Option<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let opened = Arc::clone(&asked.opened);
    let keyed = match key {
        None => None,
        Some(key) => {
            let sent = Json::Object(asked.values.clone()).to_string();
            let fingerprint = idempotency::fingerprint(operation.id, &sent);
            let client = asked.caller.client;
            match idempotency::begin(&asked.ctx, &opened, client, key, &fingerprint).await? {
                Begun::Before(told) => {
                    let mut response = told.response();
                    let yes = HeaderValue::from_static("true");
                    response.headers_mut().insert("idempotent-replayed", yes);
                    return Ok(response);
                }
                Begun::New(keyed) => Some(keyed),
            }
        }
    };
    let told = match as_seen(seen, &asked).await {
        Ok(()) => run(operation, asked).await,
        Err(problem) => Err(problem),
    };
    if let Some(keyed) = keyed {
        keyed.end(&opened, &told).await;
    }
    told.map(Told::response)
}

/// Refuses a change of something that is no longer as the caller saw it.
async fn as_seen(seen: Option<Arc<Operation>>, asked: &Asked) -> Result<(), Problem> {
    let Some(wanted) = &asked.if_match else { return Ok(()) };
    let Some(seen) = seen else {
        return Err(Problem::invalid("`If-Match` means nothing here"));
    };
    let told = run(&seen, asked.clone()).await?;
    if etag::is_among(wanted, &etag::of(&told.body)) {
        return Ok(());
    }
    Err(Problem::new(Code::CHANGED, "somebody changed it after the `ETag` was given")
        .hint("get it again and decide anew"))
}

/// Runs the handler on a thread of its own: on SQLite nothing in it ever waits.
async fn run(operation: &Arc<Operation>, asked: Asked) -> Result<Told, Problem> {
    let (handle, operation) = (Handle::current(), Arc::clone(operation));
    let span = tracing::info_span!("use_case", otel.name = operation.id);
    let work = move || handle.block_on(operation.handler.answer(asked).instrument(span));
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Problem::from(Error::bug("a handler ended with a panic"))))
}

fn query(form: &Form, uri: &Uri, values: &mut Map<String, Json>) -> Result<(), Problem> {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
    let pairs = pairs.map_err(|_| Problem::invalid("the query cannot be read"))?.0;
    if pairs.len() > MOST_VALUES {
        return Err(Problem::invalid("the query holds too many values"));
    }
    for (name, value) in &pairs {
        let Some(field) = form.field(name) else {
            let known: Vec<&str> = form.0.iter().map(|field| field.name).collect();
            let shown: String = name.chars().take(60).collect();
            return Err(Problem::invalid(format!("there is no query parameter `{shown}`"))
                .hint(format!("the parameters are: {}", known.join(", "))));
        };
        if values.contains_key(name) {
            return Err(Problem::invalid(format!("`{name}` is given twice")));
        }
        put(values, name, &field.shape, value)?;
    }
    match form.0.iter().find(|field| !field.optional && !values.contains_key(field.name)) {
        Some(field) => Err(Problem::invalid(format!("`{}` is missing", field.name))),
        None => Ok(()),
    }
}

fn put(
    values: &mut Map<String, Json>,
    name: &str,
    shape: &Shape,
    given: &str,
) -> Result<(), Problem> {
    let value = shape.of_text(given);
    let value = value.map_err(|wrong| Problem::invalid(format!("`{name}`: {wrong}")))?;
    values.insert(name.to_owned(), value);
    Ok(())
}

fn document(
    form: Option<&Form>,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
    values: &mut Map<String, Json>,
) -> Result<(), Problem> {
    let body = body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Problem::new(Code::TOO_LARGE, rejection.body_text());
        }
        Problem::invalid("the body could not be read")
    })?;
    let Some(form) = form else {
        return if body.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid("no body belongs here"))
        };
    };
    if body.is_empty() && form.0.iter().all(|field| field.optional) {
        return Ok(());
    }
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = media.map(|media| media.split(';').next().unwrap_or_default().trim());
    if !media.is_some_and(|media| media.eq_ignore_ascii_case("application/json")) {
        let detail = "the body is sent as `Content-Type: application/json`";
        return Err(Problem::new(Code::MEDIA_TYPE, detail));
    }
    let given: Json = serde_json::from_slice(&body)
        .map_err(|error| Problem::invalid(format!("the body is not JSON: {error}")))?;
    form.check_request(&given).map_err(Problem::invalid)?;
    if let Json::Object(given) = given {
        // What may be null may as well be left out.
        values.extend(given.into_iter().filter(|(_, value)| !value.is_null()));
    }
    Ok(())
}
