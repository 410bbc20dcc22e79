//! Tests of the way from the text of a scalar back to the file.

use muster_model::Span;

use super::{Kind, Style, place::places, read, scalar_span};

/// What stands in the file for `part` of the first value of a map.
fn written(file: &str, part: &str) -> String {
    let mut problems = Vec::new();
    let documents = read(0, file, &mut problems);
    assert_eq!(problems, []);
    let value = &documents[0].root.entries()[0].value;
    let Kind::Scalar(text, style) = &value.kind else { panic!("no scalar") };
    let start = text.find(part).unwrap();
    let span = scalar_span(file, value.span, *style, text, start, start + part.len());
    let byte = |at| usize::try_from(at).unwrap();
    file.get(byte(span.start)..byte(span.end)).unwrap().to_owned()
}

#[test]
fn plain_text_stands_as_it_is() {
    assert_eq!(written("ü: é + name\n", "name"), "name");
}

#[test]
fn doubled_quotes_count_twice() {
    assert_eq!(written("a: 'x == ''y'' && name'\n", "name"), "name");
    assert_eq!(written("a: 'x == ''y'' && name'\n", "'y'"), "''y''");
}

#[test]
fn escapes_are_as_long_as_they_are_written() {
    assert_eq!(written("a: \"\\u00e4\\x41\\t\\\"\\U0001F600 name\"\n", "name"), "name");
    assert_eq!(written("a: \"x\\u00e4y\"\n", "ä"), "\\u00e4");
}

#[test]
fn folded_lines_are_followed() {
    assert_eq!(written("a: one\n  two\n\n  three\n", "three"), "three");
    assert_eq!(written("a: \"one\n  two \\\n   three\"\n", "three"), "three");
    assert_eq!(written("a: >-\n  one\n  two\n", "two"), "two");
    assert_eq!(written("a: |\n   one\n     two\n", "two"), "two");
}

#[test]
fn text_that_is_not_there_stays_within_the_scalar() {
    let map = places("abc", Style::Plain, "xyzxyz");
    assert!(map.iter().all(|at| *at <= 3));
    let span = Span { file: 0, start: 90, end: 99 };
    assert_eq!(scalar_span("short", span, Style::Plain, "abc", 0, 1), span);
}
