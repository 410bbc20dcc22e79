//! The shortest PATCH that makes one state of a resource into another, in the style that a server understands.
//!
//! Whatever shortcut is tried is applied to the former state first; where the result is not the wanted one, the
//! attribute is replaced as a whole. So the PATCH is right whatever the resource holds.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    AttributePath, Filter, MakeMissing, Operation, OperationKind, Patch, Path,
    access::{self, member},
};

/// How a server wants changes of single values written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Values to remove are chosen by a filter in the path; whole new values are added as a list.
    Rfc,
    /// As Entra writes it: values of a type are added by a path with a filter, and values to remove stand in the value.
    Entra,
}

/// The PATCH from `before` to `after`. Nulls and empty lists count as no value, and the order of several values does
/// not count at all.
pub fn diff(before: &Value, after: &Value, style: Style) -> Patch {
    let (mut before, mut after) = (before.clone(), after.clone());
    access::normalize(&mut before);
    access::normalize(&mut after);
    let mut operations = Vec::new();
    let empty = Map::new();
    let old = before.as_object().unwrap_or(&empty);
    let new = after.as_object().unwrap_or(&empty);
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let path = whole_path(key);
        operations.extend(attribute(&path, old.get(key), new.get(key), style));
    }
    Patch { operations }
}

fn whole_path(key: &str) -> AttributePath {
    match key.rsplit_once(':') {
        Some((schema, name)) => {
            AttributePath { schema: Some(schema.to_owned()), name: name.to_owned(), sub: None }
        }
        None => AttributePath::plain(key),
    }
}

fn attribute(
    path: &AttributePath,
    old: Option<&Value>,
    new: Option<&Value>,
    style: Style,
) -> Vec<Operation> {
    match (old, new) {
        (None, None) => Vec::new(),
        (Some(_), None) => vec![operation(OperationKind::Remove, path, None)],
        (None, Some(new)) => vec![operation(OperationKind::Add, path, Some(new.clone()))],
        (Some(old), Some(new)) if old == new => Vec::new(),
        (Some(Value::Object(old)), Some(Value::Object(new))) if path.sub.is_none() => {
            members(path, old, new, style)
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if path.sub.is_none() => {
            values(path, old, new, style)
        }
        (Some(old), Some(new)) if old.is_object() || new.is_object() => vec![
            operation(OperationKind::Remove, path, None),
            operation(OperationKind::Add, path, Some(new.clone())),
        ],
        (Some(_), Some(new)) => vec![operation(OperationKind::Replace, path, Some(new.clone()))],
    }
}

/// The members of a complex attribute or of an extension, one by one.
fn members(
    path: &AttributePath,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    style: Style,
) -> Vec<Operation> {
    let mut operations = Vec::new();
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let mut inner = path.clone();
        match path.whole_urn().filter(|_| path.is_schema() || !path.is_core()) {
            // A top-level key that is a URN is an extension, and its members are attributes.
            Some(urn) if !is_inside(path) => {
                inner = AttributePath { schema: Some(urn), name: key.clone(), sub: None };
            }
            Some(_) | None => inner.sub = Some(key.clone()),
        }
        operations.extend(attribute(&inner, old.get(key), new.get(key), style));
    }
    operations
}

/// True for an attribute inside an extension: its schema's last part is no version.
fn is_inside(path: &AttributePath) -> bool {
    path.schema.is_some() && !path.is_schema()
}

/// The values of an attribute with several.
fn values(path: &AttributePath, old: &[Value], new: &[Value], style: Style) -> Vec<Operation> {
    let gone: Vec<&Value> = old.iter().filter(|value| !new.contains(value)).collect();
    let come: Vec<&Value> = new.iter().filter(|value| !old.contains(value)).collect();
    if gone.is_empty() && come.is_empty() && old.len() == new.len() {
        return Vec::new();
    }
    let whole = vec![operation(OperationKind::Replace, path, Some(Value::Array(new.to_vec())))];
    let single = single_values(path, old, new, gone, come, style);
    match single {
        Some(operations) if leads_to(&operations, path, old, new) => operations,
        Some(_) | None => whole,
    }
}

/// Operations on single values; `None` where a value cannot be chosen by what it holds.
fn single_values(
    path: &AttributePath,
    old: &[Value],
    new: &[Value],
    mut gone: Vec<&Value>,
    mut come: Vec<&Value>,
    style: Style,
) -> Option<Vec<Operation>> {
    let mut operations = Vec::new();
    let pairs: Vec<(Value, Value)> = gone
        .iter()
        .filter_map(|value| {
            let kind = type_of(value)?;
            let is_one = |list: &[Value]| {
                list.iter().filter(|item| type_of(item) == Some(kind)).count() == 1
            };
            let partner = come.iter().find(|item| type_of(item) == Some(kind))?;
            (is_one(old) && is_one(new)).then(|| ((*value).clone(), (**partner).clone()))
        })
        .collect();
    gone.retain(|value| !pairs.iter().any(|(old, _)| old == *value));
    come.retain(|value| !pairs.iter().any(|(_, new)| new == *value));
    operations.extend(removals(path, &gone, style)?);
    for (old, new) in &pairs {
        operations.extend(of_a_type(path, old, new)?);
    }
    if !come.is_empty() {
        operations.push(operation(OperationKind::Add, path, Some(json!(come))));
    }
    Some(operations)
}

fn removals(path: &AttributePath, gone: &[&Value], style: Style) -> Option<Vec<Operation>> {
    let keys: Option<Vec<&str>> =
        gone.iter().map(|value| member(value, "value").and_then(Value::as_str)).collect();
    let keys = keys?;
    if keys.is_empty() {
        return Some(Vec::new());
    }
    Some(match style {
        Style::Entra => {
            let values: Vec<Value> = keys.iter().map(|key| json!({ "value": key })).collect();
            vec![operation(OperationKind::Remove, path, Some(Value::Array(values)))]
        }
        Style::Rfc => {
            let filter = |key: &&str| Filter::text_equals(AttributePath::plain("value"), *key);
            let chosen = |key| Operation {
                kind: OperationKind::Remove,
                path: Some(Path { attribute: path.clone(), filter: Some(filter(key)) }),
                value: None,
            };
            keys.iter().map(chosen).collect()
        }
    })
}

/// What differs between two values of one type, each sub-attribute by `emails[type eq "work"].value`.
fn of_a_type(path: &AttributePath, old: &Value, new: &Value) -> Option<Vec<Operation>> {
    let (before, after) = (old.as_object()?, new.as_object()?);
    let filter = Filter::text_equals(AttributePath::plain("type"), type_of(old)?);
    let mut operations = Vec::new();
    for key in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let kind = match (before.get(key), after.get(key)) {
            (old, new) if old == new => continue,
            (None, _) => OperationKind::Add,
            (_, None) => OperationKind::Remove,
            (Some(_), Some(_)) => OperationKind::Replace,
        };
        let attribute = AttributePath { sub: Some(key.clone()), ..path.clone() };
        operations.push(Operation {
            kind,
            path: Some(Path { attribute, filter: Some(filter.clone()) }),
            value: after.get(key).cloned(),
        });
    }
    Some(operations)
}

fn type_of(value: &Value) -> Option<&str> {
    member(value, "type").and_then(Value::as_str)
}

/// True when the operations really make the new values out of the old ones.
fn leads_to(operations: &[Operation], path: &AttributePath, old: &[Value], new: &[Value]) -> bool {
    let mut resource = json!({});
    let whole = Path { attribute: path.clone(), filter: None };
    access::set(&mut resource, &whole, Value::Array(old.to_vec()));
    let patch = Patch { operations: operations.to_vec() };
    if patch.apply(&mut resource, MakeMissing::No).is_err() {
        return false;
    }
    let reached = access::attribute(&resource, path).and_then(Value::as_array);
    let reached = reached.map_or(&[] as &[Value], Vec::as_slice);
    let count = |list: &[Value], value: &Value| list.iter().filter(|item| *item == value).count();
    reached.len() == new.len() && new.iter().all(|value| count(reached, value) == count(new, value))
}

fn operation(kind: OperationKind, path: &AttributePath, value: Option<Value>) -> Operation {
    let path = Some(Path { attribute: path.clone(), filter: None });
    Operation { kind, path, value }
}
