//! One account or entitlement: does she have it, should she, and why.

use muster_app::{AccessExplained, json};

use super::reasons;
use crate::{
    ui::{Paint, Report},
    when::shown,
};

/// The answer in every format.
pub(crate) fn access(explained: &AccessExplained, paint: Paint) -> Report {
    let AccessExplained { subject, access, has, wanted, reasons: why, .. } = explained;
    let fields = vec![
        ("person", subject.to_string()),
        ("access", access.clone()),
        ("has", has.to_string()),
        ("wanted", wanted.to_string()),
        (
            "reasons",
            why.iter().map(|reason| reason.role.to_string()).collect::<Vec<_>>().join(", "),
        ),
    ];
    Report::one(fields, json::access_explained(explained)).text(text(explained, paint))
}

fn text(explained: &AccessExplained, paint: Paint) -> String {
    let AccessExplained {
        subject,
        access,
        has,
        wanted,
        reasons: why,
        missing,
        withheld,
        account,
        idle,
        state,
    } = explained;
    let (verb, remark) = match (has, wanted, why.is_empty()) {
        (true, true, _) => (paint.green("HAS"), ""),
        (true, false, true) if !withheld.is_empty() => {
            (paint.yellow("HAS"), ", though it is withheld")
        }
        (true, false, true) => (paint.yellow("HAS"), ", and nothing grants it"),
        (true, false, false) => (paint.yellow("HAS"), ", though the lifecycle state takes it away"),
        (false, true, _) => (paint.yellow("SHOULD HAVE"), ", and has it not yet"),
        (false, false, true) if !withheld.is_empty() => {
            (paint.red("HAS NOT"), ", because it is withheld")
        }
        (false, false, true) => (paint.red("HAS NOT"), ""),
        (false, false, false) => (paint.red("HAS NOT"), ", because of the lifecycle state"),
    };
    let mut text = format!("{subject} {verb} {access}{remark}");
    if let Some(account) = account {
        let enabled = if account.enabled == Some(false) { ", disabled" } else { "" };
        let seen = shown(account.changed_at);
        put!(text, "     account {}{enabled}, as read; last change seen {seen}", account.name);
    }
    text.push('\n');
    if let Some(idle) = idle {
        put!(text, " {}\n", reasons::idle(idle, paint));
    }
    if !*wanted && let Some(state) = state {
        reasons::state(state, paint, &mut text);
    }
    for one in withheld {
        put!(text, " {}\n", reasons::withheld(one, paint));
    }
    for (number, reason) in (1..).zip(why) {
        reasons::reason(number, reason, paint, &mut text);
    }
    if why.is_empty() {
        for missing in missing {
            reasons::missing(missing, paint, &mut text);
        }
        if missing.is_empty() && withheld.is_empty() {
            text.push_str(" no role of the model grants it\n");
        }
    }
    text.push_str(closing(*has, *wanted));
    text
}

/// What the next plan does about it.
fn closing(has: bool, wanted: bool) -> &'static str {
    match (has, wanted) {
        (true, true) => "As it should be.\n",
        (true, false) => {
            "The next plan takes or disables it, where the system's mode allows: muster plan\n"
        }
        (false, true) => "The next plan gives it: muster plan\n",
        (false, false) => "Not there, and not wanted.\n",
    }
}
