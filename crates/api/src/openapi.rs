//! The `OpenAPI` 3.1 document, made from the table.

use std::collections::BTreeMap;

use axum::http::Method;
use muster_web::Code;
use serde_json::{Map, Value as Json, json};

use crate::{
    Form, Operation, Shape, forms, idempotency,
    operation::{Answered, Place},
    operations,
};

/// The header that says what a change takes the place of.
const IF_MATCH: &str = "if-match";

/// The document. It changes only when the table does.
pub fn document() -> Json {
    let mut paths: Map<String, Json> = Map::new();
    let all = operations();
    for operation in &all {
        let address = format!("/api/v1{}", operation.path);
        let methods = paths.entry(address).or_insert_with(|| json!({}));
        if let Json::Object(methods) = methods {
            methods.insert(operation.method.as_str().to_lowercase(), described(operation, &all));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Muster",
            "version": "1",
            "summary": "Identity governance: every account in every system right, and why.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas(),
            "responses": problems(),
        },
    })
}

fn schemas() -> Json {
    let schemas = forms::FORMS.iter().map(|(name, what, notation)| {
        let mut schema = Form::read(notation).schema();
        if let Json::Object(map) = &mut schema {
            map.insert("description".to_owned(), (*what).into());
        }
        if let (&"Problem", Some(code)) = (name, schema.pointer_mut("/properties/code")) {
            let words: Vec<&str> = Code::ALL.iter().map(|code| code.word).collect();
            *code = json!({ "type": "string", "enum": words });
        }
        ((*name).to_owned(), schema)
    });
    Json::Object(schemas.collect())
}

/// What may be refused, by status: each with the codes that it can have.
fn problems() -> Json {
    let mut problems: BTreeMap<String, Json> = BTreeMap::new();
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    let content = json!({ "application/problem+json": { "schema": schema } });
    let default = json!({ "description": "It was not done; `code` says why.", "content": content });
    problems.insert("Problem".to_owned(), default);
    for status in Code::ALL.iter().map(|code| code.status) {
        let codes = Code::ALL.iter().filter(|code| code.status == status);
        let lines: Vec<String> =
            codes.map(|code| format!("`{}`: {}", code.word, code.title)).collect();
        let problem = json!({ "description": lines.join("\n\n"), "content": content });
        problems.insert(format!("Problem{}", status.as_u16()), problem);
    }
    json!(problems)
}

fn responses(operation: &Operation) -> Json {
    let refused: &[u16] = match (operation.method == Method::GET, operation.tagged) {
        (true, false) => &[400, 401, 403, 404, 422, 429],
        (true, true) => &[304, 400, 401, 403, 404, 422, 429],
        (false, _) => &[400, 401, 403, 404, 409, 412, 413, 415, 422, 429],
    };
    let mut responses = Map::new();
    responses.insert(operation.status.to_string(), answered(operation));
    for status in refused {
        let response = match status {
            304 => json!({ "description": "It is still as `If-None-Match` says." }),
            status => json!({ "$ref": format!("#/components/responses/Problem{status}") }),
        };
        responses.insert(status.to_string(), response);
    }
    let default = json!({ "$ref": "#/components/responses/Problem" });
    responses.insert("default".to_owned(), default);
    Json::Object(responses)
}

fn described(operation: &Operation, all: &[Operation]) -> Json {
    let tag = operation.id.split('.').next().unwrap_or(operation.id);
    let mut described = json!({
        "operationId": operation.id, "summary": operation.summary, "tags": [tag],
        "parameters": parameters(operation, all), "responses": responses(operation),
    });
    if let Json::Object(map) = &mut described {
        if operation.is_open {
            map.insert("security".to_owned(), json!([]));
        }
        if let Some(right) = operation.right {
            map.insert("x-muster-right".to_owned(), right.word().into());
        }
        if let Some(body) = operation.body.as_ref().filter(|body| !body.0.is_empty()) {
            let required = body.0.iter().any(|field| !field.optional);
            let content = json!({ "application/json": { "schema": body.request_schema() } });
            map.insert(
                "requestBody".to_owned(),
                json!({ "required": required, "content": content }),
            );
        }
    }
    described
}

fn parameters(operation: &Operation, all: &[Operation]) -> Vec<Json> {
    let path = operation.path_names().map(|name| {
        let mut schema = Operation::path_shape(name).schema();
        if let (Json::Object(map), Shape::Text) = (&mut schema, Operation::path_shape(name)) {
            map.insert("minLength".to_owned(), 1.into());
        }
        parameter(Place::Path, name, true, &schema)
    });
    let query = operation
        .query
        .0
        .iter()
        .map(|field| parameter(Place::Query, field.name, !field.optional, &field.schema()));
    path.chain(query).chain(headers(operation, all)).collect()
}

fn headers(operation: &Operation, all: &[Operation]) -> Vec<Json> {
    let header = |name: &str, schema: Json, what: &str| {
        let required = name == IF_MATCH && operation.only_as_seen;
        json!({ "name": name, "in": "header", "required": required, "schema": schema, "description": what })
    };
    let text = || json!({ "type": "string" });
    let is_seen = all.iter().any(|other| other.shows(operation));
    let tag = |name: &str, what: &str| is_seen.then(|| header(name, text(), what));
    if operation.method == Method::GET {
        let what = "Answers 304 when it is still as this `ETag` says.";
        return tag("if-none-match", what).filter(|_| operation.tagged).into_iter().collect();
    }
    if operation.is_open {
        return Vec::new();
    }
    let what = "Under a key that the client chose a call is carried out once.";
    let pattern = json!({ "type": "string", "pattern": idempotency::PATTERN });
    let key = header(idempotency::HEADER, pattern, what);
    let what = "Changes it only when it is still as this `ETag` says.";
    [Some(key), tag(IF_MATCH, what)].into_iter().flatten().collect()
}

fn parameter(place: Place, name: &str, required: bool, schema: &Json) -> Json {
    let place = match place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Body => "body",
    };
    json!({ "name": name, "in": place, "required": required, "schema": schema })
}

fn answered(operation: &Operation) -> Json {
    let (media, schema) = match &operation.answered {
        Answered::One(shape) => ("application/json", shape.schema()),
        Answered::List(shape) => ("application/json", list_of(shape)),
        Answered::Lines => ("application/x-ndjson", json!({ "type": "string" })),
        Answered::File(media) => {
            let content = json!({ "schema": { "type": "string", "format": "binary" } });
            let media = media.iter().map(|media| ((*media).to_owned(), content.clone()));
            let content: Map<String, Json> = media.collect();
            return json!({ "description": "Done.", "content": content });
        }
        Answered::Job => ("application/json", Shape::Named("Job").schema()),
    };
    json!({ "description": "Done.", "content": { media: { "schema": schema } } })
}

/// The schema of a list: items, and where it goes on.
pub(crate) fn list_of(shape: &Shape) -> Json {
    json!({
        "type": "object", "required": ["items", "next"], "additionalProperties": false,
        "properties": {
            "items": { "type": "array", "items": shape.schema() },
            "next": { "type": ["string", "null"], "description": "`after` of the next page; null at the end." },
        },
    })
}
