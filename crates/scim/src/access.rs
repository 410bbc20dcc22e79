//! Reads and writes attributes of a resource by their paths. Names compare without regard to case.

use serde_json::{Map, Value};

use crate::{AttributePath, Path};

/// The member of an object by its name, in any case.
pub(crate) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let map = value.as_object()?;
    map.get(name).or_else(|| {
        map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    })
}

/// The key under which an object holds `name`: the one that is there in another case, or the name itself.
pub fn key_of(map: &Map<String, Value>, name: &str) -> String {
    if map.contains_key(name) {
        return name.to_owned();
    }
    let found = map.keys().find(|key| key.eq_ignore_ascii_case(name));
    found.cloned().unwrap_or_else(|| name.to_owned())
}

/// The whole attribute of a path, its sub-attribute left aside.
pub(crate) fn attribute<'v>(resource: &'v Value, path: &AttributePath) -> Option<&'v Value> {
    let Some(schema) = &path.schema else { return member(resource, &path.name) };
    let whole = path.whole_urn().and_then(|urn| member(resource, &urn));
    if whole.is_some() || path.is_schema() {
        return whole;
    }
    let outer = if path.is_core() { resource } else { member(resource, schema)? };
    member(outer, &path.name)
}

/// The value under `path`: the first one that matches where the path has a filter, a list where the attribute has
/// several values and the path has none. `None` when nothing is there.
pub fn get(resource: &Value, path: &Path) -> Option<Value> {
    let found = attribute(resource, &path.attribute)?;
    let sub = path.attribute.sub.as_deref();
    let inner = |item: &Value| match sub {
        None => Some(item.clone()),
        Some(sub) => member(item, sub).cloned(),
    };
    let value = match (found, &path.filter) {
        (Value::Array(items), Some(filter)) => {
            items.iter().filter(|item| filter.matches(item, &|_| false)).find_map(inner)
        }
        (Value::Array(items), None) => Some(Value::Array(items.iter().filter_map(inner).collect())),
        (other, Some(filter)) => filter.matches(other, &|_| false).then(|| inner(other)).flatten(),
        (other, None) => inner(other),
    };
    value.filter(|value| !is_empty(value))
}

/// Puts `value` under `path`; what is missing on the way is made, also a value that a filter asks for. `Null` and an
/// empty list remove.
pub fn set(resource: &mut Value, path: &Path, value: Value) {
    if is_empty(&value) {
        return remove(resource, path);
    }
    let Some(place) = place_of(resource, &path.attribute) else { return };
    match (&path.filter, &path.attribute.sub) {
        (None, None) => *place = value,
        (None, Some(sub)) => match (place.as_array_mut(), value) {
            (_, Value::Array(values)) => set_members(place, sub, values),
            (Some(items), value) => items.iter_mut().for_each(|item| put(item, sub, value.clone())),
            (None, value) => put(place, sub, value),
        },
        (Some(filter), sub) => {
            if !place.is_array() {
                *place = Value::Array(Vec::new());
            }
            let Some(items) = place.as_array_mut() else { return };
            let at = items.iter().position(|item| filter.matches(item, &|_| false));
            let mut item = at.and_then(|at| items.get(at).cloned()).unwrap_or_else(|| {
                let mut made = Value::Object(Map::new());
                for (path, literal) in filter.required_values() {
                    put(&mut made, &path.name, literal.to_json());
                }
                made
            });
            match sub {
                Some(sub) => put(&mut item, sub, value),
                None => merge(&mut item, value),
            }
            match at.and_then(|at| items.get_mut(at)) {
                Some(old) => *old = item,
                None => items.push(item),
            }
        }
    }
}

/// Removes what is under `path`. A value that then holds nothing but what its filter asks for goes as a whole.
pub fn remove(resource: &mut Value, path: &Path) {
    if attribute(resource, &path.attribute).is_none() {
        return;
    }
    let Some(place) = place_of(resource, &path.attribute) else { return };
    match (&path.filter, &path.attribute.sub) {
        (None, None) => *place = Value::Null,
        (None, Some(sub)) => match place.as_array_mut() {
            Some(items) => items.iter_mut().for_each(|item| put(item, sub, Value::Null)),
            None => put(place, sub, Value::Null),
        },
        (Some(filter), sub) => {
            let Some(items) = place.as_array_mut() else { return };
            let required: Vec<String> = filter
                .required_values()
                .iter()
                .map(|(path, _)| path.name.to_lowercase())
                .chain(["primary".to_owned(), "display".to_owned()])
                .collect();
            items.retain_mut(|item| {
                if !filter.matches(item, &|_| false) {
                    return true;
                }
                let Some(sub) = sub else { return false };
                put(item, sub, Value::Null);
                item.as_object().is_some_and(|map| {
                    map.keys().any(|key| !required.contains(&key.to_lowercase()))
                })
            });
        }
    }
    tidy(resource, &path.attribute);
}

/// The resource without nulls, empty lists and empty objects, which all mean that there is no value (RFC 7643, 2.5).
pub fn normalize(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(normalize);
            items.retain(|item| !is_empty(item));
        }
        Value::Object(map) => {
            map.values_mut().for_each(normalize);
            map.retain(|_, item| !is_empty(item));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Sets a member of an object, which is made where another value stands; `Null` removes it.
pub(crate) fn put(target: &mut Value, name: &str, value: Value) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(map) = target.as_object_mut() else { return };
    let key = key_of(map, name);
    if is_empty(&value) {
        map.remove(&key);
    } else {
        map.insert(key, value);
    }
}

/// Sets the members of `value` in `target`; anything but an object replaces.
pub(crate) fn merge(target: &mut Value, value: Value) {
    if let (Value::Object(map), true) = (&value, target.is_object()) {
        for (key, value) in map {
            put(target, key, value.clone());
        }
    } else {
        *target = value;
    }
}

/// Makes the values of an attribute those whose `sub` is one of `values`, and keeps what stays as it is.
fn set_members(place: &mut Value, sub: &str, values: Vec<Value>) {
    let old = place.as_array().cloned().unwrap_or_default();
    let kept = |value: &Value| old.iter().find(|item| member(item, sub) == Some(value)).cloned();
    let item = |value: Value| {
        kept(&value).unwrap_or_else(|| {
            let mut made = Value::Object(Map::new());
            put(&mut made, sub, value);
            made
        })
    };
    *place = Value::Array(values.into_iter().map(item).collect());
}

/// The place of an attribute in a resource; it is made if it is not there.
pub(crate) fn place_of<'v>(resource: &'v mut Value, path: &AttributePath) -> Option<&'v mut Value> {
    let map = resource.as_object_mut()?;
    let whole = path
        .whole_urn()
        .filter(|urn| path.is_schema() || map.keys().any(|key| key.eq_ignore_ascii_case(urn)));
    if let Some(urn) = whole {
        let key = key_of(map, &urn);
        return Some(map.entry(key).or_insert(Value::Null));
    }
    let map = match &path.schema {
        Some(schema) if !path.is_core() => {
            let key = key_of(map, schema);
            let extension = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
            extension.as_object_mut()?
        }
        Some(_) | None => map,
    };
    let key = key_of(map, &path.name);
    Some(map.entry(key).or_insert(Value::Null))
}

/// Drops what became empty at and around `path`.
pub(crate) fn tidy(resource: &mut Value, path: &AttributePath) {
    let Some(map) = resource.as_object_mut() else { return };
    if let Some(extension) = path.schema.as_ref().and_then(|schema| {
        let key = key_of(map, schema);
        map.get_mut(&key)
    }) && let Some(inner) = extension.as_object_mut()
    {
        inner.retain(|_, value| !is_empty(value));
    }
    map.retain(|_, value| !is_empty(value));
}
