//! From what somebody holds back to roles: one explanation is deduced, several are none.

use std::fmt::Write as _;

use insta::assert_snapshot;
use muster_model::{SystemId, Text};
use muster_policy::{Access, AccountRef, Deducer, Evaluator};

use crate::world::{Facts, instant, model};

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes: { id: { type: string, unique: true }, team: { type: string } }
systems:
  dir:
    connector: plain
    accounts: { user: { name: person.id, set: {} } }
    entitlements: { group: { object: group, members: member } }
roles:
  staff: { when: "person.team == 'office'", grants: [dir.user] }
  guest: { grants: [dir.user] }
  one: { grants: [{ dir.group: a }] }
  many: { grants: [{ dir.group: [b, c, d] }] }
  left: { grants: [{ dir.group: [x, y] }] }
  right: { grants: [{ dir.group: [x, y] }] }
  wide: { includes: [one], grants: [{ dir.group: e }] }
  by-rule: { when: "person.team == 'sales'", grants: [{ dir.group: s }] }
  own-team: { grants: [{ dir.group: { each: "'team-' + person.team" } }] }
"#;

/// What is deduced for a person of the team `plants` with an account that holds these groups.
fn deduce(facts: &str, groups: &str) -> String {
    let evaluator = Evaluator::new(model(MODEL));
    let facts = Facts::read(evaluator.model(), facts);
    let now = instant("2026-01-01");
    let row = facts.identities(evaluator.model()).next().unwrap();
    let world = facts.world(&evaluator, now);
    let evaluation = evaluator.evaluate(&facts.identity(row), &world, now);
    let account = AccountRef { system: SystemId(0), account: 0 };
    let mut held = vec![Access::Account(account)];
    let of = |name: &str| Access::Entitlement(account, 0, Text::from(name));
    held.extend(groups.split_whitespace().map(of));
    let found = Deducer::new(&evaluator).deduce(&evaluation, &held, &world, now);
    let shown = |access: &Access| match access {
        Access::Account(_) => "account".to_owned(),
        Access::Entitlement(_, _, name) => name.to_string(),
    };
    let list = |all: &[Access]| all.iter().map(shown).collect::<Vec<_>>().join(" ");
    let role = |role: &usize| evaluator.model().roles[*role].name.to_string();
    let roles = |all: &[usize]| all.iter().map(role).collect::<Vec<_>>().join(" ");
    let mut out = String::new();
    for one in &found.deduced {
        let explains = list(&one.explains);
        let missing =
            if one.missing.is_empty() { "nothing".to_owned() } else { list(&one.missing) };
        writeln!(out, "{} explains {explains}; missing: {missing}", role(&one.role)).unwrap();
    }
    for (access, all) in &found.ambiguous {
        writeln!(out, "{} could be {}", shown(access), roles(all)).unwrap();
    }
    for (access, all) in &found.by_rule {
        writeln!(out, "{} only by rule of {}", shown(access), roles(all)).unwrap();
    }
    for access in &found.unexplained {
        writeln!(out, "{} unexplained", shown(access)).unwrap();
    }
    out
}

#[test]
fn one_entitlement_that_one_role_grants_is_deduced() {
    assert_snapshot!(deduce("person 1 team=plants", "a"), @"one explains account a; missing: nothing");
}

#[test]
fn several_entitlements_of_one_role_are_one_role_and_what_is_missing_is_said() {
    assert_snapshot!(deduce("person 1 team=plants", "b c d"), @"many explains account b c d; missing: nothing");
    assert_snapshot!(deduce("person 1 team=plants", "b d"), @"many explains account b d; missing: c");
}

#[test]
fn what_two_roles_explain_is_not_deduced() {
    assert_snapshot!(deduce("person 1 team=office", "x y"), @r"
    x could be left right
    y could be left right
    ");
}

#[test]
fn of_two_roles_that_are_whole_the_one_that_explains_more_wins() {
    assert_snapshot!(deduce("person 1 team=office", "a e"), @"wide explains a e; missing: nothing");
    // Of the wide one something is missing, so it does not compete.
    assert_snapshot!(deduce("person 1 team=office", "a"), @"one explains a; missing: nothing");
}

#[test]
fn what_is_wanted_already_needs_no_explanation() {
    assert_snapshot!(deduce("person 1 team=office\nassign 1 many", "b c d"), @"");
    assert_snapshot!(deduce("person 1 team=office", ""), @"");
}

#[test]
fn a_role_by_rule_whose_rule_does_not_hold_is_named_and_not_deduced() {
    assert_snapshot!(deduce("person 1 team=office", "s"), @"s only by rule of by-rule");
}

#[test]
fn a_role_whose_grants_are_worked_out_is_found_too() {
    assert_snapshot!(deduce("person 1 team=plants", "team-plants"), @"own-team explains account team-plants; missing: nothing");
    assert_snapshot!(deduce("person 1 team=office", "team-plants"), @"team-plants unexplained");
}

#[test]
fn an_account_alone_is_explained_by_a_role_that_grants_it() {
    assert_snapshot!(deduce("person 1 team=plants", "unknown"), @r"
    guest explains account; missing: nothing
    unknown unexplained
    ");
}

#[test]
fn an_assignment_without_which_nothing_changes_is_redundant() {
    let evaluator = Evaluator::new(model(MODEL));
    let text = "person 1 team=office\nassign 1 guest\nassign 1 one\nassign 1 wide";
    let facts = Facts::read(evaluator.model(), text);
    let now = instant("2026-01-01");
    let row = facts.identities(evaluator.model()).next().unwrap();
    let world = facts.world(&evaluator, now);
    // The rule gives the account, and the wide role brings the other one.
    assert_eq!(evaluator.redundant(&facts.identity(row), &world, now), [0, 1]);
}
