//! Duties and the conflicts between them.

use std::collections::BTreeMap;

use muster_model::Text;
use muster_policy::{Conflict, Duty, Reaction};

use crate::{
    context::Context,
    names,
    roles::{RoleNames, find_role},
    suggest::known_names,
    systems::{Names, references},
    yaml::{Entry, Node},
};

/// How much harm a conflict can do where the model does not say.
const RISK: u8 = 50;

/// Builds the duties in order of name.
pub(crate) fn duties(context: &mut Context<'_>, entries: &[&Entry], names: &Names) -> Vec<Duty> {
    let mut duties = Vec::new();
    for entry in entries {
        names::free(context, &entry.key, entry.key_span, "a duty");
        let entitlements = references(context, names, &entry.value);
        if entry.value.items().is_empty() {
            context.error(
                "E0608",
                entry.key_span,
                format!("the duty `{}` names no entitlement", entry.key),
                "for example `[{ ledger.profile: create-payment }]`",
            );
        }
        duties.push(Duty { name: entry.key.clone(), entitlements });
    }
    duties
}

/// Builds the conflicts in order of name.
pub(crate) fn conflicts(
    context: &mut Context<'_>,
    entries: &[&Entry],
    duties: &[&Entry],
    roles: &RoleNames,
) -> Vec<Conflict> {
    let known: BTreeMap<&Text, usize> =
        duties.iter().enumerate().map(|(index, duty)| (&duty.key, index)).collect();
    let mut conflicts = Vec::new();
    for entry in entries {
        names::free(context, &entry.key, entry.key_span, "a conflict");
        let mut between = Vec::new();
        let written = entry.value.get("between").map_or(&[][..], Node::items);
        for item in written {
            let Some(name) = item.text() else { continue };
            match known.get(name) {
                Some(index) if between.contains(index) => {}
                Some(index) => between.push(*index),
                None => {
                    let help = known_names(name, "duties", known.keys().map(|name| &***name));
                    context.error("E0607", item.span, format!("unknown duty `{name}`"), help);
                    // It counts, so that one mistake is not reported twice.
                    between.push(usize::MAX);
                }
            }
        }
        if between.len() < 2 && entry.value.get("between").is_some() {
            context.error(
                "E0608",
                entry.key_span,
                format!("the conflict `{}` needs at least two different duties", entry.key),
                "name all duties that must not meet, for example `between: [pay-create, pay-approve]`",
            );
        }
        conflicts.push(Conflict {
            name: entry.key.clone(),
            between,
            description: entry.value.get_text("description").cloned(),
            on: reaction(context, entry, roles),
            lenient_for: lenient_for(context, entry, roles),
            risk: entry.value.get_text("risk").and_then(|risk| risk.parse().ok()).unwrap_or(RISK),
            at: context.location(entry.key_span),
        });
    }
    conflicts
}

fn reaction(context: &mut Context<'_>, entry: &Entry, roles: &RoleNames) -> Reaction {
    let approvers = entry.value.get("approvers");
    let on = entry.value.get_text("on").map_or("block", |on| on);
    match (on, approvers) {
        // With an unknown role there is no model.
        ("approve", Some(node)) => {
            find_role(context, roles, node).map_or(Reaction::Block, Reaction::Approve)
        }
        ("approve", None) => {
            let message = format!("nobody approves what completes the conflict `{}`", entry.key);
            let help = "say `approvers:` with the role whose members decide";
            context.error("E0615", entry.key_span, message, help);
            Reaction::Block
        }
        (_, Some(node)) => {
            let help = "write `on: approve`, or leave `approvers` out";
            let message = format!("with `on: {on}` nobody is asked for approval");
            context.error("E0615", node.span, message, help);
            Reaction::Block
        }
        ("warn", None) => Reaction::Warn,
        (_, None) => Reaction::Block,
    }
}

/// The role whose members are only warned.
fn lenient_for(context: &mut Context<'_>, entry: &Entry, roles: &RoleNames) -> Option<usize> {
    let node = entry.value.get("lenient_for")?;
    if entry.value.get_text("on").is_some_and(|on| &**on == "warn") {
        let message = "with `on: warn` everybody is only warned";
        context.error("E0615", node.span, message, "leave `lenient_for` out");
        return None;
    }
    find_role(context, roles, node)
}
