//! The `OpenAPI` 3.1 document, made from the table.

use axum::http::Method;
use serde_json::{Map, Value as Json, json};

use crate::{
    Form, Operation, Shape, forms, idempotency,
    operation::{Answered, Place},
    operations,
};

/// The document. It changes only when the table does.
pub fn document() -> Json {
    let mut paths: Map<String, Json> = Map::new();
    for operation in operations() {
        let address = format!("/api/v1{}", operation.path);
        let methods = paths.entry(address).or_insert_with(|| json!({}));
        if let Json::Object(methods) = methods {
            methods.insert(operation.method.as_str().to_lowercase(), described(&operation));
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
            "responses": { "Problem": problem() },
        },
    })
}

fn schemas() -> Json {
    let schemas = forms::FORMS.iter().map(|(name, what, notation)| {
        let mut schema = Form::read(notation).schema();
        if let Json::Object(map) = &mut schema {
            map.insert("description".to_owned(), (*what).into());
        }
        ((*name).to_owned(), schema)
    });
    Json::Object(schemas.collect())
}

fn problem() -> Json {
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    json!({
        "description": "It was not done; `code` says why.",
        "content": { "application/problem+json": { "schema": schema } },
    })
}

fn described(operation: &Operation) -> Json {
    let status = operation.status.to_string();
    let tag = operation.id.split('.').next().unwrap_or(operation.id);
    let mut described = json!({
        "operationId": operation.id, "summary": operation.summary, "tags": [tag],
        "parameters": parameters(operation),
        "responses": { status: answered(operation), "default": { "$ref": "#/components/responses/Problem" } },
    });
    if let Json::Object(map) = &mut described {
        if let Some(right) = operation.right {
            map.insert("x-muster-right".to_owned(), right.word().into());
        }
        if let Some(body) = operation.body.as_ref().filter(|body| !body.0.is_empty()) {
            let required = body.0.iter().any(|field| !field.optional);
            let content = json!({ "application/json": { "schema": body.schema() } });
            map.insert(
                "requestBody".to_owned(),
                json!({ "required": required, "content": content }),
            );
        }
    }
    described
}

fn parameters(operation: &Operation) -> Vec<Json> {
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
    let mut all: Vec<Json> = path.chain(query).collect();
    if operation.method != Method::GET {
        let schema = json!({ "type": "string", "pattern": "^[!-~]{1,128}$" });
        all.push(json!({
            "name": idempotency::HEADER, "in": "header", "schema": schema,
            "description": "Under a key that the client chose a call is carried out once.",
        }));
    }
    all
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
