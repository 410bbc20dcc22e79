//! PATCH (RFC 7644, 3.5.2): read tolerantly, applied to a resource, written strictly.

use serde_json::{Map, Value, json};

use crate::{
    Path, SyntaxError,
    access::{self, is_empty, member, merge, place_of, put, tidy},
    parse_path, urn,
};

/// The most operations in one PATCH.
const MOST_OPERATIONS: usize = 10_000;

/// A list of changes to one resource, done in order, all or none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Patch {
    /// The operations.
    pub operations: Vec<Operation>,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What is done.
    pub kind: OperationKind,
    /// Where; without a path the value is an object whose members are paths.
    pub path: Option<Path>,
    /// With what; a remove may name the values to remove.
    pub value: Option<Value>,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Adds to a list, or sets.
    Add,
    /// Replaces.
    Replace,
    /// Removes.
    Remove,
}

/// Why a PATCH cannot be read or applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// It does not have the form of a PATCH.
    #[error("{0}")]
    Syntax(&'static str),
    /// A path is wrong.
    #[error("the path `{path}` is wrong: {error}")]
    Path {
        /// The path as written.
        path: String,
        /// What is wrong with it.
        error: SyntaxError,
    },
    /// No value matches the filter of a path, or a remove has no path.
    #[error("`{0}` leads to no value")]
    NoTarget(String),
}

impl PatchError {
    /// The `scimType` of the error answer.
    pub fn scim_type(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "invalidSyntax",
            Self::Path { .. } => "invalidPath",
            Self::NoTarget(_) => "noTarget",
        }
    }
}

impl Patch {
    /// Reads a PATCH: names in any case, one operation without a list, operations with capitals as Entra sends them.
    pub fn from_json(value: &Value) -> Result<Self, PatchError> {
        // The RFC's own example of a bulk request has the bare list (RFC 7644, 3.7.3).
        let bare = value.is_array().then_some(value);
        let operations = bare
            .or_else(|| member(value, "Operations"))
            .ok_or(PatchError::Syntax("a PATCH needs a list of `Operations`"))?;
        let operations =
            operations.as_array().map_or(std::slice::from_ref(operations), Vec::as_slice);
        if operations.len() > MOST_OPERATIONS {
            return Err(PatchError::Syntax("the PATCH has too many operations"));
        }
        let operations: Result<_, _> = operations.iter().map(Operation::from_json).collect();
        Ok(Self { operations: operations? })
    }

    /// As JSON, in the words of the RFC.
    pub fn to_json(&self) -> Value {
        self.write(OperationKind::word)
    }

    /// As JSON, with the capitals that Entra sends and some servers insist on.
    pub fn to_entra_json(&self) -> Value {
        self.write(|kind| match kind {
            OperationKind::Add => "Add",
            OperationKind::Replace => "Replace",
            OperationKind::Remove => "Remove",
        })
    }

    fn write(&self, word: impl Fn(OperationKind) -> &'static str) -> Value {
        let operations: Vec<Value> = self
            .operations
            .iter()
            .map(|operation| {
                let mut map = Map::new();
                map.insert("op".to_owned(), json!(word(operation.kind)));
                if let Some(path) = &operation.path {
                    map.insert("path".to_owned(), json!(path.to_string()));
                }
                if let Some(value) = &operation.value {
                    map.insert("value".to_owned(), value.clone());
                }
                Value::Object(map)
            })
            .collect();
        json!({ "schemas": [urn::PATCH], "Operations": operations })
    }

    /// Applies all operations, or none. With `make_missing`, a replace whose filter matches nothing makes the value, as
    /// Entra expects; otherwise that is [`PatchError::NoTarget`].
    pub fn apply(&self, resource: &mut Value, make_missing: MakeMissing) -> Result<(), PatchError> {
        let mut changed = resource.clone();
        for operation in &self.operations {
            operation.apply(&mut changed, make_missing)?;
        }
        access::normalize(&mut changed);
        *resource = changed;
        Ok(())
    }
}

/// What a replace does whose filter matches no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MakeMissing {
    /// It fails, as the RFC asks.
    No,
    /// It makes the value.
    Yes,
}

impl OperationKind {
    fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }
}

impl Operation {
    fn from_json(value: &Value) -> Result<Self, PatchError> {
        let word = member(value, "op").and_then(Value::as_str).unwrap_or_default();
        let kind = [OperationKind::Add, OperationKind::Replace, OperationKind::Remove]
            .into_iter()
            .find(|kind| kind.word().eq_ignore_ascii_case(word))
            .ok_or(PatchError::Syntax("`op` must be add, replace or remove"))?;
        let path = match member(value, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) => Some(read_path(text)?),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                return Err(PatchError::Syntax("`path` must be a text"));
            }
        };
        let value = member(value, "value").cloned();
        if kind != OperationKind::Remove && value.is_none() {
            return Err(PatchError::Syntax("add and replace need a `value`"));
        }
        if kind == OperationKind::Remove && path.is_none() {
            return Err(PatchError::NoTarget("a remove without a path".to_owned()));
        }
        Ok(Self { kind, path, value })
    }

    fn apply(&self, resource: &mut Value, make: MakeMissing) -> Result<(), PatchError> {
        let value = self.value.clone().unwrap_or_default();
        let Some(path) = &self.path else {
            let Value::Object(map) = value else {
                return Err(PatchError::Syntax("without a `path`, the value must be an object"));
            };
            for (key, value) in map {
                self.apply_at(resource, &read_path(&key)?, value, make)?;
            }
            return Ok(());
        };
        self.apply_at(resource, path, value, make)
    }

    fn apply_at(
        &self,
        resource: &mut Value,
        path: &Path,
        value: Value,
        make: MakeMissing,
    ) -> Result<(), PatchError> {
        match self.kind {
            OperationKind::Remove => remove(resource, path, &value),
            OperationKind::Add => add(resource, path, value),
            OperationKind::Replace => {
                if path.filter.is_some()
                    && make == MakeMissing::No
                    && access::get(resource, &whole(path)).is_none()
                {
                    return Err(PatchError::NoTarget(path.to_string()));
                }
                replace(resource, path, value);
            }
        }
        Ok(())
    }
}

fn read_path(text: &str) -> Result<Path, PatchError> {
    parse_path(text).map_err(|error| PatchError::Path { path: text.to_owned(), error })
}

/// The path without its sub-attribute.
fn whole(path: &Path) -> Path {
    let mut whole = path.clone();
    whole.attribute.sub = None;
    whole
}

fn add(resource: &mut Value, path: &Path, value: Value) {
    if path.filter.is_some() || path.attribute.sub.is_some() {
        return access::set(resource, path, value);
    }
    let Some(place) = place_of(resource, &path.attribute) else { return };
    match (&mut *place, value) {
        (Value::Array(items), Value::Array(values)) => {
            for value in values {
                append(items, value);
            }
        }
        (Value::Array(items), value) => append(items, value),
        (Value::Object(_), Value::Object(map)) => {
            for (key, value) in map {
                put(place, &key, value);
            }
        }
        (_, value) => *place = value,
    }
    tidy(resource, &path.attribute);
}

/// Adds a value that is not there yet; a new primary value takes that from the former one.
fn append(items: &mut Vec<Value>, value: Value) {
    if items.contains(&value) {
        return;
    }
    if member(&value, "primary") == Some(&Value::Bool(true)) {
        for item in items.iter_mut().filter(|item| member(item, "primary").is_some()) {
            put(item, "primary", Value::Bool(false));
        }
    }
    items.push(value);
}

fn replace(resource: &mut Value, path: &Path, value: Value) {
    let is_plain = path.filter.is_none() && path.attribute.sub.is_none();
    let old = access::attribute(resource, &path.attribute);
    if is_plain && !is_empty(&value) && old.is_some_and(Value::is_object) && value.is_object() {
        // Sub-attributes that are not named stay (RFC 7644, 3.5.2.3).
        if let Some(place) = place_of(resource, &path.attribute) {
            merge(place, value);
        }
    } else {
        access::set(resource, path, value);
    }
}

/// Removes; some clients name the values to remove in the value instead of a filter.
fn remove(resource: &mut Value, path: &Path, value: &Value) {
    let is_plain = path.filter.is_none() && path.attribute.sub.is_none();
    let named: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value],
    };
    let is_list = access::attribute(resource, &path.attribute).is_some_and(Value::is_array);
    if !is_plain || named.is_empty() || !is_list {
        return access::remove(resource, path);
    }
    let key = |value: &Value| member(value, "value").unwrap_or(value).clone();
    let gone: Vec<Value> = named.into_iter().map(key).collect();
    if let Some(items) = place_of(resource, &path.attribute).and_then(Value::as_array_mut) {
        items.retain(|item| !gone.contains(&key(item)));
    }
    tidy(resource, &path.attribute);
}
