//! The difference between a resource as it is and as it is to be, in the words of the model.

use std::collections::BTreeSet;

use muster_model::{Reference, Text, Value, ValueType};
use muster_scim::{AttributePath, get, remove};
use muster_store::ReadTx;
use serde_json::{Map, Value as Json};

use crate::{
    error::Failure,
    load::Known,
    mapping::{Field, FieldSource, LinkForm, Resource},
    quirks::{self, Quirk},
    value::from_json,
    view::View,
};

/// What changes about one entity.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// Attributes of the model.
    pub(crate) set: Vec<(Text, Option<Value>)>,
    /// What is kept beside it, when that is to be something else.
    pub(crate) extras: Option<Map<String, Json>>,
    /// `Some(false)` suspends, `Some(true)` lifts the suspension.
    pub(crate) active: Option<bool>,
}

/// What the absence of an attribute in the new state means.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Absence<'a> {
    /// It was taken away, by operations on attributes of these names.
    Removed(&'a BTreeSet<String>),
    /// It was not said: what the model needs or a connected source says stays, the rest goes.
    Unsaid,
}

/// What has to change so that `after` holds, in the form of [`crate::coerce`]. `before` is what was shown.
pub(crate) async fn change(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    before: Option<(&Json, &Known)>,
    (after, absence): (&Map<String, Json>, Absence<'_>),
) -> Result<Change, Failure> {
    let mut change = Change::default();
    let mut silent: Vec<&Field> = Vec::new();
    let wanted = Json::Object(after.clone());
    let mut extras = wanted.clone();
    for field in &resource.fields {
        let old = before.and_then(|(json, _)| get(json, &field.path));
        let new = get(&wanted, &field.path);
        match field.source {
            FieldSource::ReadOnly => remove(&mut extras, &field.path),
            FieldSource::Computed => {
                if computed(&mut extras, field, before, (&old, &new), absence) {
                    silent.push(field);
                }
            }
            FieldSource::Kept { required } => {
                let was_silent = before.is_some_and(|(_, known)| is_silenced(&known.extras, field));
                if was_silent && new.is_none() {
                    silent.push(field);
                }
                let is_kept_beside = if old == new {
                    before.is_some_and(|(_, known)| get_in(&known.extras, field).is_some())
                } else if let Some(new) = &new {
                    let value = read(view, tx, field, new).await?;
                    let is_open = matches!(value, Value::Reference(_) | Value::Null);
                    push(&mut change, field, Some(value));
                    is_open
                } else {
                    if taken_away(&mut change, field, required, absence)? {
                        silent.push(field);
                    }
                    false
                };
                if field.path.filter.is_none() && !is_kept_beside {
                    forget(&mut extras, field);
                }
            }
        }
    }
    if let Json::Object(extras) = &mut extras {
        extras.retain(|name, _| name != "groups" && name != "members");
        for field in silent {
            silence(extras, field);
        }
        if resource.active.is_some() {
            let said = extras.remove("active").and_then(|value| value.as_bool());
            change.active = said.filter(|_| can_suspend(resource));
        }
        if before.is_none_or(|(_, known)| known.extras != *extras) {
            change.extras = Some(std::mem::take(extras));
        }
    }
    Ok(change)
}

/// What it means that a kept attribute has no value any more. True when only the client is not to see it: the model needs
/// it and keeps it.
fn taken_away(
    change: &mut Change,
    field: &Field,
    required: bool,
    absence: Absence<'_>,
) -> Result<bool, Failure> {
    match (required, absence) {
        (false, _) => push(change, field, None),
        (true, Absence::Unsaid) => {}
        (true, Absence::Removed(_)) if field.path.attribute.schema.is_some() => return Ok(true),
        (true, Absence::Removed(_)) => {
            return Err(Failure::mutability(format!("`{}` must have a value", field.path)));
        }
    }
    Ok(false)
}

fn can_suspend(resource: &Resource) -> bool {
    resource.active.as_ref().is_some_and(|active| active.can_suspend)
}

/// Two paths may lead to one attribute; the first one that changes counts.
fn push(change: &mut Change, field: &Field, value: Option<Value>) {
    if !change.set.iter().any(|(name, _)| *name == field.name) {
        change.set.push((field.name.clone(), value));
    }
}

/// What a client says of a computed attribute is kept beside it. True when it is to have no value.
fn computed(
    extras: &mut Json,
    field: &Field,
    before: Option<(&Json, &Known)>,
    (old, new): (&Option<Json>, &Option<Json>),
    absence: Absence<'_>,
) -> bool {
    let was_silent = before.is_some_and(|(_, known)| is_silenced(&known.extras, field));
    let was_said = before.is_some_and(|(_, known)| get_in(&known.extras, field).is_some());
    if new.is_some() && new == old && !was_said && !was_silent {
        // Said back to us; with other values beside it, the whole is what the client says.
        let mut rest = extras.clone();
        remove(&mut rest, &field.path);
        if rest.get(&field.path.attribute.name).is_none() {
            *extras = rest;
        }
    }
    let is_taken_away = match absence {
        Absence::Removed(names) => names.contains(&field.path.attribute.name),
        Absence::Unsaid => false,
    };
    new.is_none() && (was_silent || is_taken_away)
}

/// Notes that a client wants to see no value of an attribute that has one all the same.
fn silence(extras: &mut Map<String, Json>, field: &Field) {
    let AttributePath { schema, name, .. } = &field.path.attribute;
    let place = match schema {
        None => extras,
        Some(urn) => {
            let extension = extras.entry(urn.clone()).or_insert_with(|| Json::Object(Map::new()));
            let Json::Object(inner) = extension else { return };
            inner
        }
    };
    place.entry(name.clone()).or_insert(Json::Null);
}

/// True when a client wants to see no value of an attribute that has one all the same.
pub(crate) fn is_silenced(extras: &Map<String, Json>, field: &Field) -> bool {
    let AttributePath { schema, name, .. } = &field.path.attribute;
    let place = match schema {
        None => Some(extras),
        Some(urn) => extras.get(urn).and_then(Json::as_object),
    };
    place.and_then(|place| place.get(name)).is_some_and(Json::is_null)
}

/// What is kept under the path of a field beside the model.
pub(crate) fn get_in(extras: &Map<String, Json>, field: &Field) -> Option<Json> {
    if extras.is_empty() {
        return None;
    }
    get(&Json::Object(extras.clone()), &field.path)
}

/// Takes what the model holds out of what is kept beside it; of a reference, everything.
fn forget(extras: &mut Json, field: &Field) {
    let mut path = field.path.clone();
    if field.link == LinkForm::Id {
        path.attribute.sub = None;
    }
    remove(extras, &path);
}

/// The value of a field; a link to something that is not there is a reference by its key.
async fn read(view: &View, tx: &mut ReadTx, field: &Field, json: &Json) -> Result<Value, Failure> {
    let items = match json {
        Json::Array(items) if field.many => items.as_slice(),
        Json::Null
        | Json::Bool(_)
        | Json::Number(_)
        | Json::String(_)
        | Json::Array(_)
        | Json::Object(_) => std::slice::from_ref(json),
    };
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        values.push(if let ValueType::Link(to) = field.value_type {
            link(view, tx, field, to, item).await?
        } else {
            from_json(item, field.value_type)
                .map_err(|problem| Failure::invalid_value(format!("`{}`: {problem}", field.path)))?
        });
    }
    Ok(if field.many { Value::set(values) } else { values.into_iter().next().unwrap_or_default() })
}

async fn link(
    view: &View,
    tx: &mut ReadTx,
    field: &Field,
    to: muster_model::TypeId,
    json: &Json,
) -> Result<Value, Failure> {
    let Some(text) = json.as_str() else {
        return Err(Failure::invalid_value(format!("`{}` must be a text", field.path)));
    };
    let Some(names) = view.opened.names.type_names(to) else { return Ok(Value::Null) };
    if field.link == LinkForm::Id
        && let Ok(id) = text.parse()
        && let Some(entity) = tx.entity(muster_model::EntityId(id)).await?
        && entity.type_no == names.no
        && entity.absent_since.is_none()
    {
        return Ok(Value::Link(entity.id));
    }
    let key: Text = text.into();
    if let Some(Some(id)) =
        tx.entity_ids_by_key(names.no, std::slice::from_ref(&key)).await?.first()
    {
        return Ok(Value::Link(*id));
    }
    if field.link == LinkForm::Id {
        // Ids are ours to give: nobody will ever be called so. It is shown as it was said.
        quirks::note(Quirk::UnknownReference);
        return Ok(Value::Null);
    }
    Ok(Value::Reference(std::sync::Arc::new(Reference { to, key })))
}
