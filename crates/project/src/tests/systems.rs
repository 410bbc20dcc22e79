//! Systems, and what connectors can do.

use insta::assert_snapshot;

use crate::tests::support::said_of;

#[test]
fn an_unknown_connector_names_the_nearest_one() {
    assert_snapshot!(said_of(r"systems:
  x: { connector: lpad }
"), @r"
    error[E0501]: unknown connector `lpad`
     --> part.yaml:2:19
      |
    2 |   x: { connector: lpad }
      |                   ^^^^
      = known connectors: `csv`, `fixed`, `ldap`, `log`
    1 error in 2 files   more: muster help E0501
    ");
}

#[test]
fn what_the_connector_says_of_its_settings_is_reported() {
    assert_snapshot!(said_of(r"systems:
  x: { connector: ldap, settings: { password: hunter2 } }
"), @r"
    error[E0502]: a secret cannot stand in a model file
     --> part.yaml:2:37
      |
    2 |   x: { connector: ldap, settings: { password: ••••••• } }
      |                                     ^^^^^^^^
      = write `password: { env: NAME }`
    1 error in 2 files   more: muster help E0502
    ");
}

#[test]
fn a_secret_is_named_and_not_written() {
    assert_snapshot!(said_of(r"systems:
  x: { connector: ldap, settings: { password: { env: PASSWORD } } }
"), @"no problems in 2 files");
}

#[test]
fn a_read_of_an_unknown_type_is_refused() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: ldap
    reads: { persn: { owns: { id: record.id } } }
"), @r"
    error[E0210]: unknown entity type `persn`
     --> part.yaml:4:14
      |
    4 |     reads: { persn: { owns: { id: record.id } } }
      |              ^^^^^
      = did you mean `person`?
    1 error in 2 files   more: muster help E0210
    ");
}

#[test]
fn two_sources_cannot_own_one_attribute() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: ldap
    reads: { person: { match: [{ on: id == record.no }], owns: { name: record.name } } }
"), @r"
    error[E0507]: two sources own `person.name`
     --> part.yaml:4:66
      |
    4 |     reads: { person: { match: [{ on: id == record.no }], owns: { name: record.name } } }
      |                                                                  ^^^^ second owner
      = say which one counts first, at the attribute: `authority: [hr, mail]`; or leave `name` out here
      = first owner  (muster.yaml:26)
    1 error in 2 files   more: muster help E0507
    ");
}

#[test]
fn what_is_worked_out_cannot_be_owned() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: ldap
    reads: { person: { match: [{ on: id == record.no }], owns: { lifecycle: record.a, display: record.b, nam: record.c } } }
"), @r"
    error[E0508]: no source can own `person.lifecycle`: it follows from the lifecycle rules
     --> part.yaml:4:66
      |
    4 |     reads: { person: { match: [{ on: id == record.no }], owns: { lifecycle: record.a, display: record.b, nam: record.c } } }
      |                                                                  ^^^^^^^^^
      = leave it out here, or make it a plain attribute
    error[E0508]: no source can own `person.display`: it is computed
     --> part.yaml:4:87
      |
    4 |     reads: { person: { match: [{ on: id == record.no }], owns: { lifecycle: record.a, display: record.b, nam: record.c } } }
      |                                                                                       ^^^^^^^
      = leave it out here, or make it a plain attribute
    error[E0412]: unknown attribute `nam`
     --> part.yaml:4:106
      |
    4 |     reads: { person: { match: [{ on: id == record.no }], owns: { lifecycle: record.a, display: record.b, nam: record.c } } }
      |                                                                                                          ^^^ not in type `person`
      = did you mean `name`?
    3 errors in 2 files   more: muster help E0508
    ");
}

#[test]
fn a_read_needs_a_way_to_find_its_entity() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: ldap
    reads: { person: { owns: { status: record.a } } }
"), @r"
    error[E0509]: nothing says how a record finds its `person`
     --> part.yaml:4:14
      |
    4 |     reads: { person: { owns: { status: record.a } } }
      |              ^^^^^^
      = add `match`, for example `match: [{ on: id == record.id }]`
    1 error in 2 files   more: muster help E0509
    ");
}

#[test]
fn a_matching_rule_compares_both_sides() {
    assert_snapshot!(said_of(r#"systems:
  x:
    connector: ldap
    reads: { person: { match: [{ on: "id == name" }, { on: id == record.no || name == record.name }], owns: { status: record.a } } }
"#), @r#"
    error[E0410]: each side of a match reads one of the two
     --> part.yaml:4:39
      |
    4 |     reads: { person: { match: [{ on: "id == name" }, { on: id == record.no || name == record.name }], owns: { status: record.a } } }
      |                                       ^^^^^^^^^^ reads both or neither
      = write `… == …` with one side from `record` and the other from `person`
    error[E0410]: a matching rule has only `==` and `&&`
     --> part.yaml:4:60
      |
    4 |     reads: { person: { match: [{ on: "id == name" }, { on: id == record.no || name == record.name }], owns: { status: record.a } } }
      |                                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not an equality
      = write `… == …` with one side from `record` and the other from `person`
    2 errors in 2 files   more: muster help E0410
    "#);
}

#[test]
fn declared_columns_have_their_type() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: ldap
    reads:
      person:
        columns: { level: { type: int } }
        match: [{ on: id == record.no }]
        owns: { status: record.level }
"), @r"
    error[E0407]: string is needed here, this is int
     --> part.yaml:8:25
      |
    8 |         owns: { status: record.level }
      |                         ^^^^^^^^^^^^ int, not string
      = make it text with `string(…)`
    1 error in 2 files   more: muster help E0407
    ");
}

#[test]
fn absence_leads_to_a_lifecycle_state() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: ldap
    reads:
      person: { match: [{ on: id == record.no }], absent: { state: gone } }
      team: { match: [{ on: code == record.no }], absent: { keep: 1d } }
"), @r"
    error[E0224]: `person` has no lifecycle state `gone`
     --> part.yaml:5:68
      |
    5 |       person: { match: [{ on: id == record.no }], absent: { state: gone } }
      |                                                                    ^^^^
      = known lifecycle states: `leaver`, `active`
    error[E0220]: `team` is not an identity type, so absence has no state to lead to
     --> part.yaml:6:51
      |
    6 |       team: { match: [{ on: code == record.no }], absent: { keep: 1d } }
      |                                                   ^^^^^^
      = leave `absent` out; the values that the record gave stay
    2 errors in 2 files   more: muster help E0224
    ");
}

#[test]
fn two_reads_agree_about_absence() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: csv
    reads: { person: { match: [{ on: id == record.no }], absent: { keep: 1d } } }
  y:
    connector: csv
    reads: { person: { match: [{ on: id == record.no }], absent: { keep: 2d } } }
"), @r"
    error[E0514]: two reads of one type say different things about absence
     --> part.yaml:7:58
      |
    7 |     reads: { person: { match: [{ on: id == record.no }], absent: { keep: 2d } } }
      |                                                          ^^^^^^
      = say it once, at the read that is the authority for who is there
      = first said here  (part.yaml:4)
    1 error in 2 files   more: muster help E0514
    ");
}

#[test]
fn an_account_is_for_an_identity_type() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: ldap
    accounts: { a: { for: team, name: team.code }, b: { for: tem, name: team.code } }
"), @r"
    warning[W0705]: no role grants `x.a`
     --> part.yaml:4:17
      |
    4 |     accounts: { a: { for: team, name: team.code }, b: { for: tem, name: team.code } }
      |                 ^
      = nobody gets such an account; add `grants: [x.a]` to a role
    error[E0510]: `team` is not an identity type, so the account type cannot be for it
     --> part.yaml:4:27
      |
    4 |     accounts: { a: { for: team, name: team.code }, b: { for: tem, name: team.code } }
      |                           ^^^^
      = add `identity: true` to the type, or name another one
    warning[W0705]: no role grants `x.b`
     --> part.yaml:4:52
      |
    4 |     accounts: { a: { for: team, name: team.code }, b: { for: tem, name: team.code } }
      |                                                    ^
      = nobody gets such an account; add `grants: [x.b]` to a role
    error[E0210]: unknown entity type `tem`
     --> part.yaml:4:62
      |
    4 |     accounts: { a: { for: team, name: team.code }, b: { for: tem, name: team.code } }
      |                                                              ^^^
      = did you mean `team`?
    2 errors, 2 warnings in 2 files   more: muster help E0510
    ");
}

#[test]
fn an_account_attribute_is_a_value() {
    assert_snapshot!(said_of(r#"systems:
  x:
    connector: ldap
    accounts:
      a:
        name: person.id
        set:
          team: person.team
          size: { value: person.name, type: int }
          tags: { value: "[person.id]", many: false }
roles:
  r: { grants: [x.a] }
"#), @r#"
    error[E0407]: a value is needed here, this is team
     --> part.yaml:8:17
      |
    8 |           team: person.team
      |                 ^^^^^^^^^^^
      = take an attribute of it, for example `.display`
    error[E0407]: int is needed here, this is string
     --> part.yaml:9:26
      |
    9 |           size: { value: person.name, type: int }
      |                          ^^^^^^^^^^^ string, not int
      = make it one with `int(…)`
    error[E0407]: `tags` holds one value, the expression gives several
      --> part.yaml:10:26
       |
    10 |           tags: { value: "[person.id]", many: false }
       |                          ^^^^^^^^^^^^^
       = take one with `first(…)`, or leave `many: false` out
    3 errors in 2 files   more: muster help E0407
    "#);
}

#[test]
fn names_do_not_depend_on_the_time() {
    assert_snapshot!(said_of(r#"systems:
  x:
    connector: ldap
    accounts: { a: { name: "now > end_of(person.end) ? 'x' : 'y'" } }
roles:
  r: { grants: [x.a] }
"#), @r#"
    error[E0406]: `now` is not allowed here
     --> part.yaml:4:29
      |
    4 |     accounts: { a: { name: "now > end_of(person.end) ? 'x' : 'y'" } }
      |                             ^^^ depends on the time
      = time decides in lifecycle states, roles and computed attributes
    1 error in 2 files   more: muster help E0406
    "#);
}

#[test]
fn an_unknown_state_names_the_nearest_one() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: ldap
    accounts: { a: { name: person.id, states: { leavers: {} } } }
roles:
  r: { grants: [x.a] }
"), @r"
    error[E0224]: `person` has no lifecycle state `leavers`
     --> part.yaml:4:49
      |
    4 |     accounts: { a: { name: person.id, states: { leavers: {} } } }
      |                                                 ^^^^^^^
      = did you mean `leaver`?
    1 error in 2 files   more: muster help E0224
    ");
}

#[test]
fn a_connector_that_only_reads_refuses_accounts() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: log
    accounts: { a: { name: person.id, set: { a: person.id }, states: { leaver: { enabled: false, delete_after: 3d } } } }
roles:
  r: { grants: [x.a] }
"), @r"
    error[E0503]: the connector cannot create accounts with these settings
     --> part.yaml:4:17
      |
    4 |     accounts: { a: { name: person.id, set: { a: person.id }, states: { leaver: { enabled: false, delete_after: 3d } } } }
      |                 ^
      = look at the connector's settings, or set `mode: observe`
    error[E0503]: the connector cannot change attributes with these settings
     --> part.yaml:4:39
      |
    4 |     accounts: { a: { name: person.id, set: { a: person.id }, states: { leaver: { enabled: false, delete_after: 3d } } } }
      |                                       ^^^
      = look at the connector's settings, or set `mode: observe`
    error[E0503]: the connector cannot disable accounts with these settings
     --> part.yaml:4:82
      |
    4 |     accounts: { a: { name: person.id, set: { a: person.id }, states: { leaver: { enabled: false, delete_after: 3d } } } }
      |                                                                                  ^^^^^^^
      = leave `enabled` out, or delete the account with `delete_after: 0d`
    error[E0503]: the connector cannot delete accounts with these settings
     --> part.yaml:4:98
      |
    4 |     accounts: { a: { name: person.id, set: { a: person.id }, states: { leaver: { enabled: false, delete_after: 3d } } } }
      |                                                                                                  ^^^^^^^^^^^^
      = leave `delete_after` out
    4 errors in 2 files   more: muster help E0503
    ");
}

#[test]
fn a_system_that_is_only_observed_needs_less() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: log
    mode: observe
    accounts: { a: { name: person.id, set: { a: person.id }, states: { leaver: { enabled: false, delete_after: 3d } } } }
roles:
  r: { grants: [x.a] }
"), @"no problems in 2 files");
}

#[test]
fn what_runs_only_in_the_server_is_reached_by_no_agent() {
    assert_snapshot!(said_of(r"systems:
  x: { connector: log, mode: observe, agent: plant }
  y: { connector: csv, mode: observe, agent: plant }
"), @r"
    error[E0535]: nothing is called for the connector `log`, so no agent can do it
     --> part.yaml:2:46
      |
    2 |   x: { connector: log, mode: observe, agent: plant }
      |                                              ^^^^^
      = leave `agent` out
    1 error in 2 files   more: muster help E0535
    ");
}

#[test]
fn members_need_a_connector_that_keeps_them() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: csv
    accounts: { a: { name: person.id } }
    entitlements: { g: { members: member, create: true } }
roles:
  r: { grants: [{ x.g: y }] }
"), @r"
    error[E0503]: the connector cannot change members with these settings
     --> part.yaml:5:26
      |
    5 |     entitlements: { g: { members: member, create: true } }
      |                          ^^^^^^^
      = keep it on the account with `attribute`, or look at the connector's settings
    1 error in 2 files   more: muster help E0503
    ");
}

#[test]
fn an_entitlement_is_kept_in_one_place() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: ldap
    accounts: { a: { name: person.id } }
    entitlements: { g: { object: x }, h: { members: m, attribute: n } }
roles:
  r: { grants: [{ x.g: y }] }
"), @r"
    warning[W0705]: no role grants `x.a`
     --> part.yaml:4:17
      |
    4 |     accounts: { a: { name: person.id } }
      |                 ^
      = nobody gets such an account; add `grants: [x.a]` to a role
    error[E0511]: nothing says where it is kept who holds a `g`
     --> part.yaml:5:21
      |
    5 |     entitlements: { g: { object: x }, h: { members: m, attribute: n } }
      |                     ^
      = add `members:` (an attribute of its object) or `attribute:` (one of the account)
    error[E0511]: `h` has both `members` and `attribute`
     --> part.yaml:5:56
      |
    5 |     entitlements: { g: { object: x }, h: { members: m, attribute: n } }
      |                                                        ^^^^^^^^^
      = leave out the one that does not hold the truth
    2 errors, 1 warning in 2 files   more: muster help E0511
    ");
}

#[test]
fn an_entitlement_says_which_account_holds_it() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: ldap
    accounts: { a: { name: person.id }, b: { name: person.id } }
    entitlements: { g: { attribute: x }, h: { attribute: y, account: c }, a: { attribute: z, account: a } }
  z: { connector: ldap, entitlements: { g: { attribute: x } } }
roles:
  r: { grants: [x.a, x.b] }
"), @r"
    error[E0512]: `g` has to say which account type holds it
     --> part.yaml:5:21
      |
    5 |     entitlements: { g: { attribute: x }, h: { attribute: y, account: c }, a: { attribute: z, account: a } }
      |                     ^
      = for example `account: a`
    error[E0505]: unknown account type `c`
     --> part.yaml:5:70
      |
    5 |     entitlements: { g: { attribute: x }, h: { attribute: y, account: c }, a: { attribute: z, account: a } }
      |                                                                      ^
      = known account types: `a`, `b`
    error[E0206]: `a` is an account type of this system already
     --> part.yaml:5:75
      |
    5 |     entitlements: { g: { attribute: x }, h: { attribute: y, account: c }, a: { attribute: z, account: a } }
      |                                                                           ^
      = `system.name` has to mean one thing; choose another name
      = the account type  (part.yaml:4)
    error[E0512]: no account can hold a `g`: the system has no account types
     --> part.yaml:6:41
      |
    6 |   z: { connector: ldap, entitlements: { g: { attribute: x } } }
      |                                         ^
      = add `accounts:` to the system
    4 errors in 2 files   more: muster help E0512
    ");
}

#[test]
fn a_client_pushes_a_type_to_one_source() {
    let source = |name: &str, client: &str| {
        format!(
            "  {name}:\n    connector: scim-inbound\n    settings: {{ client: {client} }}\n    \
             reads: {{ person: {{ match: [{{ on: \"id == record.id\" }}] }} }}\n"
        )
    };
    let of = |clients: [&str; 2]| {
        said_of(&format!("systems:\n{}{}", source("a", clients[0]), source("b", clients[1])))
    };
    let twice = of(["workday", "workday"]);
    assert!(twice.contains("error[E0515]: the client `workday` pushes the same type"), "{twice}");
    assert!(twice.contains("the first one"), "{twice}");
    let each = of(["workday", "agency"]);
    assert!(!each.contains("E0515"), "{each}");
}
