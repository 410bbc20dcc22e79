//! The mapping that follows from the names of types and attributes, so that any project can be served.

use muster_model::{Attribute, AttributeKind, EntityType, Slot, TypeId, ValueType};
use muster_policy::{Model, ScimResource, TypeModel};
use muster_scim::{
    Mutability, Path, Returned, Schema, Uniqueness, enterprise_user_schema, group_schema,
    parse_path, urn, user_schema,
};

use super::{
    Active, Field, FieldSource, FoundBy, Held, Mapping, Members, Resource,
    extension::{extension, field},
    names::{ENTERPRISE, GROUP, USER, folded},
    said::Said,
    source_of,
};

/// `Users` from the first identity type, `Groups` from the type `group`, unless the model says otherwise; then the
/// resource types of its own.
pub(super) fn derive(model: &Model) -> Mapping {
    let types = &model.schema.types;
    let is =
        |of: &EntityType, wanted: &ScimResource| Said::of(model, of).resource() == Some(wanted);
    let is_unsaid = |of: &EntityType| Said::of(model, of).resource().is_none();
    let said = |wanted| types.iter().find(|of| is(of, &wanted));
    let user =
        said(ScimResource::User).or_else(|| types.iter().find(|of| of.identity && is_unsaid(of)));
    let is_group = |of: &&EntityType| folded(&of.name) == "group" && !of.identity && is_unsaid(of);
    let group = said(ScimResource::Group).or_else(|| types.iter().find(is_group));
    let mut resources = Vec::new();
    let groups_of = |of: &EntityType| -> Vec<Slot> {
        let leads = |a: &&Attribute| {
            group.is_some_and(|group| a.value_type == ValueType::Link(group.id))
                && a.kind == AttributeKind::Stored
        };
        of.attributes.iter().filter(leads).map(|attribute| attribute.slot).collect()
    };
    if let Some(of) = user {
        resources.push(users(model, of, groups_of(of)));
    }
    if let Some(of) = group {
        resources.push(groups(model, of, user, &groups_of(of)));
    }
    resources.extend(types.iter().filter_map(|of| own_type(model, of)));
    Mapping { resources }
}

/// A resource type of the project's own: its attributes under their names.
fn own_type(model: &Model, of: &EntityType) -> Option<Resource> {
    let said = Said::of(model, of);
    let Some(ScimResource::Own { name, endpoint }) = said.resource() else { return None };
    let mut fields = Vec::new();
    let mut schema = extension(model, of, (name, said), &mut fields)?;
    schema.name = name.to_string();
    schema.description = format!("The type `{}` of the model", of.name);
    for field in &mut fields {
        // They stand at the top of the resource.
        field.path.attribute.schema = None;
    }
    Some(Resource {
        name: name.to_string(),
        endpoint: endpoint.to_string(),
        type_id: of.id,
        type_name: of.name.clone(),
        schemas: vec![schema],
        fields,
        active: None,
        members: Vec::new(),
        groups: Vec::new(),
        hook: said.hook(),
    })
}

fn users(model: &Model, of: &EntityType, groups: Vec<Slot>) -> Resource {
    let behaviour = model.types.get(of.id.index());
    let mut core = user_schema();
    if let Some(addresses) = core.attributes.iter_mut().find(|of| of.name == "addresses") {
        // Its schema in the RFC has it not, its example has.
        let described = "Whether it is the one to use first";
        addresses.sub.push(muster_scim::Attribute {
            kind: muster_scim::AttributeKind::Boolean,
            ..muster_scim::Attribute::text("primary", described)
        });
    }
    // We keep no passwords.
    core.attributes.retain(|attribute| attribute.name != "password");
    if let Some(groups) = core.attributes.iter_mut().find(|attribute| attribute.name == "groups") {
        groups.sub = group_parts();
    }
    let mut enterprise = enterprise_user_schema();
    let said = Said::of(model, of);
    let mut fields = said.fields(of);
    fields.extend(paths(of, said, (None, USER)));
    if !fields.iter().any(|field| field.path == Path::plain("userName")) {
        fields.extend(by_unique(of, "userName"));
    }
    fields.extend(paths(of, said, (Some(urn::ENTERPRISE_USER), ENTERPRISE)));
    mark_unique(&mut core, &fields);
    mark_unique(&mut enterprise, &fields);
    let mut shown = fields;
    let taken: Vec<Field> = groups.iter().filter_map(|slot| taken(of, *slot)).collect();
    shown.extend(taken);
    let own = extension(model, of, ("User", said), &mut shown);
    shown.retain(|field| !groups.contains(&field.slot));
    let active = behaviour.and_then(|behaviour| active(of, behaviour));
    require(&mut core, &shown, active.is_some());
    if let Some(manager) = enterprise.attributes.iter_mut().find(|a| a.name == "manager") {
        let names = manager.sub.iter_mut().filter(|sub| sub.name == "displayName");
        names.for_each(|name| name.returned = Returned::Request);
    }
    if active.as_ref().is_some_and(|active| !active.can_suspend)
        && let Some(attribute) = core.attributes.iter_mut().find(|a| a.name == "active")
    {
        attribute.mutability = Mutability::ReadOnly;
    }
    Resource {
        name: "User".to_owned(),
        endpoint: "Users".to_owned(),
        type_id: of.id,
        type_name: of.name.clone(),
        schemas: [Some(core), Some(enterprise), own].into_iter().flatten().collect(),
        fields: shown,
        active,
        members: Vec::new(),
        groups,
        hook: said.hook(),
    }
}

/// Says what a user always has: the parts of the name that the model requires, and whether it is active.
fn require(core: &mut Schema, fields: &[Field], has_lifecycle: bool) {
    let is_required = |sub: &str| {
        fields.iter().any(|field| {
            let path = &field.path.attribute;
            let is_it = path.name == "name" && path.sub.as_deref() == Some(sub);
            is_it && matches!(field.source, FieldSource::Kept { required: true })
        })
    };
    for attribute in &mut core.attributes {
        if attribute.name == "name" {
            for sub in &mut attribute.sub {
                sub.required = is_required(&sub.name);
            }
            attribute.required = attribute.sub.iter().any(|sub| sub.required);
        } else if attribute.name == "active" {
            attribute.required = has_lifecycle;
        }
    }
}

/// What is said of each group that a user is in.
fn group_parts() -> Vec<muster_scim::Attribute> {
    let part = |name: &str, description: &str| muster_scim::Attribute {
        mutability: Mutability::ReadOnly,
        ..muster_scim::Attribute::text(name, description)
    };
    let address = muster_scim::Attribute {
        kind: muster_scim::AttributeKind::Reference,
        references: vec!["Group".to_owned()],
        ..part("$ref", "The address of the group")
    };
    vec![
        part("value", "The id of the group"),
        address,
        part("display", "Its name"),
        part("type", "Always direct"),
    ]
}

fn groups(model: &Model, of: &EntityType, user: Option<&EntityType>, nested: &[Slot]) -> Resource {
    let mut core = group_schema();
    let subs = core.attributes.iter_mut().flat_map(|attribute| &mut attribute.sub);
    for sub in subs.filter(|sub| sub.name == "display" || sub.name == "type") {
        // A member is named by its id; the rest follows.
        sub.mutability = Mutability::ReadOnly;
        if sub.name == "display" {
            // The names of all members of a large group are more than anybody wants unasked.
            sub.returned = Returned::Request;
        }
    }
    let said = Said::of(model, of);
    let mut fields = said.fields(of);
    fields.extend(paths(of, said, (None, GROUP)));
    if !fields.iter().any(|field| field.path == Path::plain("displayName")) {
        fields.extend(by_unique(of, "displayName"));
    }
    mark_unique(&mut core, &fields);
    let mut members = Vec::new();
    for attribute in &of.attributes {
        members.extend(held_by_member(of, attribute, user));
        members.extend(held_by_group(attribute, user));
    }
    let mut shown = fields;
    let linked = |members: &Members| (members.held == Held::ByGroup).then_some(members.slot);
    let own_links: Vec<Slot> =
        members.iter().filter_map(linked).chain(nested.iter().copied()).collect();
    shown.extend(own_links.iter().filter_map(|slot| taken(of, *slot)));
    let own = extension(model, of, ("Group", said), &mut shown);
    shown.retain(|field| !own_links.contains(&field.slot));
    Resource {
        name: "Group".to_owned(),
        endpoint: "Groups".to_owned(),
        type_id: of.id,
        type_name: of.name.clone(),
        schemas: [Some(core), own].into_iter().flatten().collect(),
        fields: shown,
        active: None,
        members,
        groups: Vec::new(),
        hook: said.hook(),
    }
}

/// A field that only marks its attribute as taken.
fn taken(of: &EntityType, slot: Slot) -> Option<Field> {
    let attribute = of.attribute(slot)?;
    Some(field(of, attribute, Path::plain("groups"), FieldSource::ReadOnly))
}

/// Members that link to their groups.
fn held_by_member(
    group: &EntityType,
    attribute: &Attribute,
    user: Option<&EntityType>,
) -> Option<Members> {
    let AttributeKind::Inverse { of, slot } = attribute.kind else { return None };
    let (holder, resource, endpoint) = member_type(of, group, user)?;
    let link = holder.attribute(slot)?;
    let (name, many) = (link.name.clone(), link.many);
    Some(Members { of, resource, endpoint, held: Held::ByMember, slot, name, many })
}

/// Members that their group links to.
fn held_by_group(attribute: &Attribute, user: Option<&EntityType>) -> Option<Members> {
    let user = user?;
    let is_members = folded(&attribute.name) == "members" && attribute.many;
    if attribute.kind != AttributeKind::Stored
        || attribute.value_type != ValueType::Link(user.id)
        || !is_members
    {
        return None;
    }
    Some(Members {
        of: user.id,
        resource: "User".to_owned(),
        endpoint: "Users".to_owned(),
        held: Held::ByGroup,
        slot: attribute.slot,
        name: attribute.name.clone(),
        many: true,
    })
}

fn member_type<'m>(
    of: TypeId,
    group: &'m EntityType,
    user: Option<&'m EntityType>,
) -> Option<(&'m EntityType, String, String)> {
    if of == group.id {
        return Some((group, "Group".to_owned(), "Groups".to_owned()));
    }
    let user = user.filter(|user| user.id == of)?;
    Some((user, "User".to_owned(), "Users".to_owned()))
}

/// The fields of a table whose names the type has.
fn paths(
    of: &EntityType,
    said: Said<'_>,
    (schema, table): (Option<&str>, &[(&str, &[&str])]),
) -> Vec<Field> {
    let mut fields = Vec::new();
    let placed = said.fields(of);
    for (text, names) in table {
        let Ok(mut path) = parse_path(text) else { continue };
        path.attribute.schema = schema.map(str::to_owned);
        if placed.iter().any(|field| field.path == path) {
            continue;
        }
        let mut found = names.iter().filter_map(|name| {
            of.attributes.iter().find(|attribute| folded(&attribute.name) == *name)
        });
        let wanted = found.find(|attribute| {
            let is_inverse = matches!(attribute.kind, AttributeKind::Inverse { .. });
            let is_free = !said.places(attribute.slot);
            is_free && !attribute.many && !is_inverse && fits(attribute, &path)
        });
        if let Some(attribute) = wanted {
            fields.push(field(of, attribute, path, source_of(attribute, of.key)));
        }
    }
    fields
}

/// Texts go everywhere, links only where the RFC has a reference or a name.
fn fits(attribute: &Attribute, path: &Path) -> bool {
    let is_manager = path.attribute.sub.as_deref() == Some("value") && path.filter.is_none();
    match attribute.value_type {
        ValueType::Text => !is_manager,
        ValueType::Link(_) => is_manager || path.attribute.name == "department",
        ValueType::Bool
        | ValueType::Int
        | ValueType::Float
        | ValueType::Date
        | ValueType::DateTime
        | ValueType::Binary
        | ValueType::Uuid => false,
    }
}

/// The field of a name that has to be unique: a generated unique text, a mail address, or the key.
fn by_unique(of: &EntityType, path: &str) -> Option<Field> {
    let texts =
        || of.attributes.iter().filter(|a| a.value_type == ValueType::Text && a.unique && !a.many);
    let mail = |a: &&Attribute| matches!(folded(&a.name).as_str(), "email" | "mail");
    let found = texts()
        .find(|a| a.kind == AttributeKind::Generated)
        .or_else(|| texts().find(mail))
        .or_else(|| of.attribute(of.key))?;
    Some(field(of, found, Path::plain(path), source_of(found, of.key)))
}

/// Says in the schema what the model promises of the attributes behind it.
fn mark_unique(schema: &mut Schema, fields: &[Field]) {
    for field in fields {
        let path = &field.path.attribute;
        let is_own = path.schema.as_ref().is_none_or(|urn| *urn == schema.id);
        if !is_own
            || path.sub.is_some()
            || (path.schema.is_none() && schema.id == urn::ENTERPRISE_USER)
        {
            continue;
        }
        let Some(attribute) = schema.attributes.iter_mut().find(|a| a.name == path.name) else {
            continue;
        };
        if let Some(found_by) = field.found_by {
            attribute.uniqueness = Uniqueness::Server;
            attribute.case_exact = found_by == FoundBy::Key;
        }
    }
}

/// Which states are active: the one of that name, or all but those that suspension and termination lead to.
fn active(of: &EntityType, behaviour: &TypeModel) -> Option<Active> {
    let slot = of.lifecycle()?.slot;
    let names = || behaviour.lifecycle.iter().map(|state| state.name.clone());
    let states = if names().any(|name| &*name == "active") {
        vec!["active".into()]
    } else {
        let is_off =
            |at: &usize| Some(*at) == behaviour.suspended || Some(*at) == behaviour.terminated;
        names().enumerate().filter(|(at, _)| !is_off(at)).map(|(_, name)| name).collect()
    };
    Some(Active { slot, states, can_suspend: behaviour.suspended.is_some() })
}
