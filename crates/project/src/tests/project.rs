//! What concerns the project as a whole.

use insta::assert_snapshot;

use crate::tests::support::{said, said_of};

#[test]
fn a_project_without_a_version_is_refused() {
    assert_snapshot!(said(&[("a.yaml", r"types: { person: { identity: true, key: id, attributes: { id: { type: string, unique: true } } } }")]), @r"
    error[E0204]: the project does not say which version of the file format it has
     = put `muster: 1` at the top of one file
    1 error in 1 file   more: muster help E0204
    ");
}

#[test]
fn a_newer_project_is_refused() {
    assert_snapshot!(said(&[("a.yaml", r"muster: 2
types: { person: { identity: true, key: id, attributes: { id: { type: string, unique: true } } } }")]), @r"
    error[E0205]: this project was written for a newer Muster (format 2)
     --> a.yaml:1:9
      |
    1 | muster: 2
      |         ^
      = this Muster reads format 1; use a newer one
    1 error in 1 file   more: muster help E0205
    ");
}

#[test]
fn an_empty_project_says_what_to_begin_with() {
    assert_snapshot!(said(&[("a.yaml", r"")]), @r"
    error[E0204]: the project does not say which version of the file format it has
     = put `muster: 1` at the top of one file
    error[E0211]: the project has no entity type that is an identity
     = add `types:` with a type that has `identity: true`
    2 errors in 1 file   more: muster help E0204
    ");
}

#[test]
fn a_name_that_is_defined_twice_names_both_places() {
    assert_snapshot!(said_of(r"roles:
  staff: {}
timezone: UTC
"), @r"
    error[E0206]: the role `staff` is defined twice
     --> part.yaml:2:3
      |
    2 |   staff: {}
      |   ^^^^^ second definition
      = first definition  (muster.yaml:40)
    error[E0206]: `timezone` may stand only once in a project
     --> part.yaml:3:1
      |
    3 | timezone: UTC
      | ^^^^^^^^ second time
      = first here  (muster.yaml:2)
    2 errors in 2 files   more: muster help E0206
    ");
}

#[test]
fn an_unknown_time_zone_names_the_nearest_one() {
    assert_snapshot!(said(&[("a.yaml", r"muster: 1
timezone: Europe/Berlim
types: { person: { identity: true, key: id, attributes: { id: { type: string, unique: true } } } }")]), @r"
    error[E0209]: unknown time zone `Europe/Berlim`
     --> a.yaml:2:11
      |
    2 | timezone: Europe/Berlim
      |           ^^^^^^^^^^^^^
      = did you mean `Europe/Berlin`?
    1 error in 1 file   more: muster help E0209
    ");
}

#[test]
fn a_store_is_sqlite_or_postgresql() {
    assert_snapshot!(said_of("store: mysql://x
"), @r"
    error[E0221]: the store is neither SQLite nor PostgreSQL
     --> part.yaml:1:8
      |
    1 | store: mysql://x
      |        ^^^^^^^^^
      = write `sqlite:` and a path, such as `sqlite:muster.db`, or a `postgres://` address
    1 error in 2 files   more: muster help E0221
    ");
}

#[test]
fn a_name_has_to_be_usable() {
    assert_snapshot!(said_of(r#"types:
  my-type: { key: in, attributes: { in: { type: string, unique: true } } }
systems:
  a.b: { connector: csv }
roles:
  " x": {}
"#), @r#"
    error[E0207]: `my-type` cannot be the name of an entity type
     --> part.yaml:2:3
      |
    2 |   my-type: { key: in, attributes: { in: { type: string, unique: true } } }
      |   ^^^^^^^
      = expressions use it: write letters a-z, digits and `_`, and begin with a letter
    error[E0207]: `in` cannot be the name of an attribute: it means something in expressions
     --> part.yaml:2:37
      |
    2 |   my-type: { key: in, attributes: { in: { type: string, unique: true } } }
      |                                     ^^
      = choose another name
    error[E0207]: `a.b` cannot be the name of a system
     --> part.yaml:4:3
      |
    4 |   a.b: { connector: csv }
      |   ^^^
      = write letters, digits, `-` and `_`; a dot separates system and kind
    error[E0207]: ` x` cannot be the name of a role
     --> part.yaml:6:3
      |
    6 |   " x": {}
      |   ^^^^
      = write text without line ends and without blanks around it
    4 errors in 2 files   more: muster help E0207
    "#);
}

#[test]
fn the_name_of_the_built_in_source_is_taken() {
    assert_snapshot!(said_of(r"systems:
  local: { connector: csv }
"), @r"
    error[E0207]: `local` cannot be the name of a system: it is the source of what is entered by hand
     --> part.yaml:2:3
      |
    2 |   local: { connector: csv }
      |   ^^^^^
      = choose another name
    1 error in 2 files   more: muster help E0207
    ");
}

#[test]
fn problems_come_in_order_of_file_and_place() {
    assert_snapshot!(said(&[("b.yaml", r"muster: 1
roles: { a: { whenn: x } }
"), ("a.yaml", r"rolls: {}
types: { person: { identity: true, key: id, attributes: { id: { type: string, unique: true } } } }
")]), @r"
    error[E0201]: unknown key `rolls` in a model file
     --> a.yaml:1:1
      |
    1 | rolls: {}
      | ^^^^^
      = did you mean `roles`?
    error[E0201]: unknown key `whenn` in a role
     --> b.yaml:2:15
      |
    2 | roles: { a: { whenn: x } }
      |               ^^^^^
      = did you mean `when`?
    2 errors in 2 files   more: muster help E0201
    ");
}
