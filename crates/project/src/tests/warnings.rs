//! What can be used but is probably not meant.

use insta::assert_snapshot;

use crate::tests::support::said_of;

#[test]
fn a_rule_that_never_holds_is_reported() {
    assert_snapshot!(said_of(r#"roles:
  a: { when: "1 > 2" }
"#), @r#"
    warning[W0701]: the rule of `a` never holds
     --> part.yaml:2:14
      |
    2 |   a: { when: "1 > 2" }
      |              ^^^^^^^^
      = leave it out, or write a condition that can be true
    1 warning in 2 files   more: muster help W0701
    "#);
}

#[test]
fn a_rule_at_odds_with_itself_is_reported() {
    assert_snapshot!(said_of(r#"roles:
  a: { when: "person.name == 'a' && person.end != null && person.name in ['b', 'c']" }
  b: { when: "person.name == 'a' && person.name in ['a', 'b']" }
"#), @r#"
    warning[W0702]: the rule of `a` never holds: `person.name` cannot have two values
     --> part.yaml:2:59
      |
    2 |   a: { when: "person.name == 'a' && person.end != null && person.name in ['b', 'c']" }
      |                                                           ^^^^^^^^^^^^^^^^^^^^^^^^^ at odds with an earlier part
      = join alternatives with `||`, or write `in [..]`
    1 warning in 2 files   more: muster help W0702
    "#);
}

#[test]
fn a_state_that_is_never_reached_is_reported() {
    assert_snapshot!(said_of(r#"types:
  bot:
    identity: true
    key: id
    attributes: { id: { type: string, unique: true } }
    lifecycle: { a: { when: "true" }, b: { when: "id == 'x'" }, c: { when: "false" } }
"#), @r#"
    warning[W0704]: the state `b` is never reached
     --> part.yaml:6:39
      |
    6 |     lifecycle: { a: { when: "true" }, b: { when: "id == 'x'" }, c: { when: "false" } }
      |                                       ^ comes after a state that always holds
      = put it before that state
      = this one always holds  (part.yaml:6)
    warning[W0704]: the state `c` is never reached
     --> part.yaml:6:65
      |
    6 |     lifecycle: { a: { when: "true" }, b: { when: "id == 'x'" }, c: { when: "false" } }
      |                                                                 ^ comes after a state that always holds
      = put it before that state
      = this one always holds  (part.yaml:6)
    warning[W0701]: the state `c` never holds
     --> part.yaml:6:76
      |
    6 |     lifecycle: { a: { when: "true" }, b: { when: "id == 'x'" }, c: { when: "false" } }
      |                                                                            ^^^^^^^^
      = leave it out, or write a condition that can be true
    3 warnings in 2 files   more: muster help W0704
    "#);
}

#[test]
fn an_account_type_that_nobody_gets_is_reported() {
    assert_snapshot!(said_of(r"systems:
  x: { connector: ldap, accounts: { a: { name: person.id } } }
"), @r"
    warning[W0705]: no role grants `x.a`
     --> part.yaml:2:37
      |
    2 |   x: { connector: ldap, accounts: { a: { name: person.id } } }
      |                                     ^
      = nobody gets such an account; add `grants: [x.a]` to a role
    1 warning in 2 files   more: muster help W0705
    ");
}

#[test]
fn a_name_that_changes_where_names_cannot_is_reported() {
    assert_snapshot!(said_of(r"systems:
  x: { connector: fixed, accounts: { a: { name: person.name }, b: { name: person.id } } }
roles:
  r: { grants: [x.a, x.b] }
"), @r"
    warning[W0706]: the name follows `person.name`, but the connector cannot rename
     --> part.yaml:2:49
      |
    2 |   x: { connector: fixed, accounts: { a: { name: person.name }, b: { name: person.id } } }
      |                                                 ^^^^^^^^^^^
      = name accounts by the key or by a generated attribute, which stay
    1 warning in 2 files   more: muster help W0706
    ");
}
