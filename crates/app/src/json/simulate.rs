//! What would be: by a day in the future, or with another model.

use serde_json::{Value as Json, json};

use crate::{Change, ChangeKind, Event, Impact, ModelsCompared, PersonImpact};

/// Something that the passing of time does.
pub fn event(event: &Event) -> Json {
    json!({ "at": event.at.to_string(), "subject": &*event.subject, "what": event.what })
}

/// What another model means, thing by thing.
pub fn impacts(compared: &ModelsCompared) -> Json {
    let impacts: Vec<Json> = compared.impacts.iter().map(impact).collect();
    json!({ "evaluated": compared.evaluated, "affected": compared.affected, "impacts": impacts })
}

fn impact(impact: &Impact) -> Json {
    let Impact { thing, gained, lost, changed, examples } = impact;
    json!({
        "kind": thing.kind(), "name": thing.name(), "gained": gained, "lost": lost, "changed": changed,
        "examples": examples.iter().map(|example| &**example).collect::<Vec<_>>(),
    })
}

/// What another model means for one identity.
pub fn person_impact(impact: &PersonImpact) -> Json {
    let PersonImpact { id, subject, changes } = impact;
    let changes: Vec<Json> = changes.iter().map(change).collect();
    json!({ "id": id.0, "subject": &**subject, "changes": changes })
}

fn change(change: &Change) -> Json {
    let (kind, name) = (change.thing.kind(), change.thing.name());
    match &change.kind {
        ChangeKind::Gained => json!({ "kind": kind, "name": name, "change": "gained" }),
        ChangeKind::Lost => json!({ "kind": kind, "name": name, "change": "lost" }),
        ChangeKind::Changed(old, new) => {
            json!({ "kind": kind, "name": name, "change": "changed", "old": &**old, "new": &**new })
        }
    }
}
