//! How drift reads: a row, a document, one item in full.

use jiff::Timestamp;
use muster_app::{DriftGroupView, DriftView, json};
use muster_model::Value;
use muster_store::{DriftDecision, DriftWhat};

use crate::{
    ui::{Report, printable},
    when::shown,
};

/// What happened, in a few words.
pub(super) fn what(drift: &DriftView) -> String {
    let kind = drift.kind.as_deref().unwrap_or("entitlement");
    let is = |value: &Value| *value == Value::Bool(true);
    let text = match drift.what {
        DriftWhat::Attribute => {
            format!("{} {} -> {}", drift.item, value(&drift.before), value(&drift.after))
        }
        DriftWhat::Entitlement if is(&drift.after) => format!("{kind} {} given", drift.item),
        DriftWhat::Entitlement => format!("{kind} {} taken", drift.item),
        DriftWhat::Enabled if is(&drift.after) => "enabled".to_owned(),
        DriftWhat::Enabled => "disabled".to_owned(),
        DriftWhat::Name => format!("renamed from {}", value(&drift.before)),
        DriftWhat::Gone => "deleted".to_owned(),
        DriftWhat::Appeared => "made".to_owned(),
    };
    printable(&text)
}

fn value(value: &Value) -> String {
    if value.is_null() { "(none)".to_owned() } else { format!("\"{value}\"") }
}

pub(super) fn row(drift: &DriftView) -> Vec<String> {
    vec![
        drift.id.0.to_string(),
        drift.person.as_deref().unwrap_or_default().to_owned(),
        drift.system.to_string(),
        drift.account.to_string(),
        what(drift),
        shown(drift.seen_at),
        decision(drift),
    ]
}

fn decision(drift: &DriftView) -> String {
    match (drift.decision, drift.until) {
        (DriftDecision::Accept, Some(until)) => format!("accept until {}", shown(until)),
        (decision, _) => decision.word().to_owned(),
    }
}

pub(super) fn group_row(group: &DriftGroupView, by_read: bool) -> Vec<String> {
    let what = if group.n == 1 || !by_read {
        what(&group.example)
    } else {
        format!("{} and others", what(&group.example))
    };
    vec![
        if by_read { group.read.to_string() } else { group.group.to_string() },
        group.n.to_string(),
        group.n_undecided.to_string(),
        group.example.system.to_string(),
        what,
        shown(group.first_seen),
        shown(group.last_seen),
    ]
}

/// One item in full.
pub(super) fn one(drift: &DriftView) -> Report {
    let at = |at: Option<Timestamp>| at.map_or_else(String::new, shown);
    let fields = vec![
        ("id", drift.id.0.to_string()),
        ("group", drift.group.to_string()),
        ("person", drift.person.as_deref().unwrap_or_default().to_owned()),
        ("account", format!("{}.{} {}", drift.system, drift.account_type, drift.account)),
        ("what", what(drift)),
        ("before", value(&drift.before)),
        ("after", value(&drift.after)),
        ("first seen", shown(drift.first_seen)),
        ("seen", format!("{}, by read {}", shown(drift.seen_at), drift.read)),
        ("decision", decision(drift)),
        ("by", drift.decided_by.as_deref().unwrap_or_default().to_owned()),
        ("decided", at(drift.decided_at)),
        ("comment", drift.remark.to_string()),
        ("over", at(drift.closed_at)),
    ];
    Report::one(fields, json::drift(drift))
}
