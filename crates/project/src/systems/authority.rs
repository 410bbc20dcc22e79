//! Who may give an attribute: one source, or several in the order that the attribute's `authority:` says.

use std::collections::BTreeMap;

use muster_model::{
    Attribute, AttributeKind, Diagnostic, EntityType, Schema, Slot, Span, SystemId, TypeId,
};

use crate::{
    context::Context,
    suggest::known_names,
    systems::{Ground, Owners},
    types::{slot, type_id},
    yaml::{Entry, Node},
};

/// The systems that `authority:` names, by attribute, in order.
pub(super) type Named = BTreeMap<(TypeId, Slot), Vec<(SystemId, Span)>>;

/// What one system says it owns.
pub(super) struct Claims<'a> {
    /// The system.
    pub(super) id: SystemId,
    /// What all systems said so far.
    pub(super) owners: &'a mut Owners,
}

/// Reads every `authority:`. Names of systems that are not there are reported.
pub(super) fn named(
    context: &mut Context<'_>,
    types: &[&Entry],
    schema: &Schema,
    systems: &[&Entry],
) -> Named {
    let mut named = Named::new();
    for (index, entry) in types.iter().enumerate() {
        let attributes = entry.value.get("attributes").map_or(&[][..], Node::entries);
        for (position, written) in attributes.iter().enumerate() {
            let Some(list) = written.value.get("authority") else { continue };
            let place = (type_id(index), slot(position));
            let Some(attribute) = schema.attribute(place.0, place.1) else { continue };
            if attribute.kind != AttributeKind::Stored {
                context.error(
                    "E0520",
                    list.span,
                    format!("`{}` has no authority: no source gives it", attribute.name),
                    "leave `authority` out, or make it a plain attribute",
                );
                continue;
            }
            named.insert(place, order(context, list, systems));
        }
    }
    named
}

fn order(context: &mut Context<'_>, list: &Node, systems: &[&Entry]) -> Vec<(SystemId, Span)> {
    let mut order: Vec<(SystemId, Span)> = Vec::new();
    for item in list.items() {
        let Some(name) = item.text() else { continue };
        let Some(index) = systems.iter().position(|system| system.key == *name) else {
            let help = known_names(name, "systems", systems.iter().map(|system| &*system.key));
            context.error("E0504", item.span, format!("unknown system `{name}`"), help);
            continue;
        };
        let id = SystemId(u16::try_from(index).unwrap_or(u16::MAX));
        if order.iter().any(|(known, _)| *known == id) {
            let message = format!("`{name}` is there twice");
            context.error("E0520", item.span, message, "name each system once, the best one first");
            continue;
        }
        order.push((id, item.span));
    }
    if list.items().is_empty() {
        context.error(
            "E0520",
            list.span,
            "nobody is the authority",
            "name the systems that may give the value, or leave `authority` out",
        );
    }
    order
}

/// Notes that a system owns an attribute. Two may only where `authority:` says which one counts.
pub(super) fn ownership(
    context: &mut Context<'_>,
    entry: &Entry,
    entity_type: &EntityType,
    attribute: &Attribute,
    ground: &Ground<'_>,
    claims: &mut Claims<'_>,
) {
    let how = match attribute.kind {
        AttributeKind::Stored => None,
        AttributeKind::Generated => Some("it is generated"),
        AttributeKind::Computed => Some("it is computed"),
        AttributeKind::Lifecycle => Some("it follows from the lifecycle rules"),
        AttributeKind::Inverse { .. } => Some("it is the other end of a link"),
    };
    let name = format!("{}.{}", entity_type.name, attribute.name);
    if let Some(how) = how {
        let message = format!("no source can own `{name}`: {how}");
        let help = "leave it out here, or make it a plain attribute";
        context.error("E0508", entry.key_span, message, help);
    }
    let place = (entity_type.id, attribute.slot);
    let owners = claims.owners.entry(place).or_default();
    match ground.authority.get(&place) {
        Some(systems) if !systems.iter().any(|(id, _)| *id == claims.id) => {
            context.report(
                Diagnostic::warning(
                    "W0710",
                    entry.key_span,
                    format!("what this system says of `{name}` is only counted"),
                )
                .help("add the system to `authority` of the attribute, or leave it out here"),
            );
        }
        None if let Some((_, first)) = owners.first() => {
            context.report(
                Diagnostic::error("E0507", entry.key_span, format!("two sources own `{name}`"))
                    .label("second owner")
                    .related(*first, "first owner")
                    .help(format!(
                        "say which one counts first, at the attribute: `authority: [hr, mail]`; or leave `{}` out \
                         here",
                        attribute.name
                    )),
            );
        }
        Some(_) | None => {}
    }
    owners.push((claims.id, entry.key_span));
}

/// Reports authorities that have no read which gives the value.
pub(super) fn check(
    context: &mut Context<'_>,
    schema: &Schema,
    authority: &Named,
    owners: &Owners,
) {
    for (place, systems) in authority {
        let owners = owners.get(place).map_or(&[][..], Vec::as_slice);
        let Some(attribute) = schema.attribute(place.0, place.1) else { continue };
        let of = context.type_name(place.0);
        for (id, span) in systems {
            if !owners.iter().any(|(owner, _)| owner == id) {
                context.error(
                    "E0520",
                    *span,
                    format!("this system says nothing of `{of}.{}`", attribute.name),
                    format!(
                        "add `{}` to `owns` of its read of `{of}`, or leave it out",
                        attribute.name
                    ),
                );
            }
        }
    }
}
