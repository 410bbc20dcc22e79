//! What was changed outside.

use muster_plan::value_json;
use serde_json::{Value as Json, json};

use super::at;
use crate::{Adopted, DriftGroupView, DriftView};

/// One item of drift.
pub fn drift(drift: &DriftView) -> Json {
    json!({
        "id": drift.id.0, "group": &*drift.group, "system": &*drift.system, "account_type": &*drift.account_type,
        "account": &*drift.account, "person": drift.person.as_deref(), "what": drift.what.word(),
        "kind": drift.kind.as_deref(), "item": &*drift.item, "before": value_json(&drift.before),
        "after": value_json(&drift.after), "first_seen": drift.first_seen.to_string(), "seen_at": drift.seen_at.to_string(),
        "read": drift.read, "decision": drift.decision.word(), "until": at(drift.until), "by": drift.decided_by.as_deref(),
        "decided_at": at(drift.decided_at), "comment": &*drift.remark, "closed_at": at(drift.closed_at),
    })
}

/// Drift put together by what probably caused it.
pub fn drift_group(group: &DriftGroupView) -> Json {
    let name = Some(&*group.group).filter(|name| !name.is_empty());
    json!({
        "group": name, "read": group.read, "items": group.n, "undecided": group.n_undecided,
        "example": drift(&group.example), "first_seen": group.first_seen.to_string(),
        "last_seen": group.last_seen.to_string(),
    })
}

/// What became of an item of drift that was adopted.
pub fn adopted(adopted: &Adopted) -> Json {
    match adopted {
        Adopted::Assigned { drift: of, role, assignment, missing } => json!({
            "assigned": &**role, "assignment": assignment.0, "missing": missing, "drift": drift(of),
        }),
        Adopted::Proposed { drift: of, text, why } => {
            json!({ "proposal": text, "why": why, "drift": drift(of) })
        }
    }
}
