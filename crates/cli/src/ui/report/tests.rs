//! Every format of one result.

use insta::assert_snapshot;
use serde_json::json;

use super::*;

fn people() -> Report {
    let row = |name: &str, title: &str| {
        (vec![name.to_owned(), title.to_owned()], json!({ "name": name, "title": title }))
    };
    Report::list(
        &["name", "title"],
        [row("maya.okafor", "Fleet planner"), row("o\u{1b}[31m", "a|b, \"c\"\n=1+1")],
        Some("7".to_owned()),
    )
}

fn rendered(format: Format) -> String {
    people().render(format, Paint::new(false), Width::Unlimited)
}

#[test]
fn a_table_for_people_has_no_lines_and_no_control_characters() {
    assert_snapshot!(rendered(Format::Text));
}

#[test]
fn a_list_as_one_document_says_where_the_next_page_begins() {
    assert_snapshot!(rendered(Format::Json));
}

#[test]
fn a_list_as_lines_has_one_document_for_each_item() {
    assert_snapshot!(rendered(Format::Jsonl));
}

#[test]
fn a_list_as_csv_is_quoted_where_it_must_be() {
    assert_snapshot!(rendered(Format::Csv));
}

#[test]
fn a_list_as_markdown_cannot_break_out_of_its_cell() {
    assert_snapshot!(rendered(Format::Md));
}

#[test]
fn a_list_without_items_says_so_to_people_and_is_empty_for_programs() {
    let report = Report::list(&["name"], [], None);
    assert_eq!(report.render(Format::Text, Paint::new(false), Width::Unlimited), "nothing found\n");
    assert_eq!(report.render(Format::Csv, Paint::new(false), Width::Unlimited), "name\n");
    assert_eq!(report.render(Format::Jsonl, Paint::new(false), Width::Unlimited), "");
    assert_eq!(report.json["items"], json!([]));
}

#[test]
fn headings_are_bold_only_where_colour_is_wanted() {
    assert!(
        people().render(Format::Text, Paint::new(true), Width::Unlimited).contains("\u{1b}[1mname")
    );
    assert!(!rendered(Format::Text).contains('\u{1b}'));
}

#[test]
fn long_cells_are_wrapped_on_a_terminal_and_never_elsewhere() {
    let words = vec!["word"; 40].join(" ");
    let report = Report::list(&["text"], [(vec![words.clone()], Json::Null)], None);
    let narrow = report.render(Format::Text, Paint::new(false), Width::Columns(60));
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
    assert!(report.render(Format::Text, Paint::new(false), Width::Unlimited).contains(&words));
}
