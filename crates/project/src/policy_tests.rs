//! Policy tests: given entities, roles, a time, and what is expected.

use std::str::FromStr as _;

use jiff::{Timestamp, civil::Date};
use muster_model::{
    Attribute, AttributeKind, Diagnostic, EntityType, Schema, Span, SystemId, Text, Value,
    ValueType, parse_value,
};
use muster_policy::{
    AccessModel, AccountExpectation, Expectation, GivenEntity, PolicyTest, TestTime,
};

use crate::{
    access::decisions,
    context::Context,
    roles::{RoleNames, find_roles},
    suggest::known_names,
    systems::{Draft, Names, references},
    types::{find_type, unknown_attribute},
    yaml::{Entry, Kind, Node},
};

/// What the tests may name.
pub(crate) struct Ground<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) names: &'a Names,
    pub(crate) drafts: &'a [Draft],
    pub(crate) roles: &'a RoleNames,
    pub(crate) conflicts: &'a [&'a Entry],
    pub(crate) access: &'a AccessModel,
}

/// Builds the tests in the order written.
pub(crate) fn tests(
    context: &mut Context<'_>,
    nodes: &[&Node],
    ground: &Ground<'_>,
) -> Vec<PolicyTest> {
    nodes.iter().filter_map(|node| test(context, node, ground)).collect()
}

fn test(context: &mut Context<'_>, node: &Node, ground: &Ground<'_>) -> Option<PolicyTest> {
    let name = node.get("name")?;
    let given = given(context, node, ground);
    let tested = tested(ground.schema, &given);
    let given_names = node.get("given").map_or(&[][..], Node::entries).iter();
    let means_one = given_names.filter_map(|entry| ground.schema.type_named(&entry.key));
    if !means_one.into_iter().any(|found| found.identity) && node.get("given").is_some() {
        context.error(
            "E0610",
            name.span,
            "the test gives no identity",
            "add an entity of an identity type to `given`",
        );
    }
    let roles = find_roles(context, ground.roles, node.get("roles"));
    let at_time = node.get("at").and_then(|at| time(context, at));
    let expect = node.get("expect").map(|expect| expectation(context, expect, ground, tested));
    let (name, at) = (name.text()?.clone(), context.location(name.span));
    Some(PolicyTest { name, given, roles, at_time, expect: expect.unwrap_or_default(), at })
}

/// The type of the entity that is tested.
fn tested<'s>(schema: &'s Schema, given: &[GivenEntity]) -> Option<&'s EntityType> {
    let mut types = given.iter().filter_map(|entity| schema.get(entity.type_id));
    types.find(|entity_type| entity_type.identity)
}

fn given(context: &mut Context<'_>, node: &Node, ground: &Ground<'_>) -> Vec<GivenEntity> {
    let mut entities = Vec::new();
    for entry in node.get("given").map_or(&[][..], Node::entries) {
        let Some(entity_type) = find_type(context, ground.schema, &entry.key, entry.key_span)
        else {
            continue;
        };
        for item in entry.value.items() {
            let Kind::Map(attributes, _) = &item.kind else {
                let message = format!("a given `{}` has to be a map of attributes", entry.key);
                context.error("E0202", item.span, message, "for example `{ name: Ada }`");
                continue;
            };
            let mut values = Vec::new();
            for attribute in attributes {
                values
                    .extend(given_value(context, attribute, entity_type).map(|(a, v)| (a.slot, v)));
            }
            entities.push(GivenEntity { type_id: entity_type.id, values });
        }
    }
    entities
}

fn given_value<'s>(
    context: &mut Context<'_>,
    entry: &Entry,
    entity_type: &'s EntityType,
) -> Option<(&'s Attribute, Value)> {
    let Some(attribute) = entity_type.attribute_named(&entry.key) else {
        let known = &entity_type.attributes;
        unknown_attribute(context, entry.key_span, &entry.key, &entity_type.name, known);
        return None;
    };
    let why = match attribute.kind {
        AttributeKind::Stored | AttributeKind::Generated => {
            let value = value(context, &entry.value, attribute.value_type, attribute.many)?;
            not_a_choice(context, &entry.value, attribute, &value);
            return Some((attribute, value));
        }
        AttributeKind::Computed => "it is computed",
        AttributeKind::Lifecycle => "it follows from the lifecycle rules",
        AttributeKind::Inverse { .. } => "it is the other end of a link; give the link",
    };
    let message = format!("`{}` cannot be given: {why}", entry.key);
    context.report(Diagnostic::error("E0609", entry.key_span, message));
    None
}

fn not_a_choice(context: &mut Context<'_>, node: &Node, attribute: &Attribute, value: &Value) {
    if attribute.choices.is_empty() {
        return;
    }
    for item in value.items() {
        let Some(text) = item.as_text() else { continue };
        if !attribute.choices.contains(text) {
            let known = attribute.choices.iter().map(|choice| &**choice);
            let help = known_names(text, "choices", known);
            let message = format!("`{text}` is not one of the choices of `{}`", attribute.name);
            context.error("E0609", node.span, message, help);
        }
    }
}

/// Reads a value of a type, or a list of such.
pub(crate) fn value(
    context: &mut Context<'_>,
    node: &Node,
    ty: ValueType,
    many: bool,
) -> Option<Value> {
    match &node.kind {
        Kind::Null => Some(Value::Null),
        Kind::Scalar(text, _) => {
            let value = scalar(context, text, node.span, ty)?;
            Some(if many { Value::set(vec![value]) } else { value })
        }
        Kind::List(items, _) if many => {
            let values = items.iter().filter_map(|item| {
                item.text().and_then(|text| scalar(context, text, item.span, ty))
            });
            Some(Value::set(values.collect()))
        }
        Kind::List(..) | Kind::Map(..) => {
            let message = format!("a single {} is needed here, this is {}", ty.name(), node.what());
            context.report(Diagnostic::error("E0609", node.span, message));
            None
        }
    }
}

fn scalar(context: &mut Context<'_>, text: &str, span: Span, ty: ValueType) -> Option<Value> {
    match parse_value(text, ty) {
        Ok(value) => Some(value),
        Err(error) => {
            let message = format!("`{}` is not a valid {}", error.text, error.wanted);
            context.error("E0609", span, message, error.hint);
            None
        }
    }
}

fn time(context: &mut Context<'_>, node: &Node) -> Option<TestTime> {
    let text = node.text()?;
    // A day alone has ten characters; anything longer has to be an instant.
    let time = if text.len() == 10 {
        Date::from_str(text).ok().map(TestTime::Day)
    } else {
        Timestamp::from_str(text).ok().map(TestTime::Instant)
    };
    if time.is_none() {
        let message = format!("`{text}` is no time");
        let help = "write a day as `2026-02-01`, or an instant as `2026-02-01T08:00:00Z`";
        context.error("E0609", node.span, message, help);
    }
    time
}

fn expectation(
    context: &mut Context<'_>,
    node: &Node,
    ground: &Ground<'_>,
    tested: Option<&EntityType>,
) -> Expectation {
    Expectation {
        lifecycle: node.get("lifecycle").and_then(|state| lifecycle(context, state, tested)),
        accounts: accounts(context, node, ground),
        grants: node.entry("grants").map(|list| references(context, ground.names, &list.value)),
        roles: node.entry("roles").map(|list| find_roles(context, ground.roles, Some(&list.value))),
        values: values(context, node, ground),
        conflicts: node.entry("conflicts").map(|list| conflicts(context, &list.value, ground)),
        decisions: decisions(context, node.get("decisions"), ground.access),
    }
}

fn lifecycle(context: &mut Context<'_>, node: &Node, tested: Option<&EntityType>) -> Option<Text> {
    let name = node.text()?;
    let states = &tested?.lifecycle()?.choices;
    if !states.contains(name) {
        let help = known_names(name, "lifecycle states", states.iter().map(|state| &**state));
        context.error("E0224", node.span, format!("unknown lifecycle state `{name}`"), help);
    }
    Some(name.clone())
}

fn accounts(
    context: &mut Context<'_>,
    node: &Node,
    ground: &Ground<'_>,
) -> Vec<(SystemId, usize, AccountExpectation)> {
    let mut accounts = Vec::new();
    for entry in node.get("accounts").map_or(&[][..], Node::entries) {
        let found = ground.names.account(context, &entry.key, entry.key_span);
        let expected = match entry.value.text().map(|text| &**text) {
            Some("enabled") => AccountExpectation::Enabled,
            Some("disabled") => AccountExpectation::Disabled,
            Some(_) | None => AccountExpectation::None,
        };
        accounts.extend(found.map(|(system, account)| (system, account, expected)));
    }
    accounts
}

fn values(
    context: &mut Context<'_>,
    node: &Node,
    ground: &Ground<'_>,
) -> Vec<(SystemId, usize, usize, Value)> {
    let mut values = Vec::new();
    for entry in node.get("values").map_or(&[][..], Node::entries) {
        let found = ground.names.attribute(context, &entry.key, entry.key_span);
        let Some((system, account, attribute)) = found else { continue };
        let draft = ground.drafts.get(system.index());
        let Some(known) = draft.and_then(|draft| draft.accounts.get(account)?.as_ref()) else {
            continue;
        };
        let mapping = known.set.iter().enumerate().find(|(_, m)| m.attribute == attribute);
        let Some((index, mapping)) = mapping else {
            let names = known.set.iter().map(|mapping| &*mapping.attribute);
            let help = known_names(&attribute, "attributes", names);
            let message = format!("nothing sets `{attribute}` on this account");
            context.error("E0609", entry.key_span, message, help);
            continue;
        };
        let read = value(context, &entry.value, mapping.value_type, mapping.many);
        values.extend(read.map(|value| (system, account, index, value)));
    }
    values
}

fn conflicts(context: &mut Context<'_>, list: &Node, ground: &Ground<'_>) -> Vec<Text> {
    let mut names = Vec::new();
    for item in list.items() {
        let Some(name) = item.text() else { continue };
        let known = ground.conflicts.iter().map(|entry| &*entry.key);
        if !known.clone().any(|known| known == &**name) {
            let help = known_names(name, "conflicts", known);
            context.error("E0611", item.span, format!("unknown conflict `{name}`"), help);
        }
        names.push(name.clone());
    }
    names.sort();
    names
}
