//! Policy tests.

use insta::assert_snapshot;

use crate::tests::support::said_of;

#[test]
fn what_is_given_has_to_be_there() {
    assert_snapshot!(said_of(r#"tests:
  - name: t
    given: { person: { idd: "1", display: x, team: A }, tem: {} }
    roles: [staf]
    expect: {}
"#), @r#"
    error[E0412]: unknown attribute `idd`
     --> part.yaml:3:24
      |
    3 |     given: { person: { idd: "1", display: x, team: A }, tem: {} }
      |                        ^^^ not in type `person`
      = did you mean `id`?
    error[E0609]: `display` cannot be given: it is computed
     --> part.yaml:3:34
      |
    3 |     given: { person: { idd: "1", display: x, team: A }, tem: {} }
      |                                  ^^^^^^^
    error[E0210]: unknown entity type `tem`
     --> part.yaml:3:57
      |
    3 |     given: { person: { idd: "1", display: x, team: A }, tem: {} }
      |                                                         ^^^
      = did you mean `team`?
    error[E0601]: unknown role `staf`
     --> part.yaml:4:13
      |
    4 |     roles: [staf]
      |             ^^^^
      = did you mean `staff`?
    4 errors in 2 files   more: muster help E0412
    "#);
}

#[test]
fn what_is_expected_has_to_be_there() {
    assert_snapshot!(said_of(r#"tests:
  - name: t
    given: { person: { id: "1" } }
    expect:
      lifecycle: gone
      roles: [stafff]
      accounts: { dir.usr: enabled }
      grants: [{ dir.grp: x }]
      values: { dir.user.phone: x }
      conflicts: [x]
"#), @r"
    error[E0224]: unknown lifecycle state `gone`
     --> part.yaml:5:18
      |
    5 |       lifecycle: gone
      |                  ^^^^
      = known lifecycle states: `leaver`, `active`
    error[E0601]: unknown role `stafff`
     --> part.yaml:6:15
      |
    6 |       roles: [stafff]
      |               ^^^^^^
      = did you mean `staff`?
    error[E0505]: the system `dir` has no account type or entitlement `usr`
     --> part.yaml:7:19
      |
    7 |       accounts: { dir.usr: enabled }
      |                   ^^^^^^^
      = did you mean `user`?
    error[E0505]: the system `dir` has no account type or entitlement `grp`
     --> part.yaml:8:18
      |
    8 |       grants: [{ dir.grp: x }]
      |                  ^^^^^^^
      = known account types and entitlements: `user`, `group`
    error[E0609]: nothing sets `phone` on this account
     --> part.yaml:9:17
      |
    9 |       values: { dir.user.phone: x }
      |                 ^^^^^^^^^^^^^^
      = known attributes: `mail`, `uid`
    error[E0611]: unknown conflict `x`
      --> part.yaml:10:19
       |
    10 |       conflicts: [x]
       |                   ^
       = the project has no conflicts yet
    6 errors in 2 files   more: muster help E0224
    ");
}

#[test]
fn values_have_the_type_of_their_attribute() {
    assert_snapshot!(said_of(r"tests:
  - name: t
    given: { person: { id: [a], end: 31.12.2026, status: actve } }
    at: tomorrow
    expect: {}
"), @r"
    error[E0609]: a single string is needed here, this is a list
     --> part.yaml:3:28
      |
    3 |     given: { person: { id: [a], end: 31.12.2026, status: actve } }
      |                            ^^^
    error[E0609]: `31.12.2026` is not a valid date
     --> part.yaml:3:38
      |
    3 |     given: { person: { id: [a], end: 31.12.2026, status: actve } }
      |                                      ^^^^^^^^^^
      = write the day as YYYY-MM-DD; other forms are read with `date(text, format)`
    error[E0609]: `actve` is not one of the choices of `status`
     --> part.yaml:3:58
      |
    3 |     given: { person: { id: [a], end: 31.12.2026, status: actve } }
      |                                                          ^^^^^
      = did you mean `active`?
    error[E0609]: `tomorrow` is no time
     --> part.yaml:4:9
      |
    4 |     at: tomorrow
      |         ^^^^^^^^
      = write a day as `2026-02-01`, or an instant as `2026-02-01T08:00:00Z`
    4 errors in 2 files   more: muster help E0609
    ");
}

#[test]
fn a_test_is_about_an_identity() {
    assert_snapshot!(said_of(r"tests:
  - { name: t, given: { team: { code: A } }, expect: {} }
  - { name: u, given: { person: x }, expect: {} }
"), @r"
    error[E0610]: the test gives no identity
     --> part.yaml:2:13
      |
    2 |   - { name: t, given: { team: { code: A } }, expect: {} }
      |             ^
      = add an entity of an identity type to `given`
    error[E0202]: a given `person` has to be a map of attributes
     --> part.yaml:3:33
      |
    3 |   - { name: u, given: { person: x }, expect: {} }
      |                                 ^
      = for example `{ name: Ada }`
    2 errors in 2 files   more: muster help E0610
    ");
}

#[test]
fn an_account_is_enabled_disabled_or_none() {
    assert_snapshot!(said_of(r"tests:
  - { name: t, given: { person: { id: 1 } }, expect: { accounts: { dir.user: gone } } }
"), @r"
    error[E0202]: `dir.user` has to be `enabled`, `disabled` or `none`, not `gone`
     --> part.yaml:2:78
      |
    2 |   - { name: t, given: { person: { id: 1 } }, expect: { accounts: { dir.user: gone } } }
      |                                                                              ^^^^
      = did you mean `none`?
    1 error in 2 files   more: muster help E0202
    ");
}

#[test]
fn a_good_test_is_fine() {
    assert_snapshot!(said_of(r"tests:
  - name: t
    given: { person: { id: 1, name: Ada, end: 2026-01-31, team: A }, team: [{ code: A }, { code: B }] }
    roles: [staff]
    at: 2026-02-01T00:00:00Z
    expect: { lifecycle: leaver, roles: [], accounts: { dir.user: disabled }, grants: [{ dir.group: [all] }], values: { dir.user.uid: 1 }, conflicts: [] }
"), @"no problems in 2 files");
}
