//! Kinds of entitlement: where it is kept who holds them.

use std::sync::Arc;

use muster_lang::Env;
use muster_model::{Schema, ValueType};
use muster_policy::{EntitlementKind, Held};

use crate::{
    context::Context,
    expression::{TEXT, rule, value_variable},
    names,
    suggest::known_names,
    systems::Ability,
    yaml::{Entry, Node},
};

/// Builds the kinds of entitlement of a system in the order written.
pub(super) fn entitlements(
    context: &mut Context<'_>,
    system: &Node,
    ability: Ability,
) -> Vec<Option<EntitlementKind>> {
    let accounts = system.get("accounts").map_or(&[][..], Node::entries);
    let mut kinds = Vec::new();
    for entry in system.get("entitlements").map_or(&[][..], Node::entries) {
        names::part(context, &entry.key, entry.key_span, "a kind of entitlement");
        if let Some(account) = accounts.iter().find(|account| account.key == entry.key) {
            let message = format!("`{}` is an account type of this system already", entry.key);
            context.report(
                muster_model::Diagnostic::error("E0206", entry.key_span, message)
                    .related(account.key_span, "the account type")
                    .help("`system.name` has to mean one thing; choose another name"),
            );
        }
        kinds.push(kind(context, entry, accounts, ability));
    }
    kinds
}

fn kind(
    context: &mut Context<'_>,
    entry: &Entry,
    accounts: &[Entry],
    ability: Ability,
) -> Option<EntitlementKind> {
    let node = &entry.value;
    let held = held(context, entry, ability);
    let account = account(context, entry, accounts);
    if node.flag("create")
        && let Some(place) = node.entry("create")
    {
        let help = "leave `create` out, and create them by other means";
        ability.need_to_write(
            context,
            |can| can.create,
            place.key_span,
            "create entitlements",
            help,
        );
    }
    let env = Env {
        schema: Arc::new(Schema::default()),
        variables: vec![value_variable("name", ValueType::Text)],
        implicit: None,
        now: false,
    };
    let object_name = match node.get("name") {
        Some(name) => Some(rule(context, name, &env, Some(&TEXT))?),
        None => None,
    };
    Some(EntitlementKind {
        name: entry.key.clone(),
        object: node.get_text("object").cloned().unwrap_or_else(|| "".into()),
        held: held?,
        account: account?,
        object_name,
        create: node.flag("create"),
        at: context.location(entry.key_span),
    })
}

fn held(context: &mut Context<'_>, entry: &Entry, ability: Ability) -> Option<Held> {
    let members = entry.value.entry("members");
    let attribute = entry.value.entry("attribute");
    match (members, attribute) {
        (Some(place), None) => {
            let help =
                "keep it on the account with `attribute`, or look at the connector's settings";
            ability.need_to_write(
                context,
                |can| can.members,
                place.key_span,
                "change members",
                help,
            );
            Some(Held::OnGroup(place.value.text()?.clone()))
        }
        (None, Some(place)) => {
            let help = "look at the connector's settings, or set `mode: observe`";
            ability.need_to_write(
                context,
                |can| can.update,
                place.key_span,
                "change attributes",
                help,
            );
            Some(Held::OnAccount(place.value.text()?.clone()))
        }
        (None, None) => {
            context.error(
                "E0511",
                entry.key_span,
                format!("nothing says where it is kept who holds a `{}`", entry.key),
                "add `members:` (an attribute of its object) or `attribute:` (one of the account)",
            );
            None
        }
        (Some(_), Some(second)) => {
            context.error(
                "E0511",
                second.key_span,
                format!("`{}` has both `members` and `attribute`", entry.key),
                "leave out the one that does not hold the truth",
            );
            None
        }
    }
}

fn account(context: &mut Context<'_>, entry: &Entry, accounts: &[Entry]) -> Option<usize> {
    if let Some(node) = entry.value.get("account") {
        let name = node.text()?;
        let found = accounts.iter().position(|account| account.key == *name);
        if found.is_none() {
            let known = accounts.iter().map(|account| &*account.key);
            let help = known_names(name, "account types", known);
            context.error("E0505", node.span, format!("unknown account type `{name}`"), help);
        }
        return found;
    }
    match accounts {
        [_] => Some(0),
        [] => {
            context.error(
                "E0512",
                entry.key_span,
                format!("no account can hold a `{}`: the system has no account types", entry.key),
                "add `accounts:` to the system",
            );
            None
        }
        [first, ..] => {
            context.error(
                "E0512",
                entry.key_span,
                format!("`{}` has to say which account type holds it", entry.key),
                format!("for example `account: {}`", first.key),
            );
            None
        }
    }
}
