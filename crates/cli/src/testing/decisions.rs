//! The decisions that a test expects against those that come out.

use jiff::Timestamp;
use muster_decision::{By, Decision, Holder, Properties, Question, Resource, Rules, Subject};
use muster_model::{Text, Value};
use muster_policy::{App, DecisionExpectation, Effect, Evaluation, Model, Property};

use super::{Difference, coverage::Coverage, world::World};

/// Every decision that is not as expected.
pub(super) fn differences(
    rules: &Rules,
    expected: &[DecisionExpectation],
    (world, evaluation): (&World, &Evaluation),
    now: Timestamp,
    coverage: &mut Coverage,
) -> Vec<Difference> {
    if expected.is_empty() {
        return Vec::new();
    }
    let model = rules.model();
    let holder = Holder::new(model, evaluation.clone());
    let id = key(model, evaluation);
    let mut found = Vec::new();
    for expected in expected {
        let Some(app) = model.access.apps.get(expected.app) else { continue };
        let Some(resource) = app.resources.get(expected.resource) else { continue };
        let type_name = format!("{}.{}", app.name, resource.name);
        let [of_subject, of_resource, environment] = properties(expected, app);
        let own = resource.entity == Some(evaluation.row.type_id) && id == expected.id;
        let row = if own {
            Some(&evaluation.row)
        } else {
            resource.entity.and_then(|entity| world.entity(entity, &expected.id))
        };
        let decision = rules.decide(&Question {
            subject: Subject {
                holder: Some(&holder).filter(|_| !expected.unknown),
                type_name: model.schema.get(evaluation.row.type_id).map_or("", |of| &*of.name),
                id: &id,
                properties: &of_subject,
            },
            action: &expected.action,
            resource: Resource {
                type_name: &type_name,
                id: &expected.id,
                properties: &of_resource,
                row,
            },
            environment: &environment,
            world: world.entities(),
            now,
        });
        coverage.note_decision(&decision);
        let what = format!("{} {type_name}", expected.action);
        found.extend(difference(rules, expected, &decision, what));
    }
    found
}

fn difference(
    rules: &Rules,
    expected: &DecisionExpectation,
    decision: &Decision,
    what: String,
) -> Option<Difference> {
    let effect = if decision.allowed { Effect::Allow } else { Effect::Deny };
    let rule = if let By::Rule { rule, .. } = decision.by { Some(rule) } else { None };
    if effect == expected.effect && (expected.rule.is_none() || expected.rule == rule) {
        return None;
    }
    let named = |rule: usize| rules.access().rules.get(rule).map_or("?", |rule| &*rule.name);
    let by = expected.rule.map_or_else(String::new, |rule| format!(" by {}", named(rule)));
    let got = match &decision.by {
        By::Rule { rule, missing: false } => format!(" by {}", named(*rule)),
        By::Rule { rule, missing: true } => format!(" by {}, which lacks a value", named(*rule)),
        By::NoRule | By::UnknownSubject | By::UnknownResource | By::UnknownAction => {
            ": no rule allows it".to_owned()
        }
        By::State { .. } => ": no rule allows it in this lifecycle state".to_owned(),
        By::Unreadable { property } => format!(": {property} is of another type"),
    };
    let expected = format!("{}{by}", word(expected.effect));
    Some(Difference { what, expected, got: format!("{}{got}", word(effect)) })
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    }
}

/// What is said of the subject, of the resource and of the environment, by name.
fn properties(expected: &DecisionExpectation, app: &App) -> [Properties; 3] {
    let named = |given: &[(usize, Value)], columns: &[Property]| {
        let named = given.iter().filter_map(|(column, value)| {
            columns.get(*column).map(|(name, _, _)| (name.clone(), value.clone()))
        });
        named.collect()
    };
    [
        named(&expected.subject, &app.subject),
        named(&expected.properties, &app.resource),
        named(&expected.environment, &app.environment),
    ]
}

fn key(model: &Model, evaluation: &Evaluation) -> Text {
    let key = model.schema.get(evaluation.row.type_id).map(|of| of.key);
    key.map_or_else(|| "".into(), |key| evaluation.row.get(key).to_string().into())
}
