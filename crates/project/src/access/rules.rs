//! Rules of access: to whom and what they apply, and their condition.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use muster_lang::{ColumnSet, Columns, Env, Variable, VariableType};
use muster_model::{EntityType, Text, TypeId};
use muster_policy::{
    AccessRule, App, ENVIRONMENT_COLUMNS, Effect, Property, RESOURCE, RESOURCE_COLUMNS, Rule,
    SUBJECT_COLUMNS,
};

use super::{Ground, apps::built_in, find_action, find_app, find_resource};
use crate::{
    context::Context,
    expression::{condition, entity_variable, record_variable},
    names,
    roles::find_roles,
    systems::{find_state, references},
    types::identity_type,
    yaml::{Entry, Node},
};

/// Builds the rules, in order of name.
pub(super) fn rules(
    context: &mut Context<'_>,
    entries: &[&Entry],
    apps: &[App],
    ground: &Ground<'_>,
) -> Vec<AccessRule> {
    entries.iter().filter_map(|entry| rule(context, entry, apps, ground)).collect()
}

/// To what a rule applies.
#[derive(Default)]
struct Scope<'a> {
    app: Option<(usize, &'a App)>,
    resources: Vec<usize>,
    actions: Vec<Text>,
    entity: Option<TypeId>,
}

fn rule(
    context: &mut Context<'_>,
    entry: &Entry,
    apps: &[App],
    ground: &Ground<'_>,
) -> Option<AccessRule> {
    names::free(context, &entry.key, entry.key_span, "a rule of access");
    let node = &entry.value;
    let scope = scope(context, node, apps)?;
    let subjects = match node.get("for") {
        Some(_) => Some(identity_type(context, ground.schema, entry, "the rule")?),
        None => None,
    };
    let identity = subjects.or_else(|| only_identity(ground));
    let roles = find_roles(context, ground.roles, node.get("role"));
    let entitlements = node
        .get("entitlement")
        .map_or_else(Vec::new, |list| references(context, ground.names, list));
    let held = node.get("role").is_some() || node.get("entitlement").is_some();
    let (effect, written) = effect(context, entry, held)?;
    let env = env(ground, &scope, identity);
    let when = match written {
        Some(written) => Some(condition(context, written, &env)?),
        None => None,
    };
    foreign_properties(context, written.zip(when.as_ref()), &scope);
    Some(AccessRule {
        name: entry.key.clone(),
        reason: node.get_text("reason").cloned(),
        app: scope.app.map(|(position, _)| position),
        resources: scope.resources,
        actions: scope.actions,
        subjects: subjects.map(|found| found.id),
        identity: identity.map(|found| found.id),
        unknown: node.flag("unknown"),
        states: states(context, entry, identity, ground),
        roles,
        entitlements,
        effect,
        when,
        entity: scope.entity,
        at: context.location(entry.key_span),
    })
}

fn only_identity<'a>(ground: &Ground<'a>) -> Option<&'a EntityType> {
    let mut identities = ground.schema.types.iter().filter(|entity_type| entity_type.identity);
    identities.next().filter(|_| identities.next().is_none())
}

fn scope<'a>(context: &mut Context<'_>, node: &Node, apps: &'a [App]) -> Option<Scope<'a>> {
    let mut scope = Scope::default();
    if let Some(name) = node.get("app") {
        let position = find_app(context, apps, name.text()?, name.span)?;
        scope.app = Some((position, apps.get(position)?));
    }
    if let Some(list) = node.get("resource") {
        let Some((_, app)) = scope.app else {
            let message = "types of resource belong to an application";
            context.error("E0902", list.span, message, "say which one: `app: NAME`");
            return None;
        };
        for item in list.items() {
            let name = item.text()?;
            scope.resources.push(find_resource(context, app, name, item.span)?);
        }
        scope.resources.sort_unstable();
        scope.resources.dedup();
        if let [only] = *scope.resources {
            scope.entity = app.resources.get(only).and_then(|resource| resource.entity);
        }
    }
    for item in node.get("actions").map_or(&[][..], Node::items) {
        let action = item.text()?;
        let of_apps = apps
            .iter()
            .enumerate()
            .filter(|(position, _)| scope.app.is_none_or(|(app, _)| app == *position));
        let types = of_apps.flat_map(|(_, app)| app.resources.iter().enumerate());
        let of_types = types.filter(|(position, _)| {
            scope.resources.is_empty() || scope.resources.contains(position)
        });
        let known = of_types.flat_map(|(_, resource)| &resource.actions);
        find_action(context, known, action, item.span);
        scope.actions.push(action.clone());
    }
    Some(scope)
}

/// Whether the rule allows or denies, and its condition.
fn effect<'n>(
    context: &mut Context<'_>,
    entry: &'n Entry,
    held: bool,
) -> Option<(Effect, Option<&'n Node>)> {
    match (entry.value.get("allow"), entry.value.get("deny")) {
        (Some(allow), None) => return Some((Effect::Allow, Some(allow))),
        (None, Some(deny)) => return Some((Effect::Deny, Some(deny))),
        (None, None) if held => return Some((Effect::Allow, None)),
        (None, None) => context.error(
            "E0905",
            entry.key_span,
            format!("the rule `{}` says neither whom it allows nor whom it denies", entry.key),
            "add `role`, `entitlement`, `allow` or `deny`; `allow: \"true\"` allows everybody",
        ),
        (Some(_), Some(deny)) => context.error(
            "E0905",
            deny.span,
            format!("the rule `{}` both allows and denies", entry.key),
            "make two rules of it",
        ),
    }
    None
}

fn env(ground: &Ground<'_>, scope: &Scope<'_>, identity: Option<&EntityType>) -> Env {
    let record = |name: &str, columns: Vec<Property>| {
        let set = ColumnSet { columns, closed: true };
        record_variable(name, &Columns(Rc::new(RefCell::new(set))))
    };
    let columns = scope.app.map_or_else(
        || {
            [
                built_in(&SUBJECT_COLUMNS),
                built_in(&RESOURCE_COLUMNS),
                built_in(&ENVIRONMENT_COLUMNS),
            ]
        },
        |(_, app)| [app.subject.clone(), app.resource.clone(), app.environment.clone()],
    );
    let [subject, resource, environment] = columns;
    let resource = match scope.entity {
        Some(entity) => Variable { name: "resource".into(), ty: VariableType::Entity(entity) },
        None => record("resource", resource),
    };
    let mut variables =
        vec![record("subject", subject), resource, record("environment", environment)];
    variables.extend(identity.map(entity_variable));
    Env { schema: Arc::clone(ground.schema), variables, implicit: None, now: true }
}

/// A rule reads only properties that every type of resource it names has.
fn foreign_properties(
    context: &mut Context<'_>,
    condition: Option<(&Node, &Rule)>,
    scope: &Scope<'_>,
) {
    let (Some((node, rule)), Some((_, app))) = (condition, scope.app) else { return };
    let columns = rule.program.paths().iter().filter(|path| path.variable == RESOURCE);
    for column in columns.filter_map(|path| path.column) {
        let mut named = scope.resources.iter().filter_map(|at| app.resources.get(*at));
        let lacking = named.find(|resource| {
            column >= RESOURCE_COLUMNS.len() && !resource.properties.contains(&column)
        });
        let (Some(lacking), Some((name, _, _))) = (lacking, app.resource.get(column)) else {
            continue;
        };
        context.error(
            "E0906",
            node.span,
            format!("`{}` has no property `{name}`", lacking.name),
            "declare it under `properties`, or take the type of resource out of the rule",
        );
    }
}

/// The lifecycle states in which the rule may allow.
fn states(
    context: &mut Context<'_>,
    entry: &Entry,
    identity: Option<&EntityType>,
    ground: &Ground<'_>,
) -> Option<Vec<usize>> {
    let list = entry.value.get("states")?;
    let Some(identity) = identity else {
        // Says that `for` is missing.
        identity_type(context, ground.schema, entry, "the rule");
        return None;
    };
    let known = &ground.types.get(identity.id.index())?.lifecycle;
    let found = list
        .items()
        .iter()
        .filter_map(|item| find_state(context, known, item.text()?, item.span, identity));
    Some(found.collect())
}
