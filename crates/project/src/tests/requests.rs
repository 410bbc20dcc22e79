//! `request:` of roles, and conflicts that ask for approval.

use insta::assert_snapshot;

use crate::tests::support::said_of;

#[test]
fn an_approval_that_nobody_could_decide_is_refused() {
    assert_snapshot!(said_of(r"roles:
  a: { request: { approval: [owner] } }
  b: { request: { approval: [sponsor, { role: desk }] } }
  c: { request: { approval: [{ by: manager, role: a }, { fallback: a }] } }
  d: { request: { approval: [{ role: a }, { role: b }, { role: c }, { role: d }] } }
  e: { request: {} }
"), @r"
    error[E0613]: the role has no owner who could decide
     --> part.yaml:2:30
      |
    2 |   a: { request: { approval: [owner] } }
      |                              ^^^^^
      = say `owner:` at the role, or name who decides
    error[E0613]: `person` has no `sponsor` who could decide
     --> part.yaml:3:30
      |
    3 |   b: { request: { approval: [sponsor, { role: desk }] } }
      |                              ^^^^^^^
      = add an attribute `sponsor: { type: link, to: person }`, or name who decides
    error[E0601]: unknown role `desk`
     --> part.yaml:3:47
      |
    3 |   b: { request: { approval: [sponsor, { role: desk }] } }
      |                                               ^^^^
      = known roles: `a`, `b`, `c`, `d`, `e`, `staff`
    error[E0613]: it is not clear who decides this stage
     --> part.yaml:4:30
      |
    4 |   c: { request: { approval: [{ by: manager, role: a }, { fallback: a }] } }
      |                              ^^^^^^^^^^^^^^^^^^^^^^^^
      = write one of `by`, `person` and `role`
    error[E0613]: it is not clear who decides this stage
     --> part.yaml:4:56
      |
    4 |   c: { request: { approval: [{ by: manager, role: a }, { fallback: a }] } }
      |                                                        ^^^^^^^^^^^^^^^
      = write one of `by`, `person` and `role`
    error[E0613]: an approval has at most 3 stages
     --> part.yaml:5:29
      |
    5 |   d: { request: { approval: [{ role: a }, { role: b }, { role: c }, { role: d }] } }
      |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = one role can hold everybody who has to know; one of them decides
    error[E0203]: `approval` is missing in a policy for requests
     --> part.yaml:6:17
      |
    6 |   e: { request: {} }
      |                 ^
      = for example `approval: [manager, { role: security-desk }]`
    7 errors in 2 files   more: muster help E0613
    ");
}

#[test]
fn times_of_a_request_fit_together() {
    assert_snapshot!(said_of(r"roles:
  a: { request: { approval: [], longest: 30d, usual: 31d, timeout: 2d, remind: 2d, escalate: 1d } }
  b: { request: { approval: [], remind: 20d, longest: 0d } }
"), @r"
    error[E0614]: `usual` does not come before `longest` is over
     --> part.yaml:2:54
      |
    2 |   a: { request: { approval: [], longest: 30d, usual: 31d, timeout: 2d, remind: 2d, escalate: 1d } }
      |                                                      ^^^
      = make `usual` shorter or `longest` longer
    error[E0614]: `remind` does not come before `timeout` is over
     --> part.yaml:2:80
      |
    2 |   a: { request: { approval: [], longest: 30d, usual: 31d, timeout: 2d, remind: 2d, escalate: 1d } }
      |                                                                                ^^
      = make `remind` shorter or `timeout` longer
    error[E0614]: `remind` does not come before `timeout` is over
     --> part.yaml:3:41
      |
    3 |   b: { request: { approval: [], remind: 20d, longest: 0d } }
      |                                         ^^^
      = make `remind` shorter or `timeout` longer
    error[E0614]: `longest` is no time at all
     --> part.yaml:3:55
      |
    3 |   b: { request: { approval: [], remind: 20d, longest: 0d } }
      |                                                       ^^
      = leave the key out, or write a length of time such as `30d`
    4 errors in 2 files   more: muster help E0614
    ");
}

#[test]
fn who_may_ask_is_said_over_two_people() {
    assert_snapshot!(said_of(r#"roles:
  a: { request: { who: "person.name == me.name && you.x", approval: [] } }
"#), @r#"
    error[E0401]: nothing is called `you` here
     --> part.yaml:2:51
      |
    2 |   a: { request: { who: "person.name == me.name && you.x", approval: [] } }
      |                                                   ^^^ unknown name
      = known here: `person`, `me`
    1 error in 2 files   more: muster help E0401
    "#);
}

#[test]
fn a_conflict_says_who_approves_it() {
    assert_snapshot!(said_of(r"roles:
  r: { grants: [dir.user] }
duties: { a: [{ dir.group: a }], b: [{ dir.group: b }] }
conflicts:
  one: { between: [a, b], on: approve }
  two: { between: [a, b], on: approve, approvers: s }
  three: { between: [a, b], approvers: r }
  four: { between: [a, b], on: approve, approvers: r }
"), @r"
    error[E0615]: nobody approves what completes the conflict `one`
     --> part.yaml:5:3
      |
    5 |   one: { between: [a, b], on: approve }
      |   ^^^
      = say `approvers:` with the role whose members decide
    error[E0601]: unknown role `s`
     --> part.yaml:6:51
      |
    6 |   two: { between: [a, b], on: approve, approvers: s }
      |                                                   ^
      = known roles: `r`, `staff`
    error[E0615]: with `on: block` nobody is asked for approval
     --> part.yaml:7:40
      |
    7 |   three: { between: [a, b], approvers: r }
      |                                        ^
      = write `on: approve`, or leave `approvers` out
    3 errors in 2 files   more: muster help E0615
    ");
}
