//! What of a type is what in SCIM: the resource type, and the paths of attributes.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use muster_model::{Attribute, AttributeKind, Diagnostic, EntityType, Slot, Span, Text, ValueType};
use muster_policy::{Hook, HookAsks, ScimResource, ScimType, TypeModel};
use muster_scim::{
    AttributeKind as Kind, Mutability, Path, Schema, enterprise_user_schema, group_schema,
    parse_path, user_schema,
};

use crate::{
    context::Context,
    duration::parse_duration,
    suggest::known_names,
    systems::settings_of,
    types::unknown_attribute,
    yaml::{Entry, Node},
};

const CODE: &str = "E0240";
/// How long a hook may take that says nothing.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);
/// Keys of a hook that are not for the client.
const OF_HOOK: &[&str] = &["allow_private", "timeout"];
/// Endpoints of the service itself.
const TAKEN: &[&str] = &["ServiceProviderConfig", "ResourceTypes", "Schemas", "Me", "Bulk"];
/// What SCIM calls something else than an attribute of the model.
const NOT_KEPT: &[&str] = &["active", "groups", "members", "password"];

/// What `scim:` of a type says.
pub(super) fn scim(
    context: &mut Context<'_>,
    entry: &Entry,
    entity_type: &EntityType,
) -> Option<ScimType> {
    let node = entry.value.get("scim")?;
    let resource = resource(context, node);
    let derived = if entity_type.identity { ScimResource::User } else { ScimResource::Group };
    let schemas = schemas(resource.as_ref().unwrap_or(&derived));
    Some(ScimType {
        extension: node.get("extension").and_then(|node| extension(context, node)),
        places: places(context, node, entity_type, &schemas),
        hook: node.get("hook").and_then(|node| hook(context, node)),
        resource,
    })
}

fn resource(context: &mut Context<'_>, node: &Node) -> Option<ScimResource> {
    let written = node.get("resource")?;
    let name = written.text()?;
    let endpoint = node.get("endpoint");
    let own = match &**name {
        "none" => Some(ScimResource::Hidden),
        "User" => Some(ScimResource::User),
        "Group" => Some(ScimResource::Group),
        _ => None,
    };
    if let (Some(known), endpoint) = (own, endpoint) {
        if let Some(endpoint) = endpoint {
            let help = "leave `endpoint` out; only resource types of your own need one";
            context.error(CODE, endpoint.span, format!("`{name}` has its address"), help);
        }
        return Some(known);
    }
    let address = endpoint.and_then(Node::text).cloned();
    let endpoint_text: Text = address.unwrap_or_else(|| format!("{name}s").into());
    let is_taken = TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(&endpoint_text));
    for (text, span) in
        [(name, written.span), (&endpoint_text, endpoint.map_or(written.span, |node| node.span))]
    {
        if !is_word(text) || is_taken {
            let help = "a resource type and its address are words of letters and digits, such as `Device` and `Devices`";
            context.error(CODE, span, format!("`{text}` cannot be a name in SCIM"), help);
            return None;
        }
    }
    Some(ScimResource::Own { name: name.clone(), endpoint: endpoint_text })
}

fn hook(context: &mut Context<'_>, node: &Node) -> Option<Hook> {
    let timeout = node.get_text("timeout").and_then(|text| parse_duration(text));
    let asks = match (node.get("run"), node.get("url")) {
        (Some(run), None) => program(context, run)?,
        (None, Some(url)) => service(context, node, url)?,
        (Some(_), Some(second)) => {
            let help = "keep `run` or `url`; one of them is asked";
            context.error(CODE, second.span, "a hook asks two", help);
            return None;
        }
        (None, None) => {
            let help = "name a program with `run` or an address with `url`";
            context.error(CODE, node.span, "a hook asks nobody", help);
            return None;
        }
    };
    Some(Hook { asks, timeout: timeout.unwrap_or(PATIENCE) })
}

fn program(context: &mut Context<'_>, run: &Node) -> Option<HookAsks> {
    let words: Vec<Text> = run.items().iter().filter_map(Node::text).cloned().collect();
    if words.first().is_none_or(|program| program.is_empty()) {
        let help = "name the program and its arguments, such as `run: [hooks/check-person.py]`";
        context.error(CODE, run.span, "there is no program to run", help);
        return None;
    }
    Some(HookAsks::Program(words))
}

fn service(context: &mut Context<'_>, node: &Node, url: &Node) -> Option<HookAsks> {
    if node.get("secret").is_none() {
        let help = "give the secret of the signature, such as `secret: { env: HOOK_SECRET }`";
        context.error(CODE, url.span, "the service could not know that it is asked by us", help);
        return None;
    }
    let mut settings = settings_of(Some(node), node.span);
    settings.entries.retain(|key, _| !OF_HOOK.contains(&&**key));
    Some(HookAsks::Service { settings, allow_private: node.flag("allow_private") })
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The URN of an extension. Clients tell by the version where it ends and the name of an attribute begins.
fn extension(context: &mut Context<'_>, node: &Node) -> Option<Text> {
    let text = node.text()?;
    let mut parts = text.rsplit(':');
    let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_version = version.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_clean = text.chars().all(|c| c.is_ascii_alphanumeric() || ":-._".contains(c));
    let is_ours = text.starts_with("urn:") && !text.starts_with("urn:ietf:");
    if !is_ours || !is_clean || !is_word(name) || version.is_empty() || !is_version {
        let help = "write it as `urn:tern:scim:schemas:person:2.0:User`, with a version and a name at its end";
        context.error(CODE, node.span, format!("`{text}` is not the URN of an extension"), help);
        return None;
    }
    Some(text.clone())
}

/// The schemas in which attributes may be given a place.
fn schemas(resource: &ScimResource) -> Vec<Schema> {
    match resource {
        ScimResource::User => vec![user_schema(), enterprise_user_schema()],
        ScimResource::Group => vec![group_schema()],
        ScimResource::Hidden | ScimResource::Own { .. } => Vec::new(),
    }
}

fn places(
    context: &mut Context<'_>,
    node: &Node,
    entity_type: &EntityType,
    schemas: &[Schema],
) -> BTreeMap<Slot, Option<Text>> {
    let mut places: BTreeMap<Slot, Option<Text>> = BTreeMap::new();
    let mut taken: BTreeMap<Text, Span> = BTreeMap::new();
    for entry in node.get("attributes").map_or(&[][..], Node::entries) {
        let Some(attribute) = entity_type.attribute_named(&entry.key) else {
            let (name, all) = (&entity_type.name, &entity_type.attributes);
            unknown_attribute(context, entry.key_span, &entry.key, name, all);
            continue;
        };
        let Some(text) = entry.value.text() else { continue };
        if &**text == "none" {
            places.insert(attribute.slot, None);
            continue;
        }
        let span = entry.value.span;
        match place(text, attribute, schemas) {
            Ok(path) => {
                if let Some(first) = taken.insert(path.clone(), span) {
                    let message = format!("two attributes are `{path}` in SCIM");
                    let diagnostic = Diagnostic::error(CODE, span, message);
                    context.report(diagnostic.related(first, "the first one"));
                }
                places.insert(attribute.slot, Some(path));
            }
            Err((message, help)) => context.error(CODE, span, message, help),
        }
    }
    places
}

/// The path in its one form, or what is wrong with it and what helps.
fn place(text: &str, attribute: &Attribute, schemas: &[Schema]) -> Result<Text, (String, String)> {
    let core = schemas.first().ok_or_else(|| {
        let message = "only users and groups have attributes whose places are known".to_owned();
        (
            message,
            "give `none` to leave the attribute out; otherwise it has its own name".to_owned(),
        )
    })?;
    let mut path = parse_path(text).map_err(|error| {
        let help = "write it as `userName`, `name.givenName` or `emails[type eq \"work\"].value`";
        (format!("`{text}` is not a path of SCIM: {error}"), help.to_owned())
    })?;
    if path.attribute.schema.as_ref().is_some_and(|urn| urn.eq_ignore_ascii_case(&core.id)) {
        path.attribute.schema = None;
    }
    let at = |schema: &&Schema| match &path.attribute.schema {
        None => schema.id == core.id,
        Some(urn) => schema.id.eq_ignore_ascii_case(urn),
    };
    let unknown = || {
        let names = schemas.iter().find(at).into_iter().flat_map(|schema| &schema.attributes);
        let help = known_names(&path.attribute.name, "attributes", names.map(|a| a.name.as_str()));
        (format!("SCIM has no `{text}` here"), help)
    };
    let schema = schemas.iter().find(at).ok_or_else(unknown)?;
    let top = schema.attribute(&path.attribute.name).ok_or_else(unknown)?;
    let leaf = match &path.attribute.sub {
        None => top,
        Some(sub) => top.sub_attribute(sub).ok_or_else(unknown)?,
    };
    let other = NOT_KEPT.contains(&top.name.as_str()) || leaf.mutability == Mutability::ReadOnly;
    if other {
        let help = "lifecycle, groups and their members have their places; passwords are not kept";
        return Err((format!("`{text}` is not for an attribute of the model"), help.to_owned()));
    }
    if leaf.kind == Kind::Complex || top.many != path.filter.is_some() {
        let help = format!("name one value of it, such as `{}`", example(&path, top.many));
        return Err((format!("`{text}` is more than one value"), help));
    }
    let is_kept = !matches!(attribute.kind, AttributeKind::Inverse { .. }) && !attribute.many;
    if !is_kept || !fits(attribute.value_type, leaf.kind) {
        let message = format!("`{}` cannot be `{text}`: the type does not fit", attribute.name);
        return Err((message, "choose another path, or leave it out".to_owned()));
    }
    Ok(path.to_string().into())
}

fn example(path: &Path, many: bool) -> String {
    let name = &path.attribute.name;
    if many { format!("{name}[type eq \"work\"].value") } else { format!("{name}.value") }
}

/// Single values of every type are written as texts; the others have to be what they are.
fn fits(value_type: ValueType, kind: Kind) -> bool {
    match kind {
        Kind::Boolean => value_type == ValueType::Bool,
        Kind::Integer => value_type == ValueType::Int,
        Kind::DateTime => value_type == ValueType::DateTime,
        Kind::Binary => value_type == ValueType::Binary,
        Kind::Text | Kind::Reference => matches!(
            value_type,
            ValueType::Text | ValueType::Date | ValueType::Uuid | ValueType::Link(_)
        ),
        Kind::Decimal | Kind::Complex => false,
    }
}

/// Reports two types that are one resource type, or lie at one address.
pub(super) fn check_each_once(context: &mut Context<'_>, types: &[&Entry], models: &[TypeModel]) {
    let mut known: BTreeMap<String, Span> = BTreeMap::new();
    for (entry, model) in types.iter().zip(models) {
        let Some(resource) = model.scim.as_ref().and_then(|scim| scim.resource.as_ref()) else {
            continue;
        };
        let Some(span) = entry.value.get("scim").and_then(|scim| scim.get("resource")) else {
            continue;
        };
        let endpoint = match resource {
            ScimResource::Hidden => continue,
            ScimResource::User => "Users",
            ScimResource::Group => "Groups",
            ScimResource::Own { endpoint, .. } => endpoint,
        };
        let names = [resource.name().unwrap_or_default().to_lowercase(), endpoint.to_lowercase()];
        for name in names {
            if let Some(first) = known.insert(name.clone(), span.span)
                && first != span.span
            {
                let message = format!("two types are `{name}` in SCIM");
                let diagnostic = Diagnostic::error(CODE, span.span, message);
                context.report(diagnostic.related(first, "the first one"));
                break;
            }
        }
    }
}
