//! What the service says of itself: configuration, resource types, schemas (RFC 7644, 4).

use muster_policy::Webhook;
use muster_scim::{ListResponse, Schema, urn};
use serde_json::{Value as Json, json};

use crate::{
    answer::Answer,
    bulk::{LARGEST_BULK, MOST_OPERATIONS},
    error::Failure,
    events::EVENT_URIS,
    list::{LARGEST_PAGE, USUAL_PAGE},
    view::View,
};

/// `/ServiceProviderConfig`
pub(crate) fn configuration(view: &View) -> Answer {
    let mut json = json!({
        "schemas": [urn::SERVICE_CONFIG],
        "patch": { "supported": true },
        "bulk": {
            "supported": true,
            "maxOperations": MOST_OPERATIONS,
            "maxPayloadSize": LARGEST_BULK,
        },
        "filter": { "supported": true, "maxResults": LARGEST_PAGE },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": USUAL_PAGE,
            "maxPageSize": LARGEST_PAGE,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token that `muster token create NAME --scope scim` prints once",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": meta(view, "ServiceProviderConfig", "ServiceProviderConfig"),
    });
    // Where nobody is told of events, the attribute is not there (RFC 9967, 4).
    if view.opened.model.webhooks.iter().any(Webhook::is_scim) {
        let events = json!({ "asyncRequest": "none", "eventUris": EVENT_URIS });
        put(&mut json, "securityEvents", events);
    }
    Answer::json(200, json)
}

/// `/ResourceTypes` and `/ResourceTypes/NAME`
pub(crate) fn resource_types(view: &View, name: Option<&str>) -> Result<Answer, Failure> {
    let all = view.mapping.resources.iter().map(|resource| {
        let mut json = resource.resource_type().to_json();
        let path = format!("ResourceTypes/{}", resource.name);
        put(&mut json, "meta", meta(view, "ResourceType", &path));
        json
    });
    found(all.collect(), name, "ResourceType")
}

/// `/Schemas` and `/Schemas/URN`
pub(crate) fn schemas(view: &View, urn: Option<&str>) -> Result<Answer, Failure> {
    let mut all: Vec<&Schema> = Vec::new();
    for schema in view.mapping.resources.iter().flat_map(|resource| &resource.schemas) {
        if !all.iter().any(|known| known.id == schema.id) {
            all.push(schema);
        }
    }
    let all = all.into_iter().map(|schema| {
        let mut json = schema.to_json();
        put(&mut json, "meta", meta(view, "Schema", &format!("Schemas/{}", schema.id)));
        json
    });
    found(all.collect(), urn, "Schema")
}

fn found(all: Vec<Json>, id: Option<&str>, what: &str) -> Result<Answer, Failure> {
    let Some(id) = id else {
        let list = ListResponse {
            total: Some(all.len() as u64),
            start_index: Some(1),
            resources: all,
            next_cursor: None,
        };
        return Ok(Answer::json(200, list.to_json()));
    };
    let is_it = |json: &&Json| {
        json.get("id").and_then(Json::as_str).is_some_and(|known| known.eq_ignore_ascii_case(id))
    };
    let one = all.iter().find(is_it).cloned();
    one.map(|json| Answer::json(200, json))
        .ok_or_else(|| Failure::not_found(&format!("{what} {id}")))
}

fn meta(view: &View, kind: &str, path: &str) -> Json {
    json!({ "resourceType": kind, "location": format!("{}/{path}", view.base) })
}

fn put(json: &mut Json, key: &str, value: Json) {
    if let Json::Object(map) = json {
        map.insert(key.to_owned(), value);
    }
}
