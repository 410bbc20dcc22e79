//! A small company with applications, and the functions that know the interface.

use std::sync::Arc;

use jiff::Timestamp;
use muster_lang::EmptyWorld;
use muster_model::{
    AssignmentId, Capabilities, EntityId, NameRule, Row, SettingProblem, Settings, Value,
};
use muster_policy::{Assignment, Evaluator, Identity, Model};
use muster_project::{Catalogue, File, load, render};

use crate::{By, Decision, Holder, Properties, Question, Resource, Rules, Subject};

struct OneConnector;

impl Catalogue for OneConnector {
    fn connectors(&self) -> Vec<&'static str> {
        vec!["dir"]
    }

    fn capabilities(&self, _: &str, _: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
        Ok(Capabilities {
            read: true,
            create: true,
            update: true,
            rename: true,
            enable: true,
            delete: true,
            members: true,
            incremental: false,
            text_only: true,
            names: NameRule::Exact,
            parallel: 1,
        })
    }
}

/// People with a level, a team and a start; a directory with groups; the applications `cms` and `desk`.
const COMPANY: &str = r#"muster: 1
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      level: { type: int }
      team: { type: string }
      left: { type: bool }
    lifecycle:
      leaver: { when: "left" }
      active: { when: "true" }
systems:
  dir:
    connector: dir
    accounts: { user: { for: person, name: person.id, states: { active: {} } } }
    entitlements: { group: { object: group, members: member } }
roles:
  editor: { grants: [dir.user] }
  chief: { includes: [editor], grants: [{ dir.group: chiefs }] }
apps:
  cms:
    resources:
      document:
        actions: [read, edit]
        properties: { owner: { type: string }, level: { type: int }, tags: { type: string, many: true } }
      site: { actions: [read, publish] }
    subject: { clearance: { type: int } }
    environment: { ip: { type: string } }
  desk:
    resources: { profile: { actions: [read, edit], entity: person }, ticket: { actions: [read] } }
"#;

/// The rules of the company with `access` added.
pub(super) fn rules(access: &str) -> Rules {
    Rules::new(model(access))
}

fn model(access: &str) -> Arc<Model> {
    let files = [("muster.yaml", COMPANY), ("access.yaml", access)];
    let files = files.map(|(path, text)| File { path: path.into(), text: text.into() });
    let loaded = load(files.into(), &OneConnector);
    let said = render(&loaded.diagnostics, &loaded.sources, false);
    Arc::new(loaded.model.unwrap_or_else(|| panic!("{said}")))
}

/// Somebody: `ada level=3 team=x left=true roles=editor,chief`.
pub(super) fn holder(rules: &Rules, text: &str) -> Holder {
    let model = &rules.model;
    let mut words = text.split(' ');
    let person = &model.schema.types[0];
    let mut row = Row::empty(EntityId(1), person.id, person.attributes.len());
    row.set(person.key, Value::text(words.next().unwrap()));
    let mut assignments = Vec::new();
    for (name, value) in words.filter_map(|word| word.split_once('=')) {
        if name == "roles" {
            assignments.extend(value.split(',').map(|role| Assignment {
                id: AssignmentId(1),
                role: model.roles.iter().position(|known| &*known.name == role).unwrap(),
                from: None,
                until: None,
                reason: "".into(),
                by: "".into(),
            }));
            continue;
        }
        let attribute = person.attribute_named(name).unwrap();
        let value = muster_model::parse_value(value, attribute.value_type).unwrap();
        row.set(attribute.slot, value);
    }
    let identity = Identity {
        row: &row,
        assignments: &assignments,
        withheld: &[],
        facts: &[],
        exceptions: &[],
        absent_since: None,
        known_state: None,
    };
    let evaluator = Evaluator::new(Arc::clone(model));
    Holder::new(model, evaluator.evaluate(&identity, &EmptyWorld, now()))
}

pub(super) fn now() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

/// `level=3 tags=a,b`; a value in quotes stays text, `!` is a value of a wrong type.
pub(super) fn properties(text: &str) -> Properties {
    let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| {
            let value = match value {
                "!" => Value::Bool(true),
                value if value.contains(',') => {
                    Value::List(value.split(',').map(Value::text).collect::<Vec<_>>().into())
                }
                value => value.parse().map_or_else(|_| Value::text(value), Value::Int),
            };
            (name.into(), value)
        })
        .collect()
}

/// Asks `action type id | resource properties | environment | subject properties`, `use_it` with the question.
pub(super) fn asking<T>(
    holder: Option<&Holder>,
    text: &str,
    use_it: impl FnOnce(&Question<'_>) -> T,
) -> T {
    let mut parts = text.split('|').map(str::trim);
    let mut words = parts.next().unwrap().split(' ');
    let (action, type_name) = (words.next().unwrap(), words.next().unwrap());
    let id = words.next().unwrap_or("1");
    let mut next = || properties(parts.next().unwrap_or_default());
    let (of_resource, environment, of_subject) = (next(), next(), next());
    use_it(&Question {
        subject: Subject { holder, type_name: "person", id: "ada", properties: &of_subject },
        action,
        resource: Resource {
            type_name,
            id,
            properties: &of_resource,
            row: holder.filter(|_| id == "ada").map(|holder| &holder.row),
        },
        environment: &environment,
        world: &EmptyWorld,
        now: now(),
    })
}

/// The answer: `allow by NAME`, `deny by NAME, missing`.
pub(super) fn decided(rules: &Rules, who: &str, text: &str) -> String {
    let holder = (!who.is_empty()).then(|| holder(rules, who));
    shown(rules, &asking(holder.as_ref(), text, |question| rules.decide(question)))
}

fn shown(rules: &Rules, decision: &Decision) -> String {
    let word = if decision.allowed { "allow" } else { "deny" };
    let By::Rule { rule, missing } = &decision.by else {
        return format!("{word}: {:?}", decision.by);
    };
    let name = &rules.access().rules[*rule].name;
    format!("{word} by {name}{}", if *missing { ", missing" } else { "" })
}
