//! `review`: which operations wait for a second person.

use muster_model::Text;
use muster_policy::Review;

use crate::{
    context::Context,
    roles::{RoleNames, find_roles},
    suggest::known_names,
    systems::Draft,
    yaml::{Entry, Node},
};

/// What a rule is about that names no kinds: whatever gives something. What takes access away never waits unasked.
const GIVING: &[&str] = &["create", "update", "rename", "enable", "grant"];

/// Reads the rules of every system into its draft.
pub(crate) fn reviews(
    context: &mut Context<'_>,
    entries: &[&Entry],
    roles: &RoleNames,
    drafts: &mut [Draft],
) {
    for (entry, draft) in entries.iter().zip(drafts) {
        let rules = entry.value.get("review").map_or(&[][..], Node::items);
        draft.system.reviews =
            rules.iter().map(|rule| review(context, &entry.value, rule, roles)).collect();
    }
}

fn review(context: &mut Context<'_>, system: &Node, rule: &Node, roles: &RoleNames) -> Review {
    let texts = |key: &str| {
        let items = rule.get(key).map_or(&[][..], Node::items);
        items.iter().filter_map(|item| item.text().cloned()).collect::<Vec<Text>>()
    };
    known(context, rule.get("accounts"), system.get("accounts"), "account type");
    let kinds = texts("kinds");
    Review {
        accounts: texts("accounts"),
        entitlements: entitlements(context, rule, system),
        roles: find_roles(context, roles, rule.get("roles")),
        kinds: if kinds.is_empty() {
            GIVING.iter().map(|kind| Text::from(*kind)).collect()
        } else {
            kinds
        },
        by: texts("by"),
        at: context.location(rule.span),
    }
}

/// Reports each name in the list `named` that is no key of `written`.
fn known(context: &mut Context<'_>, named: Option<&Node>, written: Option<&Node>, what: &str) {
    let written = written.map_or(&[][..], Node::entries);
    for item in named.map_or(&[][..], Node::items) {
        let Some(name) = item.text() else { continue };
        if !written.iter().any(|entry| entry.key == *name) {
            let names = written.iter().map(|entry| &*entry.key);
            let help = known_names(name, &format!("{what}s"), names);
            context.error("E0505", item.span, format!("unknown {what} `{name}`"), help);
        }
    }
}

fn entitlements(context: &mut Context<'_>, rule: &Node, system: &Node) -> Vec<(Text, Vec<Text>)> {
    let written = system.get("entitlements").map_or(&[][..], Node::entries);
    let mut found = Vec::new();
    for named in rule.get("entitlements").map_or(&[][..], Node::entries) {
        if !written.iter().any(|entry| entry.key == named.key) {
            let message = format!("unknown kind of entitlement `{}`", named.key);
            let names = written.iter().map(|entry| &*entry.key);
            let help = known_names(&named.key, "kinds of entitlement", names);
            context.error("E0505", named.key_span, message, help);
        }
        let names = named.value.items().iter().filter_map(|item| item.text().cloned());
        let names = names.filter(|name| &**name != "*").collect();
        found.push((named.key.clone(), names));
    }
    found
}
