//! Access: from `apps:` and `access:` to what applications are answered, and what tests expect of it.

mod apps;
mod expected;
mod rules;

use std::sync::Arc;

use muster_model::{Schema, Span, Text};
use muster_policy::{AccessModel, App, TypeModel};

use crate::{
    context::Context, merge::Parts, roles::RoleNames, suggest::known_names, systems::Names,
};

pub(crate) use expected::decisions;

/// What rules of access are built from.
pub(crate) struct Ground<'a> {
    pub(crate) schema: &'a Arc<Schema>,
    pub(crate) types: &'a [TypeModel],
    pub(crate) names: &'a Names,
    pub(crate) roles: &'a RoleNames,
}

/// Builds the applications and the rules; those that have problems are left out.
pub(crate) fn access(
    context: &mut Context<'_>,
    parts: &Parts<'_>,
    ground: &Ground<'_>,
) -> AccessModel {
    let apps = apps::apps(context, &parts.apps, ground.schema);
    let rules = rules::rules(context, &parts.access, &apps, ground);
    AccessModel { apps, rules }
}

/// The application with this name, by position.
fn find_app(context: &mut Context<'_>, apps: &[App], name: &Text, span: Span) -> Option<usize> {
    let found = apps.iter().position(|app| app.name == *name);
    if found.is_none() {
        let help = known_names(name, "applications", apps.iter().map(|app| &*app.name));
        context.error("E0901", span, format!("unknown application `{name}`"), help);
    }
    found
}

/// The type of resource with this name, by position.
fn find_resource(context: &mut Context<'_>, app: &App, name: &str, span: Span) -> Option<usize> {
    let found = app.resource_named(name);
    if found.is_none() {
        let known = app.resources.iter().map(|resource| &*resource.name);
        let help = known_names(name, "types of resource", known);
        let message = format!("`{}` has no type of resource `{name}`", app.name);
        context.error("E0902", span, message, help);
    }
    found
}

/// Reports an action that none of these knows.
fn find_action<'n>(
    context: &mut Context<'_>,
    known: impl Iterator<Item = &'n Text> + Clone,
    name: &Text,
    span: Span,
) {
    if known.clone().any(|action| action == name) {
        return;
    }
    let help = known_names(name, "actions", known.map(|action| &**action));
    context.error("E0903", span, format!("unknown action `{name}`"), help);
}
