//! Whose records and accounts are.

use serde_json::{Value as Json, json};

use crate::MatchView;

/// A case that waits for a decision.
pub fn match_case(view: &MatchView) -> Json {
    let candidates: Vec<Json> = view
        .candidates
        .iter()
        .map(|one| json!({ "key": &*one.key, "confidence": one.confidence, "why": one.why }))
        .collect();
    json!({
        "id": view.id, "subject": view.subject, "system": &*view.system, "what": &*view.what, "key": &*view.key,
        "status": view.status, "problem": &*view.problem, "candidates": candidates,
    })
}
