//! What was entered by hand.

use serde_json::{Value as Json, json};

use crate::{LoadMode, LoadReport, LocalDone, LookAlike, RowProblem, TemplateColumn};

/// An entity after something was entered.
pub fn entered(done: &LocalDone) -> Json {
    let LocalDone { entity, version, key, waiting } = done;
    let waiting: Vec<Json> =
        waiting.iter().map(|(name, key)| json!({ "attribute": &**name, "key": &**key })).collect();
    json!({ "id": entity.0, "version": version, "key": &**key, "waiting": waiting })
}

/// Somebody who may be the one that is about to be entered.
pub fn look_alike(one: &LookAlike) -> Json {
    let LookAlike { entity, key, display, likeness, why } = one;
    json!({ "id": entity.0, "key": &**key, "display": &**display, "likeness": likeness, "why": why })
}

/// Why nobody was entered: others are there under a similar name.
pub fn doubt(alike: &[LookAlike]) -> Json {
    let alike: Vec<Json> = alike.iter().map(look_alike).collect();
    json!({ "entered": false, "look_alikes": alike })
}

/// A row that cannot be used.
pub fn row_problem(refused: &RowProblem) -> Json {
    let RowProblem { line, column, problem, remedy } = refused;
    json!({ "line": line, "column": column.as_deref(), "problem": problem, "remedy": remedy })
}

/// What a file came to.
pub fn loaded(done: &LoadReport, mode: LoadMode) -> Json {
    let LoadReport { rows, created, changed, unchanged, refused } = done;
    let refused: Vec<Json> = refused.iter().map(row_problem).collect();
    json!({
        "dry_run": mode == LoadMode::DryRun, "rows": rows, "created": created, "changed": changed,
        "unchanged": unchanged, "refused": refused,
    })
}

/// A column of a template.
pub fn template_column(column: &TemplateColumn) -> Json {
    let TemplateColumn { name, value_type, required, many, choices } = column;
    let choices: Vec<&str> = choices.iter().map(|choice| &**choice).collect();
    json!({
        "name": &**name, "type": value_type, "required": required, "many": many, "choices": choices,
    })
}
