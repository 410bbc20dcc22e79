//! A plan as JSON: one document with a version, stable keys, typed values.

use muster_model::Value;
use serde_json::{Value as Json, json};

use crate::{GuardCheck, Kind, Operation, Plan};

/// A value as JSON: numbers and booleans as themselves, everything else as text.
pub fn value_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => json!(b),
        Value::Int(i) => json!(i),
        Value::Float(x) => json!(x),
        Value::List(items) => items.iter().map(value_json).collect(),
        Value::Link(id) => json!(id.0),
        Value::Text(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Binary(_)
        | Value::Uuid(_)
        | Value::Reference(_) => {
            json!(value.to_string())
        }
    }
}

/// JSON as a value that is read as the type of its attribute later: numbers and booleans as themselves, lists of such.
/// Objects are no values.
pub fn json_value(json: &Json) -> Result<Value, &'static str> {
    match json {
        Json::Null => Ok(Value::Null),
        Json::Bool(b) => Ok(Value::Bool(*b)),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(i), _) => Ok(Value::Int(i)),
            (None, Some(x)) => Ok(Value::Float(x)),
            (None, None) => Err("this number is out of range"),
        },
        Json::String(text) => Ok(Value::Text(text.as_str().into())),
        Json::Array(items) => {
            let items: Vec<Value> = items.iter().map(json_value).collect::<Result<_, _>>()?;
            Ok(Value::List(items.into()))
        }
        Json::Object(_) => Err("an object is no value of an attribute"),
    }
}

/// One operation as JSON.
pub fn operation_json(operation: &Operation) -> Json {
    let mut object = json!({
        "identity": (operation.identity.0 > 0).then_some(operation.identity.0),
        "subject": &*operation.subject,
        "system": &*operation.target.system,
        "account_type": &*operation.target.account_type,
        "account": &*operation.target.name,
        "kind": operation.kind.name(),
        "reason": &*operation.reason.text,
        "rule": operation.reason.at.as_ref().map(ToString::to_string),
        "blocked": operation.blocked.as_deref(),
    });
    let details = match &operation.kind {
        Kind::Create { values, enabled } => {
            let values: serde_json::Map<String, Json> =
                values.iter().map(|(a, v)| (a.to_string(), value_json(v))).collect();
            json!({ "values": values, "enabled": enabled })
        }
        Kind::Update { changes } => {
            let changes: Vec<Json> = changes
                .iter()
                .map(|c| json!({ "attribute": &*c.attribute, "old": value_json(&c.old), "new": value_json(&c.new) }))
                .collect();
            json!({ "changes": changes })
        }
        Kind::Rename { to } => json!({ "to": &**to }),
        Kind::Enable | Kind::Disable | Kind::Delete => json!({}),
        Kind::Grant { entitlement, name } | Kind::Revoke { entitlement, name } => {
            json!({ "entitlement": &**entitlement, "name": &**name })
        }
    };
    if let (Json::Object(object), Json::Object(details)) = (&mut object, details) {
        object.extend(details);
    }
    object
}

fn guard_json(guard: &GuardCheck) -> Json {
    json!({
        "system": &*guard.system,
        "kind": &*guard.kind,
        "planned": guard.planned,
        "recent": guard.recent,
        "population": guard.population,
        "max": guard.limit.max,
        "percent": guard.limit.percent,
        "held": guard.is_crossed(),
    })
}

/// The whole plan as JSON.
pub fn plan_json(plan: &Plan, name: &str) -> Json {
    json!({
        "format": 1,
        "plan": name,
        "hash": plan.hash(),
        "revision": plan.base.revision,
        "facts_version": plan.base.facts_version,
        "at": plan.base.now.to_string(),
        "held": plan.crossed().next().is_some(),
        "systems": plan.base.systems.iter().map(|s| json!({
            "system": &*s.system, "read_at": s.at.map(|at| at.to_string()), "complete": s.complete,
        })).collect::<Vec<_>>(),
        "waiting": plan.waiting.iter().map(|(system, n)| json!({ "system": &**system, "operations": n })).collect::<Vec<_>>(),
        "guards": plan.guards.iter().map(guard_json).collect::<Vec<_>>(),
        "operations": plan.operations.iter().map(operation_json).collect::<Vec<_>>(),
        "drift": plan.drift.iter().map(operation_json).collect::<Vec<_>>(),
        "observed_only": plan.observed_only.iter().map(operation_json).collect::<Vec<_>>(),
    })
}
