//! Entity types: from `types:` to the schema and to what entities of each type do.

mod attributes;
mod behaviour;
mod local;
mod order;
mod scim;
mod sign_in;

use std::sync::Arc;

use muster_model::{
    Attribute, AttributeKind, Diagnostic, EntityType, Schema, Slot, Text, TypeId, ValueType,
};

use crate::{context::Context, names, suggest::known_names, yaml::Entry};

pub(crate) use behaviour::behaviour;

/// The most attributes a type may have, built-in ones included.
const MAX_ATTRIBUTES: usize = 10_000;

/// The position of `index` as a slot.
pub(crate) fn slot(index: usize) -> Slot {
    Slot(u16::try_from(index).unwrap_or(u16::MAX))
}

/// The position of `index` as a type.
pub(crate) fn type_id(index: usize) -> TypeId {
    TypeId(u16::try_from(index).unwrap_or(u16::MAX))
}

/// Builds the schema. What is wrong with a type is reported; the type is there all the same, so that names resolve.
pub(crate) fn schema(context: &mut Context<'_>, types: &[&Entry]) -> Schema {
    let mut schema = Schema::default();
    let known: Vec<Text> = types.iter().map(|entry| entry.key.clone()).collect();
    for (index, entry) in types.iter().enumerate() {
        names::entity_type(context, &entry.key, entry.key_span);
        let identity = entry.value.flag("identity");
        let mut attributes = attributes::declared(context, entry, &known);
        attributes::built_in(context, entry, identity, &mut attributes);
        let (id, name) = (type_id(index), entry.key.clone());
        let key = key(context, entry, &attributes);
        let timezone = timezone(context, entry, &attributes);
        schema.types.push(EntityType { id, name, identity, key, timezone, attributes });
    }
    inverses(context, types, &mut schema);
    for (entry, entity_type) in types.iter().zip(&schema.types) {
        if entity_type.attributes.len() > MAX_ATTRIBUTES {
            let message = format!("the type has more than {MAX_ATTRIBUTES} attributes");
            context.report(Diagnostic::error("E0225", entry.key_span, message));
        }
    }
    identities(context, types, &schema);
    schema
}

/// The slot of the key attribute, which has to be kept, single and unique.
fn key(context: &mut Context<'_>, entry: &Entry, attributes: &[Attribute]) -> Slot {
    let Some(node) = entry.value.get("key") else { return Slot(0) };
    let Some(name) = node.text() else { return Slot(0) };
    let Some(attribute) = attributes.iter().find(|attribute| attribute.name == *name) else {
        unknown_attribute(context, node.span, name, &entry.key, attributes);
        return Slot(0);
    };
    let problem = if attribute.many {
        Some("it holds several values")
    } else if !attribute.kind.is_kept() {
        Some("it is worked out, not kept")
    } else if matches!(attribute.value_type, ValueType::Link(_)) {
        Some("it is a link")
    } else if !attribute.unique {
        Some("it is not `unique`")
    } else {
        None
    };
    if let Some(problem) = problem {
        let message = format!("`{name}` cannot be the key of `{}`: {problem}", entry.key);
        let mut diagnostic = Diagnostic::error("E0213", node.span, message)
            .help("the key is one kept value that no two entities share; add `unique: true` to it");
        if let Some(place) = entry.value.get("attributes").and_then(|node| node.entry(name)) {
            diagnostic = diagnostic.related(place.key_span, "the attribute");
        }
        context.report(diagnostic);
    }
    attribute.slot
}

fn timezone(context: &mut Context<'_>, entry: &Entry, attributes: &[Attribute]) -> Option<Slot> {
    let node = entry.value.get("timezone")?;
    let name = node.text()?;
    let Some(attribute) = attributes.iter().find(|attribute| attribute.name == *name) else {
        unknown_attribute(context, node.span, name, &entry.key, attributes);
        return None;
    };
    if attribute.value_type != ValueType::Text || attribute.many {
        context.error(
            "E0223",
            node.span,
            format!("`{name}` cannot hold a time zone: it is not a single text"),
            "give an attribute of type `string` that holds names such as `Europe/Berlin`",
        );
    }
    Some(attribute.slot)
}

/// Reports an attribute that a type does not have.
pub(crate) fn unknown_attribute(
    context: &mut Context<'_>,
    span: muster_model::Span,
    name: &str,
    type_name: &str,
    attributes: &[Attribute],
) {
    let known = attributes.iter().map(|attribute| &*attribute.name);
    context.report(
        Diagnostic::error("E0412", span, format!("unknown attribute `{name}`"))
            .label(format!("not in type `{type_name}`"))
            .help(known_names(name, "attributes", known)),
    );
}

/// Adds the other ends of links.
fn inverses(context: &mut Context<'_>, types: &[&Entry], schema: &mut Schema) {
    for (index, entry) in types.iter().enumerate() {
        for (position, attribute) in attributes::entries(entry).iter().enumerate() {
            let Some(node) = attribute.value.get("inverse") else { continue };
            let Some(name) = node.text() else { continue };
            let Some(link) = schema.attribute(type_id(index), slot(position)) else { continue };
            let ValueType::Link(to) = link.value_type else { continue };
            names::attribute(context, name, node.span);
            let Some(target) = schema.types.get_mut(to.index()) else { continue };
            if let Some(taken) = target.attribute_named(name) {
                let by = match taken.kind {
                    AttributeKind::Inverse { .. } => "it is the inverse of another link",
                    AttributeKind::Stored
                    | AttributeKind::Generated
                    | AttributeKind::Computed
                    | AttributeKind::Lifecycle => "the type has an attribute of that name",
                };
                let message = format!("`{}` has `{name}` already: {by}", target.name);
                context.error("E0214", node.span, message, "choose another name for the inverse");
                continue;
            }
            let kind = AttributeKind::Inverse { of: type_id(index), slot: slot(position) };
            target.attributes.push(Attribute {
                slot: slot(target.attributes.len()),
                name: name.clone(),
                value_type: ValueType::Link(type_id(index)),
                many: true,
                required: false,
                unique: false,
                choices: Vec::new(),
                kind,
            });
        }
    }
}

fn identities(context: &mut Context<'_>, types: &[&Entry], schema: &Schema) {
    if schema.types.iter().any(|entity_type| entity_type.identity) {
        return;
    }
    let help = "add `identity: true` to the type whose entities hold accounts";
    if let Some(first) = types.first() {
        context.error("E0211", first.key_span, "no entity type is an identity", help);
    } else {
        let span = muster_model::Span { file: 0, start: 0, end: 0 };
        let mut diagnostic =
            Diagnostic::error("E0211", span, "the project has no entity type that is an identity")
                .help("add `types:` with a type that has `identity: true`");
        diagnostic.span = None;
        context.report(diagnostic);
    }
}

/// The identity type that `for:` names, or the only one.
pub(crate) fn identity_type<'s>(
    context: &mut Context<'_>,
    schema: &'s Arc<Schema>,
    entry: &Entry,
    what: &str,
) -> Option<&'s EntityType> {
    if let Some(node) = entry.value.get("for") {
        let found = find_type(context, schema, node.text()?, node.span)?;
        if !found.identity {
            context.error(
                "E0510",
                node.span,
                format!("`{}` is not an identity type, so {what} cannot be for it", found.name),
                "add `identity: true` to the type, or name another one",
            );
            return None;
        }
        return Some(found);
    }
    let mut identities = schema.types.iter().filter(|entity_type| entity_type.identity);
    match (identities.next(), identities.next()) {
        (Some(only), None) => Some(only),
        (Some(first), Some(_)) => {
            context.error(
                "E0510",
                entry.key_span,
                format!("{what} `{}` has to say which identity type it is for", entry.key),
                format!("for example `for: {}`", first.name),
            );
            None
        }
        (None, _) => None,
    }
}

/// The link of this name that leads to one identity.
pub(crate) fn identity_link(schema: &Schema, entity_type: &EntityType, name: &str) -> Option<Slot> {
    let attribute = entity_type.attribute_named(name).filter(|found| !found.many)?;
    let ValueType::Link(to) = attribute.value_type else { return None };
    schema.get(to).filter(|to| to.identity).map(|_| attribute.slot)
}

/// The type of this name, reported when there is none.
pub(crate) fn find_type<'s>(
    context: &mut Context<'_>,
    schema: &'s Schema,
    name: &str,
    span: muster_model::Span,
) -> Option<&'s EntityType> {
    let found = schema.type_named(name);
    if found.is_none() {
        let known = schema.types.iter().map(|entity_type| &*entity_type.name);
        let help = known_names(name, "entity types", known);
        context.error("E0210", span, format!("unknown entity type `{name}`"), help);
    }
    found
}
