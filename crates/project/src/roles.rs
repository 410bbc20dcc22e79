//! Roles: from `roles:` to who has them, what they bring and what they grant.

mod administration;
mod contributions;
mod includes;
mod request;

use std::{collections::BTreeMap, sync::Arc};

use muster_lang::{Env, Type};
use muster_model::{EntityType, Schema, Text, ValueType};
use muster_policy::{Grant, GrantName, Role};

use crate::{
    context::Context,
    duration::parse_duration,
    expression::{about_identity, condition, rule},
    names,
    suggest::known_names,
    systems::{Draft, Found, Names},
    types::identity_type,
    yaml::{Entry, Kind, Node},
};

/// The roles by name, with their positions.
pub(crate) type RoleNames = BTreeMap<Text, usize>;

/// What roles are built from.
struct Ground<'a> {
    schema: &'a Arc<Schema>,
    names: &'a Names,
    known: &'a RoleNames,
    drafts: &'a [Draft],
}

/// The positions of the roles in order of name.
pub(crate) fn role_names(entries: &[&Entry]) -> RoleNames {
    entries.iter().enumerate().map(|(index, entry)| (entry.key.clone(), index)).collect()
}

/// Builds the roles in order of name. Attributes that only roles give values for are added to the account types.
pub(crate) fn roles(
    context: &mut Context<'_>,
    entries: &[&Entry],
    schema: &Arc<Schema>,
    names: &Names,
    drafts: &mut [Draft],
) -> Vec<Option<Role>> {
    let known = role_names(entries);
    contributions::introduce(entries, schema, names, drafts);
    let ground = Ground { schema, names, known: &known, drafts };
    let roles: Vec<Option<Role>> = entries
        .iter()
        .map(|entry| {
            names::free(context, &entry.key, entry.key_span, "a role");
            let entity_type = identity_type(context, schema, entry, "the role")?;
            Some(role(context, entry, entity_type, &ground))
        })
        .collect();
    includes::check(context, entries, &known, &roles);
    roles
}

fn role(
    context: &mut Context<'_>,
    entry: &Entry,
    entity_type: &EntityType,
    ground: &Ground<'_>,
) -> Role {
    let node = &entry.value;
    let Ground { schema, names, known, drafts } = *ground;
    let env = about_identity(schema, entity_type);
    Role {
        name: entry.key.clone(),
        description: node.get_text("description").cloned(),
        type_id: entity_type.id,
        when: node.get("when").and_then(|when| condition(context, when, &env)),
        includes: find_roles(context, known, node.get("includes")),
        grants: grants(context, node, entity_type, names, &env),
        values: contributions::values(context, node, entity_type, names, &env, drafts),
        owner: node.get_text("owner").cloned(),
        risk: node.get_text("risk").and_then(|risk| risk.parse().ok()),
        request: request::policies(context, node, schema, entity_type, known),
        grace: node.get_text("grace").and_then(|text| parse_duration(text)),
        review: node.flag("review"),
        muster: administration::administration(context, node, schema, entity_type),
        at: context.location(entry.key_span),
    }
}

/// The positions of the roles that a list names.
pub(crate) fn find_roles(
    context: &mut Context<'_>,
    known: &RoleNames,
    list: Option<&Node>,
) -> Vec<usize> {
    let mut found = Vec::new();
    for item in list.map_or(&[][..], Node::items) {
        found.extend(find_role(context, known, item).filter(|index| !found.contains(index)));
    }
    found
}

/// The position of the role that is named.
pub(crate) fn find_role(
    context: &mut Context<'_>,
    known: &RoleNames,
    node: &Node,
) -> Option<usize> {
    let name = node.text()?;
    let found = known.get(name).copied();
    if found.is_none() {
        let help = known_names(name, "roles", known.keys().map(|name| &**name));
        context.error("E0601", node.span, format!("unknown role `{name}`"), help);
    }
    found
}

fn grants(
    context: &mut Context<'_>,
    role: &Node,
    entity_type: &EntityType,
    names: &Names,
    env: &Env,
) -> Vec<Grant> {
    let mut grants = Vec::new();
    for item in role.get("grants").map_or(&[][..], Node::items) {
        if let Some(text) = item.text() {
            let Some((system, account)) = names.account(context, text, item.span) else { continue };
            fits(context, names, Found::Account(system, account), entity_type, item, text);
            grants.push(Grant::Account { system, account, at: context.location(item.span) });
            continue;
        }
        for entry in item.entries() {
            let Some((system, kind)) = names.entitlement(context, &entry.key, entry.key_span)
            else {
                continue;
            };
            fits(context, names, Found::Entitlement(system, kind), entity_type, item, &entry.key);
            let at = context.location(entry.key_span);
            let named = grant_names(context, &entry.value, env);
            let granted = named.into_iter().map(|name| Grant::Entitlement {
                system,
                kind,
                name,
                at: at.clone(),
            });
            grants.extend(granted);
        }
    }
    grants
}

/// An account type for people cannot be granted to service accounts.
fn fits(
    context: &mut Context<'_>,
    names: &Names,
    found: Found,
    entity_type: &EntityType,
    node: &Node,
    text: &str,
) {
    let Some(other) = names.identity_of(found).filter(|identity| *identity != entity_type.id)
    else {
        return;
    };
    let other = context.type_name(other);
    context.error(
        "E0604",
        node.span,
        format!("`{text}` is for `{other}`, this role is for `{}`", entity_type.name),
        "say `for:` at the role, or grant something of that type",
    );
}

fn grant_names(context: &mut Context<'_>, node: &Node, env: &Env) -> Vec<GrantName> {
    if let Kind::Map(..) = node.kind {
        let Some(each) = node.get("each") else { return Vec::new() };
        let texts = Type::List(Box::new(Type::Scalar(ValueType::Text)));
        let computed = rule(context, each, env, Some(&texts));
        return computed.map(|rule| GrantName::Computed(rule.program)).into_iter().collect();
    }
    let texts = node.items().iter().filter_map(|item| item.text());
    texts.map(|name| GrantName::Literal(name.clone())).collect()
}
