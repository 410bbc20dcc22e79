//! Roles, duties, conflicts.

use insta::assert_snapshot;

use crate::tests::support::{said, said_of};

#[test]
fn an_unknown_role_names_the_nearest_one() {
    assert_snapshot!(said_of(r"roles:
  a: { includes: [staf] }
"), @r"
    error[E0601]: unknown role `staf`
     --> part.yaml:2:19
      |
    2 |   a: { includes: [staf] }
      |                   ^^^^
      = did you mean `staff`?
    1 error in 2 files   more: muster help E0601
    ");
}

#[test]
fn roles_that_include_each_other_are_named() {
    assert_snapshot!(said_of(r"roles:
  a: { includes: [b] }
  b: { includes: [c] }
  c: { includes: [b] }
  d: { includes: d }
"), @r"
    error[E0602]: roles include each other: b → c → b
     --> part.yaml:4:19
      |
    4 |   c: { includes: [b] }
      |                   ^ closes the circle
      = take one of these includes out, or make one role of them
      = the role `b`  (part.yaml:3)
      = the role `c`  (part.yaml:4)
    error[E0602]: roles include each other: d → d
     --> part.yaml:5:18
      |
    5 |   d: { includes: d }
      |                  ^ closes the circle
      = take one of these includes out, or make one role of them
      = the role `d`  (part.yaml:5)
    2 errors in 2 files   more: muster help E0602
    ");
}

#[test]
fn a_role_includes_roles_of_its_type() {
    assert_snapshot!(said_of(r#"types:
  bot: { identity: true, key: id, attributes: { id: { type: string, unique: true } } }
roles:
  a: { for: bot, includes: [b] }
  b: { for: person, grants: [dir.user] }
  c: { for: bot, grants: [dir.user, { dir.group: x }], values: { dir.user.mail: "'x'" } }
"#), @r#"
    error[E0603]: the role `b` is for `person`, this one is not
     --> part.yaml:4:29
      |
    4 |   a: { for: bot, includes: [b] }
      |                             ^
      = include roles of the same identity type
    error[E0604]: `dir.user` is for `person`, this role is for `bot`
     --> part.yaml:6:27
      |
    6 |   c: { for: bot, grants: [dir.user, { dir.group: x }], values: { dir.user.mail: "'x'" } }
      |                           ^^^^^^^^
      = say `for:` at the role, or grant something of that type
    error[E0604]: `dir.group` is for `person`, this role is for `bot`
     --> part.yaml:6:37
      |
    6 |   c: { for: bot, grants: [dir.user, { dir.group: x }], values: { dir.user.mail: "'x'" } }
      |                                     ^^^^^^^^^^^^^^^^
      = say `for:` at the role, or grant something of that type
    error[E0604]: this account type is for `person`, this role is for `bot`
     --> part.yaml:6:66
      |
    6 |   c: { for: bot, grants: [dir.user, { dir.group: x }], values: { dir.user.mail: "'x'" } }
      |                                                                  ^^^^^^^^^^^^^
      = say `for:` at the role, or name an account type of that type
    4 errors in 2 files   more: muster help E0603
    "#);
}

#[test]
fn with_several_identity_types_a_role_says_which() {
    assert_snapshot!(said(&[("a.yaml", r"muster: 1
types:
  a: { identity: true, key: id, attributes: { id: { type: string, unique: true } } }
  b: { identity: true, key: id, attributes: { id: { type: string, unique: true } } }
roles: { r: {} }")]), @r"
    error[E0510]: the role `r` has to say which identity type it is for
     --> a.yaml:5:10
      |
    5 | roles: { r: {} }
      |          ^
      = for example `for: a`
    1 error in 1 file   more: muster help E0510
    ");
}

#[test]
fn what_is_granted_has_to_be_there() {
    assert_snapshot!(said_of(r"roles:
  a:
    grants: [dirr.user, dir.usr, dir, dir.group, { dir.user: x }, { dir.grp: y }]
"), @r"
    error[E0504]: unknown system `dirr`
     --> part.yaml:3:14
      |
    3 |     grants: [dirr.user, dir.usr, dir, dir.group, { dir.user: x }, { dir.grp: y }]
      |              ^^^^^^^^^
      = did you mean `dir`?
    error[E0505]: the system `dir` has no account type or entitlement `usr`
     --> part.yaml:3:25
      |
    3 |     grants: [dirr.user, dir.usr, dir, dir.group, { dir.user: x }, { dir.grp: y }]
      |                         ^^^^^^^
      = did you mean `user`?
    error[E0505]: `dir` names a system, not one of its account types or entitlements
     --> part.yaml:3:34
      |
    3 |     grants: [dirr.user, dir.usr, dir, dir.group, { dir.user: x }, { dir.grp: y }]
      |                                  ^^^
      = known account types and entitlements: `user`, `group`
    error[E0506]: `dir.group` is a kind of entitlement, not an account type
     --> part.yaml:3:39
      |
    3 |     grants: [dirr.user, dir.usr, dir, dir.group, { dir.user: x }, { dir.grp: y }]
      |                                       ^^^^^^^^^
      = say which one: `{ dir.group: name }`
    error[E0506]: `dir.user` is an account type, not a kind of entitlement
     --> part.yaml:3:52
      |
    3 |     grants: [dirr.user, dir.usr, dir, dir.group, { dir.user: x }, { dir.grp: y }]
      |                                                    ^^^^^^^^
      = an account is granted by its name alone: `dir.user`
    error[E0505]: the system `dir` has no account type or entitlement `grp`
     --> part.yaml:3:69
      |
    3 |     grants: [dirr.user, dir.usr, dir, dir.group, { dir.user: x }, { dir.grp: y }]
      |                                                                     ^^^^^^^
      = known account types and entitlements: `user`, `group`
    6 errors in 2 files   more: muster help E0504
    ");
}

#[test]
fn a_computed_grant_is_text() {
    assert_snapshot!(said_of(r"roles:
  a: { grants: [{ dir.group: { each: person.team } }, { dir.group: { eech: x } }] }
"), @r"
    error[E0407]: list of string is needed here, this is team
     --> part.yaml:2:38
      |
    2 |   a: { grants: [{ dir.group: { each: person.team } }, { dir.group: { eech: x } }] }
      |                                      ^^^^^^^^^^^ team, not list of string
    error[E0203]: `each` is missing in the computed grant `dir.group`
     --> part.yaml:2:57
      |
    2 |   a: { grants: [{ dir.group: { each: person.team } }, { dir.group: { eech: x } }] }
      |                                                         ^^^^^^^^^
      = for example `each: 'dept-' + lower(person.department.code)`
    error[E0201]: unknown key `eech` in a computed grant
     --> part.yaml:2:70
      |
    2 |   a: { grants: [{ dir.group: { each: person.team } }, { dir.group: { eech: x } }] }
      |                                                                      ^^^^
      = did you mean `each`?
    3 errors in 2 files   more: muster help E0407
    ");
}

#[test]
fn a_rule_is_a_condition_over_the_identity() {
    assert_snapshot!(said_of(r#"roles:
  a: { when: person.name }
  b: { when: "name == 'x'" }
  c: { when: "person.team.titel == 'x'" }
"#), @r#"
    error[E0407]: a condition is needed here, this is string
     --> part.yaml:2:14
      |
    2 |   a: { when: person.name }
      |              ^^^^^^^^^^^ string, not bool
      = compare it with something
    error[E0401]: nothing is called `name` here
     --> part.yaml:3:15
      |
    3 |   b: { when: "name == 'x'" }
      |               ^^^^ unknown name
      = did you mean `person.name`?
    error[E0412]: `team` has no attribute `titel`
     --> part.yaml:4:27
      |
    4 |   c: { when: "person.team.titel == 'x'" }
      |                           ^^^^^ unknown attribute
      = did you mean `title`?
    3 errors in 2 files   more: muster help E0407
    "#);
}

#[test]
fn a_contributed_value_names_an_attribute() {
    assert_snapshot!(said_of(r#"roles:
  a: { values: { dir.user: "'x'", dir.user.level: person.team, dir.usr.mail: "'x'", dir.user.mail: "1" } }
"#), @r#"
    error[E0606]: `dir.user` does not name an attribute of an account
     --> part.yaml:2:18
      |
    2 |   a: { values: { dir.user: "'x'", dir.user.level: person.team, dir.usr.mail: "'x'", dir.user.mail: "1" } }
      |                  ^^^^^^^^
      = write `system.type.attribute`, for example `directory.user.title`
    error[E0407]: a value is needed here, this is team
     --> part.yaml:2:51
      |
    2 |   a: { values: { dir.user: "'x'", dir.user.level: person.team, dir.usr.mail: "'x'", dir.user.mail: "1" } }
      |                                                   ^^^^^^^^^^^
      = take an attribute of it, for example `.display`
    error[E0505]: the system `dir` has no account type or entitlement `usr`
     --> part.yaml:2:64
      |
    2 |   a: { values: { dir.user: "'x'", dir.user.level: person.team, dir.usr.mail: "'x'", dir.user.mail: "1" } }
      |                                                                ^^^^^^^^^^^^
      = did you mean `user`?
    error[E0407]: string is needed here, this is int
     --> part.yaml:2:101
      |
    2 |   a: { values: { dir.user: "'x'", dir.user.level: person.team, dir.usr.mail: "'x'", dir.user.mail: "1" } }
      |                                                                                                     ^ int, not string
      = make it text with `string(…)`
    4 errors in 2 files   more: muster help E0606
    "#);
}

#[test]
fn duties_and_conflicts_need_members() {
    assert_snapshot!(said_of(r"duties:
  a: [{ dir.group: x }]
  b: []
  c: [{ dir.user: x }]
conflicts:
  one: { between: [a, a] }
  two: { between: [a, d] }
"), @r"
    error[E0608]: the duty `b` names no entitlement
     --> part.yaml:3:3
      |
    3 |   b: []
      |   ^
      = for example `[{ ledger.profile: create-payment }]`
    error[E0506]: `dir.user` is an account type, not a kind of entitlement
     --> part.yaml:4:9
      |
    4 |   c: [{ dir.user: x }]
      |         ^^^^^^^^
      = an account is granted by its name alone: `dir.user`
    error[E0608]: the conflict `one` needs at least two different duties
     --> part.yaml:6:3
      |
    6 |   one: { between: [a, a] }
      |   ^^^
      = name all duties that must not meet, for example `between: [pay-create, pay-approve]`
    error[E0607]: unknown duty `d`
     --> part.yaml:7:23
      |
    7 |   two: { between: [a, d] }
      |                       ^
      = known duties: `a`, `b`, `c`
    4 errors in 2 files   more: muster help E0608
    ");
}

#[test]
fn a_value_that_an_attribute_cannot_have_is_refused() {
    assert_snapshot!(said_of(r#"roles:
  a: { when: "person.status == 'actve'" }
  b: { when: "person.lifecycle in ['active', 'gone'] && person.name == 'x'" }
"#), @r#"
    error[E0409]: `status` is never `actve`
     --> part.yaml:2:32
      |
    2 |   a: { when: "person.status == 'actve'" }
      |                                ^^^^^^^ not a choice
      = did you mean `active`?
    error[E0409]: `lifecycle` is never `gone`
     --> part.yaml:3:35
      |
    3 |   b: { when: "person.lifecycle in ['active', 'gone'] && person.name == 'x'" }
      |                                   ^^^^^^^^^^^^^^^^^^ not a choice
      = choices: `leaver`, `active`
    2 errors in 2 files   more: muster help E0409
    "#);
}

#[test]
fn rights_in_muster_are_narrowed_only_where_they_are_about_people() {
    assert_snapshot!(said_of(r#"roles:
  a: { muster: { may: [people.read, plans.apply], over: "person.team == me.team" } }
  b: { muster: { may: people.read, over: "person.team == you.team" } }
  c: { muster: { over: "true" } }
"#), @r#"
    error[E0612]: `plans.apply` is not about people, so `over` cannot narrow it
     --> part.yaml:2:37
      |
    2 |   a: { muster: { may: [people.read, plans.apply], over: "person.team == me.team" } }
      |                                     ^^^^^^^^^^^
      = give it in a role without `over`; it narrows people.read, people.write, lifecycle.write, assignments.read, assignments.write, conflicts.write, requests.read, accounts.read, plans.read, orders.read, orders.write, drift.read, drift.write, journal.read, sign-ins.read, sign-ins.write
    error[E0401]: nothing is called `you` here
     --> part.yaml:3:58
      |
    3 |   b: { muster: { may: people.read, over: "person.team == you.team" } }
      |                                                          ^^^ unknown name
      = known here: `person`, `me`
    error[E0203]: `may` is missing in rights in Muster
     --> part.yaml:4:8
      |
    4 |   c: { muster: { over: "true" } }
      |        ^^^^^^
      = for example `may: [people.read, assignments.read, assignments.write]`
    3 errors in 2 files   more: muster help E0612
    "#);
}
