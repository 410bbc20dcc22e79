//! A resource as JSON.

use jiff::Timestamp;
use muster_model::{EntityId, Value};
use muster_scim::{AttributePath, Path, remove, set};
use serde_json::{Map, Value as Json, json};

use crate::{
    change::is_silenced,
    load::{Ends, Known},
    mapping::{Field, FieldSource, LinkForm, Resource},
    value::to_json,
    view::View,
};

/// Whether values that the model computes are there too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Computed {
    /// Where no client says another one.
    Shown,
    /// Only what clients say.
    Left,
}

/// Everything of a resource but the members of a group.
pub(crate) fn render(
    view: &View,
    resource: &Resource,
    known: &Known,
    (ends, computed): (&Ends, Computed),
) -> Json {
    let mut json = Json::Object(known.extras.clone());
    for field in &resource.fields {
        let is_left = computed == Computed::Left && field.source == FieldSource::Computed;
        if !is_left && !is_silenced(&known.extras, field) {
            overlay(view, resource, &mut json, field, known, ends);
        }
    }
    if let Some(active) = known.active {
        set(&mut json, &Path::plain("active"), json!(active));
    }
    let groups = groups(view, resource, known, ends);
    set(&mut json, &Path::plain("groups"), groups);
    muster_scim::normalize(&mut json);
    let Json::Object(mut map) = json else { return Json::Null };
    let schemas = schemas(resource, &map);
    map.insert("schemas".to_owned(), schemas);
    map.insert("id".to_owned(), json!(known.entity.id.to_string()));
    if let Some(id) = &known.external_id {
        map.insert("externalId".to_owned(), json!(&**id));
    }
    map.insert("meta".to_owned(), meta(view, resource, known));
    Json::Object(map)
}

/// Puts the value of a field where its path leads.
fn overlay(
    view: &View,
    resource: &Resource,
    json: &mut Json,
    field: &Field,
    known: &Known,
    ends: &Ends,
) {
    let value = shown(field, known.row.get(field.slot), ends);
    match field.source {
        // What a client says of it stands, also that it has no value.
        FieldSource::Computed => {
            let is_said = known.extras.contains_key(&field.path.attribute.name);
            if !is_said && !value.is_null() {
                set(json, &field.path, value);
            }
        }
        FieldSource::Kept { .. } | FieldSource::ReadOnly => {
            if !value.is_null() {
                set(json, &field.path, value);
            } else if !is_link(field) {
                remove(json, &field.path);
            }
        }
    }
    if field.link == LinkForm::Id
        && let Some(Value::Link(id)) = Some(known.row.get(field.slot))
        && let Some(end) = ends.get(id)
    {
        let sub = |name: &str| Path {
            attribute: AttributePath { sub: Some(name.to_owned()), ..field.path.attribute.clone() },
            filter: None,
        };
        let address = format!("{}/{}/{id}", view.base, resource.endpoint);
        set(json, &sub("$ref"), json!(address));
        set(json, &sub("displayName"), json!(&*end.display));
    }
}

fn is_link(field: &Field) -> bool {
    matches!(field.value_type, muster_model::ValueType::Link(_))
}

/// The value of a field as JSON; links as the id or the key of an end that is there.
fn shown(field: &Field, value: &Value, ends: &Ends) -> Json {
    if !is_link(field) {
        return to_json(value);
    }
    let end = |item: &Value| -> Option<Json> {
        let Value::Link(id) = item else { return None };
        let end = ends.get(id)?;
        Some(match field.link {
            LinkForm::Id => json!(id.to_string()),
            LinkForm::Key => json!(&*end.key),
        })
    };
    let items: Vec<Json> = value.items().iter().filter_map(end).collect();
    if field.many {
        return Json::Array(items);
    }
    items.into_iter().next().unwrap_or_default()
}

/// The groups that a resource is in.
fn groups(view: &View, resource: &Resource, known: &Known, ends: &Ends) -> Json {
    let mut groups = Vec::new();
    for slot in &resource.groups {
        for item in known.row.get(*slot).items() {
            let Value::Link(id) = item else { continue };
            let Some(end) = ends.get(id) else { continue };
            let Some(group) = view.mapping.of_type(end.type_id) else { continue };
            groups.push(json!({
                "value": id.to_string(),
                "$ref": format!("{}/{}/{id}", view.base, group.endpoint),
                "display": &*end.display,
                "type": "direct",
            }));
        }
    }
    Json::Array(groups)
}

/// The schemas that a resource has attributes of.
pub(crate) fn schemas(resource: &Resource, map: &Map<String, Json>) -> Json {
    let used = resource.schemas.iter().enumerate().filter(|(place, schema)| {
        *place == 0 || map.keys().any(|key| key.eq_ignore_ascii_case(&schema.id))
    });
    used.map(|(_, schema)| json!(schema.id)).collect()
}

fn meta(view: &View, resource: &Resource, known: &Known) -> Json {
    json!({
        "resourceType": resource.name,
        "created": instant(known.created),
        "lastModified": instant(known.modified),
        "location": location(view, resource, known.entity.id),
        "version": tag(known),
    })
}

fn instant(at: Timestamp) -> String {
    at.to_string()
}

/// The address of a resource.
pub(crate) fn location(view: &View, resource: &Resource, id: EntityId) -> String {
    format!("{}/{}/{id}", view.base, resource.endpoint)
}

/// The entity tag of a state of a resource.
pub(crate) fn tag(known: &Known) -> String {
    let active = match known.active {
        Some(true) => "a",
        Some(false) => "i",
        None => "",
    };
    format!("W/\"{}.{}{active}\"", known.entity.version, known.changes)
}
