//! A request to an address: who asks, what of the project they see, what the headers, the query and the body say.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension,
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts as _, Query as Parameters, Request, rejection::BytesRejection,
    },
    http::{HeaderMap, Method, Uri, header},
};
use muster_app::{Opened, Scope};
use muster_web::{Call, Origin, Problem, Service};
use serde_json::Value as Json;

use super::{BASE, Scim, searched};
use crate::{
    answer::Answer,
    bulk::LARGEST_BULK,
    error::Failure,
    list::Query,
    quirks::{self, Quirk},
    select::Selection,
    view::View,
    write::{Job, Verb},
};

/// Bytes of a query.
const LONGEST_QUERY: usize = 16 * 1024;

type Given = Parameters<Vec<(String, String)>>;

/// A request, taken apart. What is wrong with it is told by the handler, in the form of SCIM.
pub(super) struct Asked {
    pub(super) scim: Arc<Scim>,
    pub(super) method: Method,
    call: Result<Call, Problem>,
    /// The scheme and the host that the client used, as far as they can be believed.
    reached: String,
    headers: HeaderMap,
    given: Vec<(String, String)>,
    body: Result<Bytes, BytesRejection>,
}

impl FromRequest<Service> for Asked {
    type Rejection = Infallible;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Infallible> {
        let (mut parts, body) = request.into_parts();
        let call = Call::from_request_parts(&mut parts, service).await;
        let scim = Extension::<Arc<Scim>>::from_request_parts(&mut parts, service).await;
        let scim = scim.map(|Extension(scim)| scim).unwrap_or_default();
        let is_tls = parts.extensions.get::<Origin>().is_some_and(|origin| origin.is_tls);
        // A query that cannot be read says nothing.
        let given = Given::try_from_uri(&parts.uri);
        Ok(Self {
            scim,
            call,
            reached: reached(&parts.headers, &parts.uri, is_tls),
            given: given.map(|Parameters(given)| given).unwrap_or_default(),
            method: parts.method.clone(),
            headers: parts.headers.clone(),
            body: Bytes::from_request(Request::from_parts(parts, body), service).await,
        })
    }
}

impl Asked {
    /// What the caller sees, if their token may be used for this.
    pub(super) fn view(&self, scope: Scope) -> Result<View, Failure> {
        let call = self.call.as_ref().map_err(refused)?;
        call.need(scope).map_err(|problem| refused(&problem))?;
        Ok(View {
            mapping: self.scim.mapping(&call.opened),
            client: call.caller.client.to_string().into(),
            base: base(&call.opened, &self.reached).into(),
            now: call.ctx.now(),
            is_inbox: false,
            opened: Arc::clone(&call.opened),
            ctx: call.ctx.clone(),
        })
    }

    /// As [`Asked::view`], with the scope that the method asks for.
    pub(super) fn view_for_method(&self) -> Result<View, Failure> {
        self.view(if self.reads() { Scope::ScimRead } else { Scope::Scim })
    }

    /// Whether nothing is to change.
    pub(super) fn reads(&self) -> bool {
        self.method == Method::GET
    }

    /// Whether the client wants its answer later (RFC 7240).
    pub(super) fn prefers_async(&self) -> bool {
        let given = self.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        let mut words = given.flat_map(|text| text.split(','));
        words.any(|word| word.trim().eq_ignore_ascii_case("respond-async"))
    }

    /// Has a change made and waits for what comes of it.
    pub(super) async fn change(
        &self,
        view: &View,
        endpoint: &str,
        verb: Verb,
    ) -> Result<Answer, Failure> {
        let job = Job {
            view: view.clone(),
            endpoint: endpoint.to_owned(),
            verb,
            if_match: self.header(header::IF_MATCH).map(str::to_owned),
            selection: self.selection()?,
            line: None,
        };
        let lost = || Err(Failure::from(muster_app::Error::bug("a change got no answer")));
        self.scim.writer.change(vec![job]).await.pop().unwrap_or_else(lost)
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self.given.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    pub(super) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn selection(&self) -> Result<Selection, Failure> {
        Selection::read(self.parameter("attributes"), self.parameter("excludedAttributes"))
    }

    /// The search in the query.
    pub(super) fn query(&self) -> Result<Query, Failure> {
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
    pub(super) fn search(&self) -> Result<Query, Failure> {
        searched::read(&self.json()?)
    }

    /// The body as JSON, if it is no larger than a bulk request may be.
    pub(super) fn bulk_json(&self) -> Result<Json, Failure> {
        if self.body.as_ref().is_ok_and(|body| body.len() > LARGEST_BULK) {
            return Err(Failure::new(413, "", too_large()));
        }
        self.json()
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Json, Failure> {
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

pub(super) fn descending(order: Option<&str>) -> Result<bool, Failure> {
    match order.map(str::to_lowercase).as_deref() {
        None | Some("" | "ascending") => Ok(false),
        Some("descending") => Ok(true),
        Some(_) => Err(Failure::invalid_value("`sortOrder` is `ascending` or `descending`")),
    }
}

/// A problem of the layers below, as SCIM tells it.
fn refused(problem: &Problem) -> Failure {
    let status = problem.status.as_u16();
    Failure {
        retry_after: problem.retry_after.map(u64::from),
        ..Failure::new(status, "", &*problem.detail)
    }
}

/// The address of the service: the one that the project names, or else the one at which the client reached it.
fn base(opened: &Opened, reached: &str) -> String {
    let url = opened.model.url.as_deref().unwrap_or(reached);
    format!("{url}{BASE}")
}

/// The scheme and the host of a connection. What a header says of the way here through others does not count.
fn reached(headers: &HeaderMap, uri: &Uri, is_tls: bool) -> String {
    let is_host = |host: &&str| {
        host.len() <= 255 && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:[]".contains(c))
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| uri.authority().map(axum::http::uri::Authority::as_str));
    let scheme = if is_tls { "https" } else { "http" };
    format!("{scheme}://{}", host.filter(is_host).unwrap_or("localhost"))
}
