//! Entity types.

use insta::assert_snapshot;

use crate::tests::support::{said, said_of};

#[test]
fn the_key_has_to_be_an_attribute_that_is_unique() {
    assert_snapshot!(said_of(r#"types:
  a: { key: cod, attributes: { code: { type: string, unique: true } } }
  b: { key: code, attributes: { code: { type: string } } }
  c: { key: code, attributes: { code: { type: string, compute: "'x'" } } }
"#), @r#"
    error[E0412]: unknown attribute `cod`
     --> part.yaml:2:13
      |
    2 |   a: { key: cod, attributes: { code: { type: string, unique: true } } }
      |             ^^^ not in type `a`
      = did you mean `code`?
    error[E0213]: `code` cannot be the key of `b`: it is not `unique`
     --> part.yaml:3:13
      |
    3 |   b: { key: code, attributes: { code: { type: string } } }
      |             ^^^^
      = the key is one kept value that no two entities share; add `unique: true` to it
      = the attribute  (part.yaml:3)
    error[E0213]: `code` cannot be the key of `c`: it is worked out, not kept
     --> part.yaml:4:13
      |
    4 |   c: { key: code, attributes: { code: { type: string, compute: "'x'" } } }
      |             ^^^^
      = the key is one kept value that no two entities share; add `unique: true` to it
      = the attribute  (part.yaml:4)
    3 errors in 2 files   more: muster help E0412
    "#);
}

#[test]
fn a_link_leads_to_a_type() {
    assert_snapshot!(said_of(r"types:
  a:
    key: code
    attributes:
      code: { type: string, unique: true }
      b: { type: link, to: persn }
      c: { type: link }
      d: { type: string, to: person }
"), @r"
    error[E0210]: unknown entity type `persn`
     --> part.yaml:6:28
      |
    6 |       b: { type: link, to: persn }
      |                            ^^^^^
      = did you mean `person`?
    error[E0217]: the link `c` does not say where it leads
     --> part.yaml:7:7
      |
    7 |       c: { type: link }
      |       ^
      = add `to:` with an entity type
    error[E0217]: `to` is only for attributes of type `link`
     --> part.yaml:8:26
      |
    8 |       d: { type: string, to: person }
      |                          ^^
      = write `type: link`, or leave it out
    3 errors in 2 files   more: muster help E0210
    ");
}

#[test]
fn an_inverse_needs_a_free_name() {
    assert_snapshot!(said_of(r"types:
  a:
    key: code
    attributes:
      code: { type: string, unique: true }
      b: { type: link, to: person, inverse: name }
      c: { type: link, to: person, inverse: as }
      d: { type: link, to: person, inverse: lifecycle }
"), @r"
    error[E0214]: `person` has `name` already: the type has an attribute of that name
     --> part.yaml:6:45
      |
    6 |       b: { type: link, to: person, inverse: name }
      |                                             ^^^^
      = choose another name for the inverse
    error[E0207]: `as` cannot be the name of an attribute: it means something in expressions
     --> part.yaml:7:45
      |
    7 |       c: { type: link, to: person, inverse: as }
      |                                             ^^
      = choose another name
    error[E0214]: `person` has `lifecycle` already: the type has an attribute of that name
     --> part.yaml:8:45
      |
    8 |       d: { type: link, to: person, inverse: lifecycle }
      |                                             ^^^^^^^^^
      = choose another name for the inverse
    3 errors in 2 files   more: muster help E0214
    ");
}

#[test]
fn several_values_cannot_be_unique() {
    assert_snapshot!(said_of(r"types:
  a: { key: code, attributes: { code: { type: string, unique: true }, b: { type: string, many: true, unique: true } } }
"), @r"
    error[E0215]: `b` cannot be `many` and `unique` at once
     --> part.yaml:2:90
      |
    2 |   a: { key: code, attributes: { code: { type: string, unique: true }, b: { type: string, many: true, unique: true } } }
      |                                                                                          ^^^^
      = leave one of them out; only single values are compared between entities
    1 error in 2 files   more: muster help E0215
    ");
}

#[test]
fn only_text_is_generated() {
    assert_snapshot!(said_of(r#"types:
  a: { key: code, attributes: { code: { type: string, unique: true }, b: { type: int, generate: ["n"] } } }
"#), @r#"
    error[E0216]: `b` cannot be generated: it is not a single text
     --> part.yaml:2:87
      |
    2 |   a: { key: code, attributes: { code: { type: string, unique: true }, b: { type: int, generate: ["n"] } } }
      |                                                                                       ^^^^^^^^
      = `generate` is for attributes of type `string` with one value
    error[E0407]: string is needed here, this is int
     --> part.yaml:2:99
      |
    2 |   a: { key: code, attributes: { code: { type: string, unique: true }, b: { type: int, generate: ["n"] } } }
      |                                                                                                   ^ int, not string
      = make it text with `string(…)`
    2 errors in 2 files   more: muster help E0216
    "#);
}

#[test]
fn a_computed_attribute_is_not_generated_too() {
    assert_snapshot!(said_of(r"types:
  a: { key: code, attributes: { code: { type: string, unique: true }, b: { type: string, compute: code, generate: code, unique: true } } }
"), @r"
    error[E0217]: `b` cannot have both `compute` and `generate`
     --> part.yaml:2:90
      |
    2 |   a: { key: code, attributes: { code: { type: string, unique: true }, b: { type: string, compute: code, generate: code, unique: true } } }
      |                                                                                          ^^^^^^^
      = a value is either made once or worked out each time
    error[E0217]: `b` cannot have both `compute` and `unique`
     --> part.yaml:2:90
      |
    2 |   a: { key: code, attributes: { code: { type: string, unique: true }, b: { type: string, compute: code, generate: code, unique: true } } }
      |                                                                                          ^^^^^^^
      = a computed value cannot be kept apart; generate it, or make its parts unique
    2 errors in 2 files   more: muster help E0217
    ");
}

#[test]
fn built_in_attributes_cannot_be_defined() {
    assert_snapshot!(said_of(r"types:
  a: { key: display, attributes: { display: { type: string, unique: true } } }
"), @r"
    error[E0214]: every type has the built-in attribute `display`
     --> part.yaml:2:36
      |
    2 |   a: { key: display, attributes: { display: { type: string, unique: true } } }
      |                                    ^^^^^^^
      = say how an entity is shown with `display:` beside `attributes:`
    1 error in 2 files   more: muster help E0214
    ");
}

#[test]
fn choices_are_for_text_and_each_is_there_once() {
    assert_snapshot!(said_of(r"types:
  a: { key: code, attributes: { code: { type: string, unique: true, choices: [a, a] }, b: { type: int, choices: [1] }, c: { type: string, choices: [] } } }
"), @r"
    error[E0219]: the choice `a` is there twice
     --> part.yaml:2:82
      |
    2 | ributes: { code: { type: string, unique: true, choices: [a, a] }, b: { type: int, choices: [1] }, c: { type: string, choices: [] } } }
      |                                                             ^
    error[E0219]: only attributes of type `string` can have choices
     --> part.yaml:2:113
      |
    2 | , unique: true, choices: [a, a] }, b: { type: int, choices: [1] }, c: { type: string, choices: [] } } }
      |                                                             ^^^
      = write `type: string`, or leave `choices` out
    error[E0219]: there is nothing to choose from
     --> part.yaml:2:148
      |
    2 | b: { type: int, choices: [1] }, c: { type: string, choices: [] } } }
      |                                                             ^^
      = list the values
    3 errors in 2 files   more: muster help E0219
    ");
}

#[test]
fn only_identities_have_a_lifecycle() {
    assert_snapshot!(said_of(r#"types:
  a: { key: code, attributes: { code: { type: string, unique: true } }, lifecycle: { x: { when: "true" } } }
"#), @r#"
    error[E0220]: `a` is not an identity type, so it has no lifecycle
     --> part.yaml:2:73
      |
    2 |   a: { key: code, attributes: { code: { type: string, unique: true } }, lifecycle: { x: { when: "true" } } }
      |                                                                         ^^^^^^^^^
      = add `identity: true`, or leave `lifecycle` out
    1 error in 2 files   more: muster help E0220
    "#);
}

#[test]
fn a_project_needs_an_identity_type() {
    assert_snapshot!(said(&[("a.yaml", r"muster: 1
types: { site: { key: code, attributes: { code: { type: string, unique: true } } } }")]), @r"
    error[E0211]: no entity type is an identity
     --> a.yaml:2:10
      |
    2 | types: { site: { key: code, attributes: { code: { type: string, unique: true } } } }
      |          ^^^^
      = add `identity: true` to the type whose entities hold accounts
    1 error in 1 file   more: muster help E0211
    ");
}

#[test]
fn a_time_zone_is_held_by_a_text() {
    assert_snapshot!(said_of(r"types:
  a: { key: code, timezone: b, attributes: { code: { type: string, unique: true }, b: { type: int } } }
"), @r"
    error[E0223]: `b` cannot hold a time zone: it is not a single text
     --> part.yaml:2:29
      |
    2 |   a: { key: code, timezone: b, attributes: { code: { type: string, unique: true }, b: { type: int } } }
      |                             ^
      = give an attribute of type `string` that holds names such as `Europe/Berlin`
    1 error in 2 files   more: muster help E0223
    ");
}

#[test]
fn attributes_that_are_computed_from_each_other_are_named() {
    assert_snapshot!(said_of(r"types:
  a:
    key: code
    attributes:
      code: { type: string, unique: true }
      x: { type: string, compute: y }
      y: { type: string, compute: lower(z) }
      z: { type: string, compute: x }
"), @r"
    error[E0218]: attributes are computed from each other: a.x → a.y → a.z → a.x
     --> part.yaml:6:7
      |
    6 |       x: { type: string, compute: y }
      |       ^
      = keep one of them (leave `compute` out), or read something else in it
      = `a.y`  (part.yaml:7)
      = `a.z`  (part.yaml:8)
    1 error in 2 files   more: muster help E0218
    ");
}

#[test]
fn a_cycle_over_links_is_found() {
    assert_snapshot!(said_of(r#"types:
  a:
    key: code
    attributes:
      code: { type: string, unique: true }
      up: { type: link, to: a }
      path: { type: string, compute: "up.path + '/' + code" }
"#), @r#"
    error[E0218]: attributes are computed from each other: a.path → a.path
     --> part.yaml:7:7
      |
    7 |       path: { type: string, compute: "up.path + '/' + code" }
      |       ^^^^
      = keep one of them (leave `compute` out), or read something else in it
    1 error in 2 files   more: muster help E0218
    "#);
}

#[test]
fn a_lifecycle_that_reads_what_follows_from_it_is_refused() {
    assert_snapshot!(said_of(r#"types:
  bot:
    identity: true
    key: code
    attributes:
      code: { type: string, unique: true }
      on: { type: bool, compute: "lifecycle == 'active'" }
    lifecycle:
      active: { when: "on" }
roles:
  staff2: { for: person }
"#), @r#"
    error[E0218]: attributes are computed from each other: bot.on → bot.lifecycle → bot.on
     --> part.yaml:7:7
      |
    7 |       on: { type: bool, compute: "lifecycle == 'active'" }
      |       ^^
      = keep one of them (leave `compute` out), or read something else in it
      = `bot.lifecycle`  (part.yaml:8)
    1 error in 2 files   more: muster help E0218
    "#);
}

#[test]
fn an_unknown_attribute_is_underlined_within_quotes() {
    assert_snapshot!(said_of(r#"types:
  a:
    key: code
    display: "'\u00e4: ' + cod"
    attributes:
      code: { type: string, unique: true }
"#), @r#"
    error[E0401]: nothing is called `cod` here
     --> part.yaml:4:28
      |
    4 |     display: "'\u00e4: ' + cod"
      |                            ^^^ unknown name
      = did you mean `code`?
    1 error in 2 files   more: muster help E0401
    "#);
}

#[test]
fn a_computed_value_has_the_type_of_its_attribute() {
    assert_snapshot!(said_of(r#"types:
  a:
    key: code
    attributes:
      code: { type: string, unique: true }
      n: { type: int, compute: code }
      d: { type: date, compute: "1 + 1" }
"#), @r#"
    error[E0407]: int is needed here, this is string
     --> part.yaml:6:32
      |
    6 |       n: { type: int, compute: code }
      |                                ^^^^ string, not int
      = make it one with `int(…)`
    error[E0407]: date is needed here, this is int
     --> part.yaml:7:34
      |
    7 |       d: { type: date, compute: "1 + 1" }
      |                                  ^^^^^ int, not date
    2 errors in 2 files   more: muster help E0407
    "#);
}

#[test]
fn an_expression_over_several_lines_is_found_on_its_line() {
    assert_snapshot!(said_of(r"types:
  a:
    key: code
    attributes:
      code: { type: string, unique: true }
      n:
        type: string
        compute: >-
          lower(code)
          + cod
"), @r"
    error[E0401]: nothing is called `cod` here
      --> part.yaml:10:13
       |
    10 |           + cod
       |             ^^^ unknown name
       = did you mean `code`?
    1 error in 2 files   more: muster help E0401
    ");
}

#[test]
fn what_cannot_be_so_in_scim_is_said_where_it_stands() {
    let said = said_of(
        r#"types:
  a:
    identity: true
    key: code
    scim:
      resource: User
      extension: urn:ietf:nothing
      attributes:
        code: user_name
        n: userName
        m: emails
        flag: title
        mail: 'emails[type eq "work"].value'
        other: 'emails[type eq "work"].value'
        secret: none
        nobody: none
    attributes:
      code:   { type: string, unique: true }
      n:      { type: int }
      m:      { type: string }
      flag:   { type: bool }
      mail:   { type: string }
      other:  { type: string }
      secret: { type: string }
  b:
    key: code
    scim: { resource: User }
    attributes: { code: { type: string, unique: true } }
  c:
    key: code
    scim: { resource: Bulk, endpoint: Bulk }
    attributes: { code: { type: string, unique: true } }
"#,
    );
    for problem in [
        "`urn:ietf:nothing` is not the URN of an extension",
        "SCIM has no `user_name` here",
        "`n` cannot be `userName`: the type does not fit",
        "`emails` is more than one value",
        "`flag` cannot be `title`: the type does not fit",
        "two attributes are `emails[type eq \"work\"].value` in SCIM",
        "unknown attribute `nobody`",
        "two types are `user` in SCIM",
        "`Bulk` cannot be a name in SCIM",
    ] {
        assert!(said.contains(problem), "{problem}\n{said}");
    }
    assert!(said.contains("9 errors"), "{said}");
}

#[test]
fn a_hook_asks_one_program_or_one_service_that_can_tell_who_asks() {
    let of = |hook: &str| {
        said_of(&format!(
            "types:\n  note:\n    key: id\n    scim: {{ hook: {hook} }}\n    \
             attributes: {{ id: {{ type: string, unique: true }} }}\n"
        ))
    };
    for (hook, problem) in [
        ("{ timeout: 5s }", "a hook asks nobody"),
        ("{ run: [a], url: \"https://a.example\", secret: { env: S } }", "a hook asks two"),
        ("{ url: \"https://a.example\" }", "could not know that it is asked by us"),
    ] {
        let said = of(hook);
        assert!(said.contains("error[E0240]") && said.contains(problem), "{hook}\n{said}");
    }
    for hook in ["{ run: [a] }", "{ url: \"https://a.example\", secret: { env: S }, timeout: 2s }"]
    {
        let said = of(hook);
        assert!(!said.contains("error"), "{hook}\n{said}");
    }
}
