//! What lets an identity be passed over: the fingerprint of the outcome; what has to be loaded: the projection.

use muster_model::Fingerprint;
use muster_policy::Evaluator;

use crate::world::{Facts, instant, model};

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    timezone: zone
    attributes:
      id: { type: string, unique: true }
      zone: { type: string }
      end: { type: date }
      boss: { type: link, to: person, inverse: reports }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      active: { when: "true" }
systems:
  dir:
    connector: ldap
    settings: { base: "dc=one" }
    accounts: { user: { name: "dn('uid', person.id)", set: { uid: person.id, boss: person.boss.lifecycle } } }
    entitlements: { role: { object: group, members: member } }
roles: { all: { when: "true", grants: [{ dir.role: x }] } }
"#;

fn fingerprint(text: &str, facts: &str) -> Fingerprint {
    let evaluator = Evaluator::new(model(text));
    let facts = Facts::read(evaluator.model(), facts);
    let row = facts.identities(evaluator.model()).next().unwrap();
    facts.evaluate(&evaluator, row, instant("2026-03-02")).fingerprint
}

#[test]
fn whatever_changes_the_comparison_changes_the_fingerprint() {
    let before = fingerprint(MODEL, "person 1");
    let longer = MODEL
        .replace("zone: { type: string }", "zone: { type: string }\n      more: { type: int }");
    assert_eq!(before, fingerprint(&longer, "person 1"));
    for (from, to) in [
        ("dc=one", "dc=two"),
        ("connector: ldap", "connector: text"),
        ("role: { object", "club: { object"),
        ("uid: person.id", "uid: { value: person.id, on: create }"),
        ("uid: person.id", "uid: { value: person.id, type: string, many: true }"),
        ("uid: person.id", "cn: person.id"),
        ("entitlements: {", "entitlements: { also: { object: o, members: m },"),
        ("dir.role: x", "dir.role: y"),
        ("when: \"true\", grants", "for: person, grants"),
    ] {
        let model = MODEL.replace(from, to);
        let model =
            if from == "role: { object" { model.replace("dir.role", "dir.club") } else { model };
        assert_ne!(before, fingerprint(&model, "person 1"), "{from} -> {to}");
    }
    assert_ne!(before, fingerprint(MODEL, "person 2"));
}

#[test]
fn the_zone_of_whoever_is_read_through_a_link_is_loaded_with_the_dates() {
    let evaluator = Evaluator::new(model(MODEL));
    let person = evaluator.model().schema.type_named("person").unwrap();
    let read = &evaluator.projection().slots[&person.id];
    let names: Vec<&str> =
        read.iter().map(|slot| &*person.attribute(*slot).unwrap().name).collect();
    assert_eq!(names, ["zone", "end", "lifecycle"]);
}
