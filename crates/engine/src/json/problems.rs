//! What could not be used.

use serde_json::{Value as Json, json};

use super::at;
use crate::ProblemView;

/// Something that could not be used.
pub fn problem(view: &ProblemView) -> Json {
    let ProblemView { kind, system, what, subject, line, problem, since } = view;
    json!({
        "kind": kind, "system": &**system, "what": &**what, "subject": &**subject, "line": line,
        "problem": &**problem, "since": at(*since),
    })
}
