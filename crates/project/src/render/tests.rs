//! Tests of drawing.

use insta::assert_snapshot;
use muster_model::{Diagnostic, SourceMap, Span};

use super::render;

fn map(text: &str) -> SourceMap {
    let mut sources = SourceMap::default();
    sources.add("a.yaml", text);
    sources
}

#[test]
fn what_would_move_the_cursor_is_not_printed() {
    let sources = map("a: \u{1b}[2J\u{202e}x\ty\n");
    let span = Span { file: 0, start: 3, end: 4 };
    let diagnostic = Diagnostic::error("E0201", span, "bad `\u{1b}[31m`").help("see\nhere");
    assert_snapshot!(render(&[diagnostic], &sources, false), @r"
    error[E0201]: bad `�[31m`
     --> a.yaml:1:4
      |
    1 | a: �[2J�x y
      |    ^
      = see�here
    1 error in 1 file   more: muster help E0201
    ");
}

#[test]
fn a_place_over_several_lines_is_underlined_on_its_first() {
    let sources = map("a:\n  b: 1\n  c: 2\n");
    let span = Span { file: 0, start: 5, end: 17 };
    assert_snapshot!(render(&[Diagnostic::error("E0201", span, "bad")], &sources, false), @r"
    error[E0201]: bad
     --> a.yaml:2:3
      |
    2 |   b: 1
      |   ^^^^
    1 error in 1 file   more: muster help E0201
    ");
}

#[test]
fn colour_is_for_the_kind_and_the_frame() {
    let sources = map("a: 1\n");
    let span = Span { file: 0, start: 0, end: 1 };
    let text = render(&[Diagnostic::warning("W0701", span, "odd")], &sources, true);
    assert!(
        text.starts_with("\u{1b}[1;33mwarning[W0701]\u{1b}[0m\u{1b}[1m: odd\u{1b}[0m\n"),
        "{text:?}"
    );
    assert!(text.contains("\u{1b}[1;33m^\u{1b}[0m"), "{text:?}");
}

#[test]
fn a_place_outside_of_the_files_does_no_harm() {
    let span = Span { file: 7, start: 5, end: 2 };
    let text = render(&[Diagnostic::error("E0201", span, "bad")], &map(""), false);
    assert!(text.starts_with("error[E0201]: bad\n"));
}
