//! Entities that are made by hand: who answers for them and when they end.

use muster_model::{Attribute, AttributeKind, EntityType, Schema, Slot, ValueType};
use muster_policy::Local;

use crate::{
    context::Context,
    types::unknown_attribute,
    yaml::{Entry, Node},
};

/// What `local:` says of a type.
pub(super) fn local(
    context: &mut Context<'_>,
    entry: &Entry,
    entity_type: &EntityType,
    schema: &Schema,
) -> Option<Local> {
    let written = entry.value.entry("local")?;
    if !entity_type.identity {
        context.error(
            "E0521",
            written.key_span,
            format!("`{}` is not an identity type", entity_type.name),
            "add `identity: true` to the type, or leave `local` out",
        );
        return None;
    }
    let node = &written.value;
    let leads_to_identity = |attribute: &Attribute| match attribute.value_type {
        ValueType::Link(to) => schema.get(to).is_some_and(|to| to.identity),
        ValueType::Bool
        | ValueType::Int
        | ValueType::Float
        | ValueType::Text
        | ValueType::Date
        | ValueType::DateTime
        | ValueType::Binary
        | ValueType::Uuid => false,
    };
    let is_time = |attribute: &Attribute| {
        matches!(attribute.value_type, ValueType::Date | ValueType::DateTime)
    };
    let sponsor =
        part(context, node, "sponsor", entity_type, "a link to an identity", leads_to_identity);
    let until = part(context, node, "until", entity_type, "a `date` or `datetime`", is_time);
    Some(Local { sponsor: sponsor?, until: until? })
}

fn part(
    context: &mut Context<'_>,
    local: &Node,
    key: &str,
    entity_type: &EntityType,
    wanted: &str,
    fits: impl Fn(&Attribute) -> bool,
) -> Option<Slot> {
    let node = local.get(key)?;
    let name = node.text()?;
    let Some(attribute) = entity_type.attribute_named(name) else {
        unknown_attribute(context, node.span, name, &entity_type.name, &entity_type.attributes);
        return None;
    };
    if attribute.kind != AttributeKind::Stored || attribute.many || !fits(attribute) {
        context.error(
            "E0521",
            node.span,
            format!("`{name}` cannot be the `{key}`: it is not {wanted} with one value"),
            format!("name an attribute that is {wanted}"),
        );
        return None;
    }
    Some(attribute.slot)
}
