//! One attribute: its value, where it comes from, where it goes.

use muster_app::{AttributeExplained, Origin};
use muster_plan::value_json;
use serde_json::{Value as Json, json};

use super::reasons;
use crate::ui::{Paint, Report, printable};

/// The answer in every format.
pub(crate) fn attribute(explained: &AttributeExplained, paint: Paint) -> Report {
    let AttributeExplained { subject, attribute, value, origin, used_by } = explained;
    let used: Vec<Json> = used_by
        .iter()
        .map(|(system, attribute, reason)| {
            json!({
                "system": &**system, "attribute": &**attribute, "value": value_json(&reason.value),
                "expression": &*reason.source, "at": reason.at.to_string(), "role": reason.role.as_deref(),
            })
        })
        .collect();
    let json = json!({
        "person": &**subject, "attribute": &**attribute, "value": value_json(value), "origin": origin_json(origin), "used_by": used,
    });
    let fields = vec![
        ("person", subject.to_string()),
        ("attribute", attribute.to_string()),
        ("value", value.to_string()),
        ("origin", origin_text(origin)),
    ];
    Report::one(fields, json).text(text(explained, paint))
}

fn text(explained: &AttributeExplained, paint: Paint) -> String {
    let AttributeExplained { subject, attribute, value, origin, used_by } = explained;
    let mut text = format!("{subject} .{attribute} = {}\n", paint.bold(&reasons::value(value)));
    put!(text, " {}\n", origin_text(origin));
    if let Origin::Lifecycle(Some(state)) = origin {
        reasons::state(state, paint, &mut text);
    }
    for (system, target, reason) in used_by {
        let role = reason.role.as_ref().map_or_else(String::new, |role| format!("   role {role}"));
        put!(
            text,
            " -> {system}  {target} = {}   {}  ({}){role}\n",
            reasons::value(&reason.value),
            paint.dim(&printable(&reason.source)),
            reason.at
        );
    }
    if used_by.is_empty() {
        text.push_str(" no account of this person reads it directly\n");
    }
    text
}

fn origin_text(origin: &Origin) -> String {
    match origin {
        Origin::Source { system, record, line, expression, at } => {
            let line = if *line > 0 { format!(", line {line}") } else { String::new() };
            format!(
                "from {system}, record {}{line}: {}  ({at})",
                printable(record),
                printable(expression)
            )
        }
        Origin::Computed { expression, at } => {
            format!("computed: {}  ({at})", printable(expression))
        }
        Origin::Generated { at } => format!("made once and kept  ({at})"),
        Origin::Lifecycle(_) => "from the lifecycle".to_owned(),
        Origin::Nothing => "nothing gives it a value".to_owned(),
    }
}

fn origin_json(origin: &Origin) -> Json {
    match origin {
        Origin::Source { system, record, line, expression, at } => json!({
            "kind": "source", "system": &**system, "record": &**record, "line": line, "expression": &**expression,
            "at": at.to_string(),
        }),
        Origin::Computed { expression, at } => {
            json!({ "kind": "computed", "expression": &**expression, "at": at.to_string() })
        }
        Origin::Generated { at } => json!({ "kind": "generated", "at": at.to_string() }),
        Origin::Lifecycle(state) => {
            json!({ "kind": "lifecycle", "state": state.as_ref().map(reasons::state_json) })
        }
        Origin::Nothing => json!({ "kind": "nothing" }),
    }
}
