//! What reads saw.

use muster_store::ChangeSet;
use serde_json::{Value as Json, json};

use crate::ReadReport;

/// One read of a run.
pub fn read(read: &ReadReport) -> Json {
    let held = read.held.as_ref().map(|held| {
        json!({
            "id": held.id.0, "reason": &*held.reason, "create": held.counts.n_create, "update": held.counts.n_update,
            "absent": held.counts.n_absent, "present": held.counts.n_present,
        })
    });
    let bad: Vec<Json> = read
        .bad
        .iter()
        .map(|bad| json!({ "place": &*bad.place, "problem": &*bad.problem }))
        .collect();
    json!({
        "system": &*read.system, "what": &*read.what, "objects": read.objects, "new": read.created, "changed": read.changed,
        "absent": read.absent, "bad": read.n_bad, "problems": bad, "complete": read.complete, "incremental": read.incremental,
        "ignored": read.ignored, "problem": read.problem,
        "held": held, "linked": read.linked, "orphans": read.orphans, "undecided": read.undecided,
        "verified": read.verified, "unconfirmed": read.unconfirmed, "drift": read.drift,
    })
}

/// A change set that a guard holds.
pub fn change_set(set: &ChangeSet) -> Json {
    let counts = set.counts;
    json!({
        "id": set.id.0, "made_at": set.made_at.to_string(), "reason": &*set.reason,
        "confirm": counts.n_create + counts.n_update + counts.n_absent,
        "create": counts.n_create, "update": counts.n_update, "absent": counts.n_absent,
    })
}
