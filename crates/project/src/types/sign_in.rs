//! Who of a type may sign in, and under which name.

use muster_model::{Attribute, EntityType, Slot, ValueType};
use muster_policy::{TypeModel, TypeSignIn};

use crate::{
    context::Context,
    systems::find_state,
    types::unknown_attribute,
    yaml::{Entry, Node},
};

const CODE: &str = "E0522";

/// What `sign_in:` of a type says; without it, whoever works may sign in by any of their unique texts.
pub(super) fn sign_in(
    context: &mut Context<'_>,
    entry: &Entry,
    entity_type: &EntityType,
    model: &TypeModel,
) -> TypeSignIn {
    let written = entry.value.entry("sign_in");
    if !entity_type.identity {
        if let Some(written) = written {
            context.error(
                CODE,
                written.key_span,
                format!("`{}` is not an identity type", entity_type.name),
                "add `identity: true` to the type, or leave `sign_in` out",
            );
        }
        return TypeSignIn::default();
    }
    let part = |key: &str| written.and_then(|written| written.value.get(key));
    let names = match part("name") {
        Some(node) => names(context, node, entity_type),
        None => usable(entity_type).collect(),
    };
    let states = match part("states") {
        Some(node) => states(context, node, entity_type, model),
        None => (0..model.lifecycle.len()).filter(|state| model.works(*state)).collect(),
    };
    let mail = part("mail").and_then(|node| mail(context, node, entity_type));
    TypeSignIn { names, states, mail }
}

fn names(context: &mut Context<'_>, node: &Node, entity_type: &EntityType) -> Vec<Slot> {
    let mut names = Vec::new();
    for node in node.several() {
        let Some(name) = node.text() else { continue };
        let Some(attribute) = entity_type.attribute_named(name) else {
            unknown_attribute(context, node.span, name, &entity_type.name, &entity_type.attributes);
            continue;
        };
        if !names_one(attribute) {
            context.error(
                CODE,
                node.span,
                format!("`{name}` cannot be a name to sign in with: it is not one unique text"),
                "name an attribute of type `string` with `unique: true`",
            );
        }
        names.push(attribute.slot);
    }
    names
}

fn mail(context: &mut Context<'_>, node: &Node, entity_type: &EntityType) -> Option<Slot> {
    let name = node.text()?;
    let Some(attribute) = entity_type.attribute_named(name) else {
        unknown_attribute(context, node.span, name, &entity_type.name, &entity_type.attributes);
        return None;
    };
    if attribute.many || attribute.value_type != ValueType::Text {
        context.error(
            CODE,
            node.span,
            format!("`{name}` cannot be an address of mail: it is not one text"),
            "name an attribute of type `string` with one value",
        );
    }
    Some(attribute.slot)
}

fn states(
    context: &mut Context<'_>,
    node: &Node,
    entity_type: &EntityType,
    model: &TypeModel,
) -> Vec<usize> {
    let nodes = node.several().iter().filter_map(|node| Some((node.text()?, node.span)));
    nodes
        .filter_map(|(name, span)| find_state(context, &model.lifecycle, name, span, entity_type))
        .collect()
}

fn usable(entity_type: &EntityType) -> impl Iterator<Item = Slot> {
    entity_type.attributes.iter().filter(|attribute| names_one(attribute)).map(|a| a.slot)
}

fn names_one(attribute: &Attribute) -> bool {
    attribute.unique && !attribute.many && attribute.value_type == ValueType::Text
}
