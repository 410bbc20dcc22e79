//! Account types: how they are found, named and filled, and what lifecycle states mean for them.

use muster_lang::{Env, Type};
use muster_model::{AttributeKind, Diagnostic, EntityType, Schema, SystemId};
use muster_policy::{AccountType, Manage, Mapping, Rule};

use crate::{
    context::Context,
    expression::{
        TEXT, about_identity, declared_columns, entity_variable, exact_rule, expression_type,
        named_type, record_variable, rule, used_columns, value_type,
    },
    names,
    systems::{
        Ability, Ground, effects, idle,
        reads::{matches, suggest},
    },
    types::identity_type,
    yaml::{Entry, Kind, Node},
};

/// Builds the account types of a system in the order written.
pub(super) fn accounts(
    context: &mut Context<'_>,
    system: &Node,
    id: SystemId,
    ground: &Ground<'_>,
    ability: Ability,
) -> Vec<Option<AccountType>> {
    let mut accounts = Vec::new();
    for entry in system.get("accounts").map_or(&[][..], Node::entries) {
        names::part(context, &entry.key, entry.key_span, "an account type");
        abilities(context, entry, ability);
        accounts.push(account(context, entry, id, ground, ability));
    }
    accounts
}

fn abilities(context: &mut Context<'_>, entry: &Entry, ability: Ability) {
    let help = "look at the connector's settings, or set `mode: observe`";
    // Of what can be made but not read, what is known is what was done.
    let can_be_known = |can: &muster_model::Capabilities| can.read || can.create;
    ability.need(context, can_be_known, entry.key_span, "read accounts", help);
    if !attributes_only(&entry.value) {
        ability.need_to_write(context, |can| can.create, entry.key_span, "create accounts", help);
    }
    if let Some(set) = entry.value.entry("set") {
        ability.need_to_write(context, |can| can.update, set.key_span, "change attributes", help);
    }
}

/// True when nothing but attributes of linked accounts is written.
fn attributes_only(account: &Node) -> bool {
    account.get_text("manage").is_some_and(|manage| &**manage == "attributes")
}

fn account(
    context: &mut Context<'_>,
    entry: &Entry,
    system: SystemId,
    ground: &Ground<'_>,
    ability: Ability,
) -> Option<AccountType> {
    let node = &entry.value;
    let entity_type = identity_type(context, ground.schema, entry, "the account type")?;
    let columns = declared_columns(node.get("columns"));
    let match_env = Env {
        schema: ground.schema.clone(),
        variables: vec![record_variable("account", &columns), entity_variable(entity_type)],
        implicit: Some(0),
        now: false,
    };
    let matches =
        node.get("match").map_or_else(Vec::new, |rules| matches(context, rules, &match_env));
    let env = about_identity(ground.schema, entity_type);
    let account_name = account_name(context, node, &env, ground.schema, ability);
    let set = set(context, node, &env);
    let states = effects::states(context, node, entity_type, ground, ability);
    let unassigned = effects::unassigned(context, node, ability);
    let last_used = idle::last_used(context, node, ground);
    let idle = idle::idle(context, node, ability);
    Some(AccountType {
        system,
        name: entry.key.clone(),
        identity: entity_type.id,
        object: node.get_text("object").cloned().unwrap_or_else(|| "".into()),
        matches,
        columns: used_columns(&columns),
        account_name: account_name?,
        set,
        states,
        unassigned,
        manage: if attributes_only(node) { Manage::Attributes } else { Manage::All },
        several: node.flag("several"),
        suggest: suggest(node),
        last_used,
        idle,
        at: context.location(entry.key_span),
    })
}

fn account_name(
    context: &mut Context<'_>,
    account: &Node,
    env: &Env,
    schema: &Schema,
    ability: Ability,
) -> Option<Rule> {
    let node = account.get("name")?;
    let env = Env { now: false, ..env.clone() };
    let rule = rule(context, node, &env, Some(&TEXT))?;
    let writes = ability.writes && ability.capabilities.is_some() && !attributes_only(account);
    if writes && !ability.can(|can| can.rename) {
        let changing = rule.program.paths().iter().find(|path| {
            path.steps.iter().any(|(type_id, slot)| {
                let Some(entity_type) = schema.get(*type_id) else { return false };
                may_change(entity_type, *slot)
            })
        });
        if let Some(path) = changing {
            let message =
                format!("the name follows `{}`, but the connector cannot rename", path.text);
            context.report(
                Diagnostic::warning("W0706", node.span, message)
                    .help("name accounts by the key or by a generated attribute, which stay"),
            );
        }
    }
    Some(rule)
}

/// False for the key and for what is made once.
fn may_change(entity_type: &EntityType, slot: muster_model::Slot) -> bool {
    let generated = entity_type
        .attribute(slot)
        .is_some_and(|attribute| attribute.kind == AttributeKind::Generated);
    slot != entity_type.key && !generated
}

fn set(context: &mut Context<'_>, account: &Node, env: &Env) -> Vec<Mapping> {
    let mut mappings: Vec<Mapping> = Vec::new();
    for entry in account.get("set").map_or(&[][..], Node::entries) {
        mappings.extend(mapping(context, entry, env));
    }
    mappings.sort_by(|a, b| a.attribute.cmp(&b.attribute));
    mappings
}

fn mapping(context: &mut Context<'_>, entry: &Entry, env: &Env) -> Option<Mapping> {
    let long = matches!(entry.value.kind, Kind::Map(..));
    let node = if long { entry.value.get("value")? } else { &entry.value };
    let declared = entry.value.get_text("type").map(|name| named_type(name));
    let many = entry.value.get("many").map(|_| entry.value.flag("many"));
    let value = match declared {
        Some(ty) => {
            // Several values may be said by `many` or by the expression; a single one by neither.
            let expected = expression_type(ty, many.unwrap_or(true));
            exact_rule(context, node, env, &expected)?
        }
        None => rule(context, node, env, None)?,
    };
    let Some((found, several)) = value_type(value.program.ty()) else {
        not_a_value(context, node, value.program.ty(), env);
        return None;
    };
    if many == Some(false) && several {
        context.error(
            "E0407",
            node.span,
            format!("`{}` holds one value, the expression gives several", entry.key),
            "take one with `first(…)`, or leave `many: false` out",
        );
    }
    Some(Mapping {
        attribute: entry.key.clone(),
        value_type: declared.unwrap_or(found),
        many: many.unwrap_or(several),
        on_create: entry.value.get_text("on").is_some_and(|on| &**on == "create"),
        value: Some(value),
    })
}

/// Reports an expression that gives an entity where a system wants a value.
pub(crate) fn not_a_value(context: &mut Context<'_>, node: &Node, ty: &Type, env: &Env) {
    let entity = match ty {
        Type::Entity(id) => env.schema.get(*id),
        Type::Null | Type::Scalar(_) | Type::List(_) | Type::Record => None,
    };
    let name = entity.map_or("an entity", |entity_type| &*entity_type.name);
    context.error(
        "E0407",
        node.span,
        format!("a value is needed here, this is {name}"),
        "take an attribute of it, for example `.display`",
    );
}
