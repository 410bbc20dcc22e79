//! Guests: from `guests:` to connected organisations.

use jiff::SignedDuration;
use muster_model::{Attribute, AttributeKind, EntityType, Schema, Slot, Text, TypeId, ValueType};
use muster_policy::{Guests, Organisation, Role, TypeModel, is_domain};

use crate::{
    context::Context,
    duration::parse_duration,
    merge::Parts,
    names,
    roles::{RoleNames, find_role},
    types::{find_type, unknown_attribute},
    yaml::{Entry, Node},
};

const CODE: &str = "E0980";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What organisations are built from.
struct Ground<'a> {
    of: &'a EntityType,
    sponsor: Option<TypeId>,
    roles: &'a [Role],
    known: &'a RoleNames,
}

/// Builds what is said of guests; `None` where nothing is, or the type of guests is none that could be.
pub(crate) fn guests(
    context: &mut Context<'_>,
    parts: &Parts<'_>,
    schema: &Schema,
    (types, roles, known): (&[TypeModel], &[Role], &RoleNames),
) -> Option<Guests> {
    let node = parts.guests?;
    let named = node.get("type")?;
    let of = find_type(context, schema, named.text()?, named.span)?;
    let behaviour = types.get(of.id.index())?;
    let lacks = [
        (behaviour.local.is_none(), "no `local:`", "local: { sponsor: …, until: … }"),
        (behaviour.suspended.is_none(), "no state for suspended guests", "fact: suspended"),
        (behaviour.terminated.is_none(), "no state for removed guests", "fact: terminated"),
    ];
    for (_, lack, add) in lacks.iter().filter(|(lacks, ..)| *lacks) {
        let message = format!("`{}` has {lack}, so it cannot be the type of guests", of.name);
        context.error(CODE, named.span, message, format!("add `{add}` to the type"));
    }
    let mail = text_attribute(context, node, "mail", of);
    key_is_there(context, named, of, mail);
    let name = text_attribute(context, node, "name", of);
    let company = text_attribute(context, node, "organisation", of);
    let sponsor = behaviour.local.and_then(|local| link_to(of, local.sponsor));
    let needs = [("mail", parts.mail.is_none()), ("url", parts.url.is_none())];
    for (key, _) in needs.iter().filter(|(_, is_missing)| *is_missing) {
        let message = format!("guests get a link by mail, and the project has no `{key}`");
        context.error(CODE, named.span, message, format!("add `{key}:` at the top level"));
    }
    let ground = Ground { of, sponsor, roles, known };
    let mut entries: Vec<&Entry> =
        node.get("organisations").map_or(&[][..], Node::entries).iter().collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    let organisations: Vec<Organisation> =
        entries.iter().filter_map(|entry| organisation(context, entry, &ground)).collect();
    each_once(context, &entries);
    Some(Guests {
        type_id: of.id,
        mail: mail?,
        name,
        organisation: company,
        link: time(node, "link").unwrap_or(DAY * 7),
        organisations,
    })
}

fn organisation(
    context: &mut Context<'_>,
    entry: &Entry,
    ground: &Ground<'_>,
) -> Option<Organisation> {
    names::part(context, &entry.key, entry.key_span, "an organisation");
    let node = &entry.value;
    let sponsors = node.get("sponsors").and_then(|node| find_role(context, ground.known, node))?;
    if let (Some(role), Some(at)) = (ground.roles.get(sponsors), node.get("sponsors"))
        && Some(role.type_id) != ground.sponsor
    {
        let message = format!("role `{}` is not for those who can be sponsors", role.name);
        context.error(CODE, at.span, message, "name a role of the type to which the sponsor links");
    }
    let (usual, longest) = (time(node, "usual"), time(node, "longest").unwrap_or(DAY * 365));
    if let Some(at) = node.get("usual").or(node.get("longest"))
        && (usual.is_some_and(|usual| usual > longest) || longest == SignedDuration::ZERO)
    {
        let help = "make `usual` shorter or `longest` longer";
        context.error(CODE, at.span, "the usual stay is longer than the longest", help);
    }
    Some(Organisation {
        name: entry.key.clone(),
        title: node.get_text("title").unwrap_or(&entry.key).clone(),
        domains: domains(context, node.get("domains")),
        except: domains(context, node.get("except")),
        sponsors,
        fallback: node.get_text("fallback")?.clone(),
        usual: usual.unwrap_or(DAY * 90).min(longest),
        longest,
        roles: roles(context, node, ground),
        blocked: time(node, "blocked").unwrap_or(DAY * 30),
    })
}

/// The roles that guests may ask for: of their type, and such that can be asked for.
fn roles(context: &mut Context<'_>, node: &Node, ground: &Ground<'_>) -> Vec<usize> {
    let mut found = Vec::new();
    for item in node.get("roles").map(Node::several).unwrap_or_default() {
        let Some(at) = find_role(context, ground.known, item) else { continue };
        let Some(role) = ground.roles.get(at) else { continue };
        if role.type_id != ground.of.id {
            let message = format!("role `{}` is not for a `{}`", role.name, ground.of.name);
            context.error(CODE, item.span, message, format!("add `for: {}`", ground.of.name));
        } else if role.request.is_empty() {
            let message = format!("nobody can ask for role `{}`", role.name);
            context.error(CODE, item.span, message, "add `request:` to the role");
        } else {
            found.push(at);
        }
    }
    found
}

fn domains(context: &mut Context<'_>, node: Option<&Node>) -> Vec<Text> {
    let mut found = Vec::new();
    for item in node.map(Node::several).unwrap_or_default() {
        let Some(text) = item.text() else { continue };
        if is_domain(text.strip_prefix("*.").unwrap_or(text)) {
            found.push(text.to_ascii_lowercase().into());
            continue;
        }
        let help = "write it as `nordlys.example` or `*.nordlys.example`; names outside of ASCII as `xn--…`";
        context.error(CODE, item.span, format!("`{text}` is no domain"), help);
    }
    found
}

/// A domain that two organisations let in would belong to neither.
fn each_once(context: &mut Context<'_>, entries: &[&Entry]) {
    let mut seen: Vec<(Text, &Text)> = Vec::new();
    for entry in entries {
        for item in entry.value.get("domains").map(Node::several).unwrap_or_default() {
            let Some(domain) = item.text().map(|text| text.to_ascii_lowercase()) else { continue };
            if let Some((_, first)) = seen.iter().find(|(known, _)| **known == *domain) {
                let message = format!("`{domain}` is a domain of `{first}` already");
                context.error(CODE, item.span, message, "leave it at one organisation");
            }
            seen.push((domain.into(), &entry.key));
        }
    }
}

/// A text attribute of guests that is entered; the address has to be unique.
fn text_attribute(
    context: &mut Context<'_>,
    node: &Node,
    key: &str,
    of: &EntityType,
) -> Option<Slot> {
    let node = node.get(key)?;
    let name = node.text()?;
    let Some(attribute) = of.attribute_named(name) else {
        unknown_attribute(context, node.span, name, &of.name, &of.attributes);
        return None;
    };
    let is_text = attribute.value_type == ValueType::Text && !attribute.many;
    let is_entered = attribute.kind == AttributeKind::Stored;
    if !is_text || !is_entered || (key == "mail" && !attribute.unique) {
        let message = format!("`{name}` cannot hold the {key} of a guest");
        let help = match key {
            "mail" => "name an attribute `{ type: string, unique: true }`",
            _ => "name an attribute `{ type: string }` with one value that is entered",
        };
        context.error(CODE, node.span, message, help);
        return None;
    }
    Some(attribute.slot)
}

/// The type to which a link leads.
fn link_to(of: &EntityType, slot: Slot) -> Option<TypeId> {
    match of.attribute(slot)?.value_type {
        ValueType::Link(to) => Some(to),
        ValueType::Bool
        | ValueType::Int
        | ValueType::Float
        | ValueType::Text
        | ValueType::Date
        | ValueType::DateTime
        | ValueType::Binary
        | ValueType::Uuid => None,
    }
}

/// A guest who is made has a key: the address, or one that is made.
fn key_is_there(context: &mut Context<'_>, at: &Node, of: &EntityType, mail: Option<Slot>) {
    let is_made = |key: &Attribute| key.kind == AttributeKind::Generated || Some(key.slot) == mail;
    if mail.is_some() && !of.attribute(of.key).is_some_and(is_made) {
        let message = format!("nobody would give a new `{}` its key", of.name);
        let help = "let the key be the address, or add `generate:` to it";
        context.error(CODE, at.span, message, help);
    }
}

fn time(node: &Node, key: &str) -> Option<SignedDuration> {
    node.get_text(key).and_then(|text| parse_duration(text))
}
