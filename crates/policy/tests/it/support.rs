//! `evaluate(model, facts, at) -> text`: the only function of these tests that knows the API.

use std::fmt::Write as _;

use jiff::Timestamp;
use muster_model::Value;
use muster_policy::{
    AccountRef, Because, DesiredAccount, Evaluation, Evaluator, MemoryWorld, Reason, Subject, Via,
    Want,
};

use crate::world::{Facts, instant, key, model};

/// Evaluates every identity and says what follows.
pub(crate) fn evaluate(model_text: &str, facts: &str, at: &str) -> String {
    let evaluator = Evaluator::new(model(model_text));
    let facts = Facts::read(evaluator.model(), facts);
    let now = instant(at);
    let mut out = String::new();
    for row in facts.identities(evaluator.model()) {
        let evaluation = facts.evaluate(&evaluator, row, now);
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&show(&evaluator, &evaluation));
    }
    out
}

/// The outcome in text.
pub(crate) fn show(evaluator: &Evaluator, evaluation: &Evaluation) -> String {
    let model = evaluator.model();
    let mut out = String::new();
    let state = evaluation.state.and_then(|s| evaluator.state_name(evaluation.row.type_id, s));
    let state = state.unwrap_or_else(|| "without state".into());
    let name = key(model, &evaluation.row);
    writeln!(out, "{name}: {state} since {}", evaluation.state_since).unwrap();
    for held in &evaluation.roles {
        let via = match held.via {
            Via::Rule => "by rule".to_owned(),
            Via::Assigned(_) => "assigned".to_owned(),
            Via::Included(by) => format!("with {}", model.roles[by].name),
        };
        writeln!(out, "  role {} {via}", model.roles[held.role].name).unwrap();
    }
    evaluation.accounts.iter().for_each(|desired| show_account(evaluator, desired, &mut out));
    for found in &evaluation.conflicts {
        let conflict = &model.conflicts[found.conflict];
        let duties: Vec<&str> = found.duties.iter().map(|d| &*model.duties[*d].name).collect();
        let effect = match (evaluation.is_excepted(found.conflict), conflict.blocks()) {
            (true, _) => "excepted",
            (false, true) => "blocks",
            (false, false) => "warns",
        };
        writeln!(out, "  conflict {} {effect}: {}", conflict.name, duties.join(", ")).unwrap();
    }
    if let Some(at) = evaluation.next_change {
        writeln!(out, "  next change {at}").unwrap();
    }
    out
}

fn show_account(evaluator: &Evaluator, desired: &DesiredAccount, out: &mut String) {
    let system = &evaluator.model().systems[desired.account.system.index()];
    let account_type = evaluator.account_type(desired.account).unwrap();
    let state = if desired.enabled { "enabled" } else { "disabled" };
    let want = match desired.want {
        Want::Present => {
            format!("{state} as {}", desired.name.as_deref().unwrap_or("(no name)"))
        }
        Want::Retained { keep_entitlements, delete_after } => {
            let keeps = if keep_entitlements { "with" } else { "without" };
            let after =
                delete_after.map_or(String::new(), |after| format!(", gone after {after:#}"));
            format!("left {state} {keeps} entitlements{after}")
        }
        Want::Absent => "none".to_owned(),
    };
    writeln!(out, "  {}.{} {want}", system.name, account_type.name).unwrap();
    for (mapping, value) in account_type.set.iter().zip(&desired.values) {
        let value = if value.is_null() { "(none)".to_owned() } else { shown(value) };
        writeln!(out, "    {} = {value}", mapping.attribute).unwrap();
    }
    for (kind, name) in &desired.entitlements {
        writeln!(out, "    {} {name}", system.entitlements[*kind].name).unwrap();
    }
}

fn shown(value: &Value) -> String {
    if let Value::List(_) = value { format!("[{value}]") } else { value.to_string() }
}

/// Why the first identity has, or has not, `system.account` or `system.kind:name`.
pub(crate) fn explain(model_text: &str, facts: &str, at: &str, subject: &str) -> String {
    let evaluator = Evaluator::new(model(model_text));
    let facts = Facts::read(evaluator.model(), facts);
    let now = instant(at);
    let row = facts.identities(evaluator.model()).next().unwrap();
    let world = facts.world(&evaluator, now);
    let identity = facts.identity(row);
    let evaluation = evaluator.evaluate(&identity, &world, now);
    let (place, name) = subject.split_once(':').map_or((subject, None), |(p, n)| (p, Some(n)));
    let (system_name, thing) = place.split_once('.').unwrap();
    let systems = &evaluator.model().systems;
    let system = systems.iter().find(|system| *system.name == *system_name).unwrap();
    let subject = match name {
        None => {
            let account = system.accounts.iter().position(|a| *a.name == *thing).unwrap();
            Subject::Account(AccountRef { system: system.id, account })
        }
        Some(name) => {
            let kind = system.entitlements.iter().position(|k| *k.name == *thing).unwrap();
            let account = system.entitlements[kind].account;
            Subject::Entitlement(AccountRef { system: system.id, account }, kind, name)
        }
    };
    let mut out = String::new();
    for reason in evaluator.reasons(&evaluation, identity.assignments, subject, &world, now) {
        reason_lines(&reason, "", &mut out);
    }
    for missing in evaluator.missing(&evaluation, subject, &world, now) {
        writeln!(out, "not role {} ({})", missing.role, missing.at).unwrap();
        conditions(&missing.conditions, "  ", &mut out);
    }
    out
}

fn reason_lines(reason: &Reason, indent: &str, out: &mut String) {
    writeln!(out, "{indent}role {} ({})", reason.role, reason.at).unwrap();
    match &reason.because {
        Because::Rule { conditions: found, at: _ } => {
            conditions(found, &format!("{indent}  "), out);
        }
        Because::Assigned { reason, by, until, .. } => {
            let until = until.map_or(String::new(), |at| format!(" until {at}"));
            writeln!(out, "{indent}  assigned by {by}: {reason}{until}").unwrap();
        }
        Because::Included(by) => reason_lines(by, &format!("{indent}  with "), out),
    }
}

fn conditions(conditions: &[muster_lang::Condition], indent: &str, out: &mut String) {
    for condition in conditions {
        let holds = if condition.holds { "yes" } else { "no " };
        let reads: Vec<String> =
            condition.reads.iter().map(|(path, value)| format!("{path} is {value}")).collect();
        writeln!(out, "{indent}{holds} {}  [{}]", condition.source, reads.join(", ")).unwrap();
    }
}

/// Why an attribute of an account of the first identity has its value.
pub(crate) fn explain_value(model_text: &str, facts: &str, at: &str, attribute: &str) -> String {
    on_first(model_text, facts, at, |evaluator, evaluation, world, now| {
        let desired = &evaluation.accounts[0];
        let account_type = evaluator.account_type(desired.account).unwrap();
        let mapping = account_type.set.iter().position(|m| *m.attribute == *attribute).unwrap();
        let reason =
            evaluator.attribute_reason(evaluation, desired.account, mapping, world, now).unwrap();
        let of = reason.role.map_or("the mapping".to_owned(), |role| format!("role {role}"));
        format!("{} from {of}: {}", shown(&reason.value), reason.source)
    })
}

/// Why the first identity is in its state.
pub(crate) fn explain_state(model_text: &str, facts: &str, at: &str) -> String {
    on_first(model_text, facts, at, |evaluator, evaluation, world, now| {
        let reason = evaluator.state_reason(evaluation, world, now).unwrap();
        let mut out = format!("{} since {}\n", reason.state, reason.since);
        conditions(&reason.conditions, "  ", &mut out);
        out
    })
}

fn on_first(
    model_text: &str,
    facts: &str,
    at: &str,
    ask: impl Fn(&Evaluator, &Evaluation, &MemoryWorld, Timestamp) -> String,
) -> String {
    let evaluator = Evaluator::new(model(model_text));
    let facts = Facts::read(evaluator.model(), facts);
    let now = instant(at);
    let row = facts.identities(evaluator.model()).next().unwrap();
    let world = facts.world(&evaluator, now);
    let evaluation = evaluator.evaluate(&facts.identity(row), &world, now);
    ask(&evaluator, &evaluation, &world, now)
}
