//! Values on their way into and out of JSON: the model compares texts, the service wants its own types.

use muster_model::{Text, Value};
use muster_scim::AttributeKind;
use serde_json::{Value as Json, json};

use crate::{class::Place, profile::Booleans};

/// The text form of what a path leads to, as the model compares it; a list where several values are asked for.
pub(crate) fn from_json(found: Option<Json>, many: bool) -> Value {
    let Some(found) = found else { return Value::Null };
    let items = match found {
        Json::Array(items) => items,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
            vec![found]
        }
    };
    let texts = items.iter().filter_map(|item| scalar(item).map(Value::Text));
    if many { Value::set(texts.collect()) } else { first(&items).map_or(Value::Null, Value::Text) }
}

/// The value that counts when one is wanted: the primary one, else the first.
fn first(items: &[Json]) -> Option<Text> {
    let is_primary = |item: &&Json| {
        item.get("primary").is_some_and(|flag| *flag == json!(true) || *flag == json!("True"))
    };
    let item = items.iter().find(is_primary).or_else(|| items.first())?;
    scalar(item)
}

/// A scalar as text; of a complex value its `value`.
fn scalar(item: &Json) -> Option<Text> {
    match item {
        Json::Null | Json::Array(_) => None,
        Json::Bool(flag) => Some(if *flag { "true".into() } else { "false".into() }),
        Json::Number(number) => Some(number.to_string().into()),
        Json::String(text) if text.is_empty() => None,
        Json::String(text) => Some(text.as_str().into()),
        Json::Object(map) => map.get("value").filter(|value| !value.is_object()).and_then(scalar),
    }
}

/// `value` as the attribute takes it; `Null` for no value.
pub(crate) fn to_json(place: &Place, value: &Value, booleans: Booleans) -> Json {
    let Place { path, kind, is_many } = place;
    let is_list = *is_many
        && path.filter.is_none()
        && path.attribute.sub.as_deref().is_none_or(|sub| sub.eq_ignore_ascii_case("value"));
    let one = |value: &Value| -> Json {
        let scalar = scalar_to_json(value, *kind, booleans);
        if *kind == Some(AttributeKind::Complex) && !scalar.is_null() {
            json!({ "value": scalar })
        } else {
            scalar
        }
    };
    let items: Vec<Json> = value.items().iter().map(one).filter(|item| !item.is_null()).collect();
    if is_list || items.len() > 1 {
        Json::Array(items)
    } else {
        items.into_iter().next().unwrap_or_default()
    }
}

fn scalar_to_json(value: &Value, kind: Option<AttributeKind>, booleans: Booleans) -> Json {
    match value {
        Value::Bool(flag) if kind != Some(AttributeKind::Text) => boolean(*flag, booleans),
        Value::Int(number) if kind != Some(AttributeKind::Text) => json!(number),
        Value::Null => Json::Null,
        Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Binary(_)
        | Value::Uuid(_)
        | Value::Link(_)
        | Value::Reference(_)
        | Value::List(_) => {
            let wire = value.to_wire_text();
            let Some(text) = wire.as_text() else { return Json::Null };
            typed(text, kind, booleans)
        }
    }
}

fn typed(text: &str, kind: Option<AttributeKind>, booleans: Booleans) -> Json {
    let parsed = match kind {
        Some(AttributeKind::Boolean) => match text {
            "true" => Some(boolean(true, booleans)),
            "false" => Some(boolean(false, booleans)),
            _ => None,
        },
        Some(AttributeKind::Integer) => text.parse::<i64>().ok().map(|number| json!(number)),
        Some(AttributeKind::Decimal) => text.parse::<f64>().ok().map(|number| json!(number)),
        Some(
            AttributeKind::Text
            | AttributeKind::DateTime
            | AttributeKind::Binary
            | AttributeKind::Reference
            | AttributeKind::Complex,
        )
        | None => None,
    };
    parsed.unwrap_or_else(|| json!(text))
}

/// A boolean as the server wants it.
pub(crate) fn boolean(flag: bool, booleans: Booleans) -> Json {
    match (booleans, flag) {
        (Booleans::Native, flag) => json!(flag),
        (Booleans::Text, true) => json!("True"),
        (Booleans::Text, false) => json!("False"),
    }
}

/// A boolean as a server may have written it.
pub(crate) fn read_boolean(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(flag) => Some(*flag),
        Json::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Json::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Json::Null | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => None,
    }
}
