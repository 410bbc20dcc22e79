//! The decisions that tests expect.

use muster_model::{Text, Value};
use muster_policy::{AccessModel, DecisionExpectation, Effect, Property};

use super::{find_action, find_app, find_resource};
use crate::{context::Context, policy_tests::value, suggest::known_names, yaml::Node};

/// The decisions of a list, those with problems left out.
pub(crate) fn decisions(
    context: &mut Context<'_>,
    list: Option<&Node>,
    access: &AccessModel,
) -> Vec<DecisionExpectation> {
    let items = list.map_or(&[][..], Node::items).iter();
    items.filter_map(|item| decision(context, item, access)).collect()
}

fn decision(
    context: &mut Context<'_>,
    node: &Node,
    access: &AccessModel,
) -> Option<DecisionExpectation> {
    let (app_position, resource) = resource(context, node.get("resource")?, access)?;
    let app = access.apps.get(app_position)?;
    let found = app.resources.get(resource)?;
    let action = node.get("action")?;
    find_action(context, found.actions.iter(), action.text()?, action.span);
    let mut given = |key, columns| given(context, node.get(key), columns);
    Some(DecisionExpectation {
        app: app_position,
        resource,
        id: node.get_text("id").cloned().unwrap_or_else(|| "".into()),
        action: action.text()?.clone(),
        subject: given("subject", &app.subject),
        properties: given("properties", &app.resource),
        environment: given("environment", &app.environment),
        unknown: node.flag("unknown"),
        effect: match node.get_text("decision").map(|word| &**word) {
            Some("allow") => Effect::Allow,
            Some(_) | None => Effect::Deny,
        },
        rule: node.get("rule").and_then(|rule| find_rule(context, rule, access)),
        at: context.location(node.span),
    })
}

/// The type of resource that `app.type` or `type` names.
fn resource(
    context: &mut Context<'_>,
    node: &Node,
    access: &AccessModel,
) -> Option<(usize, usize)> {
    let text = node.text()?;
    if let Some((app, name)) = text.split_once('.') {
        let app = find_app(context, &access.apps, &Text::from(app), node.span)?;
        return Some((app, find_resource(context, access.apps.get(app)?, name, node.span)?));
    }
    let apps = access.apps.iter().enumerate();
    let having: Vec<(usize, usize)> =
        apps.filter_map(|(at, app)| Some((at, app.resource_named(text)?))).collect();
    if let [only] = *having {
        return Some(only);
    }
    let (message, help) = match having.first().and_then(|(app, _)| access.apps.get(*app)) {
        None => {
            let known = access.apps.iter().flat_map(|app| &app.resources);
            let help = known_names(text, "types of resource", known.map(|found| &*found.name));
            (format!("no application has a type of resource `{text}`"), help)
        }
        Some(first) => (
            format!("several applications have a type of resource `{text}`"),
            format!("say which one, for example `{}.{text}`", first.name),
        ),
    };
    context.error("E0902", node.span, message, help);
    None
}

fn given(
    context: &mut Context<'_>,
    node: Option<&Node>,
    columns: &[Property],
) -> Vec<(usize, Value)> {
    let mut values = Vec::new();
    for entry in node.map_or(&[][..], Node::entries) {
        let Some(at) = columns.iter().position(|(name, _, _)| *name == entry.key) else {
            let help = known_names(&entry.key, "properties", columns.iter().map(|(n, _, _)| &**n));
            context.error(
                "E0906",
                entry.key_span,
                format!("unknown property `{}`", entry.key),
                help,
            );
            continue;
        };
        let Some((_, ty, many)) = columns.get(at) else { continue };
        values.extend(value(context, &entry.value, *ty, *many).map(|value| (at, value)));
    }
    values
}

fn find_rule(context: &mut Context<'_>, node: &Node, access: &AccessModel) -> Option<usize> {
    let name = node.text()?;
    let found = access.rules.iter().position(|rule| rule.name == *name);
    if found.is_none() {
        let help = known_names(name, "rules of access", access.rules.iter().map(|r| &*r.name));
        context.error("E0907", node.span, format!("unknown rule of access `{name}`"), help);
    }
    found
}
