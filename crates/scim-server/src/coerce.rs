//! What clients send, brought into the form of the schemas: names in our case, values of the right type, nothing unknown.
//!
//! Tolerant where the meaning is plain, and every tolerance is counted; refused where it is not.

use jiff::Timestamp;
use muster_scim::{Attribute, AttributeKind, Filter, Literal, Mutability, Schema};
use serde_json::{Map, Value as Json, json};

use crate::{
    error::Failure,
    mapping::Resource,
    quirks::{self, Quirk},
};

/// Bytes of one text.
const LONGEST_TEXT: usize = 64 * 1024;
/// Values of one attribute, except the members of a group.
const MOST_VALUES: usize = 1000;
/// Members that one request may name.
pub(crate) const MOST_MEMBERS: usize = 100_000;

/// The attributes of a resource that may be written, in the form of the schemas. What only the server says is left out.
pub(crate) fn coerce(resource: &Resource, body: &Json) -> Result<Map<String, Json>, Failure> {
    let Json::Object(body) = body else {
        return Err(Failure::invalid_syntax("a resource is a JSON object"));
    };
    let Some(core) = resource.schemas.first() else { return Ok(Map::new()) };
    let mut clean = Map::new();
    for (key, value) in body {
        if ["schemas", "id", "meta", "externalId"].iter().any(|name| name.eq_ignore_ascii_case(key))
        {
            continue;
        }
        let extension =
            resource.schemas.iter().skip(1).find(|schema| schema.id.eq_ignore_ascii_case(key));
        if let Some(schema) = extension {
            let inner = extension_of(schema, value)?;
            if !inner.is_empty() {
                clean.insert(schema.id.clone(), Json::Object(inner));
            }
        } else if let Some(attribute) = core.attribute(key) {
            put(&mut clean, attribute, value)?;
        } else {
            quirks::note(Quirk::UnknownAttribute);
        }
    }
    give_types(resource, &mut clean);
    Ok(clean)
}

fn extension_of(schema: &Schema, value: &Json) -> Result<Map<String, Json>, Failure> {
    let body = match value {
        Json::Object(body) => body,
        Json::Null => return Ok(Map::new()),
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            return Err(Failure::invalid_value(format!("`{}` must be an object", schema.id)));
        }
    };
    let mut clean = Map::new();
    for (key, value) in body {
        match schema.attribute(key) {
            Some(attribute) => put(&mut clean, attribute, value)?,
            None => quirks::note(Quirk::UnknownAttribute),
        }
    }
    Ok(clean)
}

fn put(clean: &mut Map<String, Json>, attribute: &Attribute, value: &Json) -> Result<(), Failure> {
    if attribute.mutability == Mutability::ReadOnly {
        return Ok(());
    }
    let value = values(attribute, value)?;
    if !value.is_null() {
        clean.insert(attribute.name.clone(), value);
    }
    Ok(())
}

/// All values of an attribute in the form of its definition; `Null` for none.
fn values(attribute: &Attribute, value: &Json) -> Result<Json, Failure> {
    if !attribute.many {
        return single(attribute, value);
    }
    let items = match value {
        Json::Null => return Ok(Json::Null),
        Json::Array(items) => items.as_slice(),
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
            quirks::note(Quirk::BareComplex);
            std::slice::from_ref(value)
        }
    };
    let most = if attribute.name == "members" { MOST_MEMBERS } else { MOST_VALUES };
    if items.len() > most {
        let problem = format!("`{}` has more than {most} values", attribute.name);
        return Err(Failure::invalid_value(problem));
    }
    let mut clean = Vec::with_capacity(items.len());
    for item in items {
        let item = single(attribute, item)?;
        if !item.is_null() {
            clean.push(item);
        }
    }
    let primary = clean.iter().filter(|item| item.get("primary") == Some(&Json::Bool(true)));
    if primary.count() > 1 {
        let problem = format!("`{}` has more than one primary value", attribute.name);
        return Err(Failure::invalid_value(problem));
    }
    Ok(Json::Array(clean))
}

fn single(attribute: &Attribute, value: &Json) -> Result<Json, Failure> {
    let name = &attribute.name;
    let wrong = |wanted: &str| Err(Failure::invalid_value(format!("`{name}` must be {wanted}")));
    if value.is_null() {
        return Ok(Json::Null);
    }
    match attribute.kind {
        AttributeKind::Complex => complex(attribute, value),
        AttributeKind::Boolean => match value {
            Json::Bool(_) => Ok(value.clone()),
            Json::String(text) if text.eq_ignore_ascii_case("true") => {
                quirks::note(Quirk::TextForValue);
                Ok(json!(true))
            }
            Json::String(text) if text.eq_ignore_ascii_case("false") => {
                quirks::note(Quirk::TextForValue);
                Ok(json!(false))
            }
            Json::Null | Json::String(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                wrong("true or false")
            }
        },
        AttributeKind::Integer | AttributeKind::Decimal => number(attribute, value),
        AttributeKind::Text
        | AttributeKind::DateTime
        | AttributeKind::Binary
        | AttributeKind::Reference => {
            let text = match value {
                Json::String(text) => text.clone(),
                Json::Bool(_) | Json::Number(_) => {
                    quirks::note(Quirk::TextForValue);
                    value.to_string()
                }
                Json::Null | Json::Array(_) | Json::Object(_) => return wrong("a text"),
            };
            if text.len() > LONGEST_TEXT {
                return wrong("shorter");
            }
            if text.contains('\0') {
                return wrong("a text without zero bytes");
            }
            if attribute.kind == AttributeKind::DateTime && text.parse::<Timestamp>().is_err() {
                return wrong("an instant such as 2026-01-31T08:00:00Z");
            }
            Ok(if text.is_empty() { Json::Null } else { Json::String(text) })
        }
    }
}

fn number(attribute: &Attribute, value: &Json) -> Result<Json, Failure> {
    let read = match value {
        Json::Number(number) => Some(number.clone()),
        Json::String(text) => {
            quirks::note(Quirk::TextForValue);
            text.trim().parse().ok()
        }
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    };
    let whole = attribute.kind == AttributeKind::Integer;
    match read {
        Some(number) if !whole || number.is_i64() => Ok(Json::Number(number)),
        Some(_) | None => {
            let wanted = if whole { "a whole number" } else { "a number" };
            Err(Failure::invalid_value(format!("`{}` must be {wanted}", attribute.name)))
        }
    }
}

fn complex(attribute: &Attribute, value: &Json) -> Result<Json, Failure> {
    let body = match value {
        Json::Object(body) => body,
        Json::String(text) if attribute.sub_attribute("value").is_some() => {
            quirks::note(Quirk::BareComplex);
            return Ok(if text.is_empty() { Json::Null } else { json!({ "value": text }) });
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            let problem = format!("`{}` must be an object", attribute.name);
            return Err(Failure::invalid_value(problem));
        }
    };
    let mut clean = Map::new();
    for (key, value) in body {
        match attribute.sub_attribute(key) {
            Some(sub) => put(&mut clean, sub, value)?,
            None => quirks::note(Quirk::UnknownAttribute),
        }
    }
    Ok(if clean.is_empty() { Json::Null } else { Json::Object(clean) })
}

/// Gives a value without a type the one under which the model keeps such a value, where no other one has it.
fn give_types(resource: &Resource, clean: &mut Map<String, Json>) {
    for field in &resource.fields {
        let Some(wanted) = field.path.filter.as_ref().and_then(wanted_type) else { continue };
        if wanted != "work" {
            continue;
        }
        let Some(Json::Array(items)) = clean.get_mut(&field.path.attribute.name) else { continue };
        let kind = |item: &Json| item.get("type").and_then(Json::as_str).map(str::to_lowercase);
        if items.iter().any(|item| kind(item).as_deref() == Some(wanted)) {
            continue;
        }
        let is_free = |item: &Json| kind(item).is_none();
        let is_primary = |item: &Json| item.get("primary") == Some(&Json::Bool(true));
        let place = items
            .iter()
            .position(|item| is_free(item) && is_primary(item))
            .or_else(|| items.iter().position(is_free));
        if let Some(Json::Object(item)) = place.and_then(|place| items.get_mut(place)) {
            quirks::note(Quirk::UntypedValue);
            item.insert("type".to_owned(), json!(wanted));
        }
    }
}

fn wanted_type(filter: &Filter) -> Option<&str> {
    let values = filter.required_values();
    let found = values.into_iter().find(|(path, _)| path.name == "type");
    match found {
        Some((_, Literal::Text(text))) => Some(text),
        Some(_) | None => None,
    }
}
