//! Tests of formatting.

use insta::assert_snapshot;

use super::format;

#[test]
fn a_file_is_brought_into_one_form() {
    let text = "\
# head

muster:   1   # the format


types:
    person:
        key:  id
        identity:    true
        # who it is

        attributes: {id: {type: string,unique: true},   name: {type: string} }
roles:
- a
-   b:  1
    c: [ 1,2 ]   # why
-
  - x
  - y
# the end
";
    assert_snapshot!(format(text).unwrap(), @r"
    # head

    muster: 1  # the format

    types:
      person:
        key:      id
        identity: true
        # who it is

        attributes: { id: { type: string, unique: true }, name: { type: string } }
    roles:
      - a
      - b: 1
        c: [1, 2]  # why
      - - x
        - y
    # the end
    ");
}

#[test]
fn comments_stay_where_they_belong() {
    let text = "\
a:          # of a
    # before b
    b: 1
    # after b, inside a

# before c
c: { x: 1,   # inside
     y: 2 }
# last
";
    assert_snapshot!(format(text).unwrap(), @r"
    a:  # of a
      # before b
      b: 1
      # after b, inside a

    # before c
    c:  # inside
      x: 1
      y: 2
    # last
    ");
}

#[test]
fn comments_on_neighbouring_lines_are_aligned_where_the_author_aligned_them() {
    assert_snapshot!(format("a: 1    # one\nbcd: 23   # two\n\ne: 1  # three\nfgh: 4 # four\n").unwrap(), @r"
    a: 1     # one
    bcd: 23  # two

    e: 1  # three
    fgh: 4  # four
    ");
}

#[test]
fn values_are_aligned_where_the_author_aligned_them() {
    assert_snapshot!(format("a:   1\nbcd:  2\nef: [x]\n\ng: 1\nhij: 2\n").unwrap(), @r"
    a:   1
    bcd: 2
    ef:  [x]

    g: 1
    hij: 2
    ");
}

#[test]
fn a_long_map_becomes_a_block() {
    let text =
        format!("a: {{ b: {}, c: [{}], d: {{ e: 1 }} }}\n", "x".repeat(60), "y, ".repeat(40));
    assert_snapshot!(format(&text).unwrap().replace("    - y\n", ""), @r"
    a:
      b: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
      c:
      d: { e: 1 }
    ");
}

#[test]
fn quotes_and_texts_over_several_lines_keep_their_meaning() {
    let text = "\
a: 'it''s'
b: \"x\\ty\"
c: |
      one
        two

      three
d: >-    # folded
   a
   b
e: first
      second

      third
f: \"q
     r\"
g: yes
h: ~
i:
";
    assert_snapshot!(format(text).unwrap(), @r#"
    a: 'it''s'
    b: "x\ty"
    c: |
      one
        two

      three
    d: >-  # folded
      a
      b
    e: first
      second

      third
    f: "q
      r"
    g: yes
    h: ~
    i:
    "#);
}

#[test]
fn documents_stay_apart() {
    assert_snapshot!(format("---\n# one\na: 1\n---   # two\n\nb: 2\n").unwrap(), @r"
    # one
    a: 1
    ---  # two

    b: 2
    ");
}

#[test]
fn windows_line_ends_become_plain_ones() {
    assert_eq!(format("a: 1\r\nb:\r\n  - x\r\n").unwrap(), "a: 1\nb:\n  - x\n");
}

#[test]
fn what_cannot_be_read_is_not_formatted() {
    assert_eq!(format("a: [").unwrap_err().code, "E0101");
    assert_eq!(format("a: &x 1").unwrap_err().code, "E0103");
}

#[test]
fn what_is_formatted_stays() {
    let text = crate::tests::support::BASE;
    let once = format(text).unwrap();
    assert_eq!(format(&once).unwrap(), once);
}
