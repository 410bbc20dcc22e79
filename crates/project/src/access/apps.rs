//! Applications: their types of resource, and the properties that a question may carry.

use std::sync::Arc;

use muster_model::{Schema, Text, ValueType};
use muster_policy::{
    App, ENVIRONMENT_COLUMNS, Property, RESOURCE_COLUMNS, ResourceType, SUBJECT_COLUMNS,
};

use crate::{
    context::Context,
    expression::named_type,
    names,
    types::find_type,
    yaml::{Entry, Node},
};

/// Builds the applications, in order of name.
pub(super) fn apps(
    context: &mut Context<'_>,
    entries: &[&Entry],
    schema: &Arc<Schema>,
) -> Vec<App> {
    entries.iter().map(|entry| app(context, entry, schema)).collect()
}

/// The columns that everything of a kind has.
pub(super) fn built_in(columns: &[(&str, ValueType, bool)]) -> Vec<Property> {
    columns.iter().map(|(name, ty, many)| (Text::from(*name), *ty, *many)).collect()
}

fn app(context: &mut Context<'_>, entry: &Entry, schema: &Arc<Schema>) -> App {
    names::part(context, &entry.key, entry.key_span, "an application");
    let node = &entry.value;
    let mut subject = built_in(&SUBJECT_COLUMNS);
    properties(context, node.get("subject"), &mut subject, SUBJECT_COLUMNS.len());
    let mut environment = built_in(&ENVIRONMENT_COLUMNS);
    properties(context, node.get("environment"), &mut environment, ENVIRONMENT_COLUMNS.len());
    let mut columns = built_in(&RESOURCE_COLUMNS);
    let written = node.get("resources").map_or(&[][..], Node::entries).iter();
    let mut resources: Vec<ResourceType> =
        written.map(|entry| resource(context, entry, schema, &mut columns)).collect();
    resources.sort_by(|a, b| a.name.cmp(&b.name));
    App {
        name: entry.key.clone(),
        description: node.get_text("description").cloned(),
        resources,
        subject,
        resource: columns,
        environment,
        at: context.location(entry.key_span),
    }
}

fn resource(
    context: &mut Context<'_>,
    entry: &Entry,
    schema: &Arc<Schema>,
    columns: &mut Vec<Property>,
) -> ResourceType {
    names::part(context, &entry.key, entry.key_span, "a type of resource");
    let node = &entry.value;
    let mut actions: Vec<Text> = Vec::new();
    for item in node.get("actions").map_or(&[][..], Node::items) {
        let Some(action) = item.text() else { continue };
        names::free(context, action, item.span, "an action");
        if !actions.contains(action) {
            actions.push(action.clone());
        }
    }
    let entity = node.get("entity").and_then(|of| {
        let found = find_type(context, schema, of.text()?, of.span)?;
        Some(found.id)
    });
    if let (Some(_), Some(written)) = (entity, node.entry("properties")) {
        context.error(
            "E0904",
            written.key_span,
            "a resource that is an entity has the attributes of the entity",
            "leave `properties` out, or `entity`",
        );
    }
    ResourceType {
        name: entry.key.clone(),
        actions,
        properties: properties(context, node.get("properties"), columns, RESOURCE_COLUMNS.len()),
        entity,
        at: context.location(entry.key_span),
    }
}

/// Adds properties to the columns and gives their positions. The first `fixed` columns are taken.
fn properties(
    context: &mut Context<'_>,
    node: Option<&Node>,
    columns: &mut Vec<Property>,
    fixed: usize,
) -> Vec<usize> {
    let mut positions = Vec::new();
    for entry in node.map_or(&[][..], Node::entries) {
        names::attribute(context, &entry.key, entry.key_span);
        let ty = entry.value.get_text("type").map_or(ValueType::Text, |name| named_type(name));
        let property = (entry.key.clone(), ty, entry.value.flag("many"));
        match columns.iter().position(|(name, _, _)| *name == entry.key) {
            None => {
                positions.push(columns.len());
                columns.push(property);
            }
            Some(position) if position >= fixed && columns.get(position) == Some(&property) => {
                positions.push(position);
            }
            Some(position) => {
                let message = if position < fixed {
                    format!("`{}` is there already", entry.key)
                } else {
                    format!("`{}` has another type at another resource", entry.key)
                };
                context.error("E0904", entry.key_span, message, "choose another name");
            }
        }
    }
    positions
}
