//! What may stand where.

use insta::assert_snapshot;

use crate::tests::support::said_of;

#[test]
fn an_unknown_key_names_the_nearest_one() {
    assert_snapshot!(said_of(r#"roles:
  a: { whenn: "true" }
"#), @r#"
    error[E0201]: unknown key `whenn` in a role
     --> part.yaml:2:8
      |
    2 |   a: { whenn: "true" }
      |        ^^^^^
      = did you mean `when`?
    1 error in 2 files   more: muster help E0201
    "#);
}

#[test]
fn an_unknown_key_far_from_all_lists_them() {
    assert_snapshot!(said_of(r"roles:
  a: { colour: red }
"), @r"
    error[E0201]: unknown key `colour` in a role
     --> part.yaml:2:8
      |
    2 |   a: { colour: red }
      |        ^^^^^^
      = the keys of a role are `description`, `owner`, `risk`, `request`, `for`, `when`, `grace`, `review`, `includes`, `grants`, `values`, `muster`
    1 error in 2 files   more: muster help E0201
    ");
}

#[test]
fn an_unknown_top_level_key_is_refused() {
    assert_snapshot!(said_of("role: {}
"), @r"
    error[E0201]: unknown key `role` in a model file
     --> part.yaml:1:1
      |
    1 | role: {}
      | ^^^^
      = did you mean `roles`?
    1 error in 2 files   more: muster help E0201
    ");
}

#[test]
fn a_value_of_the_wrong_kind_says_what_is_wanted() {
    assert_snapshot!(said_of(r"roles:
  a: { when: [x], grants: 7, includes: { a: b } }
  b: text
"), @r"
    error[E0202]: `when` wants an expression
     --> part.yaml:2:14
      |
    2 |   a: { when: [x], grants: 7, includes: { a: b } }
      |              ^^^ this is a list
      = for example `when: person.department.code == 'D007'`
    error[E0504]: unknown system `7`
     --> part.yaml:2:27
      |
    2 |   a: { when: [x], grants: 7, includes: { a: b } }
      |                           ^
      = known systems: `dir`, `hr`
    error[E0202]: `includes` wants text
     --> part.yaml:2:40
      |
    2 |   a: { when: [x], grants: 7, includes: { a: b } }
      |                                        ^^^^^^^^ this is a map
      = for example `includes: [employee]`
    error[E0202]: `b` wants a map
     --> part.yaml:3:6
      |
    3 |   b: text
      |      ^^^^ `text` is not
      = for example `description: Sells things`
    4 errors in 2 files   more: muster help E0202
    ");
}

#[test]
fn a_missing_key_is_named_with_an_example() {
    assert_snapshot!(said_of(r"types:
  site: { attributes: { code: { unique: true } } }
"), @r"
    error[E0203]: `key` is missing in the entity type `site`
     --> part.yaml:2:3
      |
    2 |   site: { attributes: { code: { unique: true } } }
      |   ^^^^
      = for example `key: employeeId`
    error[E0203]: `type` is missing in the attribute `code`
     --> part.yaml:2:25
      |
    2 |   site: { attributes: { code: { unique: true } } }
      |                         ^^^^
      = for example `type: string`
    2 errors in 2 files   more: muster help E0203
    ");
}

#[test]
fn a_word_outside_of_the_choices_names_the_nearest_one() {
    assert_snapshot!(said_of(r"systems:
  x: { connector: csv, mode: enforced }
"), @r"
    error[E0202]: `mode` has to be `observe`, `propose` or `enforce`, not `enforced`
     --> part.yaml:2:30
      |
    2 |   x: { connector: csv, mode: enforced }
      |                              ^^^^^^^^
      = did you mean `enforce`?
    1 error in 2 files   more: muster help E0202
    ");
}

#[test]
fn a_number_has_to_be_in_its_range() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: csv
    guards: { disable: { max: many, percent: 200 } }
    reads: { team: { match: [{ on: code == record.c, confidence: 0 }] } }
"), @r"
    error[E0202]: `max` wants a whole number
     --> part.yaml:4:31
      |
    4 |     guards: { disable: { max: many, percent: 200 } }
      |                               ^^^^ `many` is not
      = for example `max: 5`
    error[E0202]: `percent` wants a whole number from 0 to 100
     --> part.yaml:4:46
      |
    4 |     guards: { disable: { max: many, percent: 200 } }
      |                                              ^^^ `200` is not
      = for example `percent: 2`
    error[E0202]: `confidence` wants a whole number from 1 to 100
     --> part.yaml:5:66
      |
    5 |     reads: { team: { match: [{ on: code == record.c, confidence: 0 }] } }
      |                                                                  ^ `0` is not
      = for example `confidence: 80`
    3 errors in 2 files   more: muster help E0202
    ");
}

#[test]
fn a_length_of_time_says_how_it_is_written() {
    assert_snapshot!(said_of(r"systems:
  x:
    connector: csv
    reads: { person: { match: [{ on: id == record.c }], absent: { keep: 1 month } } }
"), @r"
    error[E0208]: `1 month` is not a length of time
     --> part.yaml:4:73
      |
    4 |     reads: { person: { match: [{ on: id == record.c }], absent: { keep: 1 month } } }
      |                                                                         ^^^^^^^
      = write a whole number with `d`, `h`, `m` or `s`: `30d`, `12h`, `90m`, `45s`
    1 error in 2 files   more: muster help E0208
    ");
}

#[test]
fn a_key_without_a_value_is_named() {
    assert_snapshot!(said_of(r"roles:
  a: { when: }
"), @r"
    error[E0202]: `when` has no value
     --> part.yaml:2:8
      |
    2 |   a: { when: }
      |        ^^^^
      = for example `when: person.department.code == 'D007'`
    1 error in 2 files   more: muster help E0202
    ");
}

#[test]
fn types_come_from_the_place_and_not_from_the_look() {
    assert_snapshot!(said_of(r"roles:
  a: { description: yes, owner: 007, for: person }
"), @"no problems in 2 files");
}
