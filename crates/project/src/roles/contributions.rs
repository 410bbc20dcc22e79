//! Values that roles contribute to attributes of accounts.

use std::sync::Arc;

use muster_lang::{Env, compile};
use muster_model::{EntityType, Schema, SourceMap};
use muster_policy::{Contribution, Mapping};

use crate::{
    context::Context,
    expression::{about_identity, exact_rule, expression_type, rule, value_type},
    systems::{Draft, Found, Names, not_a_value},
    types::identity_type,
    yaml::{Entry, Node},
};

/// Adds the attributes that only roles give values for, and brings the attributes of accounts into order of name.
///
/// Says nothing about problems; [`values`] reports them.
pub(super) fn introduce(
    entries: &[&Entry],
    schema: &Arc<Schema>,
    names: &Names,
    drafts: &mut [Draft],
) {
    let sources = SourceMap::default();
    let mut silent = Context::new(&sources);
    for entry in entries {
        let Some(entity_type) = identity_type(&mut silent, schema, entry, "the role") else {
            continue;
        };
        let env = about_identity(schema, entity_type);
        for value in entry.value.get("values").map_or(&[][..], Node::entries) {
            let found = names.attribute(&mut silent, &value.key, value.key_span);
            let Some((system, account, attribute)) = found else { continue };
            let Some(set) = set_of(drafts, system.index(), account) else { continue };
            if set.iter().any(|mapping| mapping.attribute == attribute) {
                continue;
            }
            let compiled = value.value.text().and_then(|source| compile(source, &env, None).ok());
            let Some((ty, many)) = compiled.and_then(|program| value_type(program.ty())) else {
                continue;
            };
            let on_create = false;
            set.push(Mapping { attribute, value: None, value_type: ty, many, on_create });
            set.sort_by(|a, b| a.attribute.cmp(&b.attribute));
        }
    }
}

fn set_of(drafts: &mut [Draft], system: usize, account: usize) -> Option<&mut Vec<Mapping>> {
    Some(&mut drafts.get_mut(system)?.accounts.get_mut(account)?.as_mut()?.set)
}

/// The values a role contributes.
pub(super) fn values(
    context: &mut Context<'_>,
    role: &Node,
    entity_type: &EntityType,
    names: &Names,
    env: &Env,
    drafts: &[Draft],
) -> Vec<Contribution> {
    let mut values = Vec::new();
    for entry in role.get("values").map_or(&[][..], Node::entries) {
        let Some((system, account, attribute)) =
            names.attribute(context, &entry.key, entry.key_span)
        else {
            continue;
        };
        let other = names.identity_of(Found::Account(system, account));
        if let Some(other) = other.filter(|identity| *identity != entity_type.id) {
            let message = format!(
                "this account type is for `{}`, this role is for `{}`",
                context.type_name(other),
                entity_type.name
            );
            let help = "say `for:` at the role, or name an account type of that type";
            context.error("E0604", entry.key_span, message, help);
            continue;
        }
        let set = drafts
            .get(system.index())
            .and_then(|draft| draft.accounts.get(account)?.as_ref())
            .map_or(&[][..], |account| &account.set);
        let mapping = set.iter().position(|mapping| mapping.attribute == attribute);
        let Some((mapping, known)) = mapping.and_then(|index| Some((index, set.get(index)?)))
        else {
            report_value(context, &entry.value, env);
            continue;
        };
        let expected = expression_type(known.value_type, known.many);
        if let Some(value) = exact_rule(context, &entry.value, env, &expected) {
            values.push(Contribution { system, account, mapping, value });
        }
    }
    values
}

/// Says why a value could not be given a type.
fn report_value(context: &mut Context<'_>, node: &Node, env: &Env) {
    if let Some(rule) = rule(context, node, env, None)
        && value_type(rule.program.ty()).is_none()
    {
        not_a_value(context, node, rule.program.ty(), env);
    }
}
