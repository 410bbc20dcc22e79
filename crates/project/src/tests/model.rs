//! What the model is made of.

use jiff::SignedDuration;
use muster_model::{AttributeKind, Slot, ValueType};
use muster_policy::{Held, Mode, Model, StateEffect};

use crate::tests::support::{BASE, loaded};

fn model(text: &str) -> Model {
    let loaded = loaded(&[("base.yaml", BASE), ("part.yaml", text)]);
    let problems = crate::render(&loaded.diagnostics, &loaded.sources, false);
    loaded.model.unwrap_or_else(|| panic!("{problems}"))
}

#[test]
fn built_in_and_inverse_attributes_follow_the_declared_ones() {
    let model = model("");
    let names = |name: &str| -> Vec<String> {
        let found = model.schema.type_named(name).unwrap();
        found.attributes.iter().map(|a| format!("{}:{}", a.slot.0, a.name)).collect()
    };
    assert_eq!(
        names("person"),
        ["0:id", "1:name", "2:status", "3:end", "4:team", "5:display", "6:lifecycle"]
    );
    assert_eq!(names("team"), ["0:code", "1:title", "2:display", "3:members"]);
    let team = model.schema.type_named("team").unwrap();
    let person = model.schema.type_named("person").unwrap();
    let members = team.attribute_named("members").unwrap();
    assert_eq!(members.kind, AttributeKind::Inverse { of: person.id, slot: Slot(4) });
    assert_eq!((members.value_type, members.many), (ValueType::Link(person.id), true));
}

#[test]
fn computed_attributes_come_after_what_they_read_and_after_the_lifecycle_if_they_read_it() {
    let model = model(
        "types:
  bot:
    identity: true
    key: id
    display: label
    attributes:
      id: { type: string, unique: true }
      label: { type: string, compute: \"name + '!'\" }
      name: { type: string, compute: lower(id) }
      shown: { type: string, compute: \"state + name\" }
      state: { type: string, compute: \"'is ' + lifecycle\" }
    lifecycle: { off: { when: \"name == 'x'\" }, on: { when: \"true\" } }
",
    );
    let bot = model.schema.type_named("bot").unwrap();
    let behaviour = &model.types[bot.id.index()];
    let names: Vec<&str> =
        behaviour.computed.iter().map(|(slot, _)| &*bot.attribute(*slot).unwrap().name).collect();
    let (before, after) = names.split_at(behaviour.before_lifecycle);
    assert_eq!(before, ["name", "label", "display"]);
    assert_eq!(after, ["state", "shown"]);
}

#[test]
fn what_is_not_said_has_its_default() {
    let model = model("");
    let names: Vec<&str> = model.systems.iter().map(|system| &*system.name).collect();
    assert_eq!(names, ["dir", "hr"]);
    let [directory, hr] = model.systems.as_slice() else { panic!("two systems") };
    assert_eq!(directory.mode, Mode::Propose);
    let limit =
        |kind: &str| directory.guards.limits.get(kind).map(|limit| (limit.max, limit.percent));
    assert_eq!(
        [limit("disable"), limit("delete"), limit("revoke"), limit("rename"), limit("create")],
        [Some((5, 2)), Some((5, 1)), Some((50, 5)), Some((20, 5)), None]
    );
    let user = &directory.accounts[0];
    let days = |n: i64| Some(SignedDuration::from_hours(24 * n));
    let kept =
        StateEffect { prepare: None, enabled: false, entitlements: false, delete_after: days(30) };
    assert_eq!(user.unassigned, kept);
    assert_eq!(
        user.states,
        [
            Some(kept),
            Some(StateEffect {
                prepare: None,
                enabled: true,
                entitlements: true,
                delete_after: None
            })
        ]
    );
    assert_eq!(directory.entitlements[0].held, Held::OnGroup("member".into()));
    let set: Vec<&str> = user.set.iter().map(|mapping| &*mapping.attribute).collect();
    assert_eq!(set, ["mail", "uid"]);
    assert_eq!(user.columns, [("uid".into(), ValueType::Text, false)]);
    let person = &hr.reads[0];
    assert_eq!(person.matches[0].confidence, 100);
    assert_eq!(person.matches[0].ours.len(), 1);
    let columns: Vec<&str> = person.columns.iter().map(|(name, _, _)| &**name).collect();
    assert_eq!(columns, ["no", "name", "end", "team"]);
}

#[test]
fn guards_are_changed_one_by_one_and_lifted_with_none() {
    let model = model(
        "systems:\n  x: { connector: csv, guards: { disable: { max: 9 }, delete: none, create: { percent: 3 } } }\n",
    );
    let system = model.systems.iter().find(|system| &*system.name == "x").unwrap();
    let limits: Vec<String> = system
        .guards
        .limits
        .iter()
        .map(|(kind, limit)| format!("{kind} {} {}", limit.max, limit.percent))
        .collect();
    assert_eq!(limits, ["create 0 3", "disable 9 0", "rename 20 5", "revoke 50 5"]);
}

#[test]
fn roles_bring_attributes_that_have_no_mapping() {
    let model = model(
        "roles:\n  a: { values: { dir.user.kind: \"'x'\", dir.user.tags: \"['a', 'b']\", dir.user.mail: \"'m'\" } }\n",
    );
    let set: Vec<String> = model.systems[0].accounts[0]
        .set
        .iter()
        .map(|mapping| {
            format!("{} {} {}", mapping.attribute, mapping.value.is_some(), mapping.many)
        })
        .collect();
    assert_eq!(set, ["kind false false", "mail true false", "tags false true", "uid true false"]);
    let role = model.roles.iter().find(|role| &*role.name == "a").unwrap();
    let mappings: Vec<usize> = role.values.iter().map(|value| value.mapping).collect();
    assert_eq!(mappings, [0, 2, 1]);
}

#[test]
fn every_rule_knows_its_line() {
    let model = model("");
    let role = &model.roles[0];
    assert_eq!(role.when.as_ref().unwrap().at.to_string(), "base.yaml:40");
}

#[test]
fn a_type_without_a_lifecycle_is_always_active() {
    let model = model(
        "types:\n  bot: { identity: true, key: id, attributes: { id: { type: int, unique: true } } }\n",
    );
    let bot = model.schema.type_named("bot").unwrap();
    let behaviour = &model.types[bot.id.index()];
    assert_eq!(behaviour.lifecycle.len(), 1);
    assert_eq!(&*behaviour.lifecycle[0].name, "active");
    assert_eq!(behaviour.computed.len(), 1, "the key is shown as text");
}
