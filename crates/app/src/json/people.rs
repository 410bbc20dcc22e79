//! People and what they were given.

use muster_model::{Text, Value};
use muster_plan::value_json;
use serde_json::{Value as Json, json};

use super::at;
use crate::{AssignmentView, Person, VersionView};

/// A person, or another entity.
pub fn person(person: &Person) -> Json {
    json!({
        "id": person.id.0, "type": &*person.type_name, "key": &*person.key, "display": &*person.display,
        "lifecycle": person.lifecycle.as_deref(), "values": values(&person.values),
    })
}

/// What was known of a person for a time.
pub fn version(view: &VersionView) -> Json {
    json!({
        "version": view.version, "effective_at": view.effective_at.to_string(),
        "recorded_at": view.recorded_at.to_string(), "replaced_at": at(view.replaced_at), "key": &*view.key,
        "values": values(&view.values),
    })
}

fn values(values: &[(Text, Value)]) -> Json {
    let values = values.iter().map(|(name, value)| (name.to_string(), value_json(value)));
    Json::Object(values.collect())
}

/// A role that was given directly.
pub fn assignment(view: &AssignmentView) -> Json {
    json!({
        "id": view.id.0, "person": &*view.person, "role": &*view.role, "origin": &*view.origin, "reason": &*view.reason,
        "from": at(view.from), "until": at(view.until), "created_by": &*view.created_by,
        "created_at": view.created_at.to_string(), "ended_at": at(view.ended_at),
    })
}
