//! One attribute: its value, where it comes from, where it goes.

use muster_app::{AttributeExplained, Origin, json};

use super::reasons;
use crate::ui::{Paint, Report, printable};

/// The answer in every format.
pub(crate) fn attribute(explained: &AttributeExplained, paint: Paint) -> Report {
    let AttributeExplained { subject, attribute, value, origin, used_by: _ } = explained;
    let fields = vec![
        ("person", subject.to_string()),
        ("attribute", attribute.to_string()),
        ("value", value.to_string()),
        ("origin", origin_text(origin)),
    ];
    Report::one(fields, json::attribute_explained(explained)).text(text(explained, paint))
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
        Origin::Entered => "entered by hand".to_owned(),
        Origin::Computed { expression, at } => {
            format!("computed: {}  ({at})", printable(expression))
        }
        Origin::Generated { at } => format!("made once and kept  ({at})"),
        Origin::Lifecycle(_) => "from the lifecycle".to_owned(),
        Origin::Nothing => "nothing gives it a value".to_owned(),
    }
}
