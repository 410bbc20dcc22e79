//! What was said about lifecycles, and what became of it.

use serde_json::{Value as Json, json};

use super::at;
use crate::{AnonymiseReport, FactView, Grace, Restored};

/// A lifecycle fact.
pub fn fact(view: &FactView) -> Json {
    json!({
        "id": view.id.0, "person": &*view.person, "fact": view.kind.word(), "origin": &*view.origin,
        "reason": &*view.reason, "from": view.from.to_string(), "until": at(view.until),
        "created_by": &*view.created_by, "created_at": view.created_at.to_string(), "lifted_at": at(view.ended_at),
    })
}

/// Somebody who was brought back.
pub fn restored(restored: &Restored) -> Json {
    let lifted: Vec<&str> = restored.lifted.iter().map(|kind| kind.word()).collect();
    let roles: Vec<&str> = restored.roles.iter().map(|role| &**role).collect();
    json!({ "person": &*restored.person, "lifted": lifted, "roles": roles })
}

/// What was erased.
pub fn anonymised(report: &AnonymiseReport) -> Json {
    let AnonymiseReport { erased, entries, waiting } = report;
    let waiting: Vec<Json> =
        waiting.iter().map(|(who, why)| json!({ "person": &**who, "why": why })).collect();
    json!({ "erased": erased, "entries": entries, "waiting": waiting })
}

/// A role that somebody lost by rule and keeps for a grace period.
pub fn grace(grace: &Grace) -> Json {
    json!({
        "id": grace.id.0, "person": &*grace.person, "role": &*grace.role, "origin": &*grace.origin,
        "since": grace.since.to_string(), "until": at(grace.until), "review": grace.review,
    })
}
