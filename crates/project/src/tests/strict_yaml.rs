//! What strict YAML refuses.

use insta::assert_snapshot;

use crate::tests::support::said_of;

#[test]
fn text_that_is_no_yaml_is_refused() {
    assert_snapshot!(said_of(r"roles:
  a: [x, y
"), @r"
    error[E0101]: this is not valid YAML: while parsing a flow sequence, expected ',' or ']'
     --> part.yaml:3:1
      |
    3 | 
      | ^
      = close every `[` and `{`, and put a comma between entries
    1 error in 2 files   more: muster help E0101
    ");
}

#[test]
fn a_tab_is_refused_with_advice() {
    assert_snapshot!(said_of("roles:\n\ta: {}\n"), @r"
    error[E0101]: this is not valid YAML: tabs disallowed within this context (block indentation)
     --> part.yaml:2:2
      |
    2 |  a: {}
      |  ^
      = indent with spaces
    1 error in 2 files   more: muster help E0101
    ");
}

#[test]
fn a_doubled_key_names_both_places() {
    assert_snapshot!(said_of(r"roles:
  a: { description: one, owner: me, description: two }
"), @r"
    error[E0102]: the key `description` is there twice
     --> part.yaml:2:37
      |
    2 |   a: { description: one, owner: me, description: two }
      |                                     ^^^^^^^^^^^ second time
      = first here  (part.yaml:2)
    1 error in 2 files   more: muster help E0102
    ");
}

#[test]
fn an_anchor_and_its_alias_are_refused() {
    assert_snapshot!(said_of(r"roles:
  a: &x { description: é }
  b: *x
"), @r"
    error[E0103]: anchors are not used in model files
     --> part.yaml:2:6
      |
    2 |   a: &x { description: é }
      |      ^^ anchor
      = a value that begins with `&` has to be in quotes
    error[E0103]: aliases are not used in model files
     --> part.yaml:3:6
      |
    3 |   b: *x
      |      ^^ alias
      = write the value where it is needed, or make it a role or an attribute
    2 errors in 2 files   more: muster help E0103
    ");
}

#[test]
fn a_tag_is_refused() {
    assert_snapshot!(said_of(r"roles:
  a: { description: !!str 7 }
"), @r"
    error[E0104]: tags are not used in model files
     --> part.yaml:2:22
      |
    2 |   a: { description: !!str 7 }
      |                      ^^^^ tag
      = leave it out; the type of a value is known from its place
      = a value that begins with `!` has to be in quotes
    1 error in 2 files   more: muster help E0104
    ");
}

#[test]
fn a_merge_key_is_refused() {
    assert_snapshot!(said_of(r"roles:
  a: { <<: { owner: me } }
"), @r"
    error[E0105]: merge keys are not used in model files
     --> part.yaml:2:8
      |
    2 |   a: { <<: { owner: me } }
      |        ^^
      = write the entries out
    1 error in 2 files   more: muster help E0105
    ");
}

#[test]
fn a_key_has_to_be_text() {
    assert_snapshot!(said_of(r"roles:
  ? [a, b]
  : {}
"), @r"
    error[E0109]: a key has to be a word or text
     --> part.yaml:2:5
      |
    2 |   ? [a, b]
      |     ^^^^^^ a list cannot be a key
    1 error in 2 files   more: muster help E0109
    ");
}

#[test]
fn a_directive_is_refused() {
    assert_snapshot!(said_of(r"%YAML 1.2
---
roles: {}
"), @r"
    error[E0110]: directives are not used in model files
     --> part.yaml:1:1
      |
    1 | %YAML 1.2
      | ^^^^^^^^^
      = leave the line out
    1 error in 2 files   more: muster help E0110
    ");
}

#[test]
fn a_file_has_to_be_a_map() {
    assert_snapshot!(said_of("- a
"), @r"
    error[E0202]: a model file has to be a map
     --> part.yaml:1:1
      |
    1 | - a
      | ^^^ this is a list
      = its keys are `muster`, `timezone`, `store`, `url`, `server`, `sign_in`, `types`, `systems`, `roles`, `duties`, `conflicts`, `reviews`, `apps`, `access`, `applications`, `workflows`, `forms`, `mail`, `webhooks`, `audit`, `sealing`, `directory`, `guests`, `notices`, `tests`
    1 error in 2 files   more: muster help E0202
    ");
}

#[test]
fn empty_documents_are_nothing() {
    assert_snapshot!(said_of(r"---
---
# nothing
"), @"no problems in 2 files");
}
