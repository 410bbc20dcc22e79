//! What is wrong with a model.

use muster_model::{Diagnostic, SourceMap};
use muster_project::Loaded;
use serde_json::{Value as Json, json};

/// Everything that a check found.
pub fn checked(loaded: &Loaded) -> Json {
    json!({
        "ok": loaded.model.is_some(), "files": loaded.sources.files.len(), "diagnostics": diagnostics(loaded),
    })
}

/// The problems, sorted by file and place.
pub fn diagnostics(loaded: &Loaded) -> Vec<Json> {
    loaded.diagnostics.iter().map(|one| diagnostic(one, &loaded.sources)).collect()
}

/// One problem, with its place.
pub fn diagnostic(diagnostic: &Diagnostic, sources: &SourceMap) -> Json {
    let place = |span| {
        let at = sources.location(span);
        json!({ "file": &*at.file, "line": at.line, "column": at.column })
    };
    let related: Vec<Json> = diagnostic
        .related
        .iter()
        .map(|(span, text)| json!({ "at": place(*span), "text": text }))
        .collect();
    json!({
        "severity": diagnostic.severity.word(), "code": diagnostic.code, "message": diagnostic.message,
        "at": diagnostic.span.map(place), "label": diagnostic.label, "help": diagnostic.help, "related": related,
    })
}
