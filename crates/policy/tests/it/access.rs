//! Roles by rule, assignment and inclusion; grants, contributed values, conflicts, explanations.

use insta::assert_snapshot;

use crate::{
    support::{evaluate, explain, explain_value},
    world::try_model,
};

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      title: { type: string }
      skills: { type: string, many: true }
      end: { type: date }
      team: { type: link, to: team, inverse: members }
  team:
    key: code
    attributes:
      code: { type: string, unique: true }
      name: { type: string }
      unit: { type: link, to: unit, inverse: teams }
      place: { type: string, compute: "unit.city + '/' + code" }
  unit:
    key: code
    attributes: { code: { type: string, unique: true }, city: { type: string } }
systems:
  dir:
    connector: plain
    accounts:
      user:
        name: person.id
        set:
          place: person.team.place
          kind: "'person'"
          tags: { value: person.skills, type: string, many: true }
    entitlements: { group: { object: group, members: member } }
  pay:
    connector: plain
    accounts:
      clerk: { name: person.id, set: { id: person.id } }
    entitlements: { profile: { attribute: profiles } }
"#;

fn with(roles: &str) -> String {
    format!("{MODEL}{roles}")
}

#[test]
fn roles_come_by_equality_by_list_by_beginning_and_by_the_lower_case_form() {
    let model = with(
        r#"
roles:
  by-equality: { when: "person.title == 'Nurse'" }
  by-list: { when: "person.title in ['Nurse', 'Doctor']" }
  by-beginning: { when: "person.title.startsWith('Nu')" }
  by-lower-case: { when: "lower(person.title) == 'nurse'" }
  by-link: { when: "person.team.code == 'T1' && person.title != 'Doctor'" }
  by-either: { when: "person.title == 'Cook' || person.title == 'Nurse'" }
  by-absence: { when: "person.title == null" }
  by-assignment: {}
"#,
    );
    let facts = "team T1
        person 1 title=Nurse team=T1
        person 2 title=Doctor team=T1
        person 3 title=NURSE
        person 4";
    let only_roles = |text: &str| -> String {
        text.lines().filter(|l| !l.contains("left") && !l.is_empty()).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(only_roles(&evaluate(&model, facts, "2026-03-02")), @r"
    1: active since 2026-03-02T00:00:00Z
      role by-beginning by rule
      role by-either by rule
      role by-equality by rule
      role by-link by rule
      role by-list by rule
      role by-lower-case by rule
    2: active since 2026-03-02T00:00:00Z
      role by-list by rule
    3: active since 2026-03-02T00:00:00Z
      role by-lower-case by rule
    4: active since 2026-03-02T00:00:00Z
      role by-absence by rule
    ");
}

#[test]
fn an_assignment_counts_from_its_first_instant_to_just_before_its_last() {
    let model = with("roles: { clerk: { for: person, grants: [pay.clerk] } }");
    let ada = "person ada\nassign ada clerk from=2026-03-01T09:00:00Z until=2026-03-01T17:00:00Z";
    let at = |at: &str| {
        let text = evaluate(&model, ada, at);
        let held = text.contains("role clerk assigned");
        let next = text.lines().last().unwrap().trim().to_owned();
        format!("{held}, {next}")
    };
    assert_eq!(at("2026-03-01T08:59:59.999999999Z"), "false, next change 2026-03-01T09:00:00Z");
    assert_eq!(at("2026-03-01T09:00:00Z"), "true, next change 2026-03-01T17:00:00Z");
    assert_eq!(at("2026-03-01T16:59:59.999999999Z"), "true, next change 2026-03-01T17:00:00Z");
    assert!(at("2026-03-01T17:00:00Z").starts_with("false, pay.clerk left disabled"));
}

#[test]
fn of_two_assignments_of_one_role_the_one_that_holds_counts() {
    let model = with("roles: { clerk: { for: person, grants: [pay.clerk] } }");
    let ada = "person ada
        assign ada clerk until=2026-03-01
        assign ada clerk from=2026-03-01";
    assert!(evaluate(&model, ada, "2026-03-01").contains("role clerk assigned"));
    assert!(evaluate(&model, ada, "2026-02-28T23:59:59Z").contains("role clerk assigned"));
}

#[test]
fn an_included_role_comes_with_all_it_includes_and_a_rule_is_the_better_reason() {
    let model = with(
        r#"
roles:
  a-base: { for: person, grants: [dir.user] }
  b-staff: { for: person, includes: [a-base], grants: [{ dir.group: staff }] }
  c-lead: { when: "person.title == 'Lead'", includes: [b-staff], grants: [{ dir.group: leads }] }
  d-everybody: { when: "true", includes: [a-base] }
"#,
    );
    assert_snapshot!(evaluate(&model, "person ada title=Lead", "2026-03-02"), @r"
    ada: active since 2026-03-02T00:00:00Z
      role a-base with c-lead
      role b-staff with c-lead
      role c-lead by rule
      role d-everybody by rule
      dir.user enabled as ada
        kind = person
        place = (none)
        tags = (none)
        group leads
        group staff
      pay.clerk left disabled without entitlements, gone after 720h
    ");
}

#[test]
fn roles_that_include_each_other_are_refused() {
    let problems = try_model(&with(
        "roles: { a: { for: person, includes: [b] }, b: { for: person, includes: [a] } }",
    ))
    .unwrap_err();
    assert!(problems.contains("includes"), "{problems}");
}

#[test]
fn an_entitlement_brings_the_account_that_holds_it() {
    let model =
        with("roles: { payer: { when: \"true\", grants: [{ pay.profile: [approve, create] }] } }");
    assert_snapshot!(evaluate(&model, "person ada", "2026-03-02"), @r"
    ada: active since 2026-03-02T00:00:00Z
      role payer by rule
      dir.user left disabled without entitlements, gone after 720h
      pay.clerk enabled as ada
        id = ada
        profile approve
        profile create
    ");
}

#[test]
fn a_computed_name_grants_each_of_a_list_and_nothing_for_null_and_empty() {
    let model = with(
        r#"
roles:
  teams: { when: "true", grants: [dir.user, { dir.group: { each: "'team-' + lower(person.team.code)" } }] }
  skills: { when: "true", grants: [{ dir.group: { each: person.skills } }] }
  title: { when: "true", grants: [{ dir.group: { each: person.title } }] }
"#,
    );
    let facts = "team T1\nperson ada team=T1 skills=[b,a] title=\"\"\nperson bob";
    assert_snapshot!(evaluate(&model, facts, "2026-03-02"), @r"
    ada: active since 2026-03-02T00:00:00Z
      role skills by rule
      role teams by rule
      role title by rule
      dir.user enabled as ada
        kind = person
        place = (none)
        tags = [a, b]
        group a
        group b
        group team-t1
      pay.clerk left disabled without entitlements, gone after 720h

    bob: active since 2026-03-02T00:00:00Z
      role skills by rule
      role teams by rule
      role title by rule
      dir.user enabled as bob
        kind = person
        place = (none)
        tags = (none)
      pay.clerk left disabled without entitlements, gone after 720h
    ");
}

#[test]
fn a_value_that_a_role_contributes_wins_over_the_mapping_and_the_last_role_over_the_others() {
    let model = with(
        r#"
roles:
  a: { when: "true", grants: [dir.user], values: { dir.user.kind: "'of a'" } }
  b: { when: "person.title == 'B'", grants: [dir.user], values: { dir.user.kind: "'of b'" } }
  c: { when: "person.title == 'B'", grants: [dir.user], values: { dir.user.kind: person.team.name } }
"#,
    );
    let kind = |facts: &str| {
        let text = evaluate(&model, facts, "2026-03-02");
        text.lines().find(|l| l.contains("kind =")).unwrap().trim().to_owned()
    };
    assert_eq!(kind("person ada"), "kind = of a");
    assert_eq!(kind("person ada title=B"), "kind = of b", "`null` contributes nothing");
    assert_eq!(kind("team T name=x\nperson ada title=B team=T"), "kind = x");
    let why = |facts: &str| explain_value(&model, facts, "2026-03-02", "kind");
    assert_eq!(why("person ada title=B"), "of b from role b: 'of b'");
    assert_eq!(why("person ada"), "of a from role a: 'of a'");
}

#[test]
fn several_values_are_the_union_of_mapping_and_roles_in_one_order() {
    let model = with(
        r#"
roles:
  a: { when: "true", grants: [dir.user], values: { dir.user.tags: "['z', 'b']" } }
  b: { when: "true", values: { dir.user.tags: "['a', 'b']" } }
"#,
    );
    let ada = "person ada skills=[m,b]";
    let text = evaluate(&model, ada, "2026-03-02");
    assert!(text.contains("tags = [a, b, m, z]"), "{text}");
    let why = explain_value(&model, ada, "2026-03-02", "tags");
    assert!(why.starts_with("[a, b, m, z] from"), "{why}");
}

#[test]
fn a_chain_of_computed_values_is_followed_over_links() {
    let model = with("roles: { all: { when: \"true\", grants: [dir.user] } }");
    let facts = "unit U city=Ghent\nteam T unit=U\nperson ada team=T\nperson bob";
    let text = evaluate(&model, facts, "2026-03-02");
    assert!(text.contains("place = Ghent/T"), "{text}");
    let bob = text.split("bob:").nth(1).unwrap();
    assert!(bob.contains("place = (none)"), "{text}");
}

#[test]
fn what_no_role_grants_is_left_disabled_and_gone_later_or_gone_at_once_where_it_cannot_be_disabled()
{
    let model = MODEL.replacen("connector: plain", "connector: feed", 1);
    assert_snapshot!(evaluate(&model, "person ada", "2026-03-02"), @r"
    ada: active since 2026-03-02T00:00:00Z
      dir.user none
      pay.clerk left disabled without entitlements, gone after 720h
    ");
}

#[test]
fn what_no_role_grants_follows_what_is_written() {
    let model = MODEL.replace(
        "clerk: { name: person.id,",
        "clerk: { unassigned: { enabled: true, entitlements: keep }, name: person.id,",
    );
    let text = evaluate(&model, "person ada", "2026-03-02");
    assert!(text.contains("pay.clerk left enabled with entitlements"), "{text}");
}

const DUTIES: &str = r"
roles:
  creator: { for: person, grants: [{ pay.profile: create }] }
  approver: { for: person, grants: [{ pay.profile: approve }] }
  viewer: { for: person, grants: [{ dir.group: viewers }] }
duties:
  pay-create: [{ pay.profile: create }]
  pay-approve: [{ pay.profile: approve }]
  see: [{ dir.group: viewers }]
conflicts:
  four-eyes: { between: [pay-create, pay-approve], on: block }
  nosy: { between: [pay-create, see], on: warn }
";

#[test]
fn two_duties_of_one_conflict_are_found_whether_it_blocks_or_warns() {
    let model = with(DUTIES);
    let conflicts = |roles: &[&str]| {
        let assigned: Vec<String> = roles.iter().map(|role| format!("assign ada {role}")).collect();
        let text = evaluate(&model, &format!("person ada\n{}", assigned.join("\n")), "2026-03-02");
        text.lines().filter(|l| l.contains("conflict")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(conflicts(&["creator"]), "");
    assert_eq!(conflicts(&["approver", "viewer"]), "");
    assert_snapshot!(conflicts(&["creator", "approver", "viewer"]), @r"
    conflict four-eyes blocks: pay-create, pay-approve
    conflict nosy warns: pay-create, see
    ");
}

#[test]
fn every_reason_is_told_down_to_a_rule_or_an_assignment() {
    let model = with(
        r#"
roles:
  a-base: { for: person, grants: [{ dir.group: all }] }
  b-nurse: { when: "person.title == 'Nurse' && person.team.code != 'T9'", includes: [a-base] }
  c-guest: { for: person, grants: [{ dir.group: { each: "['all']" } }] }
"#,
    );
    let facts = "team T1\nperson ada title=Nurse team=T1\nassign ada c-guest until=2026-04-01";
    assert_snapshot!(explain(&model, facts, "2026-03-02", "dir.group:all"), @r"
    role a-base (muster.yaml:41)
      with role b-nurse (muster.yaml:42)
      with   yes person.title == 'Nurse'  [person.title is Nurse]
      with   yes person.team.code != 'T9'  [person.team.code is T1]
    role c-guest (muster.yaml:43)
      assigned by grace: asked for until 2026-04-01T00:00:00Z
    ");
}

#[test]
fn what_is_missing_is_told_with_the_conditions_that_do_not_hold() {
    let model = with(
        r#"
roles:
  nurse: { when: "person.title == 'Nurse' && person.team.code == 'T1'", grants: [{ dir.group: ward }] }
  head: { for: person, includes: [nurse] }
  cook: { when: "person.title == 'Cook'", grants: [{ dir.group: kitchen }] }
"#,
    );
    assert_snapshot!(explain(&model, "person ada title=Nurse", "2026-03-02", "dir.group:ward"), @r"
    not role head (muster.yaml:42)
    not role nurse (muster.yaml:41)
      yes person.title == 'Nurse'  [person.title is Nurse]
      no  person.team.code == 'T1'  [person.team.code is null]
    ");
}

#[test]
fn an_account_made_ready_early_is_explained_by_the_role_that_will_grant_it() {
    let model = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes: { id: { type: string, unique: true }, start: { type: date }, title: { type: string } }
    lifecycle:
      planned: { when: "start != null && now < start_of(start)" }
      active: { when: "true" }
systems:
  dir:
    connector: plain
    accounts: { user: { name: person.id, set: {}, states: { planned: { prepare: 3d, enabled: false }, active: {} } } }
roles:
  staff: { when: "person.lifecycle == 'active' && person.title != 'Guest'", grants: [dir.user] }
"#;
    let ada = "person ada start=2026-03-04";
    assert_snapshot!(explain(model, ada, "2026-03-02", "dir.user"), @r"
    role staff (muster.yaml:16)
      yes person.lifecycle == 'active'  [person.lifecycle is active]
      yes person.title != 'Guest'  [person.title is null]
    not role staff (muster.yaml:16)
      no  person.lifecycle == 'active'  [person.lifecycle is planned]
      yes person.title != 'Guest'  [person.title is null]
    ");
}
