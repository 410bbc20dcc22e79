//! What may be written, and what is said about the rest.

use muster_model::Span;

use super::*;

const SPAN: Span = Span { file: 0, start: 0, end: 0 };

fn text(text: &str) -> Setting {
    Setting::Scalar(text.into(), SPAN)
}

fn map(entries: &[(&str, Setting)]) -> Settings {
    let entries = entries.iter().map(|(key, value)| ((*key).into(), (SPAN, value.clone())));
    Settings { entries: entries.collect(), span: SPAN }
}

#[test]
fn a_url_is_enough() {
    let read = ScimSettings::read(&map(&[("url", text("https://crm.example/scim/v2"))])).unwrap();
    assert_eq!(read.profile, Profile::Auto);
    assert!(read.delete && !read.incremental && read.classes.is_empty());
}

#[test]
fn what_is_wrong_is_named_all_at_once() {
    let class = map(&[
        ("name", text("user name")),
        ("filter", text("userType is Employee")),
        ("endpoint", text("https://elsewhere/Users")),
        ("colour", text("blue")),
    ]);
    let settings = map(&[
        ("profile", text("azure")),
        ("patch", text("yes")),
        ("page_size", text("0")),
        ("classes", Setting::Map(map(&[("User", Setting::Map(class))]))),
    ]);
    let problems: Vec<String> =
        ScimSettings::read(&settings).unwrap_err().into_iter().map(|p| p.message).collect();
    for wanted in [
        "the setting `url` is missing",
        "setting `profile` must be one of",
        "setting `patch` must be one of",
        "setting `page_size` must be a whole number",
        "`user name` is not an attribute",
        "`userType is Employee` is not a filter",
        "`https://elsewhere/Users` is not a path",
        "unknown setting `classes.User.colour`",
    ] {
        assert!(problems.iter().any(|p| p.starts_with(wanted)), "{wanted}: {problems:#?}");
    }
    assert_eq!(problems.len(), 8, "{problems:#?}");
}
