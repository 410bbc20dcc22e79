//! What is withheld: roles and entitlements that an identity does not get, whatever gives them.

use muster_policy::{Evaluator, Subject};

use crate::{
    support::evaluate,
    world::{Facts, instant, model},
};

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes: { id: { type: string, unique: true }, title: { type: string } }
systems:
  dir:
    connector: plain
    accounts: { user: { name: person.id } }
    entitlements: { group: { object: group, members: member } }
roles:
  staff: { when: "person.title != null", grants: [dir.user, { dir.group: [staff, wiki] }] }
  nurse: { when: "person.title == 'Nurse'", includes: [staff, drugs], grants: [{ dir.group: ward }] }
  drugs: { for: person, grants: [{ dir.group: drugs }] }
"#;

fn roles_and_groups(facts: &str, at: &str) -> String {
    let text = evaluate(MODEL, facts, at);
    let shown = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("role ") || line.starts_with("group") || line.starts_with("next")
    };
    text.lines().filter(shown).map(str::trim).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_withheld_role_is_not_held_by_rule_and_brings_nothing_with_it() {
    let facts = "person 1 title=Nurse\nwithhold 1 nurse";
    assert_eq!(
        roles_and_groups(facts, "2026-03-02"),
        "role staff by rule; group staff; group wiki"
    );
}

#[test]
fn a_withheld_role_is_not_held_by_inclusion_either_and_the_rest_stays() {
    let facts = "person 1 title=Nurse\nwithhold 1 drugs";
    assert_eq!(
        roles_and_groups(facts, "2026-03-02"),
        "role nurse by rule; role staff by rule; group staff; group ward; group wiki"
    );
}

#[test]
fn an_assignment_does_not_bring_back_what_is_withheld() {
    let facts = "person 1\nassign 1 drugs\nwithhold 1 drugs";
    assert_eq!(roles_and_groups(facts, "2026-03-02"), "");
}

#[test]
fn a_withheld_entitlement_goes_and_the_roles_that_grant_it_stay() {
    let facts = "person 1 title=Clerk\nwithhold 1 dir.group:wiki";
    assert_eq!(roles_and_groups(facts, "2026-03-02"), "role staff by rule; group staff");
}

#[test]
fn what_is_withheld_for_a_time_comes_back_at_its_end() {
    let facts = "person 1 title=Clerk\nwithhold 1 staff from=2026-03-01 until=2026-03-05";
    assert_eq!(
        roles_and_groups(facts, "2026-02-28"),
        "role staff by rule; group staff; group wiki; next change 2026-03-01T00:00:00Z"
    );
    assert_eq!(roles_and_groups(facts, "2026-03-02"), "next change 2026-03-05T00:00:00Z");
    assert_eq!(
        roles_and_groups(facts, "2026-03-05"),
        "role staff by rule; group staff; group wiki"
    );
}

#[test]
fn nothing_explains_what_is_withheld() {
    let evaluator = Evaluator::new(model(MODEL));
    let facts = Facts::read(evaluator.model(), "person 1 title=Clerk\nwithhold 1 dir.group:wiki");
    let now = instant("2026-03-02");
    let row = facts.identities(evaluator.model()).next().unwrap();
    let evaluation = facts.evaluate(&evaluator, row, now);
    let world = facts.world(&evaluator, now);
    let account = evaluation.accounts[0].account;
    let why = |name| {
        let subject = Subject::Entitlement(account, 0, name);
        evaluator.reasons(&evaluation, &[], subject, &world, now).len()
    };
    assert_eq!((why("staff"), why("wiki")), (1, 0));
}
