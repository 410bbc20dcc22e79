//! What entities of a type do: computed and generated attributes, display, lifecycle.

use std::sync::Arc;

use muster_lang::Env;
use muster_model::{AttributeKind, Diagnostic, EntityType, Schema, Slot, ValueType};
use muster_policy::{LifecycleState, Retention, Rule, TypeModel};

use crate::{
    context::Context,
    duration::parse_duration,
    expression::{
        TEXT, attribute_type, built_in, condition, exact_rule, inside_type, rule, value_variable,
    },
    names,
    types::{attributes, local, order, scim, sign_in, slot, unknown_attribute},
    yaml::{Entry, Node},
};

/// Compiles the expressions of all types and brings computed attributes into order.
pub(crate) fn behaviour(
    context: &mut Context<'_>,
    types: &[&Entry],
    schema: &Arc<Schema>,
) -> Vec<TypeModel> {
    let mut models: Vec<TypeModel> = types
        .iter()
        .zip(&schema.types)
        .map(|(entry, entity_type)| of_type(context, entry, entity_type, schema))
        .collect();
    scim::check_each_once(context, types, &models);
    order::arrange(context, types, schema, &mut models);
    models
}

fn of_type(
    context: &mut Context<'_>,
    entry: &Entry,
    entity_type: &EntityType,
    schema: &Arc<Schema>,
) -> TypeModel {
    let env = inside_type(schema, entity_type);
    let mut model = TypeModel::default();
    for (attribute, written) in entity_type.attributes.iter().zip(attributes::entries(entry)) {
        if let Some(node) = written.value.get("compute") {
            let compiled = exact_rule(context, node, &env, &attribute_type(attribute));
            model.computed.extend(compiled.map(|rule| (attribute.slot, rule)));
        } else if let Some(node) = written.value.get("generate") {
            let candidates = candidates(context, node, &env);
            model.generated.push((attribute.slot, candidates));
        }
    }
    model.display =
        entry.value.get("display").and_then(|node| rule(context, node, &env, Some(&TEXT)));
    let shown = model.display.clone().or_else(|| key_as_text(context, entry, entity_type, &env));
    let display = slot(attributes::entries(entry).len());
    model.computed.extend(shown.map(|rule| (display, rule)));
    if entity_type.identity {
        model.lifecycle = lifecycle(context, entry, &env);
        (model.terminated, model.suspended) = fact_states(context, entry, &model.lifecycle);
    }
    model.retention = retention(context, entry, &model);
    model.local = local::local(context, entry, entity_type, schema);
    model.owner = owner(context, entry, entity_type);
    model.scim = scim::scim(context, entry, entity_type);
    model.sign_in = sign_in::sign_in(context, entry, entity_type, &model);
    model
}

/// The link to whoever answers for an entity.
fn owner(context: &mut Context<'_>, entry: &Entry, entity_type: &EntityType) -> Option<Slot> {
    let node = entry.value.get("owner")?;
    let name = node.text()?;
    let Some(attribute) = entity_type.attributes.iter().find(|a| a.name == *name) else {
        unknown_attribute(context, node.span, name, &entry.key, &entity_type.attributes);
        return None;
    };
    if !matches!(attribute.value_type, ValueType::Link(_)) || !attribute.kind.is_kept() {
        context.error(
            "E0232",
            node.span,
            format!("`{name}` cannot be the owner: it is not a link of this type"),
            "give an attribute of type `link` that leads to whoever answers for it",
        );
    }
    Some(attribute.slot)
}

/// The key as text, for types that do not say how an entity is shown.
fn key_as_text(
    context: &Context<'_>,
    entry: &Entry,
    entity_type: &EntityType,
    env: &Env,
) -> Option<Rule> {
    let key = entity_type.attribute(entity_type.key)?;
    let source = match key.value_type {
        ValueType::Text => key.name.to_string(),
        ValueType::Bool
        | ValueType::Int
        | ValueType::Float
        | ValueType::Date
        | ValueType::DateTime
        | ValueType::Binary
        | ValueType::Uuid
        | ValueType::Link(_) => format!("string({})", key.name),
    };
    let place = entry.value.get("key").unwrap_or(&entry.value);
    built_in(context, &source, place, env, Some(&TEXT))
}

fn candidates(context: &mut Context<'_>, node: &Node, env: &Env) -> Vec<Rule> {
    let mut env = Env { now: false, ..env.clone() };
    env.variables.push(value_variable("n", ValueType::Int));
    node.items().iter().filter_map(|item| rule(context, item, &env, Some(&TEXT))).collect()
}

fn lifecycle(context: &mut Context<'_>, entry: &Entry, env: &Env) -> Vec<LifecycleState> {
    let states = entry.value.get("lifecycle").map_or(&[][..], Node::entries);
    if states.is_empty() {
        let always = built_in(context, "true", &entry.value, env, None);
        return always
            .map(|when| LifecycleState { name: "active".into(), when })
            .into_iter()
            .collect();
    }
    let mut compiled = Vec::new();
    for state in states {
        names::free(context, &state.key, state.key_span, "a lifecycle state");
        let Some(node) = state.value.get("when") else { continue };
        if let Some(when) = condition(context, node, env) {
            compiled.push(LifecycleState { name: state.key.clone(), when });
        }
    }
    compiled
}

/// The states that `terminated` and `suspended` lead to.
fn fact_states(
    context: &mut Context<'_>,
    entry: &Entry,
    lifecycle: &[LifecycleState],
) -> (Option<usize>, Option<usize>) {
    let written = entry.value.get("lifecycle").map_or(&[][..], Node::entries);
    let position = |name: &str| lifecycle.iter().position(|state| &*state.name == name);
    let mut find = |fact: &str, usual: &str| {
        let mut said = written
            .iter()
            .filter(|state| state.value.get_text("fact").is_some_and(|f| **f == *fact));
        let Some(first) = said.next() else {
            let free = written
                .iter()
                .any(|state| &*state.key == usual && state.value.get("fact").is_none());
            return position(usual).filter(|_| free);
        };
        for second in said {
            context.report(
                Diagnostic::error(
                    "E0226",
                    second.key_span,
                    format!("two states are what `{fact}` leads to"),
                )
                .related(first.key_span, "the first one")
                .help("say `fact` at one of them"),
            );
        }
        position(&first.key)
    };
    (find("terminated", "leaver"), find("suspended", "suspended"))
}

fn retention(context: &mut Context<'_>, entry: &Entry, model: &TypeModel) -> Option<Retention> {
    let written = entry.value.entry("retention")?;
    if model.terminated.is_none() {
        context.error(
            "E0227",
            written.key_span,
            "a retention needs a state in which the lifecycle has ended",
            "make the type an identity with a state `leaver`, or say `fact: terminated` at a state",
        );
        return None;
    }
    let length = |key: &str| written.value.get_text(key).and_then(|text| parse_duration(text));
    let retention = Retention { delete: length("delete")?, anonymise: length("anonymise") };
    if retention.anonymise.is_some_and(|anonymise| anonymise < retention.delete) {
        let place = written.value.entry("anonymise").map_or(written.key_span, |e| e.key_span);
        context.error(
            "E0228",
            place,
            "personal attributes would be erased before the identity is deleted",
            "make `anonymise` at least as long as `delete`",
        );
    }
    Some(retention)
}

/// The slot of the lifecycle of a type.
pub(super) fn lifecycle_slot(entity_type: &EntityType) -> Option<Slot> {
    let is_lifecycle = |kind| kind == AttributeKind::Lifecycle;
    entity_type.attributes.iter().find(|attribute| is_lifecycle(attribute.kind)).map(|a| a.slot)
}
