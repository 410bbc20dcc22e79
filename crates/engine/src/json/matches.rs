//! Whose records and accounts are.

use serde_json::{Value as Json, json};

use crate::{CandidateView, MatchView, OrphanView};

/// A case that waits for a decision.
pub fn match_case(view: &MatchView) -> Json {
    json!({
        "id": view.id, "subject": view.subject, "system": &*view.system, "what": &*view.what, "key": &*view.key,
        "status": view.status, "problem": &*view.problem, "candidates": candidates(&view.candidates),
    })
}

/// An account of nobody, with what was decided about it and whose it may be.
pub fn orphan(view: &OrphanView) -> Json {
    let mut document = muster_app::json::orphan(&view.account, view.decision.as_ref());
    if let Json::Object(document) = &mut document {
        document.insert("candidates".to_owned(), candidates(&view.candidates).into());
    }
    document
}

fn candidates(candidates: &[CandidateView]) -> Vec<Json> {
    let one = |one: &CandidateView| json!({ "key": &*one.key, "confidence": one.confidence, "why": one.why });
    candidates.iter().map(one).collect()
}
