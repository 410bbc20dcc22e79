//! Finds one resource, by id or by name, also on servers that cannot search or only say that they can.

use muster_connector::ConnectorError;
use muster_http::Response;
use muster_model::{ObjectRef, Text};
use muster_scim::{Filter, ListResponse};
use serde_json::Value as Json;

use crate::{
    class::Class,
    error,
    pages::{Query, Take, walk},
    service::{Service, get, id_of, path_of},
    value::from_json,
};

/// A resource with its entity tag, if the server gave one.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) resource: Json,
    pub(crate) etag: Option<String>,
}

impl Found {
    pub(crate) fn of(answer: &Response) -> Result<Self, ConnectorError> {
        let resource: Json = answer.json()?;
        let version = || resource.get("meta")?.get("version")?.as_str().map(str::to_owned);
        let etag = answer.header("etag").map(str::to_owned).or_else(version);
        Ok(Self { resource, etag })
    }
}

/// The name of a resource.
pub(crate) fn name_of(class: &Class, resource: &Json) -> Option<Text> {
    from_json(muster_scim::get(resource, &class.name), false).as_text().cloned()
}

/// The resource with this id.
pub(crate) async fn by_id(
    service: &Service,
    class: &Class,
    id: &str,
) -> Result<Option<Found>, ConnectorError> {
    let answer = service.send(&get(path_of(class, id)?)).await?;
    match answer.status() {
        200 => Found::of(&answer).map(Some),
        // A text that was never an id of this server may be refused as one.
        404 | 410 | 400 => Ok(None),
        _ => Err(error::from_answer(&answer, id)),
    }
}

/// The resource with this name. What a server finds is compared again, as some ignore filters.
pub(crate) async fn by_name(
    service: &Service,
    class: &Class,
    name: &str,
) -> Result<Option<Json>, ConnectorError> {
    if name.is_empty() {
        return Ok(None);
    }
    let quirks = service.quirks().await?;
    if quirks.filter {
        let filter = Filter::text_equals(class.name.attribute.clone(), name);
        let request = get(class.endpoint.clone()).query("filter", filter.to_string());
        let answer = service.send(&request).await?;
        match answer.status() {
            200 => {
                let page = ListResponse::from_json(answer.json()?).unwrap_or_default();
                let is_ignored = page.resources.iter().any(|found| !is_named(class, found, name));
                let found = page.resources.into_iter().find(|found| is_named(class, found, name));
                if found.is_some() || !is_ignored {
                    return Ok(found);
                }
            }
            // Some servers answer so when nothing matches.
            404 => return Ok(None),
            400 | 501 => {}
            _ => return Err(error::from_answer(&answer, name)),
        }
    }
    let mut search = Search { class, name, found: None };
    let (filter, page_size, cursors) = (None, quirks.page_size, quirks.cursors);
    let query = Query { class, filter, selection: None, page_size, cursors };
    match (walk(service, &query, &mut search).await?, search.found) {
        (_, Some(found)) => Ok(Some(found)),
        (None, None) => Ok(None),
        (Some(problem), None) => Err(ConnectorError::Unreachable(format!(
            "`{name}` was looked for and not everything was seen: {problem}"
        ))),
    }
}

/// The id of an object: as known, else by its name.
pub(crate) async fn id_for(
    service: &Service,
    class: &Class,
    object: &ObjectRef,
) -> Result<Text, ConnectorError> {
    if !object.id.is_empty() {
        return Ok(object.id.clone());
    }
    let found = by_name(service, class, &object.name).await?;
    let not_found = || ConnectorError::NotFound { name: object.name.clone() };
    found.as_ref().and_then(id_of).ok_or_else(not_found)
}

fn is_named(class: &Class, resource: &Json, name: &str) -> bool {
    name_of(class, resource).is_some_and(|found| found.to_lowercase() == name.to_lowercase())
}

struct Search<'a> {
    class: &'a Class,
    name: &'a str,
    found: Option<Json>,
}

impl Take for Search<'_> {
    async fn take(&mut self, resources: Vec<Json>) -> Result<(), ConnectorError> {
        let (class, name) = (self.class, self.name);
        let found = || resources.into_iter().find(|resource| is_named(class, resource, name));
        self.found = self.found.take().or_else(found);
        Ok(())
    }
}
