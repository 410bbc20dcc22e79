//! Reasons, conditions and states in lines.

use muster_app::IdleExplained;
use muster_lang::Condition;
use muster_model::{Text, Value};
use muster_policy::{Because, MissingRole, Reason, StateReason, Unused, Withheld};

use crate::{
    ui::{Paint, printable},
    when::shown,
};

/// A value as people write it: text in quotes, nothing as `null`.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("\"{}\"", printable(text)),
        Value::List(items) => {
            format!("[{}]", items.iter().map(self::value).collect::<Vec<_>>().join(", "))
        }
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Binary(_)
        | Value::Uuid(_)
        | Value::Link(_)
        | Value::Reference(_) => printable(&value.to_string()),
    }
}

/// `to be disabled, as nobody has used it since … (systems.yaml:12:7)`
pub(super) fn idle(idle: &IdleExplained, paint: Paint) -> String {
    let IdleExplained { unused: Unused { since, due }, is_idle, at } = idle;
    let (since, due) = (shown(*since), shown(*due));
    if *is_idle {
        format!("{}, as nobody has used it since {since}  ({at})", paint.yellow("to be disabled"))
    } else {
        format!("last used {since}; disabled on {due} if nobody uses it before  ({at})")
    }
}

/// `withheld until … by …: not needed any more`
pub(super) fn withheld(one: &Withheld, paint: Paint) -> String {
    let until = one.until.map_or_else(String::new, |until| format!(" until {}", shown(until)));
    let (by, reason) = (printable(&one.by), printable(&one.reason));
    format!("{}{until} by {by}: {reason}", paint.yellow("withheld"))
}

/// `person.title is "Planner", person.grade is 5`
pub(super) fn reads(reads: &[(Text, Value)]) -> String {
    let parts: Vec<String> =
        reads.iter().map(|(path, read)| format!("{path} is {}", value(read))).collect();
    parts.join(", ")
}

/// One line for each condition, with what it read.
pub(super) fn conditions(conditions: &[Condition], indent: &str, paint: Paint, text: &mut String) {
    for condition in conditions {
        let mark = if condition.holds { paint.green("yes") } else { paint.red("no ") };
        let read = reads(&condition.reads);
        let read = if read.is_empty() { String::new() } else { format!("   {}", paint.dim(&read)) };
        let flips =
            condition.flips.map_or_else(String::new, |at| format!("   until {}", shown(at)));
        put!(text, "{indent}{mark} {}{read}{flips}\n", printable(&condition.source));
    }
}

/// A numbered reason with how it came.
pub(super) fn reason(number: usize, reason: &Reason, paint: Paint, text: &mut String) {
    put!(text, " {number}. role {}  ({})\n", paint.bold(&reason.role), reason.at);
    because(&reason.because, paint, text);
}

fn because(because: &Because, paint: Paint, text: &mut String) {
    match because {
        Because::Rule { conditions: held, at } => {
            put!(text, "      by its rule ({at})\n");
            conditions(held, "        ", paint, text);
        }
        Because::Assigned { id, reason, by, from, until } => {
            let from = from.map_or_else(String::new, |from| format!(" from {}", shown(from)));
            let until = until.map_or_else(
                || ", no end date".to_owned(),
                |until| format!(" until {}", shown(until)),
            );
            put!(
                text,
                "      assigned by {by}{from}{until}: \"{}\"  (assignment {id})\n",
                printable(reason)
            );
        }
        Because::Included(outer) => {
            put!(text, "      included in role {}  ({})\n", outer.role, outer.at);
            self::because(&outer.because, paint, text);
        }
    }
}

/// A role that would give it, and what is not so.
pub(super) fn missing(missing: &MissingRole, paint: Paint, text: &mut String) {
    put!(text, " -- role {} would give it  ({})\n", missing.role, missing.at);
    if missing.conditions.is_empty() {
        put!(
            text,
            "      it is given by assignment only: muster assign PERSON {} --reason \"…\"\n",
            missing.role
        );
    }
    conditions(&missing.conditions, "        ", paint, text);
}

/// The lifecycle state with its conditions.
pub(super) fn state(state: &StateReason, paint: Paint, text: &mut String) {
    put!(text, "State {} since {}  ({})\n", paint.bold(&state.state), shown(state.since), state.at);
    conditions(&state.conditions, "   ", paint, text);
}
