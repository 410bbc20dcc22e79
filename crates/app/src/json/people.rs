//! People and what they were given.

use muster_plan::value_json;
use serde_json::{Value as Json, json};

use super::at;
use crate::{AssignmentView, Person};

/// A person, or another entity.
pub fn person(person: &Person) -> Json {
    let values: serde_json::Map<String, Json> =
        person.values.iter().map(|(name, value)| (name.to_string(), value_json(value))).collect();
    json!({
        "id": person.id.0, "type": &*person.type_name, "key": &*person.key, "display": &*person.display,
        "lifecycle": person.lifecycle.as_deref(), "values": values,
    })
}

/// A role that was given directly.
pub fn assignment(view: &AssignmentView) -> Json {
    json!({
        "id": view.id.0, "person": &*view.person, "role": &*view.role, "origin": &*view.origin, "reason": &*view.reason,
        "from": at(view.from), "until": at(view.until), "created_by": &*view.created_by,
        "created_at": view.created_at.to_string(), "ended_at": at(view.ended_at),
    })
}
