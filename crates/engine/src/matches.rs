//! Cases of correlation: what a person has to decide, the candidates and why.

use muster_model::{EntityId, Text};
use serde_json::json;

/// A candidate as it is kept with a case.
pub(crate) struct Shown {
    /// The entity.
    pub(crate) entity: EntityId,
    /// How sure the rule is.
    pub(crate) confidence: u8,
    /// Which rule, and which values.
    pub(crate) why: String,
}

/// Candidates as JSON.
pub(crate) fn candidates_json(shown: impl Iterator<Item = Shown>) -> Text {
    let all: Vec<serde_json::Value> = shown
        .map(|one| json!({ "entity": one.entity.0, "confidence": one.confidence, "why": one.why }))
        .collect();
    serde_json::Value::Array(all).to_string().into()
}
