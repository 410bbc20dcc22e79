//! The directory: from `directory:` to entries with names, classes and attributes that a client can rely on.

use std::{collections::BTreeMap, sync::Arc};

use muster_lang::Program;
use muster_model::{EntityType, NameRule, Schema, Slot, Span, Text, TypeId, ValueType, name_key};
use muster_policy::{
    Container, Directory, DirectoryLimits, EntityEntries, EntryAttribute, Holds, ldap_attribute,
    ldap_class, ldap_classes,
};

use crate::{
    context::Context,
    duration::parse_duration,
    expression::{condition, inside_type, rule},
    names,
    roles::{RoleNames, find_roles},
    server,
    suggest::known_names,
    types::{find_type, unknown_attribute},
    yaml::{Entry, Node},
};

const CODE: &str = "E0960";
/// Attributes that Muster fills in itself.
const OWN: &[&str] = &[
    "objectclass",
    "member",
    "uniquemember",
    "memberuid",
    "memberof",
    "entryuuid",
    "entrydn",
    "createtimestamp",
    "modifytimestamp",
    "structuralobjectclass",
    "subschemasubentry",
    "hassubordinates",
    "userpassword",
];

/// What containers are built from.
struct Ground<'a> {
    schema: &'a Arc<Schema>,
    roles: &'a RoleNames,
}

/// Builds the directory; `None` where there is none, or one without a base.
pub(crate) fn directory(
    context: &mut Context<'_>,
    node: Option<&Node>,
    schema: &Arc<Schema>,
    roles: &RoleNames,
) -> Option<Directory> {
    let node = node?;
    let base = node.get("base").and_then(|node| distinguished_name(context, node));
    let ground = Ground { schema, roles };
    let mut entries: Vec<&Entry> =
        node.get("entries").map_or(&[][..], Node::entries).iter().collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    let containers: Vec<Container> =
        entries.iter().filter_map(|entry| container(context, entry, &ground)).collect();
    each_once(context, &entries, &containers);
    let seen = |key: &str| {
        let named = node.get(key).map(Node::several).unwrap_or_default();
        named.iter().filter_map(Node::text).map(|name| name.to_lowercase().into()).collect()
    };
    let (everyone, anonymous) = (seen("everyone"), seen("anonymous"));
    let mut address = |key| node.get(key).and_then(|node| server::listen(context, node));
    let (listen, listen_tls) = (address("listen"), address("listen_tls"));
    Some(Directory {
        base: base?,
        listen,
        listen_tls,
        containers,
        everyone,
        anonymous,
        limits: node.get("limits").map(limits).unwrap_or_default(),
    })
}

fn limits(node: &Node) -> DirectoryLimits {
    let number = |key: &str| node.get_text(key).and_then(|text| text.parse().ok());
    let length = |key: &str| node.get_text(key).and_then(|text| parse_duration(text));
    DirectoryLimits {
        connections: number("connections"),
        message: number("message"),
        results: number("results"),
        time: length("time"),
        idle: length("idle"),
    }
}

/// A distinguished name whose parts have attributes that LDAP knows.
fn distinguished_name(context: &mut Context<'_>, node: &Node) -> Option<Text> {
    let text = node.text()?;
    let is_part = |part: &str| {
        part.split_once('=').is_some_and(|(attribute, value)| {
            ldap_attribute(attribute.trim()).is_some()
                && !value.trim().is_empty()
                && !value.contains(['=', '\\', '"', '+', ';', '<', '>'])
        })
    };
    if text.split(',').all(is_part) {
        return Some(text.clone());
    }
    context.error(
        CODE,
        node.span,
        format!("`{text}` is no distinguished name"),
        "write it as `dc=tern,dc=example` or `ou=people`, without characters that need escaping",
    );
    None
}

fn container(context: &mut Context<'_>, entry: &Entry, ground: &Ground<'_>) -> Option<Container> {
    names::free(context, &entry.key, entry.key_span, "a container");
    let node = &entry.value;
    let under = match node.get("under") {
        Some(under) => distinguished_name(context, under)?,
        None => format!("ou={}", entry.key).into(),
    };
    let naming = node.get_text("name").cloned().unwrap_or_else(|| "cn".into());
    let classes = classes(context, node.get("classes")?);
    let holds = match (node.get("type"), node.get("roles")) {
        (Some(of), None) => {
            let of = find_type(context, ground.schema, of.text()?, of.span)?;
            let entries = entities(context, entry, of, ground.schema);
            check_naming(context, entry, of, &entries, &naming);
            check_must(context, entry, &entries, &classes);
            Holds::Entities(entries)
        }
        (None, Some(list)) => Holds::Roles(roles(context, node, list, ground.roles)),
        (Some(_), Some(_)) | (None, None) => {
            let help = "give `type` or `roles`, and not both";
            context.error(
                CODE,
                entry.key_span,
                "the entries are neither entities nor groups of a role",
                help,
            );
            return None;
        }
    };
    Some(Container { name: entry.key.clone(), under, naming, classes, holds })
}

/// The classes that are named, and those above them.
fn classes(context: &mut Context<'_>, node: &Node) -> Vec<Text> {
    let mut found: Vec<Text> = Vec::new();
    for item in node.several() {
        let Some(name) = item.text() else { continue };
        let Some(mut class) = ldap_class(name) else {
            let known = ldap_classes().iter().map(|class| class.name);
            let help = known_names(name, "object classes", known);
            context.error("E0961", item.span, format!("unknown object class `{name}`"), help);
            continue;
        };
        loop {
            if !found.iter().any(|known| **known == *class.name) {
                found.push(class.name.into());
            }
            match class.above.and_then(ldap_class) {
                Some(above) => class = above,
                None => break,
            }
        }
    }
    found
}

fn roles(
    context: &mut Context<'_>,
    node: &Node,
    list: &Node,
    known: &RoleNames,
) -> BTreeMap<usize, Option<u32>> {
    let all = list.several().iter().any(|item| item.text().is_some_and(|text| &**text == "*"));
    let positions: Vec<usize> = if all {
        known.values().copied().collect()
    } else {
        find_roles(context, known, Some(list))
    };
    let mut found: BTreeMap<usize, Option<u32>> =
        positions.into_iter().map(|role| (role, None)).collect();
    for entry in node.get("numbers").map_or(&[][..], Node::entries) {
        let place = known.get(&entry.key).and_then(|role| found.get_mut(role));
        if let Some(place) = place {
            *place = entry.value.text().and_then(|text| text.parse().ok());
            continue;
        }
        let help = known_names(&entry.key, "roles", known.keys().map(|name| &**name));
        let message = format!("`{}` is none of the roles of the container", entry.key);
        context.error("E0601", entry.key_span, message, help);
    }
    found
}

fn entities(
    context: &mut Context<'_>,
    entry: &Entry,
    of: &EntityType,
    schema: &Arc<Schema>,
) -> EntityEntries {
    let (node, env) = (&entry.value, inside_type(schema, of));
    let mut attributes: Vec<EntryAttribute> = Vec::new();
    for written in node.get("attributes").map_or(&[][..], Node::entries) {
        let name = &written.key;
        if !is_attribute_name(name) || OWN.contains(&&*name.to_lowercase()) {
            let help = "names have letters, digits and `-`; classes, members and operational attributes are filled in by Muster";
            context.error(
                "E0961",
                written.key_span,
                format!("`{name}` cannot be given a value here"),
                help,
            );
            continue;
        }
        let usual = ldap_attribute(name).and_then(|known| known.names.first());
        let name: Text = usual.map_or_else(|| name.clone(), |usual| (*usual).into());
        if attributes.iter().any(|attribute| attribute.name.eq_ignore_ascii_case(&name)) {
            let message = format!("`{name}` is given twice, by two of its names");
            context.error("E0961", written.key_span, message, "keep one of the two");
            continue;
        }
        let Some(value) = rule(context, &written.value, &env, None) else { continue };
        let unique = unique_slot(&value.program, of);
        attributes.push(EntryAttribute { name, value, unique });
    }
    let when = node.get("when").and_then(|when| condition(context, when, &env));
    EntityEntries { type_id: of.id, when, attributes, members: members(context, node, of) }
}

fn is_attribute_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// The unique attribute that an expression is, if it is nothing else.
fn unique_slot(program: &Program, of: &EntityType) -> Option<Slot> {
    let [path] = program.paths() else { return None };
    let [(type_id, slot)] = path.steps.as_slice() else { return None };
    let attribute = of.attribute(*slot).filter(|_| *type_id == of.id)?;
    let source = program.source().trim();
    let plain = source.strip_prefix(&*of.name).and_then(|rest| rest.strip_prefix('.'));
    let is_plain = plain.unwrap_or(source) == &*attribute.name;
    let is_text = attribute.value_type == ValueType::Text && !attribute.many;
    (is_plain && is_text && attribute.unique && attribute.kind.is_kept()).then_some(*slot)
}

fn members(context: &mut Context<'_>, node: &Node, of: &EntityType) -> Vec<Slot> {
    let mut slots = Vec::new();
    for item in node.get("members").map(Node::several).unwrap_or_default() {
        let Some(name) = item.text() else { continue };
        let Some(attribute) = of.attribute_named(name) else {
            unknown_attribute(context, item.span, name, &of.name, &of.attributes);
            continue;
        };
        if !matches!(attribute.value_type, ValueType::Link(_)) {
            let help = "name a link, or the inverse of one";
            context.error(CODE, item.span, format!("`{name}` does not lead to members"), help);
            continue;
        }
        slots.push(attribute.slot);
    }
    slots
}

/// Reports entries that two entities could have one name for.
fn check_naming(
    context: &mut Context<'_>,
    entry: &Entry,
    of: &EntityType,
    entries: &EntityEntries,
    naming: &Text,
) {
    let span = entry.value.entry("name").map_or(entry.key_span, |entry| entry.value.span);
    let usual = ldap_attribute(naming).and_then(|known| known.names.first()).copied();
    let name = usual.unwrap_or(naming);
    let found = entries.attributes.iter().find(|known| known.name.eq_ignore_ascii_case(name));
    if found.is_some_and(|attribute| attribute.unique.is_some()) {
        return;
    }
    let unique = of
        .attributes
        .iter()
        .filter(|a| a.unique && a.kind.is_kept() && a.value_type == ValueType::Text && !a.many);
    let known: Vec<String> = unique.map(|a| format!("`{naming}: {}`", a.name)).collect();
    let help = format!("give it one unique attribute under `attributes`: {}", known.join(" or "));
    let message = format!("two entries could have one name: `{naming}` is not unique");
    context.error("E0962", span, message, help);
}

/// Reports attributes that the classes ask for and that are not given.
fn check_must(context: &mut Context<'_>, entry: &Entry, entries: &EntityEntries, classes: &[Text]) {
    let has = |name: &str| {
        name == "objectClass"
            || entries.attributes.iter().any(|known| known.name.eq_ignore_ascii_case(name))
    };
    for class in classes.iter().filter_map(|name| ldap_class(name)) {
        for name in class.must.iter().filter(|name| !has(name)) {
            context.error(
                "E0961",
                entry.key_span,
                format!("the object class `{}` needs the attribute `{name}`", class.name),
                format!("add `{name}` to `attributes`, or leave the class out"),
            );
        }
    }
}

/// Reports two containers of one name, and a type that is in two of them.
fn each_once(context: &mut Context<'_>, entries: &[&Entry], containers: &[Container]) {
    let mut names: BTreeMap<String, Text> = BTreeMap::new();
    let mut types: BTreeMap<TypeId, Text> = BTreeMap::new();
    let mut roles: BTreeMap<usize, Text> = BTreeMap::new();
    let span = |name: &Text| {
        let entry = entries.iter().find(|entry| entry.key == *name);
        entry.map_or(Span { file: 0, start: 0, end: 0 }, |entry| entry.key_span)
    };
    let twice = |context: &mut Context<'_>, what: &str, name: &Text, first: Option<Text>| {
        if let Some(first) = first {
            let message = format!("`{name}` and `{first}` {what}");
            context.error(CODE, span(name), message, "an entry has one name: keep one of the two");
        }
    };
    for Container { name, under, holds, .. } in containers {
        let key = name_key(NameRule::DistinguishedName, under);
        twice(context, "have one name", name, names.insert(key, name.clone()));
        match holds {
            Holds::Entities(entries) => {
                let first = types.insert(entries.type_id, name.clone());
                twice(context, "hold the same entities", name, first);
            }
            Holds::Roles(of) => {
                let first = of.keys().filter_map(|role| roles.insert(*role, name.clone())).last();
                twice(context, "hold the same roles", name, first);
            }
        }
    }
}
